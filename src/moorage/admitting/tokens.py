"""API tokens: made once, shown once, narrowed to a role and a project where asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from moorage.admitting.bearer import TOKEN_MARK, hash_of, new_bearer
from moorage.admitting.door import Door
from moorage.model.access import Principal, Role, Token, UserId
from moorage.model.catalogue import ProjectId
from moorage.model.errors import Invalid, NotFound, SignInNeeded
from moorage.model.transaction import Transaction

LIFE: Final = timedelta(days=365)
"""How long a token holds where nobody says otherwise."""
MAX_NAME: Final = 200
NOTED_EVERY_MS: Final = 3600 * 1000
"""The time of last use is written down at most so often."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made. ``text`` is shown now and never again; only its hash is stored."""

    token: Token
    text: str = field(repr=False)


async def add_token(
    door: Door,
    by: Principal,
    name: str,
    *,
    user: UserId | None = None,
    role: Role | None = None,
    project: ProjectId | None = None,
    lives: timedelta | None = LIFE,
) -> NewToken:
    """A token of ``by`` itself, or of another ``user``, which needs an admin. ``lives`` None: for ever.

    Needs a session or an admin: a token that leaked must not be able to make others. Raises Forbidden, Invalid
    for a name or life that will not do, NotFound for an unknown user or project.
    """
    owner = by.user if user is None else user
    if owner != by.user or not by.session:
        by.need_everywhere(Role.ADMIN)
    title, text = _name(name), new_bearer(TOKEN_MARK)
    if lives is not None and lives <= timedelta(0):
        raise Invalid("A token must live for some time. None was made.", "Name a time in the future.", field="lives")

    def add(tx: Transaction) -> NewToken:
        tx.people.get(owner)
        if project is not None:
            tx.projects.get(project)
            tx.people.principal(owner).need(Role.VIEWER, project)
        now_ms = door.clock()
        expires_ms = None if lives is None else now_ms + lives // timedelta(milliseconds=1)
        token = tx.people.add_token(Token(0, owner, title, now_ms, expires_ms, role, project), hash_of(text))
        narrowed = {"role": None if role is None else role.word, "project": project, "expires_ms": expires_ms}
        tx.audit.add(by, "token.add", f"token {token.id}", user=owner, name=title, **narrowed)
        return NewToken(token, text)

    return await door.facts.write(add)


async def list_tokens(door: Door, by: Principal, *, user: UserId | None = None, everyone: bool = False) -> list[Token]:
    """Tokens of ``by``, oldest first; of another ``user`` or of ``everyone`` for an admin."""
    if everyone or user not in (None, by.user):
        by.need_everywhere(Role.ADMIN)
    owner = by.user if user is None else user
    return await door.facts.read(lambda tx: tx.people.tokens(None if everyone else owner))


async def remove_token(door: Door, by: Principal, token: int) -> None:
    """End a token of ``by``, or anyone's for an admin. Raises NotFound for all others."""

    def remove(tx: Transaction) -> None:
        mine = by.everywhere != Role.ADMIN
        found = next((one for one in tx.people.tokens(by.user if mine else None) if one.id == token), None)
        if found is None:
            raise NotFound(f"There is no token {token}, or it is not yours.", "List them with `moorage token ls`.")
        tx.people.remove_token(token)
        tx.audit.add(by, "token.remove", f"token {token}", user=found.user, name=found.name)

    await door.facts.write(remove)


async def principal_of_token(door: Door, text: str) -> Principal:
    """Who bears the token, narrowed by it. Raises SignInNeeded when it has ended or never was."""
    hash_, now_ms = hash_of(text), door.clock()

    def find(tx: Transaction) -> tuple[Token, Principal]:
        token = tx.people.token(hash_, now_ms)
        if token is None:
            raise SignInNeeded("This token is not valid, or no longer.", "Make one: moorage token add NAME")
        return token, tx.people.principal(token.user, token=token)

    token, principal = await door.facts.read(find)
    if token.last_used_ms is None or token.last_used_ms + NOTED_EVERY_MS <= now_ms:
        await door.facts.write(lambda tx: tx.people.note_token_used(token.id, now_ms))
    return principal


def _name(name: str) -> str:
    title = name.strip()
    if not title or len(title) > MAX_NAME or not title.isprintable():
        raise Invalid(
            f"A token needs a name of 1 to {MAX_NAME} printable letters. None was made.",
            "Name it after what will use it.",
            field="name",
        )
    return title
