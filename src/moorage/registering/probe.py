"""The probe: small requests that show which permissions a store's credentials really have."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from moorage.model.errors import (
    MoorageError,
    ObjectNotFound,
    StoreDenied,
    StoreUnreachable,
)
from moorage.model.keys import Key
from moorage.model.objects import ByteRange
from moorage.model.probe import Finding, Permission, ProbeLine, ProbeReport
from moorage.model.store import ObjectStore, Provider, Store

STEP_LIMIT_S: Final = 10.0
BODY: Final = b"Moorage checked that it may write here. This object can be removed.\n"
_FOLDER: Final = ".moorage-probe/"
_WRITES: Final = (Permission.WRITE, Permission.MULTIPART, Permission.DELETE)

S3_NAMES: Final = {
    Permission.LIST: "s3:ListBucket",
    Permission.READ: "s3:GetObject",
    Permission.READ_RANGE: "s3:GetObject",
    Permission.WRITE: "s3:PutObject",
    Permission.MULTIPART: "s3:PutObject, s3:ListMultipartUploadParts and s3:AbortMultipartUpload",
    Permission.DELETE: "s3:DeleteObject",
}
GOOGLE_NAMES: Final = {
    Permission.LIST: "storage.objects.list",
    Permission.READ: "storage.objects.get",
    Permission.READ_RANGE: "storage.objects.get",
    Permission.WRITE: "storage.objects.create, and storage.objects.delete where an object is replaced",
    Permission.MULTIPART: "storage.objects.create",
    Permission.DELETE: "storage.objects.delete",
}
AZURE_NAMES: Final = {
    Permission.LIST: "l in the SAS (sr=c, or srt=co), or the role Storage Blob Data Reader",
    Permission.READ: "r in the SAS, or the role Storage Blob Data Reader",
    Permission.READ_RANGE: "r in the SAS, or the role Storage Blob Data Reader",
    Permission.WRITE: "c and w in the SAS, or the role Storage Blob Data Contributor",
    Permission.MULTIPART: "w and r in the SAS, or the role Storage Blob Data Contributor",
    Permission.DELETE: "d in the SAS, or the role Storage Blob Data Contributor",
}
DISK_NAMES: Final = {
    Permission.LIST: "read and search (r-x) on the folder",
    Permission.READ: "read (r--) on its files",
    Permission.READ_RANGE: "read (r--) on its files",
    Permission.WRITE: "write and search (-wx) on the folder",
    Permission.MULTIPART: "write and search (-wx) on the folder",
    Permission.DELETE: "write and search (-wx) on the folder",
}
_NAMES: Final = {Provider.DISK: DISK_NAMES, Provider.AZURE: AZURE_NAMES, Provider.GOOGLE: GOOGLE_NAMES}
_LISTING_REFUSED: Final = frozenset({"AccessDenied", "AuthorizationPermissionMismatch"})
"""Codes by which a store that knows the credentials refuses one permission."""


@dataclass
class _Walk:
    """One check under way: its lines, and the object that it may read."""

    store: Store
    opened: ObjectStore
    lines: list[ProbeLine] = field(default_factory=list)
    sample: Key | None = None
    sample_size: int = 0
    had_objects: bool = False
    left_behind: str = ""

    async def step(self, permission: Permission, ask: Callable[[], Awaitable[str]], *, required: bool = True) -> bool:
        """Run one step and write its line; True when it is ok."""
        detail, advice = "", ""
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                detail = await ask()
            finding = Finding.OK
        except StoreDenied as exc:
            finding, detail = Finding.MISSING, exc.message
            advice = exc.advice or self._advice(permission)
        except TimeoutError:
            finding, detail = Finding.UNKNOWN, f"No answer within {STEP_LIMIT_S:.0f} s."
            advice = "Check the endpoint, the network and any firewall between, then check again."
        except MoorageError as exc:
            finding, detail, advice = Finding.UNKNOWN, exc.message, exc.advice
        self.lines.append(ProbeLine(permission, finding, required, detail, advice))
        return finding is Finding.OK

    def skip(self, permissions: tuple[Permission, ...], detail: str) -> None:
        """Write lines for steps that were not tried."""
        self.lines += [
            ProbeLine(permission, Finding.SKIPPED, required=False, detail=detail) for permission in permissions
        ]

    def unknown(self, permissions: tuple[Permission, ...], detail: str) -> None:
        """Write lines for required steps that could not be tried."""
        self.lines += [
            ProbeLine(permission, Finding.UNKNOWN, required=True, detail=detail) for permission in permissions
        ]

    def _advice(self, permission: Permission) -> str:
        need = _NAMES.get(self.store.connection.provider, S3_NAMES).get(permission)
        return f"Allow {need}." if need else ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, and whether the store held any object when it was made."""

    report: ProbeReport
    had_objects: bool


