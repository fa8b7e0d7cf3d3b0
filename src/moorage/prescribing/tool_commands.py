"""The commands of `gcloud`, `az` and `mc` for each kind of document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moorage.prescribing import azure, google
from moorage.prescribing.commands import Command, command, pasteable, remark, saved
from moorage.prescribing.cors import cors_rules
from moorage.prescribing.document import Draft, Kind
from moorage.prescribing.modes import Mode
from moorage.prescribing.wish import Wish

ALIAS = "MINIO"
_CORS_FILE = "moorage-cors.json"
_CONTROL = "The prefix holds control characters, which no terminal takes: use the JSON document."


def gcloud_commands(wish: Wish, draft: Draft) -> list[Command]:
    """What puts the document in its place; empty where `gcloud` cannot."""
    url = f"gs://{wish.bucket}"
    match draft.kind:
        case Kind.CORS:
            older = ("gsutil", "cors", "set", _CORS_FILE, url)
            return [
                saved(draft.body, _CORS_FILE),
                command("gcloud", "storage", "buckets", "update", url, f"--cors-file={_CORS_FILE}"),
                Command(older, comment="or, with the older tool:"),
            ]
        case Kind.ROLE:
            return _bindings(wish, draft, url)
        case Kind.CUSTOM_ROLE:
            file = "moorage-role.json"
            role, project = google.custom_role_id(wish), google.project(wish)
            return [
                saved(draft.body, file),
                command("gcloud", "iam", "roles", "create", role, f"--project={project}", f"--file={file}"),
            ]
        case Kind.PUBLIC_ROLE:
            if not pasteable(wish.public):
                return [remark(_CONTROL)]
            folder = ("gcloud", "storage", "managed-folders")
            return [
                command(*folder, "create", f"{url}/{wish.public}"),
                command(
                    *folder,
                    "add-iam-policy-binding",
                    f"{url}/{wish.public}",
                    "--member=allUsers",
                    f"--role={google.PUBLIC}",
                ),
            ]
        case Kind.NOTIFICATION:
            if not pasteable(wish.prefix):
                return [remark(_CONTROL)]
            topic, project = google.topic(wish), google.project(wish)
            return [
                command("gcloud", "pubsub", "topics", "create", topic, f"--project={project}"),
                command(
                    *("gcloud", "storage", "buckets", "notifications", "create", url),
                    f"--topic=projects/{project}/topics/{topic}",
                    f"--event-types={','.join(google.EVENTS)}",
                    "--payload-format=json",
                    f"--object-prefix={wish.prefix}" if wish.prefix else "",
                ),
            ]
        case _:
            return []


def _bindings(wish: Wish, draft: Draft, url: str) -> list[Command]:
    assert isinstance(draft.body, Mapping)
    given = draft.body["bindings"]
    assert isinstance(given, Sequence)
    limit = google.condition(wish)
    file = "moorage-condition.json"
    lines = [] if limit is None else [saved(limit, file)]
    for one in given:
        assert isinstance(one, Mapping)
        lines.append(
            command(
                *("gcloud", "storage", "buckets", "add-iam-policy-binding", url),
                f"--member={google.member(wish)}",
                f"--role={one['role']}",
                f"--condition-from-file={file}" if limit is not None else "--condition=None",
            )
        )
    return lines


def az_commands(wish: Wish, draft: Draft, modes: frozenset[Mode]) -> list[Command]:
    """What makes the signature, the roles or the rules; empty where `az` cannot."""
    account = wish.options.account or "STORAGE-ACCOUNT"
    match draft.kind:
        case Kind.SAS:
            return [
                command(
                    *("az", "storage", "container", "generate-sas"),
                    f"--account-name={account}",
                    f"--name={wish.bucket}",
                    f"--permissions={azure.letters(modes, append_only=wish.options.append_only)}",
                    "--https-only",
                    f"--expiry={wish.options.expires or 'YYYY-MM-DD'}",
                    "--output=tsv",
                )
            ]
        case Kind.ROLE_ASSIGNMENT:
            return [
                command(
                    *("az", "role", "assignment", "create"),
                    f"--assignee={wish.options.identity or 'APPLICATION-ID'}",
                    f"--role={role}",
                    f"--scope={azure.scope(wish, role)}",
                )
                for role in azure.roles(modes)
            ]
        case Kind.CORS:
            return [
                command(
                    *("az", "storage", "cors", "add", "--services", "b"),
                    *("--methods", *rule.methods),
                    *("--origins", *rule.origins),
                    "--allowed-headers",
                    *rule.request_headers,
                    "--exposed-headers",
                    *rule.exposed_headers,
                    f"--max-age={rule.max_age_s}",
                    f"--account-name={account}",
                )
                for rule in cors_rules(wish, wish.origins, modes).rules
            ]
        case _:
            return []


def mc_commands(wish: Wish, draft: Draft) -> list[Command]:
    """What puts the document in its place at a MinIO server; empty where `mc` cannot."""
    bucket = f"{ALIAS}/{wish.bucket}"
    match draft.kind:
        case Kind.USER_POLICY:
            file = f"{wish.label}.json"
            return [
                remark(
                    f"{ALIAS} is the server's name for mc: mc alias set {ALIAS} {wish.endpoint or 'https://HOST:9000'}"
                ),
                saved(draft.body, file),
                command("mc", "admin", "policy", "create", ALIAS, wish.label, file),
                command("mc", "admin", "policy", "attach", ALIAS, wish.label, f"--user={wish.identity_name}"),
            ]
        case Kind.BUCKET_POLICY:
            file = f"{wish.label}-bucket.json"
            return [saved(draft.body, file), command("mc", "anonymous", "set-json", file, bucket)]
        case Kind.CORS:
            return [
                command("mc", "admin", "config", "set", ALIAS, "api", f"cors_allow_origin={','.join(wish.origins)}")
            ]
        case Kind.NOTIFICATION:
            if not pasteable(wish.prefix):
                return [remark(_CONTROL)]
            address = "endpoint=ADDRESS-FOR-EVENTS-OF-THE-MIRROR"
            return [
                command("mc", "admin", "config", "set", ALIAS, "notify_webhook:moorage", address),
                command("mc", "admin", "service", "restart", ALIAS),
                command(
                    *("mc", "event", "add", bucket, "arn:minio:sqs::moorage:webhook"),
                    *("--event", "put,delete"),
                    f"--prefix={wish.prefix}" if wish.prefix else "",
                ),
            ]
        case _:
            return []
