"""No secret is shown by anything that is logged, raised or printed, and none is stored."""

from __future__ import annotations

import logging
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from admitting.conftest import PASSWORD, PLACE, QUICK
from moorage.admitting import (
    Door,
    add_token,
    choose_password,
    enter_by_link,
    make_link,
    principal_of_session,
    principal_of_token,
    sign_in,
)
from moorage.keyring import KeyRing, RingSealer, RingSigner, check_canary, new_canary
from moorage.model.access import SYSTEM, Principal
from moorage.model.errors import MoorageError
from moorage.model.secrecy import Claim

CHOSEN = "lanterns over the quay"


def _shown(thing: object) -> str:
    """All that a log line, a traceback or a debugger's one-line view would print of it."""
    inside = [repr(getattr(thing, field.name)) for field in fields(thing) if field.repr] if is_dataclass(thing) else []
    return " ".join([repr(thing), str(thing), f"{thing}", *inside])


async def test_no_secret_is_shown_stored_or_logged(
    door: Door, ada: Principal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = await make_link(door, SYSTEM, ada.user)
    entered = await enter_by_link(door, link.text)
    by_link = await choose_password(door, ada, entered.text, CHOSEN)
    by_password = await sign_in(door, ada.email, CHOSEN, address=PLACE)
    token = await add_token(door, ada, "trainer")
    errors = await _errors(door, ada, link.text)
    ring = KeyRing.new()
    sealer, signer = RingSealer(ring), RingSigner(ring)
    hash_ = await door.facts.read(lambda tx: tx.people.password_hash(ada.user))
    things = [
        link,
        entered,
        by_link,
        by_password,
        token,
        token.token,
        door,
        door.passwords,
        QUICK,
        ring,
        sealer,
        signer,
        *errors,
    ]
    things += [await principal_of_session(door, by_link.text), await principal_of_token(door, token.text)]
    things += [await door.facts.read(lambda tx: tx.audit.all()), await door.facts.read(lambda tx: tx.people.all())]
    key = ring.primary.decode()
    signature = signer.sign(Claim(1, "content", 10))[1]
    secrets = [
        PASSWORD,
        CHOSEN,
        link.text,
        entered.text,
        by_link.text,
        by_password.text,
        token.text,
        hash_,
        key,
        signature,
    ]

    shown = " ".join(map(_shown, things)) + caplog.text
    assert [secret for secret in secrets if secret in shown] == []

    stored = _stored(tmp_path)
    assert ada.email.encode() in stored
    assert [secret for secret in secrets if secret != hash_ and secret.encode() in stored] == []


def _stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("catalogue.db*"))


async def _errors(door: Door, ada: Principal, used: str) -> list[MoorageError]:
    """What goes wrong at a door, each with a secret in hand."""
    ring = KeyRing.new()
    attempts = [
        sign_in(door, ada.email, PASSWORD, address=PLACE),
        enter_by_link(door, used),
        principal_of_session(door, used),
        principal_of_token(door, used),
    ]
    caught = []
    for attempt in attempts:
        with pytest.raises(MoorageError) as raised:
            await attempt
        caught.append(raised.value)
    with pytest.raises(MoorageError) as broken:
        check_canary(RingSealer(ring), new_canary(RingSealer(KeyRing.new())))
    return [*caught, broken.value]
