"""Lending: ask -> check grant -> lend -> record; later finished, revoked, or cancelled because its time is over."""

from moorage.lending.asking import MOST_PARTS, Wish
from moorage.lending.finishing import Claimed, Found, Verdict
from moorage.lending.granting import may_lend
from moorage.lending.ourselves import OwnLender, claim_of
from moorage.lending.sweeping import Sweeping
from moorage.lending.verbs import Issued, Lending, Revoked

__all__ = [
    "MOST_PARTS",
    "Claimed",
    "Found",
    "Issued",
    "Lending",
    "OwnLender",
    "Revoked",
    "Sweeping",
    "Verdict",
    "Wish",
    "claim_of",
    "may_lend",
]
