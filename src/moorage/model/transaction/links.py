"""Port to imports of links, their lines, the links themselves, and those that are broken."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from moorage.model.catalogue import Item, ItemId, ProjectId
from moorage.model.jobs import JobId
from moorage.model.links import BrokenLink, Finding, ImportId, LineVerdict, LinkImport, LinkRow, Verdict
from moorage.model.store import StoreId


class Links(Protocol):
    """Links of projects and how they came."""

    def add_import(self, wanted: LinkImport) -> LinkImport:
        """Insert with a new id."""

    def get_import(self, id_: ImportId) -> LinkImport: ...

    def import_of(self, job: JobId) -> LinkImport: ...

    def note_applied(self, id_: ImportId, applied: ImportId) -> None: ...

    def add_counts(self, id_: ImportId, counts: Mapping[Verdict, int]) -> Mapping[Verdict, int]:
        """Add to the figures; what they are now."""

    def add_lines(self, id_: ImportId, lines: Sequence[LineVerdict]) -> None: ...

    def lines(
        self, id_: ImportId, *, verdicts: Collection[Verdict] = (), after: int = 0, limit: int = 1000
    ) -> list[LineVerdict]:
        """In ascending line, greater than ``after``; all verdicts, or these only."""

    def marked(self, id_: ImportId, marks: Sequence[int]) -> dict[int, int]:
        """The line that has each of these marks already."""

    def expired(self, before_ms: int, limit: int = 100) -> list[LinkImport]:
        """Imports from before that time whose job has ended or is gone."""

    def forget_import(self, id_: ImportId, limit: int = 10_000) -> int:
        """Delete its lines, ``limit`` at a time, at last the import itself; the number of rows. 0: it is gone."""

    def sources(self) -> set[str]:
        """The files that imports still name."""

    def known(self, project: ProjectId, store: StoreId, keys: Sequence[bytes]) -> set[bytes]:
        """Which of these objects live items of the project show, be they links, uploaded or mirrored."""

    def insert(self, project: ProjectId, rows: Sequence[LinkRow]) -> None:
        """Insert links whose names are free, with new ids, and count them."""

    def metadata(self, item: ItemId) -> Mapping[str, str]:
        """What the list said of the link beside its address."""

    def walk(self, project: ProjectId, *, after: int = 0, limit: int = 500) -> list[Item]:
        """Live links of a project in ascending id, greater than ``after``."""

    def count(self, project: ProjectId) -> int:
        """Live links of a project, exactly; for jobs only."""

    def note_findings(self, project: ProjectId, findings: Sequence[Finding], now_ms: int) -> None:
        """Write down which links are broken, each since it was first found so, and forget those that resolve."""

    def broken(self, project: ProjectId, *, after: int = 0, limit: int = 100) -> list[BrokenLink]:
        """Broken links that are still live, in ascending item id, greater than ``after``."""

    def broken_count(self, project: ProjectId, most: int = 1000) -> int:
        """How many there are, counted up to ``most``."""

    def forget_gone(self, limit: int = 10_000) -> int:
        """Delete what is known of links that are gone; 0: nothing is left."""
