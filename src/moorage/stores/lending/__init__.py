"""What issues loans, by provider: over the adapters of the stores, with the credentials that these have."""

from moorage.stores.lending.azure import AzureLender
from moorage.stores.lending.google import GoogleLender
from moorage.stores.lending.s3 import S3Lender

__all__ = ["AzureLender", "GoogleLender", "S3Lender"]
