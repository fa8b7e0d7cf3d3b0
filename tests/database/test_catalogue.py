"""SQLite and PostgreSQL hold the catalogue's contract."""

from __future__ import annotations

from contracts.adopting import AdoptingContract
from contracts.catalogue import FoldersContract, ProjectsContract, StoresContract
from contracts.catalogue_intervals import IntervalsContract
from contracts.catalogue_items import CountersContract, ItemsContract, TreesContract, WalkContract
from contracts.catalogue_pages import LargeFoldersContract, PagesContract
from contracts.catalogue_uploads import LooseContract, UploadsContract


class TestStores(StoresContract):
    pass


class TestProjects(ProjectsContract):
    pass


class TestFolders(FoldersContract):
    pass


class TestItems(ItemsContract):
    pass


class TestCounters(CountersContract):
    pass


class TestTrees(TreesContract):
    pass


class TestWalk(WalkContract):
    pass


class TestPages(PagesContract):
    pass


class TestLargeFolders(LargeFoldersContract):
    pass


class TestIntervals(IntervalsContract):
    pass


class TestUploads(UploadsContract):
    pass


class TestLoose(LooseContract):
    pass


class TestAdopting(AdoptingContract):
    pass
