"""Facts of the installation itself, by name."""

from __future__ import annotations

from moorage.database.statements import Statements


class Instance:
    """A few named values, such as the sealed text that proves that the key at hand is the right one."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def get(self, name: str) -> bytes | None:
        """The value, or None."""
        found = self._statements.rows("SELECT value FROM instance WHERE name = ?", (name,))
        return bytes(found[0][0]) if found else None

    def set(self, name: str, value: bytes) -> None:
        """Write it in place of what was there."""
        self._statements.change(
            "INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def keep(self, name: str, value: bytes) -> bytes:
        """Write it where nothing is there; the value in force, whoever wrote it first."""
        self._statements.change(
            "INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, value)
        )
        return self.get(name) or value

    def holds_seals(self) -> bool:
        """True where any connection has sealed credentials: a new key must not be made silently then."""
        return bool(
            self._statements.rows("SELECT 1 FROM connection WHERE sealed IS NOT NULL OR former IS NOT NULL LIMIT 1")
        )
