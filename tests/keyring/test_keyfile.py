"""The key file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moorage.keyring import KeyRing, RingSealer, add_key, drop_old_keys, make_key_file, open_key_ring
from moorage.model.errors import AlreadyExists, Invalid, Refused, SealBroken


def test_a_first_start_makes_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    umask = os.umask(0)
    try:
        ring = open_key_ring(path, make=True)
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_key_ring(path) == ring
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]


def test_a_second_start_takes_the_key_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    assert open_key_ring(path, make=True) == open_key_ring(path, make=True)


def test_a_missing_key_is_never_made_silently_and_both_ways_out_are_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with pytest.raises(SealBroken) as caught:
        open_key_ring(path)
    assert "Bring back the key" in caught.value.advice
    assert "moorage secrets reset" in caught.value.advice
    assert not path.exists()


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    make_key_file(path)
    before = path.read_bytes()
    with pytest.raises(AlreadyExists):
        make_key_file(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_key_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret.key"
    make_key_file(path)
    path.chmod(mode)
    with pytest.raises(Refused, match="chmod 600"):
        open_key_ring(path)


def test_the_setting_wins_and_no_file_is_read_or_made(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    ring = KeyRing.new()
    assert open_key_ring(path, value=ring.text(), make=True) == ring
    assert not path.exists()


@pytest.mark.parametrize("text", ["abc", "pä" * 22, "A" * 44, "!" * 43 + "=", "A" * 42 + "=="])
def test_a_malformed_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        KeyRing.parse(text, source="MOORAGE_SECRET_KEY")
    assert text not in str(caught.value)
    assert text not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_value_without_any_key_is_refused() -> None:
    with pytest.raises(Invalid, match="no key"):
        KeyRing.parse("# only a note\n\n", source="x")


def test_several_keys_stand_on_lines_or_between_commas_and_count_once() -> None:
    one, two = KeyRing.new().primary, KeyRing.new().primary
    a, b = one.decode(), two.decode()
    assert KeyRing.parse(f"# note\n{a}\n\n{b}\n{a}\n", source="x").keys == (one, two)
    assert KeyRing.parse(f"{a}, {b}", source="x").keys == (one, two)


def test_neither_repr_nor_str_shows_a_key() -> None:
    ring = KeyRing.new()
    shown = f"{ring!r} {ring}"
    assert ring.primary.decode() not in shown
    assert ring.primary.decode()[:12] not in shown


def test_a_rotation_adds_a_primary_key_then_drops_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    old = make_key_file(path)
    sealed = RingSealer(old).seal(b"treasure")
    both = add_key(path)
    assert both.keys[1:] == old.keys
    resealed = RingSealer(both).reseal(sealed)
    new = drop_old_keys(path)
    assert new.keys == both.keys[:1]
    assert open_key_ring(path) == new
    assert path.stat().st_mode & 0o777 == 0o600
    assert RingSealer(new).open(resealed) == b"treasure"
    with pytest.raises(SealBroken):
        RingSealer(new).open(sealed)
