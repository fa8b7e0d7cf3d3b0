"""What a check of a store finds: one line per permission."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Finding(StrEnum):
    """The answer of one probe step."""

    OK = "ok"
    MISSING = "missing"
    """The provider said no: a permission is missing."""
    UNKNOWN = "unknown"
    """It could not be found out: no answer, or one that says neither."""
    SKIPPED = "skipped"


class Permission(StrEnum):
    """What a probe step asks for, in the order in which a report tells of them."""

    REACH = "reach"
    SIGN_IN = "sign in"
    REGION = "region"
    LIST = "list"
    READ = "read"
    READ_RANGE = "ranged read"
    WRITE = "write"
    OVERWRITE = "overwrite"
    CONDITIONAL = "conditional write"
    MULTIPART = "multipart"
    UPLOADS = "list uploads"
    SIGNED = "signed url"
    COPY = "copy"
    DELETE = "delete"
    CORS = "cors"
    CORS_RULES = "cors rules"
    PRIVATE = "private"
    VERSIONS = "versions"
    LIFECYCLE = "lifecycle"
    NOTIFICATIONS = "notifications"
    ENCRYPTION = "encryption"


CORE: Final = frozenset({
    Permission.REACH, Permission.SIGN_IN, Permission.LIST, Permission.READ, Permission.READ_RANGE, Permission.WRITE,
    Permission.MULTIPART, Permission.DELETE,
})  # fmt: skip
"""What a store is judged by; a report folds the other lines unless they are required."""


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """One permission: what was found, whether it is needed, and what to do about it."""

    permission: Permission
    finding: Finding
    required: bool
    detail: str = ""
    advice: str = ""

    @property
    def refuses(self) -> bool:
        """True where this line stands in the way of registering the store."""
        return self.required and self.finding in (Finding.MISSING, Finding.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """All lines of one check, in the order of ``Permission``. ``warnings`` do not refuse the store."""

    lines: tuple[ProbeLine, ...]
    warnings: tuple[str, ...] = ()
    checked_ms: int = 0
    left_behind: str = ""
    """A probe object that could not be removed, or empty."""

    @property
    def passed(self) -> bool:
        """True where every required line is ok."""
        return not any(line.refuses for line in self.lines)
