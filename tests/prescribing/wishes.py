"""Stores that documents are written for, ordinary and hostile."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from moorage.model.policies import PolicyNames
from moorage.model.store import Provider
from moorage.prescribing import Mode, Wish, sound

ORIGIN: Final = "https://media.example.org"
AWS: Final = PolicyNames(account="123456789012")
MINIO: Final = PolicyNames(server="minio")
CEPH: Final = PolicyNames(server="ceph")
ALL: Final = frozenset(Mode)
READING: Final = frozenset({Mode.LINK, Mode.MIRROR, Mode.SERVE_REDIRECT})
PREFIXES: Final = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("*?$'\"\\{}%!`; \n\x03\x1b"), min_size=1, max_size=40
).map(lambda text: f"{text}/")
"""Anything that a key may begin with."""


def wish(options: PolicyNames = AWS, **more: Any) -> Wish:
    """The store reef at AWS, below cruise/."""
    told: dict[str, Any] = {
        "provider": Provider.S3,
        "bucket": "reef-2021",
        "prefix": "cruise/",
        "name": "reef",
        "region": "eu-west-1",
        "origins": (ORIGIN,),
    }
    return sound(Wish(**(told | more), options=options))


def everywhere(prefix: str = "cruise/") -> list[Wish]:
    """The same store at every provider and server."""
    return [
        wish(prefix=prefix),
        wish(PolicyNames(account="123456789012", topic_arn="arn:aws:sns:eu-west-1:123456789012:dives"), prefix=prefix),
        wish(
            PolicyNames(
                kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/1",
                trust_anchor_arn="arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/1",
            ),
            prefix=prefix,
        ),
        wish(region="cn-north-1", prefix=prefix),
        wish(region="us-gov-west-1", prefix=prefix),
        wish(MINIO, endpoint="https://minio.example.org:9000", prefix=prefix),
        wish(CEPH, endpoint="https://ceph.example.org", prefix=prefix),
        wish(CEPH, endpoint="http://ceph.example.org", prefix=prefix),
        wish(PolicyNames(), provider=Provider.AZURE, prefix=prefix),
        wish(PolicyNames(), provider=Provider.GOOGLE, prefix=prefix),
    ]
