"""Sealing, and the canary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.keyring import KeyRing, RingSealer, check_canary, new_canary
from moorage.model.errors import SealBroken

_RING = KeyRing.new()


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_again_and_never_shows(plain: bytes) -> None:
    sealer = RingSealer(_RING)
    sealed = sealer.seal(plain)
    assert sealer.open(sealed) == plain
    assert sealer.seal(plain) != sealed
    if len(plain) > 8:
        assert plain not in sealed


def test_the_primary_key_seals_and_all_open() -> None:
    old = KeyRing.new()
    both = old.rotated()
    assert RingSealer(both).open(RingSealer(old).seal(b"x")) == b"x"
    with pytest.raises(SealBroken):
        RingSealer(old).open(RingSealer(both).seal(b"x"))


def test_a_changed_byte_is_noticed() -> None:
    sealer = RingSealer(_RING)
    sealed = bytearray(sealer.seal(b"x"))
    sealed[30] ^= 1
    with pytest.raises(SealBroken):
        sealer.open(bytes(sealed))
    with pytest.raises(SealBroken):
        sealer.reseal(bytes(sealed))


def test_the_canary_of_this_ring_passes_and_so_does_none() -> None:
    sealer = RingSealer(_RING)
    check_canary(sealer, new_canary(sealer))
    check_canary(RingSealer(_RING.rotated()), new_canary(sealer))
    check_canary(sealer, None)


def test_the_canary_of_another_key_names_both_ways_out() -> None:
    with pytest.raises(SealBroken) as caught:
        check_canary(RingSealer(KeyRing.new()), new_canary(RingSealer(_RING)))
    assert "Bring back the key" in caught.value.advice
    assert "`moorage secrets reset`" in caught.value.advice


def test_something_else_under_seal_is_no_canary() -> None:
    sealer = RingSealer(_RING)
    with pytest.raises(SealBroken):
        check_canary(sealer, sealer.seal(b"another text"))
