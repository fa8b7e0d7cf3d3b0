"""When credentials end."""

from __future__ import annotations

from moorage.model.credentials import AccountKey, ConnectionString, Keys, RolesAnywhere, Sas
from moorage.model.expiry import DAY_MS, Ending, days_left, endings, expires_ms

ENDS = {"": (), "leaf": (3000,), "chain": (2000, 5000), "authorities": (1000, 9000)}
MAY = 1_777_593_600_000
"""2026-05-01, midnight in UTC."""


def anywhere(chain: str = "") -> RolesAnywhere:
    return RolesAnywhere("a", "p", "r", "leaf", "k", chain)


def test_a_sas_ends_as_it_says_itself() -> None:
    for given in (
        Sas("", "?sv=1&se=2026-05-01T00%3A00%3A00Z&sig=x"),
        ConnectionString("BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=se=2026-05-01&sig=x"),
    ):
        assert endings(given, "", certificates=ENDS.__getitem__) == (Ending("SAS token", MAY),)


def test_keys_do_not_end_and_of_a_session_token_nobody_can_tell() -> None:
    for given in (AccountKey("a", "k"), Keys("a", "s", "token"), ConnectionString("AccountName=a;AccountKey=k")):
        assert expires_ms(given, "", certificates=ENDS.__getitem__) is None


def test_of_several_certificates_the_first_that_ends_counts_and_of_authorities_the_last() -> None:
    assert expires_ms(anywhere(), certificates=ENDS.__getitem__) == 3000
    assert expires_ms(anywhere("chain"), certificates=ENDS.__getitem__) == 2000
    told = endings(anywhere("chain"), "authorities", certificates=ENDS.__getitem__)
    assert [(one.what, one.at_ms) for one in told] == [
        ("intermediate certificate", 2000),
        ("certificate", 3000),
        ("intermediate certificate", 5000),
        ("certificate authority", 9000),
    ]


def test_days_are_whole_and_negative_once_it_is_over() -> None:
    assert [days_left(at_ms, 0) for at_ms in (DAY_MS * 7, DAY_MS - 1, 0, -1)] == [7, 0, 0, -1]
