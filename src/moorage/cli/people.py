"""`moorage user` and `moorage token`: on the data directory, server running or not."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from moorage.cli.offline import on_data
from moorage.cli.options import Data, Json, OfProject, RoleName
from moorage.cli.printing import put, put_json, put_rows, say
from moorage.cli.session import role_of
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.admitting import Link, Member
    from moorage.model.access import Grant, Token
    from moorage.model.catalogue import ProjectId
    from moorage.wiring import Offline

users = typer.Typer(help="Users, on the data directory.", no_args_is_help=True)
tokens = typer.Typer(help="API tokens, on the data directory.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail.")]


@users.command("add")
def add_user(
    email: Email,
    *,
    role: RoleName = None,
    project: OfProject = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read a password from stdin.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Add a user. Without a password, print a link that lets them choose one, once."""
    held = role_of(role) if role else None
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    if password == "":
        raise Invalid("stdin holds no password. Nothing was changed.", "Pipe it into the command.", field="password")

    async def work(offline: Offline) -> tuple[Member, dict[str, object]]:
        from moorage import admitting
        from moorage.model.access import SYSTEM

        where = await project_id(offline, project)
        user = await admitting.add_user(offline.door, SYSTEM, email, role=held, project=where, password=password)
        members = await admitting.list_users(offline.door, SYSTEM)
        member = next(member for member in members if member.user.id == user.id)
        if password is not None:
            return member, {}
        return member, link_json(offline, await admitting.make_link(offline.door, SYSTEM, user.id))

    member, link = on_data(data, work)
    if json:
        put_json(member_json(member) | ({"link": link} if link else {}))
    elif link:
        put(str(link["url"]))


@users.command("ls")
def ls_users(*, data: Data = None, json: Json = False) -> None:
    """List users and their roles."""

    async def work(offline: Offline) -> tuple[list[Member], dict[str, str]]:
        from moorage import admitting
        from moorage.model.access import SYSTEM

        projects = await offline.facts.read(lambda tx: tx.projects.all())
        return await admitting.list_users(offline.door, SYSTEM), {str(one.id): one.name for one in projects}

    members, names = on_data(data, work)
    put_rows(
        [member_json(member) for member in members],
        [
            ("user", lambda row: row["id"]),
            ("email", lambda row: row["email"]),
            ("password", lambda row: row["has_password"]),
            (
                "roles",
                lambda row: [f"{grant['role']} of {names.get(grant['project'], 'all')}" for grant in row["grants"]],
            ),
        ],
        as_json=json,
    )


@users.command("rm")
def rm_user(email: Email, *, data: Data = None, json: Json = False) -> None:
    """Remove a user with all sessions and tokens."""

    async def work(offline: Offline) -> int:
        from moorage import admitting
        from moorage.model.access import SYSTEM

        user = await admitting.find_user(offline.door, SYSTEM, email)
        await admitting.remove_user(offline.door, SYSTEM, user.id)
        return user.id

    id_ = on_data(data, work)
    if json:
        put_json({"id": str(id_), "removed": True})
    else:
        say(f"{email} is removed.")


@users.command("link")
def link_user(email: Email, *, data: Data = None, json: Json = False) -> None:
    """Print a new link that admits a user once, within 15 minutes."""

    async def work(offline: Offline) -> dict[str, object]:
        from moorage import admitting
        from moorage.model.access import SYSTEM

        user = await admitting.find_user(offline.door, SYSTEM, email)
        return link_json(offline, await admitting.make_link(offline.door, SYSTEM, user.id))

    link = on_data(data, work)
    if json:
        put_json(link)
    else:
        put(str(link["url"]))


