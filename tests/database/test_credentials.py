"""Credentials of every kind come out of their seal as they went in."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from moorage.database.credentials import opened, sealed
from moorage.keyring import KeyRing, RingSealer
from moorage.model.credentials import Anonymous, Credentials, Forgotten

SEALER = RingSealer(KeyRing.new())
KINDS = get_args(Credentials)


@given(st.one_of([st.from_type(kind) for kind in KINDS]))
def test_any_credentials_survive_their_seal(credentials: Credentials) -> None:
    stored = sealed(credentials, SEALER)
    assert (stored is None) == isinstance(credentials, Anonymous | Forgotten)
    assert opened(credentials.kind, stored, SEALER) == credentials


def test_each_kind_has_a_word_of_its_own() -> None:
    assert len({kind.__dataclass_fields__["kind"].default for kind in KINDS}) == len(KINDS)
