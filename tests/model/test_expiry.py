"""When credentials end."""

from __future__ import annotations

import base64

from moorage.model.credentials import AccountKey, ConnectionString, Credentials, Keys, RolesAnywhere, Sas
from moorage.model.expiry import DAY_MS, Ending, days_left, endings, expires_ms, stage

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


def token(claims: str) -> Keys:
    claims = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
    return Keys("a", "s", f"eyJhbGciOiJIUzUxMiJ9.{claims}.c2ln")


def test_a_session_token_of_minio_ends_as_it_says_itself() -> None:
    given = token(f'{{"accessKey": "é?>", "exp": {MAY // 1000}}}')
    assert endings(given, "", certificates=ENDS.__getitem__) == (Ending("session token", MAY),)


def test_keys_do_not_end_and_of_other_session_tokens_nobody_can_tell() -> None:
    odd = ("[]", "{}", "hush", '{"exp": "1"}', '{"exp": -1}', '{"exp": 1e300}', '{"exp": true}', '{"exp": NaN}')
    kinds: tuple[Credentials, ...] = (
        AccountKey("a", "k"),
        Keys("a", "s", "token"),
        Keys("a", "s", "a.é.c"),
        ConnectionString("AccountName=a;AccountKey=k"),
        *map(token, odd),
    )
    for given in kinds:
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


def test_people_are_warned_at_30_7_and_1_days_and_at_the_end() -> None:
    left = (31 * DAY_MS, 30 * DAY_MS + 1, 30 * DAY_MS, 8 * DAY_MS, 7 * DAY_MS, DAY_MS + 1, DAY_MS, 1, 0, -DAY_MS)
    assert [stage(MAY + one, MAY) for one in left] == [None, None, 30, 30, 7, 7, 1, 1, 0, 0]