@tokens.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="What will use it.")],
    *,
    user: Annotated[str, typer.Option(help="The e-mail of the user that it stands for.", metavar="EMAIL")],
    role: RoleName = None,
    project: OfProject = None,
    expires: Annotated[str | None, typer.Option(help="Such as 12h, 30d, never; default: a year.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    held = role_of(role) if role else None
    lives = life_of(expires)

    async def work(offline: Offline) -> str:
        from moorage import admitting
        from moorage.model.access import SYSTEM

        person = await admitting.find_user(offline.door, SYSTEM, user)
        made = await admitting.add_token(
            offline.door,
            SYSTEM,
            name,
            user=person.id,
            role=held,
            project=await project_id(offline, project),
            lives=lives,
        )
        return made.text

    made = on_data(data, work)
    if json:
        put_json({"token": made})
    else:
        put(made)


@tokens.command("ls")
def ls_tokens(*, data: Data = None, json: Json = False) -> None:
    """List all tokens, without their texts."""

    async def work(offline: Offline) -> tuple[list[Token], dict[int, str]]:
        from moorage import admitting
        from moorage.model.access import SYSTEM

        members = await admitting.list_users(offline.door, SYSTEM)
        emails: dict[int, str] = {member.user.id: member.user.email for member in members}
        return await admitting.list_tokens(offline.door, SYSTEM, everyone=True), emails

    found, emails = on_data(data, work)
    put_rows(
        [token_json(token, emails) for token in found],
        [
            ("token", lambda row: row["id"]),
            ("name", lambda row: row["name"]),
            ("user", lambda row: row["email"]),
            ("role", lambda row: row["role"]),
            ("project", lambda row: row["project"]),
            ("expires", lambda row: row["expires"]),
        ],
        as_json=json,
    )


@tokens.command("rm")
def rm_token(
    token: Annotated[int, typer.Argument(metavar="TOKEN", help="The token's id.")],
    *,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a token invalid; a running server believes it for 5 s more at most."""

    async def work(offline: Offline) -> None:
        from moorage import admitting
        from moorage.model.access import SYSTEM

        await admitting.remove_token(offline.door, SYSTEM, token)

    on_data(data, work)
    if json:
        put_json({"id": str(token), "removed": True})
    else:
        say(f"Token {token} is removed.")


def link_json(offline: Offline, link: Link) -> dict[str, object]:
    """A one-time link as the REST API shows one."""
    return {
        "url": f"{offline.public_address}/sign-in/{link.text}",
        "expires": time_of(link.expires_ms),
    }


async def project_id(offline: Offline, project: str | None) -> ProjectId | None:
    """The id of a project that is named by name or id. Raises: NotFound."""
    from moorage.cataloguing.projects import find
    from moorage.model.access import SYSTEM

    if project is None:
        return None
    return (await offline.facts.read(lambda tx: find(tx, SYSTEM, project))).id


def life_of(word: str | None) -> timedelta | None:
    """How long a token lives; None: for ever. Raises: Invalid."""
    from moorage.admitting.tokens import LIFE
    from moorage.settings.units import duration

    if word is None:
        return LIFE
    if word == "never":
        return None
    try:
        life = duration(word)
    except ValueError as exc:
        raise Invalid(f"{word} is no time.", f"To fix it, {exc}; or write never.", field="expires") from exc
    assert isinstance(life, timedelta)
    return life


def member_json(member: Member) -> dict[str, Any]:
    """A user as the REST API shows one."""
    user = member.user
    return {
        "id": str(user.id),
        "email": user.email,
        "role": next((grant.role.word for grant in member.grants if grant.project is None), ""),
        "disabled": user.disabled,
        "has_password": user.has_password,
        "created": time_of(user.created_ms),
        "grants": [grant_json(grant) for grant in member.grants],
    }


def grant_json(grant: Grant) -> dict[str, object]:
    """A grant as the REST API shows one inside a user."""
    return {"role": grant.role.word, "project": None if grant.project is None else str(grant.project)}


def token_json(token: Token, emails: Mapping[int, str]) -> dict[str, object]:
    """A token as the REST API shows one."""
    return {
        "id": str(token.id),
        "name": token.name,
        "user": str(token.user),
        "email": emails.get(token.user, ""),
        "role": token.role.word if token.role else None,
        "project": None if token.project is None else str(token.project),
        "created": time_of(token.created_ms),
        "expires": None if token.expires_ms is None else time_of(token.expires_ms),
        "last_used": None if token.last_used_ms is None else time_of(token.last_used_ms),
    }


def time_of(milliseconds: int) -> datetime:
    """The time that many milliseconds after 1970, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