async def probe(store: Store, opened: ObjectStore, *, now_ms: int) -> Checked:
    """Try each permission that the store's mode needs, in the order of ``Permission``.

    A read-only store is only read. Writing uses one small object below ``<prefix>.moorage-probe/``, which
    is removed again; what could not be removed is named in ``left_behind``.
    """
    walk = _Walk(store, opened)
    listed = await walk.step(Permission.REACH, lambda: _reach(walk))
    if not listed and walk.lines[0].finding is Finding.UNKNOWN:
        rest = (Permission.LIST, Permission.READ, Permission.READ_RANGE)
        walk.unknown(rest if store.read_only else rest + _WRITES, "Not tried: the store was not reached.")
    else:
        await _read_steps(walk)
        if store.read_only:
            walk.skip(_WRITES, "Not tried: the store is registered read-only and is never written to.")
        else:
            await _write_steps(walk)
    report = ProbeReport(tuple(walk.lines), _warnings(walk), now_ms, walk.left_behind)
    return Checked(report, walk.had_objects)


async def _reach(walk: _Walk) -> str:
    try:
        await walk.opened.list_page(walk.store.prefix, limit=1)
    except StoreDenied as exc:
        if exc.code not in _LISTING_REFUSED:
            raise
        return "The store answered; it refused the listing."
    return "The store answered."


async def _read_steps(walk: _Walk) -> None:
    async def list_one() -> str:
        page = await walk.opened.list_page(walk.store.prefix, limit=100)
        for listed in page.objects:
            walk.had_objects = True
            if walk.sample is None or (walk.sample_size == 0 and listed.size):
                walk.sample, walk.sample_size = listed.key, listed.size
        where = f"below {walk.store.prefix}" if walk.store.prefix else "here"
        return f"{len(page.objects)} objects on the first page." if page.objects else f"Nothing lies {where} yet."

    await walk.step(Permission.LIST, list_one)
    await walk.step(Permission.READ, lambda: _read(walk))
    if walk.sample is not None and walk.sample_size:
        await walk.step(Permission.READ_RANGE, lambda: _read_range(walk))
    else:
        walk.skip((Permission.READ_RANGE,), "Not tried: there is no object with bytes to read.")


async def _read(walk: _Walk) -> str:
    if walk.sample is not None:
        await (await walk.opened.get(walk.sample)).aclose()
        return "An object could be opened."
    absent = Key(f"{walk.store.prefix}moorage-probe-{uuid.uuid4().hex}")
    try:
        await (await walk.opened.get(absent)).aclose()
    except ObjectNotFound:
        return "An absent object was answered as absent, so reading is allowed."
    return "An object could be opened."


async def _read_range(walk: _Walk) -> str:
    assert walk.sample is not None
    async with await walk.opened.get(walk.sample, byte_range=ByteRange(0, 1)) as body:
        data = await body.read()
        if len(data) != 1 or body.stop - body.start != 1:
            raise StoreUnreachable(
                "The store ignored the range that was asked for and sent other bytes.",
                "Video cannot be played from such a store. Check for a proxy that drops Range headers.",
                cause="range_ignored",
            )
    return "One byte was read out of an object."


async def _write_steps(walk: _Walk) -> None:
    key = Key(f"{walk.store.prefix}{_FOLDER}{uuid.uuid4().hex}")

    async def write() -> str:
        await walk.opened.put(key, BODY, length=len(BODY), media_type="text/plain")
        walk.left_behind = key
        info = await walk.opened.stat(key)
        if info.size != len(BODY):
            raise StoreUnreachable(
                f"An object of {len(BODY)} bytes was written, and {info.size} bytes came to lie there.",
                "Check for a proxy that changes bodies.",
                cause="wrong_size",
            )
        return "A small object was written and found again."

    async def multipart() -> str:
        await walk.opened.try_multipart(Key(f"{key}-parts"))
        return "A multipart upload was begun, listed and aborted."

    async def delete() -> str:
        await walk.opened.delete(key)
        walk.left_behind = ""
        return "The probe object was removed again."

    written = await walk.step(Permission.WRITE, write)
    await walk.step(Permission.MULTIPART, multipart)
    if walk.left_behind:
        await walk.step(Permission.DELETE, delete)
    elif not written:
        walk.skip((Permission.DELETE,), "Not tried: nothing could be written.")


def _warnings(walk: _Walk) -> tuple[str, ...]:
    warnings = []
    if walk.left_behind:
        warnings.append(f"The probe object {walk.left_behind} could not be removed and stays. Remove it by hand.")
    if walk.opened.read_only != walk.store.read_only:
        warnings.append("The adapter and the registration differ about read-only.")
    return tuple(warnings)
