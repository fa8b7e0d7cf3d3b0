"""Google Cloud Storage: roles with a condition on the prefix, and notifications by Pub/Sub."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from moorage.prescribing.document import Draft, Json, Kind
from moorage.prescribing.modes import Mode, writes
from moorage.prescribing.wish import Wish

VIEWER: Final = "roles/storage.objectViewer"
USER: Final = "roles/storage.objectUser"
CREATOR: Final = "roles/storage.objectCreator"
SIGNER: Final = "roles/iam.serviceAccountTokenCreator"
PUBLIC: Final = "roles/storage.legacyObjectReader"
EVENTS: Final = ("OBJECT_FINALIZE", "OBJECT_DELETE", "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE")
_READ: Final = ("storage.objects.get", "storage.objects.list")
_WRITE: Final = (
    "storage.objects.create",
    "storage.multipartUploads.create",
    "storage.multipartUploads.abort",
    "storage.multipartUploads.list",
    "storage.multipartUploads.listParts",
)
_DELETE: Final = ("storage.objects.delete",)


def project(wish: Wish) -> str:
    """The project that topics and roles belong to."""
    domain = wish.options.identity.rpartition("@")[2]
    suffix = ".iam.gserviceaccount.com"
    return wish.options.account or (domain.removesuffix(suffix) if domain.endswith(suffix) else "PROJECT-ID")


def address(wish: Wish) -> str:
    """The service account's e-mail address."""
    return wish.options.identity or f"{wish.label}@{project(wish)}.iam.gserviceaccount.com"


def member(wish: Wish) -> str:
    """The service account, as policies name it."""
    return f"serviceAccount:{address(wish)}"


def custom_role_id(wish: Wish) -> str:
    """Letters, digits, '.' and '_' are all that a role's id may have."""
    return wish.label.replace("-", "_")


def role_names(wish: Wish, modes: AbstractSet[Mode]) -> tuple[str, ...]:
    """The ready-made roles that come nearest."""
    if not writes(modes):
        return (VIEWER,)
    return (VIEWER, CREATOR) if wish.options.append_only else (USER,)


def condition(wish: Wish) -> Json | None:
    """Holds below the prefix only; listing has no object's name, so it is asked for the prefix that it lists.

    Source: Cloud Storage, IAM conditions; IAM, attribute reference, API attributes.
    """
    if not wish.prefix:
        return None
    below = cel(f"projects/_/buckets/{wish.bucket}/objects/{wish.prefix}")
    listed = 'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
    return {
        "title": wish.label,
        "description": "Only what lies below the prefix of this store",
        "expression": f"resource.name.startsWith({below}) || {listed}.startsWith({cel(wish.prefix)})",
    }


def cel(text: str) -> str:
    """The text as a literal of the Common Expression Language, in ASCII. Source: CEL specification, lexis."""
    return '"' + "".join(_letter(one) for one in text) + '"'


def _letter(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    if " " <= one <= "~":
        return one
    return f"\\u{ord(one):04x}" if one <= "\uffff" else f"\\U{ord(one):08x}"


def binding(wish: Wish, modes: AbstractSet[Mode]) -> Draft:
    """Ready-made roles for the service account, on this bucket only."""
    limit = condition(wish)
    more: dict[str, Json] = {} if limit is None else {"condition": limit}
    body: list[Json] = [{"role": role, "members": [member(wish)], **more} for role in role_names(wish, modes)]
    notes = ["The bucket must have uniform bucket-level access for the condition to hold."] if limit else []
    if modes & {Mode.SERVE_REDIRECT, Mode.DIRECT_UPLOAD, Mode.MULTIPART}:
        notes.append(
            f"Signed addresses without a key file, as on Google's own machines, need {SIGNER} for the service account "
            "on itself."
        )
    return Draft(
        Kind.ROLE,
        "Roles of the service account",
        {"version": 3, "bindings": body},
        f"Bucket {wish.bucket}, permissions: grant access.",
        tuple(notes),
    )


def custom_role(wish: Wish, modes: AbstractSet[Mode]) -> Draft:
    """A role with exactly the permissions that are used, in place of the ready-made ones."""
    given: tuple[str, ...] = _READ
    if writes(modes):
        given += _WRITE if wish.options.append_only else _WRITE + _DELETE
    return Draft(
        Kind.CUSTOM_ROLE,
        "A role of your own with nothing more than is used",
        {"title": f"Moorage, store {wish.name}", "stage": "GA", "includedPermissions": list(given)},
        f"IAM, roles, create role, in the project {project(wish)}; then grant it in place of the ready-made roles.",
        ("An object is overwritten by storage.objects.delete and create together.",) if _DELETE[0] in given else (),
    )


def public_role(wish: Wish) -> Draft:
    """Lets the world read below one prefix, by a managed folder; it cannot list."""
    return Draft(
        Kind.PUBLIC_ROLE,
        "Let the world read one prefix",
        {"bindings": [{"role": PUBLIC, "members": ["allUsers"]}]},
        f"Bucket {wish.bucket}, managed folder {wish.public}: edit access.",
        (
            f"Everybody in the world may read every object below {wish.public}, now and later.",
            "Public access prevention must be off for this bucket.",
        ),
    )


def topic(wish: Wish) -> str:
    """The name of the topic."""
    return wish.options.topic_arn or wish.label


def notification(wish: Wish) -> Draft:
    """Tells a topic of every object that is written or removed below the prefix."""
    prefix: dict[str, Json] = {"object_name_prefix": wish.prefix} if wish.prefix else {}
    body: dict[str, Json] = {
        "topic": f"//pubsub.googleapis.com/projects/{project(wish)}/topics/{topic(wish)}",
        "payload_format": "JSON_API_V1",
        "event_types": list(EVENTS),
        **prefix,
    }
    return Draft(
        Kind.NOTIFICATION,
        "Tell of changes (Pub/Sub)",
        body,
        f"By command: the console does not make notifications of {wish.bucket}.",
        ("Then make a push subscription of the topic to the address for events that the mirror's page shows.",),
    )
