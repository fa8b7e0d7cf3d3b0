"""Calls about people: users, grants, tokens, and who one is."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from moorage.client.calls import Calls, given, part, query_of
from moorage.client.codec import decode
from moorage.client.people_shapes import AuditRow, Grant, Me, OneTimeLink, Token, User


class PeopleCalls(Calls):
    """Users, grants and tokens."""

    async def me(self) -> Me:
        """Who the token stands for."""
        return decode(Me, await self._transport.get("/me"))

    async def users(self) -> list[User]:
        """All users, with their grants."""
        return [decode(User, row) async for row in self._transport.pages("/users", "users")]

    async def add_user(self, email: str, *, role: str | None = None, project: str | None = None) -> User:
        """Add a user; ``link`` of the answer lets them choose a password, once. Raises: AlreadyExists."""
        return decode(User, await self._transport.post("/users", given(email=email, role=role, project=project)))

    async def shut_out(self, user: str, *, disabled: bool = True) -> User:
        """Shut a user out, ending all sessions, or let it in again."""
        return decode(User, await self._transport.patch(f"/users/{part(user)}", {"disabled": disabled}))

    async def remove_user(self, user: str) -> None:
        """Remove a user, with all tokens, sessions and grants."""
        await self._transport.delete(f"/users/{part(user)}")

    async def link_user(self, user: str) -> OneTimeLink:
        """A new one-time link for a user."""
        return decode(OneTimeLink, await self._transport.post(f"/users/{part(user)}/link"))

    async def grants(self) -> list[Grant]:
        """All grants."""
        return [decode(Grant, row) async for row in self._transport.pages("/grants", "grants")]

    async def add_grant(self, user: str, role: str, *, project: str | None = None) -> None:
        """Give a user a role on a project, or on everything; it replaces the one before."""
        await self._transport.post("/grants", given(user=user, role=role, project=project))

    async def remove_grant(self, user: str, *, project: str | None = None) -> None:
        """Take a role away."""
        await self._transport.delete("/grants", body=given(user=user, project=project))

    async def tokens(self) -> list[Token]:
        """Your tokens, without their texts."""
        return [decode(Token, row) async for row in self._transport.pages("/tokens", "tokens")]

    async def add_token(
        self, name: str, *, role: str | None = None, project: str | None = None, expires_in: int | None = None
    ) -> Token:
        """Make a token for yourself; its text stands in ``token`` this once. ``expires_in`` is in seconds."""
        body = given(name=name, role=role, project=project, expires_in=expires_in)
        return decode(Token, await self._transport.post("/tokens", body))

    async def remove_token(self, token: str) -> None:
        """Make a token invalid, within 5 s."""
        await self._transport.delete(f"/tokens/{part(token)}")

    async def audit(self, *, before: str | None = None) -> AsyncGenerator[AuditRow, None]:
        """Changes, the newest first, from the row ``before`` (exclusive) on."""
        while True:
            page = await self._transport.get("/audit", query_of(before=before, limit=1000))
            for row in page["audit"]:
                yield decode(AuditRow, row)
            before = page["next"]
            if before is None:
                return
