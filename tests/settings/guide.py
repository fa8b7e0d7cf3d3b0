"""The example of the storage guide, as it is printed, and with its placeholders filled in."""

from __future__ import annotations

PRINTED = """\
# s3 example
my-car-datasets:
  provider: minio
  endpoint: s3.amazonaws.com
  access_key: <your access key>
  secret_key: <your secret key>
  # iam_role: <or just use your iam role>
  region: eu-central-1
  # array of buckets
  buckets:
  - cars_2020_20_10
  - cars_2020_10_10

# azure example
my-boats-datasets:
  provider: azure
  endpoint: https://<account name>.blob.core.windows.net
  access_key: <account name>
  secret_key: <secret key 88 chars long or so: aflmg+wg23fWA+6gAafWmgF4a>
  secret_key: or you can also use SAS token here: ?sv=2019-12-12&ss=bfqt&srt=sco&sp=rwdlacupx&sig=...
  # array of buckets
  buckets:
  - boats_bucket_2020_20_10
  - another_boats_bucket_2020_10_10
"""
ACCOUNT_KEY = "YWZsbWcrd2cyM2ZXQSs2Z0FhZldtZ0Y0YQ=="
SAS = "?sv=2021-12-02&ss=b&srt=co&sp=rl&se=2030-01-01&sig=aGlkZGVuLXNpZ25hdHVyZQ%3D%3D"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def filled(*azure_secrets: str) -> str:
    """The example with every placeholder filled in; a line ``secret_key`` for each of these."""
    head, _, tail = PRINTED.partition("  secret_key: <secret key 88")
    tail = tail[tail.index("  # array of buckets") :]
    whole = head + "".join(f"  secret_key: {one}\n" for one in azure_secrets) + tail
    return (
        whole.replace("<your access key>", "AKIAIOSFODNN7EXAMPLE")
        .replace("<your secret key>", SECRET)
        .replace("<account name>", "boats")
    )
