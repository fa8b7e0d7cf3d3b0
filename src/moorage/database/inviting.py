"""Links by which buckets are connected."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from moorage.database.statements import Statements
from moorage.database.tables_inviting import BUCKET_LINK
from moorage.model.access import UserId
from moorage.model.catalogue import ProjectId
from moorage.model.errors import NotFound
from moorage.model.inviting import BucketLink, BucketLinkId
from moorage.model.keys import Key

_LINK: Final = BUCKET_LINK.c
_SHOWN: Final = 200


class BucketLinks:
    """Implements ``moorage.model.transaction.BucketLinks``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, link: BucketLink, hash_: bytes) -> BucketLink:
        """Insert with a new id."""
        values = asdict(link) | {"hash": hash_}
        del values["id"]
        row = self._statements.run(insert(BUCKET_LINK).values(**values).returning(_LINK.id)).one()
        return replace(link, id=BucketLinkId(row.id))

    def get(self, link: BucketLinkId) -> BucketLink:
        """Raises NotFound."""
        row = self._statements.first(select(BUCKET_LINK).where(_LINK.id == link))
        if row is None:
            raise NotFound(f"There is no link {link}.", "Links are forgotten 90 days after their end.")
        return _link(row)

    def by_hash(self, hash_: bytes) -> BucketLink | None:
        """The link whose secret has that hash."""
        row = self._statements.first(select(BUCKET_LINK).where(_LINK.hash == hash_))
        return None if row is None else _link(row)

    def of_project(self, project: ProjectId) -> list[BucketLink]:
        """The last one first."""
        query = select(BUCKET_LINK).where(_LINK.project == project).order_by(_LINK.id.desc()).limit(_SHOWN)
        return [_link(row) for row in self._statements.run(query)]

    def count_try(self, link: BucketLinkId, most: int) -> bool:
        """Count one more sending of its form; False where there were ``most`` already."""
        room = (_LINK.id == link) & (_LINK.tries < most)
        return self._changed(update(BUCKET_LINK).where(room).values(tries=_LINK.tries + 1))

    def use(self, link: BucketLinkId, now_ms: int, store: str) -> bool:
        """Use it up; False where it was used or revoked before."""
        return self._changed(update(BUCKET_LINK).where(_open(link)).values(used_ms=now_ms, store=store))

    def revoke(self, link: BucketLinkId, now_ms: int) -> None:
        """Note that it was revoked; one that was used stays as it is."""
        self._changed(update(BUCKET_LINK).where(_open(link)).values(revoked_ms=now_ms))

    def remove_old(self, before_ms: int) -> None:
        """Forget links that ended before that time."""
        self._statements.run(delete(BUCKET_LINK).where(_LINK.expires_ms < before_ms))

    def _changed(self, statement: Any) -> bool:
        return bool(self._statements.run(statement.returning(_LINK.id)).all())


def _open(link: BucketLinkId) -> Any:
    return (_LINK.id == link) & _LINK.used_ms.is_(None) & _LINK.revoked_ms.is_(None)


def _link(row: Row[Any]) -> BucketLink:
    return BucketLink(
        project=ProjectId(row.project),
        folder=Key(row.folder),
        provider=row.provider,
        note=row.note,
        user=UserId(row.user),
        email=row.email,
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        id=BucketLinkId(row.id),
        tries=row.tries,
        used_ms=row.used_ms,
        revoked_ms=row.revoked_ms,
        store=row.store,
    )
