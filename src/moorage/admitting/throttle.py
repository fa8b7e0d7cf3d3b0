"""The throttle: after some failures an account, and an address, must wait; twice as long after each further one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

from moorage.admitting.email import account_name
from moorage.model.errors import TooManyTries
from moorage.model.transaction import People

WINDOW_MS: Final = 3600 * 1000
"""Failures older than that count no more."""
FREE_TRIES: Final = 5
"""Failures of one account before it must wait."""
FREE_TRIES_OF_ADDRESS: Final = 20
"""Failures from one address: a whole office may share it."""
FIRST_WAIT_S: Final = 1
LONGEST_WAIT_S: Final = 900


@dataclass(frozen=True, slots=True)
class Tries:
    """What is counted for one attempt. Names are hashed: people type passwords into the e-mail field."""

    account: str
    address: str

    @classmethod
    def of(cls, email: str, address: str) -> Tries:
        """The counters of an account name, as typed, and of the network that the attempt comes from."""
        return cls(_name("account", account_name(email) or email), _name("address", _network(address)))

    def admit(self, people: People, now_ms: int) -> None:
        """Raise TooManyTries while the account or the address must wait."""
        wait_ms = max(
            _wait_ms(people, self.account, FREE_TRIES, now_ms),
            _wait_ms(people, self.address, FREE_TRIES_OF_ADDRESS, now_ms),
        )
        if wait_ms > 0:
            seconds = -(-wait_ms // 1000)
            raise TooManyTries(
                "Too many sign-ins failed. This one was not looked at.",
                f"Wait {seconds} s; or make a one-time link on the server: moorage user link EMAIL",
                retry_after_s=seconds,
            )

    def count(self, people: People, now_ms: int) -> None:
        """Count a failure of both, before it is known to be one: so that many at once gain nothing."""
        people.note_try(self.account, now_ms)
        people.note_try(self.address, now_ms)

    def take_back(self, people: People, at_ms: int) -> None:
        """Nobody looked at it: neither a failure nor a success."""
        people.forget_tries(self.account, at_ms)
        people.forget_tries(self.address, at_ms)

    def succeeded(self, people: People, at_ms: int) -> None:
        """It was no failure: the account starts anew, the address gets back this one."""
        people.forget_tries(self.account)
        people.forget_tries(self.address, at_ms)


def _wait_ms(people: People, who: str, free: int, now_ms: int) -> int:
    failures, last_ms = people.tries(who, now_ms - WINDOW_MS)
    if failures < free:
        return 0
    wait_s = min(FIRST_WAIT_S * 2 ** (failures - free), LONGEST_WAIT_S)
    return last_ms + int(wait_s) * 1000 - now_ms


def _network(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 address: one household has all of that."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or parsed.packed[:8].hex())


def _name(kind: str, text: str) -> str:
    return f"{kind}:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"
