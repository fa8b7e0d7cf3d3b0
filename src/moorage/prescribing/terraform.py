"""Terraform: each document as a resource, with the JSON as a here-document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from moorage.model.store import Provider
from moorage.prescribing import azure, google
from moorage.prescribing.cors import cors_rules
from moorage.prescribing.document import Draft, Json, Kind, pretty
from moorage.prescribing.modes import Mode
from moorage.prescribing.s3_identity import certificate_role
from moorage.prescribing.wish import Server, Wish

_NOT_NAME: Final = re.compile(r"[^A-Za-z0-9_]")
_INDENT: Final = "  "
Value = str | int | bool | Sequence[str]


def terraform(wish: Wish, draft: Draft, modes: frozenset[Mode]) -> str:
    """The document as HCL; empty where the providers of Terraform have no resource for it."""
    match wish.provider:
        case Provider.GOOGLE:
            return _google(wish, draft, modes)
        case Provider.AZURE:
            return _azure(wish, draft, modes)
        case _ if wish.server is Server.AWS:
            return _aws(wish, draft, modes)
        case _:
            return ""


def _aws(wish: Wish, draft: Draft, modes: frozenset[Mode]) -> str:  # noqa: C901 - one line a kind
    bucket = _line("bucket", wish.bucket)
    lent = wish.loan_role.rpartition("/")[2]
    name = _name(wish)
    match draft.kind:
        case Kind.USER_POLICY if wish.is_role:
            return _resource(
                "aws_iam_role_policy", name, _line("role", wish.identity_name), _json("policy", draft.body)
            )
        case Kind.USER_POLICY:
            return _resource(
                "aws_iam_user_policy", name, _line("user", wish.identity_name), _json("policy", draft.body)
            )
        case Kind.TRUST_POLICY:
            return _resource(
                "aws_iam_role", f"{name}_loans", _line("name", lent), _json("assume_role_policy", draft.body)
            )
        case Kind.ROLE_POLICY:
            return _resource("aws_iam_role_policy", f"{name}_loans", _line("role", lent), _json("policy", draft.body))
        case Kind.ROLES_ANYWHERE:
            role = _line("name", certificate_role(wish))
            return _resource("aws_iam_role", name, role, _json("assume_role_policy", draft.body))
        case Kind.BUCKET_POLICY:
            return _resource("aws_s3_bucket_policy", name, bucket, _json("policy", draft.body))
        case Kind.CORS:
            return _resource("aws_s3_bucket_cors_configuration", name, bucket, *_aws_cors(wish, modes))
        case Kind.LIFECYCLE:
            days = _block("abort_incomplete_multipart_upload", _line("days_after_initiation", 7))
            rule = _block(
                "rule",
                _line("id", "moorage-unfinished-uploads"),
                _line("status", "Enabled"),
                _block("filter", _line("prefix", wish.prefix)),
                days,
            )
            return _resource("aws_s3_bucket_lifecycle_configuration", name, bucket, rule)
        case Kind.QUEUE_POLICY:
            queue = wish.queue.rpartition(":")[2]
            return _resource("aws_sqs_queue", name, _line("name", queue), _json("policy", draft.body))
        case Kind.TOPIC_POLICY:
            return _resource("aws_sns_topic_policy", name, _line("arn", wish.topic), _json("policy", draft.body))
        case Kind.NOTIFICATION:
            to_topic = bool(wish.options.topic_arn)
            target = _line("topic_arn", wish.topic) if to_topic else _line("queue_arn", wish.queue)
            events = _line("events", ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
            below = _line("filter_prefix", wish.prefix) if wish.prefix else ""
            one = _block("topic" if to_topic else "queue", target, events, below)
            return _resource("aws_s3_bucket_notification", name, bucket, one)
        case _:
            return ""


def _aws_cors(wish: Wish, modes: frozenset[Mode]) -> list[str]:
    return [
        _block(
            "cors_rule",
            _line("id", rule.id),
            _line("allowed_origins", rule.origins),
            _line("allowed_methods", rule.methods),
            _line("allowed_headers", rule.request_headers),
            _line("expose_headers", rule.exposed_headers),
            _line("max_age_seconds", rule.max_age_s),
        )
        for rule in cors_rules(wish, wish.origins, modes).rules
    ]


def _google(wish: Wish, draft: Draft, modes: frozenset[Mode]) -> str:
    bucket, name = _line("bucket", wish.bucket), _name(wish)
    match draft.kind:
        case Kind.ROLE:
            limit = google.condition(wish)
            more = ""
            if isinstance(limit, Mapping):
                more = _block("condition", *(_line(key, str(value)) for key, value in limit.items()))
            return "\n".join(
                _resource(
                    "google_storage_bucket_iam_member",
                    f"{name}_{role.rpartition('.')[2]}",
                    bucket,
                    _line("role", role),
                    _line("member", google.member(wish)),
                    more,
                )
                for role in google.role_names(wish, modes)
            )
        case Kind.CUSTOM_ROLE:
            body = draft.body
            assert isinstance(body, Mapping)
            given = body["includedPermissions"]
            assert isinstance(given, list)
            return _resource(
                "google_project_iam_custom_role",
                name,
                _line("role_id", google.custom_role_id(wish)),
                _line("title", str(body["title"])),
                _line("permissions", [str(one) for one in given]),
            )
        case Kind.NOTIFICATION:
            return _resource(
                "google_storage_notification",
                name,
                bucket,
                _line("payload_format", "JSON_API_V1"),
                _line("topic", f"projects/{google.project(wish)}/topics/{google.topic(wish)}"),
                _line("event_types", google.EVENTS),
                _line("object_name_prefix", wish.prefix) if wish.prefix else "",
            )
        case _:
            return ""


def _azure(wish: Wish, draft: Draft, modes: frozenset[Mode]) -> str:
    if draft.kind is not Kind.ROLE_ASSIGNMENT:
        return ""
    return "\n".join(
        _resource(
            "azurerm_role_assignment",
            f"{_name(wish)}_{role.rpartition(' ')[2].lower()}",
            _line("scope", azure.scope(wish, role)),
            _line("role_definition_name", role),
            _line("principal_id", wish.options.identity or "APPLICATION-ID"),
        )
        for role in azure.roles(modes)
    )


def _name(wish: Wish) -> str:
    return _NOT_NAME.sub("_", wish.label)


def _resource(kind: str, name: str, *parts: str) -> str:
    inside = "\n".join(part for part in parts if part)
    return f'resource "{kind}" "{name}" {{\n{_indented(inside)}\n}}\n'


def _block(name: str, *parts: str) -> str:
    inside = "\n".join(part for part in parts if part)
    return f"{name} {{\n{_indented(inside)}\n}}"


def _line(name: str, value: Value) -> str:
    return f"{name} = {_value(value)}"


def _json(name: str, body: Json) -> str:
    """A here-document: JSON in ASCII has no control characters, and no line of it is the word that ends it.

    A ``${`` would begin a template, hence the escapes of JSON.
    """
    text = pretty(body).replace("$", "\\u0024").replace("%", "\\u0025")
    return f"{name} = <<-JSON\n{_indented(text.rstrip())}\nJSON"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    return "[" + ", ".join(quoted(one) for one in value) + "]"


def quoted(text: str) -> str:
    """The text as a string of HCL, in ASCII. Source: Terraform language, strings and templates."""
    return '"' + "".join(_letter(one) for one in text) + '"'


def _letter(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    if " " <= one <= "~" and one not in "$%":  # with a brace behind them they would begin a template
        return one
    return f"\\u{ord(one):04x}" if one <= "\uffff" else f"\\U{ord(one):08x}"


def _indented(text: str) -> str:
    return "\n".join(_INDENT + line if line else line for line in text.splitlines())
