"""Which documents a wish and its modes come to, and their texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from moorage.model.errors import Invalid
from moorage.model.store import Provider, Serve, Store
from moorage.prescribing import azure, google, s3_bucket, s3_identity
from moorage.prescribing.aws_commands import aws_commands
from moorage.prescribing.commands import Command, script
from moorage.prescribing.cors import as_s3_xml, cors, cors_rules
from moorage.prescribing.document import Document, Draft, Form, Kind, pretty
from moorage.prescribing.modes import BROWSING, Mode, needs_identity, writes
from moorage.prescribing.terraform import terraform
from moorage.prescribing.tool_commands import az_commands, gcloud_commands, mc_commands
from moorage.prescribing.wish import Server, Wish

Maker = Callable[[Wish, AbstractSet[Mode]], Draft | None]
_S3: Final[dict[Kind, Maker]] = {
    Kind.USER_POLICY: s3_identity.user_policy,
    Kind.TRUST_POLICY: lambda wish, _: s3_identity.trust_policy(wish),
    Kind.ROLE_POLICY: lambda wish, _: s3_identity.role_policy(wish),
    Kind.SESSION_POLICY: lambda wish, _: s3_identity.session_example(wish),
    Kind.ROLES_ANYWHERE: lambda wish, _: s3_identity.roles_anywhere(wish),
    Kind.TRUST_ANCHOR: lambda wish, _: s3_identity.trust_anchor(wish),
    Kind.BUCKET_POLICY: s3_bucket.bucket_policy,
    Kind.CORS: cors,
    Kind.LIFECYCLE: lambda wish, _: s3_bucket.lifecycle(wish),
    Kind.QUEUE_POLICY: lambda wish, _: s3_bucket.receiver_policy(wish),
    Kind.TOPIC_POLICY: lambda wish, _: s3_bucket.receiver_policy(wish),
    Kind.NOTIFICATION: lambda wish, _: s3_bucket.notification(wish),
    Kind.SETUP_POLICY: lambda wish, _: s3_identity.setup_policy(wish),
}
_AZURE: Final[dict[Kind, Maker]] = {Kind.SAS: azure.signature, Kind.ROLE_ASSIGNMENT: azure.assignment, Kind.CORS: cors}
_GOOGLE: Final[dict[Kind, Maker]] = {
    Kind.ROLE: google.binding,
    Kind.CUSTOM_ROLE: google.custom_role,
    Kind.PUBLIC_ROLE: lambda wish, _: google.public_role(wish),
    Kind.CORS: cors,
    Kind.NOTIFICATION: lambda wish, _: google.notification(wish),
}
_MAKERS: Final = {Provider.S3: _S3, Provider.AZURE: _AZURE, Provider.GOOGLE: _GOOGLE}


def modes_of(store: Store) -> frozenset[Mode]:
    """What a registered store is used for, as far as its registration tells."""
    modes = {Mode.MIRROR} if store.read_only else {Mode.MIRROR, Mode.UPLOAD}
    if store.serve is Serve.REDIRECT:
        modes |= {Mode.SERVE_REDIRECT}
    if store.loan_role_arn:
        modes |= {Mode.MULTIPART}
    return frozenset(modes)


def kinds_of(wish: Wish, modes: AbstractSet[Mode]) -> tuple[Kind, ...]:
    """The documents that these modes need, the first one first; more can be asked for by name."""
    match wish.provider:
        case Provider.AZURE:
            needed = {Kind.SAS, Kind.ROLE_ASSIGNMENT}
        case Provider.GOOGLE:
            needed = {Kind.ROLE, Kind.CUSTOM_ROLE} if needs_identity(modes) else set()
            needed |= {Kind.PUBLIC_ROLE} if Mode.PUBLIC_MEDIA in modes else set()
            needed |= {Kind.NOTIFICATION} if Mode.EVENTS in modes else set()
        case _:
            needed = _s3_kinds(wish, modes)
    if modes & BROWSING and wish.origins:
        needed |= {Kind.CORS}
    return tuple(kind for kind in _MAKERS[wish.provider] if kind in needed)


def _s3_kinds(wish: Wish, modes: AbstractSet[Mode]) -> set[Kind]:
    needed = {Kind.USER_POLICY, Kind.SETUP_POLICY} if needs_identity(modes) else set()
    if wish.server is not Server.MINIO or Mode.PUBLIC_MEDIA in modes:
        needed |= {Kind.BUCKET_POLICY}
    if writes(modes):
        needed |= {Kind.LIFECYCLE}
    if Mode.MULTIPART in modes:
        needed |= {Kind.SESSION_POLICY}
        if wish.server is not Server.MINIO:
            needed |= {Kind.ROLE_POLICY, Kind.TRUST_POLICY}
    if Mode.EVENTS in modes:
        needed |= {Kind.NOTIFICATION}
        if wish.server is Server.AWS:
            needed |= {Kind.TOPIC_POLICY if wish.options.topic_arn else Kind.QUEUE_POLICY}
    if wish.options.trust_anchor_arn:
        needed |= {Kind.ROLES_ANYWHERE, Kind.TRUST_ANCHOR}
    return needed


def prescribe(
    wish: Wish, modes: Iterable[Mode], *, kinds: Iterable[Kind] = (), form: Form = Form.JSON
) -> tuple[Document, ...]:
    """The documents of these modes in one form; with ``kinds``, those and no others.

    A document that the form cannot say is left out. Raises Invalid for no mode, and for a kind that the provider
    does not have.
    """
    wanted = frozenset(modes)
    if not wanted:
        raise Invalid("No mode was chosen. Nothing was written.", f"Choose some of {', '.join(Mode)}.", field="modes")
    makers = _MAKERS[wish.provider]
    asked = tuple(dict.fromkeys(kinds))
    for kind in asked:
        if kind not in makers:
            raise Invalid(
                f"There is no {kind} for {wish.provider}. Nothing was written.",
                f"Ask for one of {', '.join(makers)}.",
                field="kind",
            )
    chosen = asked or kinds_of(wish, wanted)
    if form not in {Form.JSON, Form.XML}:
        chosen = tuple(sorted(chosen, key=lambda kind: kind is not Kind.ROLES_ANYWHERE))  # a role before its policy
    drafts = (makers[kind](wish, wanted) for kind in chosen)
    written = (_written(wish, draft, wanted, form) for draft in drafts if draft is not None)
    return tuple(document for document in written if document is not None)


def _written(wish: Wish, draft: Draft, modes: frozenset[Mode], form: Form) -> Document | None:
    text = _text(wish, draft, modes, form)
    if not text:
        return None
    where = draft.where if form in {Form.JSON, Form.XML} else _WHERE.get(form, "In a terminal.")
    notes = (*draft.notes, *_placeholders(text))
    return Document(draft.kind, draft.title, form, where, text, notes)


_WHERE: Final = {
    Form.MC: "In a terminal where mc knows the server.",
    Form.TERRAFORM: "In a .tf file of your own set-up.",
}


def _text(wish: Wish, draft: Draft, modes: frozenset[Mode], form: Form) -> str:
    commands: list[Command]
    match form:
        case Form.JSON:
            return pretty(draft.body)
        case Form.XML:
            has_xml = draft.kind is Kind.CORS and wish.provider is Provider.S3
            return as_s3_xml(cors_rules(wish, wish.origins, modes)) if has_xml else ""
        case Form.TERRAFORM:
            return terraform(wish, draft, modes)
        case Form.AWS:
            commands = aws_commands(wish, draft) if wish.provider is Provider.S3 else []
        case Form.GCLOUD:
            commands = gcloud_commands(wish, draft) if wish.provider is Provider.GOOGLE else []
        case Form.AZ:
            commands = az_commands(wish, draft, modes) if wish.provider is Provider.AZURE else []
        case Form.MC:
            commands = mc_commands(wish, draft) if wish.provider is Provider.S3 and wish.server is Server.MINIO else []
    return script(commands)


_PLACEHOLDERS: Final = {
    "ACCOUNT-ID": "the 12 digits of your AWS account",
    "EXTERNAL-ID": "a long random text that both accounts agree on",
    "TRUST-ANCHOR-ID": "the id of the trust anchor, once it is made",
    "REGION": "the region of the trust anchor",
    "TEXT-OF-CA.PEM": "the text of the CA's certificate",
    "STORAGE-ACCOUNT": "the name of the storage account",
    "SUBSCRIPTION-ID": "the id of the subscription",
    "RESOURCE-GROUP": "the name of the resource group",
    "APPLICATION-ID": "the id of the application that signs in",
    "PROJECT-ID": "the id of the project",
    "YYYY-MM-DD": "the day on which the signature shall end",
    "PREFIX/": "the prefix that is lent",
    "HOST:9000": "the address of the server",
    "ADDRESS-FOR-EVENTS-OF-THE-MIRROR": "the address for events that the mirror's page shows",
}


def _placeholders(text: str) -> tuple[str, ...]:
    """What stands in a text in place of what nobody told."""
    return tuple(f"Replace {word} by {meaning}." for word, meaning in _PLACEHOLDERS.items() if word in text)
