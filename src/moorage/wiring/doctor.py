"""What ``where`` and ``doctor`` print: the places of everything, and whether all is well."""

from __future__ import annotations

import shutil
import stat
import time
from typing import Final

from moorage.model.clock import now_ms
from moorage.model.credentials import Forgotten
from moorage.model.errors import MoorageError
from moorage.model.expiry import stage
from moorage.model.jobs import JobState
from moorage.model.mirror import MirrorState
from moorage.model.store import Store
from moorage.model.transaction import Facts, Transaction
from moorage.registering.declared import warnings_of
from moorage.registering.identity import endings_of
from moorage.registering.replacing import replaced
from moorage.settings import Settings
from moorage.wiring.addresses import elsewhere
from moorage.wiring.directory import address_of, directory_of
from moorage.wiring.ending import ending_sentence

Line = tuple[str, str, str]
OK: Final = "ok"
WARNING: Final = "warning"
FAILED: Final = "failed"
FORGOTTEN: Final = "Its credentials were forgotten by secrets reset: fill them in with moorage store change."
FREE_WARNING: Final = 2 << 30
FREE_FAILED: Final = 200 << 20


def places(settings: Settings) -> dict[str, str]:
    """Where everything lies. No secrets."""
    directory = directory_of(settings)
    holder = directory.holder()
    own = settings.database_url is None
    return {
        "data directory": str(directory.root),
        "settings file": str(settings.file) if settings.file else "none",
        "key file": "from the setting MOORAGE_SECRET_KEY" if settings.secret_key else str(directory.key_file),
        "catalogue": str(directory.catalogue) if own else "from the setting MOORAGE_DATABASE_URL",
        "log": str(settings.log_file or directory.log_file),
        "public address": address_of(settings),
        "held by": f"process {holder}" if holder else "nobody",
    }


async def health(settings: Settings, facts: Facts) -> list[Line]:
    """One line for each thing that can be wrong."""
    lines = [_directory(settings), _space(settings), _key(settings)]
    try:
        lines += await facts.read(_catalogue)
        seen = await facts.read(lambda tx: elsewhere(tx, address_of(settings), now_ms()))
    except MoorageError as exc:
        seen = []
        lines.append(("catalogue", FAILED, str(exc)))
    lines.append(_address(settings))
    return lines + [_other(settings, address) for address in seen]


def _directory(settings: Settings) -> Line:
    directory = directory_of(settings)
    if not directory.root.is_dir():
        return "data directory", FAILED, f"{directory.root} is not there. Start moorage serve once, or give --data."
    return "data directory", OK, str(directory.root)


def _space(settings: Settings) -> Line:
    try:
        free = shutil.disk_usage(settings.data).free
    except OSError as exc:
        return "free space", FAILED, f"It cannot be read: {exc.strerror}."
    sentence = f"{free / 2**30:.1f} GiB are free."
    if free < FREE_FAILED:
        return "free space", FAILED, f"{sentence} Free some, or nothing can be written down."
    return "free space", WARNING if free < FREE_WARNING else OK, sentence


def _key(settings: Settings) -> Line:
    if settings.secret_key is not None:
        return "key", OK, "From the setting MOORAGE_SECRET_KEY. Keep a copy where no backup of the catalogue is."
    path = directory_of(settings).key_file
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return "key", FAILED, f"{path} is missing. Bring it back from your backup."
    if mode & 0o077:
        return "key", FAILED, f"Others may read {path}. Run: chmod 600 {path}"
    return "key", OK, f"{path}. Keep a copy of it: without it the credentials of stores cannot be opened."


def _catalogue(tx: Transaction) -> list[Line]:
    stores = tx.stores.all()
    mirrors = [one for one in tx.mirrors.all() if one.state is not MirrorState.DETACHED]
    lines: list[Line] = [("catalogue", OK, f"{len(tx.projects.all())} projects, {len(mirrors)} mirrors.")]
    for store in stores:
        if isinstance(store.connection.credentials, Forgotten):
            lines.append((f"store {store.name}", FAILED, FORGOTTEN))
            continue
        report = tx.stores.last_check(store.id)
        if report is None:
            lines.append(
                (f"store {store.name}", WARNING, "It was never checked. Run: moorage store check " + store.name)
            )
        elif not report.passed:
            line = next(line for line in report.lines if line.refuses)
            lines.append((f"store {store.name}", FAILED, f"{line.permission} is {line.finding}: {line.detail}"))
        else:
            lines.append((f"store {store.name}", OK, f"Its check passed {_ago(report.checked_ms)} ago."))
        lines += _credentials(tx, store)
    lines += [
        (f"mirror {mirror.id}", FAILED, f"It is broken: {mirror.reason}")
        for mirror in mirrors
        if mirror.state is MirrorState.BROKEN
    ]
    lines += [("connections", WARNING, warning) for warning in warnings_of(tx)]
    waiting = tx.jobs.all(states=[JobState.NEEDS_CONFIRMATION])
    lines += [(f"job {job.id}", WARNING, f"It waits for an answer: {job.title}") for job in waiting]
    return lines


def _credentials(tx: Transaction, store: Store) -> list[Line]:
    """When those of a store end, and whether it fails since they were replaced."""
    name, lines = f"store {store.name}", []
    former = replaced(tx, store.connection)
    if former is not None and store.name in former.failing:
        told = f"Its check fails since its credentials were replaced {_ago(former.replaced_ms)} ago."
        lines.append((name, FAILED, f"{told} Those before are kept: moorage store undo {store.name}"))
    for ending in endings_of(store.connection)[:1]:
        at = stage(ending.at_ms, now_ms())
        finding = OK if at is None else WARNING if at else FAILED
        lines.append((name, finding, ending_sentence(store, ending, now_ms())))
    return lines


def _address(settings: Settings) -> Line:
    address = address_of(settings)
    if settings.public_url:
        return "public address", OK, address
    if settings.host in ("127.0.0.1", "localhost", "::1"):
        return "public address", OK, f"{address}, this machine only."
    sentence = f"{address} is a guess. Set MOORAGE_PUBLIC_URL to the address that browsers use."
    return "public address", WARNING, sentence


def _other(settings: Settings, seen: str) -> Line:
    public = address_of(settings)
    ours = f"is {public}" if settings.public_url else f"is not set, so the address is {public}"
    sentence = f"A browser came by {seen}, but MOORAGE_PUBLIC_URL {ours}: signing in from there is refused."
    return "public address", WARNING, f"{sentence} Set it to the address that people use."


def _ago(ms: int) -> str:
    seconds = max(0, int(time.time() - ms / 1000))
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"
