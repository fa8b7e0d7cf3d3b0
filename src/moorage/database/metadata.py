"""The tables' one registry, and the column types that they share."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, MetaData, Text
from sqlalchemy.types import TypeDecorator

from moorage.model.keys import Key, key_bytes, key_of

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the catalogue; importing ``moorage.database.tables`` fills it."""

Id: Final = BigInteger()
"""An id, or another integer of up to 2^63 - 1: a size, a count."""
Serial: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A primary key that the database counts up by itself; SQLite does so for INTEGER only."""
Millis: Final = BigInteger()
"""Unix time in milliseconds."""


class KeyText(TypeDecorator[Key]):
    """A name, path or key: bytes in the database, so that order is byte order; ``str`` in code."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 (SQLAlchemy calls it)
        """The bytes that are stored."""
        return None if value is None else key_bytes(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Key | None:  # noqa: ARG002 (likewise)
        """The key that was stored."""
        return None if value is None else key_of(value)


class JsonText(TypeDecorator[Any]):
    """Anything that JSON holds, as text: read whole, never searched. Any ``str`` comes back as it was."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy calls it)
        """The text that is stored: ASCII, so that lone surrogates and NUL survive on every database."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 (likewise)
        """The value that was stored; tuples come back as lists."""
        return None if value is None else json.loads(value)
