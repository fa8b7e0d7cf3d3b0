"""Catalogue rows as the JSON API shows them: ids as decimal strings, odd keys escaped, times in ISO 8601."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from moorage.cataloguing.browsing import Children
from moorage.cataloguing.projects import CountedProject
from moorage.edge.problems import report_of
from moorage.edge.times import iso
from moorage.mirroring import MirrorStatus
from moorage.model.access import Grant, Token, User
from moorage.model.address import address_in
from moorage.model.catalogue import Counts, Folder, Item
from moorage.model.clock import now_ms
from moorage.model.expiry import days_left
from moorage.model.jobs import Job, Question
from moorage.model.keys import ESCAPED, escape, needs_escape
from moorage.model.objects import ListingPage
from moorage.model.probe import ProbeReport
from moorage.model.store import Connection, Store
from moorage.registering.identity import endings_of, identity_of
from moorage.showing import Suggestion

Json = dict[str, Any]


def text_id(id: int | None) -> str | None:
    """An id as JSON has it."""
    return None if id is None else str(id)


def keys(shown: Json, *names: str) -> Json:
    """``shown`` with the named keys escaped together, and so marked, when one of them is no UTF-8."""
    if any(needs_escape(shown[name]) for name in names):
        shown.update({name: escape(shown[name]) for name in names})
        shown["key_encoding"] = ESCAPED
    return shown


def counts(of: Counts) -> Json:
    """Counts of a folder."""
    return {
        "items": of.items,
        "bytes": of.bytes,
        "subtree_items": of.subtree_items,
        "subtree_bytes": of.subtree_bytes,
        "folders": of.folders,
    }


def credentials(of: Connection) -> Json:
    """What may be told about a connection's credentials: their kind and public names, never a secret."""
    return {name: told for name, told in asdict(identity_of(of)).items() if told}


def ending(of: Connection) -> Json:
    """When the first thing that a connection needs ends, in ISO 8601 and in days; null where nothing is known to."""
    ends = endings_of(of)
    return {
        "expires": iso(ends[0].at_ms) if ends else None,
        "expires_what": ends[0].what if ends else "",
        "days_left": days_left(ends[0].at_ms, now_ms()) if ends else None,
    }


def store(of: Store, check: ProbeReport | None = None) -> Json:
    """A store without the secrets of its credentials."""
    connection = of.connection
    return {
        "id": str(of.id),
        "name": of.name,
        "provider": connection.provider.value,
        "endpoint": connection.endpoint,
        "region": connection.region,
        "bucket": of.bucket,
        "prefix": of.prefix,
        "root": connection.root,
        "path_style": connection.path_style,
        "read_only": of.read_only,
        "serve": of.serve.value,
        "follow_symlinks": connection.follow_symlinks,
        "scope": {"projects": [str(one) for one in of.scope.projects], "users": [str(one) for one in of.scope.users]},
        "connection": str(connection.id),
        "origin": connection.origin,
        "guarded": connection.guarded,
        "credentials": credentials(connection),
        **ending(connection),
        "loan_role_arn": of.loan_role_arn,
        "ca": bool(connection.ca),
        "created": iso(of.created_ms),
        "check": None if check is None else report_of(check),
    }


def project(of: CountedProject, default_store: str | None = None) -> Json:
    """A project with the counts of its root folder."""
    return {
        "id": str(of.project.id),
        "name": of.project.name,
        "root": str(of.project.root),
        "default_store": default_store,
        "created": iso(of.project.created_ms),
        "counts": counts(of.counts),
    }


def folder(of: Folder, ancestors: list[Folder] | None = None) -> Json:
    """A folder, with its ancestors where they are given."""
    shown: Json = {
        "id": str(of.id),
        "project": str(of.project),
        "parent": text_id(of.parent),
        "name": of.name,
        "path": of.path,
        "mirror": text_id(of.mirror),
        "counts": counts(of.counts),
    }
    if ancestors is not None:
        shown["ancestors"] = [keys({"id": str(one.id), "name": one.name}, "name") for one in ancestors]
    return keys(shown, "name", "path")


def item(of: Item, in_store: Store) -> Json:
    """An item; ``in_store`` holds its bytes."""
    shown: Json = {
        "id": str(of.id),
        "project": str(of.project),
        "folder": str(of.folder),
        "name": of.name,
        "kind": of.kind.name.lower(),
        "key": of.key,
        "address": address_in(in_store, of.key),
        "store": in_store.name,
        "size": of.size,
        "etag": of.etag,
        "generation": of.generation,
        "modified": iso(of.modified_ms),
        "media_type": of.media_type,
        "linked": of.linked,
        "state": "live" if of.gone is None else of.gone.value,
        "gone": iso(of.gone_ms),
        "width": of.width,
        "height": of.height,
        "duration": None if of.duration_ms is None else of.duration_ms / 1000,
    }
    return keys(shown, "name", "key", "address")


