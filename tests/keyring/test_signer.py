"""Signed URLs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.keyring import KeyRing, RingSigner
from moorage.model.secrecy import Claim

_RING = KeyRing.new()
_CLAIM = Claim(item=42, variant="content", expires_s=1000, disposition='attachment; filename="a.jpg"')


def test_a_signature_holds_until_its_expiry() -> None:
    signer = RingSigner(_RING)
    key_id, signature = signer.sign(_CLAIM)
    assert signer.verify(_CLAIM, key_id, signature, 999.9)
    assert not signer.verify(_CLAIM, key_id, signature, 1000.0)


@pytest.mark.parametrize(
    "other",
    [
        replace(_CLAIM, item=43),
        replace(_CLAIM, variant="preview"),
        replace(_CLAIM, expires_s=2000),
        replace(_CLAIM, disposition=""),
        replace(_CLAIM, method="DELETE"),
    ],
)
def test_every_field_is_bound(other: Claim) -> None:
    signer = RingSigner(_RING)
    assert not signer.verify(other, *signer.sign(_CLAIM), now_s=0.0)


def test_get_admits_head() -> None:
    signer = RingSigner(_RING)
    assert signer.verify(replace(_CLAIM, method="HEAD"), *signer.sign(_CLAIM), now_s=0.0)


@given(st.text(), st.text())
def test_no_other_text_is_a_signature(key_id: str, signature: str) -> None:
    signer = RingSigner(_RING)
    assert not signer.verify(_CLAIM, key_id, signature, 0.0)
    assert not signer.verify(_CLAIM, signer.sign(_CLAIM)[0], signature, 0.0)


def test_a_signature_outlives_a_rotation_until_its_key_is_dropped() -> None:
    key_id, signature = RingSigner(_RING).sign(_CLAIM)
    both = _RING.rotated()
    assert RingSigner(both).verify(_CLAIM, key_id, signature, 0.0)
    assert RingSigner(both).sign(_CLAIM)[0] != key_id
    assert not RingSigner(KeyRing((both.primary,))).verify(_CLAIM, key_id, signature, 0.0)


def test_the_right_signature_under_another_key_id_is_refused() -> None:
    both = _RING.rotated()
    _, signature = RingSigner(_RING).sign(_CLAIM)
    assert not RingSigner(both).verify(_CLAIM, RingSigner(both).sign(_CLAIM)[0], signature, 0.0)
    assert not RingSigner(_RING).verify(_CLAIM, "00000000", signature, 0.0)


def test_the_parts_are_safe_in_a_url_and_tell_nothing_of_the_key() -> None:
    key_id, signature = RingSigner(_RING).sign(_CLAIM)
    assert len(key_id) == 8
    assert len(signature) == 43
    assert all(letter.isalnum() or letter in "-_" for letter in key_id + signature)
    assert _RING.primary.decode() not in repr(RingSigner(_RING)) + repr(vars(RingSigner(_RING)).keys())
