"""Uploads in blocks: put side by side -> committed as one object; uncommitted blocks are dropped by Azure itself.

Until the commit nothing is visible. What stays uncommitted is no object, is not listed, and is dropped after a
week or with the next write to that key. Source: Put Block, Put Block List.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from moorage.model.errors import Changed
from moorage.model.keys import Key
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.errors import error_of, problem_in
from moorage.stores.transport import Answer, BytesBody

MOST_BLOCKS: Final = 50_000
_NAME: Final = re.compile(rb"<Name>([^<]+)</Name>")


@dataclass(slots=True)
class Blocks:
    """The blocks of one upload to ``key``. Their ids are its own, so that two uploads never mix."""

    client: Client
    key: Key
    _run: str = field(default_factory=lambda: secrets.token_hex(8))
    _numbers: set[int] = field(default_factory=set)

    async def put(self, number: int, data: bytes) -> None:
        """Send one block, numbered from 1."""
        call = Call("put", "PUT", self.key, self._query(number), body=BytesBody(data))
        await self.client.call(call)
        self._numbers.add(number)

    async def copy(self, number: int, headers: Mapping[str, str]) -> None:
        """Let the server copy one block."""
        await self.client.call(Call("copy", "PUT", self.key, self._query(number), headers, long=True))
        self._numbers.add(number)

    async def try_one(self) -> bool:
        """Send one small block and look for it in the list of those that are not committed."""
        await self.client.call(Call("block", "PUT", self.key, self._query(1), body=BytesBody(b"moorage")))
        query = (("comp", "blocklist"), ("blocklisttype", "uncommitted"))
        answer = await self.client.call(Call("blocks", "GET", self.key, query))
        return self._id(1) in {name.decode("ascii", "replace") for name in _NAME.findall(answer.content)}

    async def commit(self, headers: Mapping[str, str], admit: frozenset[int]) -> Answer:
        """Make the object of the blocks; the answer is a success or has an admitted status.

        Raises Changed where another write to this key came between, which drops all blocks but its own.
        """
        listed = "".join(f"<Latest>{self._id(number)}</Latest>" for number in sorted(self._numbers))
        body = BytesBody(f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode())
        call = Call("put", "PUT", self.key, (("comp", "blocklist"),), headers, body, long=True)
        call.admit = admit | {HTTPStatus.BAD_REQUEST}
        answer = await self.client.call(call)
        if answer.status != HTTPStatus.BAD_REQUEST:
            return answer
        problem, names = problem_in(answer), self.client.names
        if problem.code == "InvalidBlockList":
            raise Changed(
                f"Another write to {self.key!r} in {names.bucket} came between. Nothing of this one was kept.",
                "Look at the object and write it again, where that is meant.",
                names.store,
                names.bucket,
                self.key,
            )
        raise error_of("put", self.key, answer, problem, names)

    def _id(self, number: int) -> str:
        return base64.b64encode(f"{self._run}{number:08}".encode()).decode()

    def _query(self, number: int) -> tuple[tuple[str, str], ...]:
        return (("comp", "block"), ("blockid", self._id(number)))