def children(of: Children, stores: dict[int, Store]) -> Json:
    """A page of a folder."""
    return {
        "folders": [folder(one) for one in of.folders],
        "items": [item(one, stores[one.store]) for one in of.items],
        "next": of.next,
        "position": of.position,
        "total": of.total,
    }


def listing(of: ListingPage) -> Json:
    """A page of a store's own listing."""
    return {
        "objects": [
            keys({"key": one.key, "size": one.size, "etag": one.etag, "modified": iso(one.modified_ms)}, "key")
            for one in of.objects
        ],
        "prefixes": [keys({"prefix": one}, "prefix") for one in of.prefixes],
        "next": None if of.next_after is None else escape(of.next_after),
    }


def question(of: Question | None) -> Json | None:
    """What a guard asks."""
    if of is None:
        return None
    return {
        "text": of.text,
        "figures": dict(of.figures),
        "choices": [{"name": name, "label": label} for name, label in of.choices],
    }


def mirror(status: MirrorStatus) -> Json:
    """A mirror with the names around it, and its job if that has not ended."""
    of, open_job = status.mirror, status.open_job
    shown: Json = {
        "id": str(of.id),
        "project": str(of.project),
        "project_name": status.project.name,
        "folder": str(of.folder),
        "folder_name": escape(status.way[-1]),
        "path": "/".join(status.way),
        "store": status.store.name,
        "prefix": of.prefix,
        "address": address_in(status.store, of.prefix),
        "include": list(of.include),
        "exclude": list(of.exclude),
        "on_vanished": of.on_vanished.value,
        "state": of.state.value,
        "reason": of.reason,
        "created": iso(of.created_ms),
        "last_job": text_id(of.last_job),
        "last_complete": iso(of.last_complete_ms),
        "job": None if open_job is None else str(open_job.id),
        "question": None if open_job is None else question(open_job.question),
    }
    return keys(shown, "prefix", "address", "path")


def suggestion(of: Suggestion) -> Json:
    """What showing a place would use and make."""
    provider = of.place.provider or (of.store.connection.provider if of.store is not None else None)
    shown: Json = {
        "provider": None if provider is None else provider.value,
        "place": of.place.text,
        "store": None if of.store is None else of.store.name,
        "store_name": of.store_name,
        "project": of.project,
        "needs_credentials": of.needs_credentials,
        "mirror": None if of.mirror is None else str(of.mirror.id),
        "folder": None if of.mirror is None else str(of.mirror.folder),
    }
    return keys(shown, "place")


def job(of: Job, *, no_worker: bool) -> Json:
    """A job as it stands."""
    return {
        "id": str(of.id),
        "kind": of.kind,
        "subject": str(of.subject),
        "state": of.state.value,
        "title": of.title,
        "project": text_id(of.project),
        "folder": text_id(of.folder),
        "asked_by": text_id(of.asked_by),
        "question": question(of.question),
        "answer": of.answer,
        "done": of.done,
        "total": of.total,
        "bytes": of.bytes,
        "unit": of.unit,
        "rate": round(of.rate, 1),
        "errors": [
            {"cause": cause, "count": one.count, "example": one.example, "advice": one.advice}
            for cause, one in of.errors.items()
        ],
        "outcome": dict(of.outcome),
        "message": of.message,
        "created": iso(of.created_ms),
        "started": iso(of.started_ms),
        "ended": iso(of.ended_ms),
        "cancel_asked": of.cancel_asked,
        "pause_asked": of.pause_asked,
        "no_worker": no_worker,
    }


def user(of: User, grants: list[Grant]) -> Json:
    """A user and the roles granted; ``role`` is the one on everything."""
    everywhere = [one.role.word for one in grants if one.project is None]
    return {
        "id": str(of.id),
        "email": of.email,
        "role": everywhere[0] if everywhere else "",
        "disabled": of.disabled,
        "has_password": of.has_password,
        "created": iso(of.created_ms),
        "grants": [{"role": one.role.word, "project": text_id(one.project)} for one in grants],
    }


def token(of: Token, email: str) -> Json:
    """A token without its text; ``email`` is that of its user."""
    return {
        "id": str(of.id),
        "name": of.name,
        "user": str(of.user),
        "email": email,
        "role": None if of.role is None else of.role.word,
        "project": text_id(of.project),
        "created": iso(of.created_ms),
        "expires": iso(of.expires_ms),
        "last_used": iso(of.last_used_ms),
    }
