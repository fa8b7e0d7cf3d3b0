"""CORS: which pages of other origins a browser lets at a bucket, said once for all providers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class CorsRule:
    """One rule. Names of headers are compared without regard to case, origins and methods as they stand."""

    origins: tuple[str, ...]
    """Scheme, host and port, such as ``https://media.example.org``; a bucket's own rules may hold ``*``."""
    methods: tuple[str, ...]
    request_headers: tuple[str, ...] = ()
    """What a page may send; ``*`` stands for any letters."""
    exposed_headers: tuple[str, ...] = ()
    """What a page may read of an answer."""
    max_age_s: int = 0
    """How long a browser may keep the answer to its question."""
    id: str = ""
    """S3 only: the rule's name, by which it is found again."""


@dataclass(frozen=True, slots=True)
class Lack:
    """What a bucket does not let pages of ``origin`` do: a whole ``method``, or headers with it."""

    origin: str
    method: str
    request_headers: tuple[str, ...] = ()
    exposed_headers: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """True where no request of this method passes at all."""
        return not self.request_headers and not self.exposed_headers


@dataclass(frozen=True, slots=True)
class CorsRules:
    """All rules of one bucket (Azure: of one account). The first that fits a request decides."""

    rules: tuple[CorsRule, ...] = ()

    def lacks(self, needed: CorsRules) -> tuple[Lack, ...]:
        """What ``needed`` asks for and these rules do not give, by origin and method; empty: all is there."""
        return tuple(
            lack
            for rule in needed.rules
            for origin in rule.origins
            for method in rule.methods
            if (lack := self._lack(origin, method, rule)) is not None
        )

    def merged(self, ours: CorsRules) -> CorsRules:
        """These rules with ``ours`` in front, since the first that fits decides; foreign ones stay as they are.

        A rule of ours is replaced: one with the same id, or where there are no ids, with the same origins.
        """
        ids = {rule.id for rule in ours.rules if rule.id}
        origins = {frozenset(rule.origins) for rule in ours.rules}
        foreign = (
            rule for rule in self.rules if (rule.id not in ids if rule.id else frozenset(rule.origins) not in origins)
        )
        return CorsRules((*ours.rules, *foreign))

    def _lack(self, origin: str, method: str, needed: CorsRule) -> Lack | None:
        for rule in self.rules:
            if method in rule.methods and any(_fits(origin, one) for one in rule.origins):
                sent = _missing(needed.request_headers, rule.request_headers)
                read = _missing(needed.exposed_headers, rule.exposed_headers)
                return Lack(origin, method, sent, read) if sent or read else None
        return Lack(origin, method)


def _missing(needed: Iterable[str], there: Iterable[str]) -> tuple[str, ...]:
    patterns = [one.lower() for one in there]
    return tuple(one for one in needed if not any(_fits(one.lower(), pattern) for pattern in patterns))


def _fits(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))  # an IPv6 origin has brackets, which stand for themselves
