"""Calls of one bucket: with a token, sent, repeated once with another token or a payer, translated."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, Protocol

from moorage.model.errors import StoreUnreachable
from moorage.stores.google.errors import Names, error_of, no_bucket, not_google, problem_in
from moorage.stores.google.place import Place
from moorage.stores.transport import EMPTY, Answer, Body, Purpose, Request, Transport

SMALL: Final = 1024 * 1024
"""Bytes of an answer that is a short document."""
_SEEN_S: Final = 60.0
_USER_AGENT: Final = "moorage"


class TokenSource(Protocol):
    """Gives tokens; see ``Tokens``."""

    async def value(self) -> str: ...

    def drop(self, value: str) -> None: ...

    async def aclose(self) -> None: ...


@dataclass(slots=True)
class Call:
    """One operation on the bucket, or on an object where ``key`` is given."""

    operation: str
    method: str
    url: str
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = EMPTY
    collect_bytes: int | None = SMALL
    """None: the caller reads the body as it comes."""
    repeatable: bool = True
    long: bool = False
    """The server works before it answers."""
    admit: frozenset[int] = frozenset()
    """Statuses that the caller judges itself."""


@dataclass(slots=True)
class Learnt:
    """What answers taught, shared by the views of a client."""

    pays: bool = False
    """The bucket wants to know whose project pays."""
    seen_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to one bucket for one purpose; views for other purposes share all but the pool."""

    place: Place
    names: Names
    transport: Transport
    purpose: Purpose
    tokens: TokenSource | None
    """None: asks without credentials."""
    project: str = ""
    """The project that pays where the bucket asks for one; empty: none."""
    learnt: Learnt = field(default_factory=Learnt)

    def view(self, purpose: Purpose) -> Client:
        """The same client on the connections of another purpose."""
        return replace(self, purpose=purpose)

    async def call(self, call: Call) -> Answer:
        """The answer where it is a success or admitted. Raises the errors of ``moorage.model.errors``."""
        renewed = False
        while True:
            token = await self.tokens.value() if self.tokens else ""
            answer = await self._send(call, token)
            if answer.ok or answer.status in call.admit:
                return answer
            problem = problem_in(answer)
            if (
                token
                and self.tokens
                and answer.status == HTTPStatus.UNAUTHORIZED
                and call.body.rewindable
                and not renewed
            ):
                self.tokens.drop(token)
                renewed = True
            elif problem.wants_payer and self.project and not self.learnt.pays and call.body.rewindable:
                self.learnt.pays = True
            else:
                if problem.shows_bucket:
                    self.see_bucket()
                raise error_of(call.operation, call.key, answer, problem, self.names)

    async def document(self, call: Call) -> Mapping[str, Any]:
        """The JSON object that a call answers with. Raises StoreUnreachable where it is none."""
        return self.parsed(await self.call(call))

    def parsed(self, answer: Answer) -> Mapping[str, Any]:
        """The JSON object in an answer. Raises StoreUnreachable where it is none."""
        try:
            document = json.loads(answer.content)
        except ValueError as error:
            raise not_google(self.names, "no JSON where it was asked for") from error
        if not isinstance(document, dict):
            raise not_google(self.names, "no JSON object where one was asked for")
        return document

    async def bucket_must_be_there(self) -> None:
        """Raises StoreUnreachable where the bucket is gone: it must not look like a million deleted objects.

        Only asked where an answer does not tell an absent object from an absent bucket.
        """
        if time.monotonic() < self.learnt.seen_until:
            return
        query = (("maxResults", "1"), ("fields", "kind"))
        asked = Call("list", "GET", self.place.objects(query), admit=frozenset({401, 403, 404}))
        if (await self.call(asked)).status == HTTPStatus.NOT_FOUND:
            raise no_bucket(self.names)
        self.see_bucket()

    def see_bucket(self) -> None:
        """An answer showed that the bucket is there."""
        self.learnt.seen_until = time.monotonic() + _SEEN_S

    async def _send(self, call: Call, token: str) -> Answer:
        headers = {**call.headers, "User-Agent": _USER_AGENT}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if self.learnt.pays:
            headers["x-goog-user-project"] = self.project
        first_byte_s = self.transport.limits.long_answer_s if call.long else None
        request = Request(call.operation, call.method, call.url, headers, call.body, first_byte_s)
        try:
            return await self.transport.send(
                lambda: request, purpose=self.purpose, repeatable=call.repeatable, collect_bytes=call.collect_bytes
            )
        except StoreUnreachable as fault:
            fault.store, fault.bucket, fault.key = self.names.store, self.names.bucket, call.key
            raise
