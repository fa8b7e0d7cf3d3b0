"""Certificates: given in any form -> read -> sorted -> checked -> PEM; and made: authority -> certificate."""

from moorage.certificates.arns import need_arns, region_of
from moorage.certificates.checking import ends_ms, need_now
from moorage.certificates.issuing import Issued, Subject, issue, make_authority
from moorage.certificates.reading import Identity, read_identity

__all__ = [
    "Identity",
    "Issued",
    "Subject",
    "ends_ms",
    "issue",
    "make_authority",
    "need_arns",
    "need_now",
    "read_identity",
    "region_of",
]
