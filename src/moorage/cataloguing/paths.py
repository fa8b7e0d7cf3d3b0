"""Paths: where folders lie below their project's root, remembered while a stream of items is written."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from moorage.model.catalogue import Folder, FolderId
from moorage.model.keys import Key
from moorage.model.transaction import Transaction

MAX_KEPT: Final = 10_000


class FolderPaths:
    """Paths of the folders of one project. Bounded: the longest unused ones are forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[FolderId, str] = OrderedDict()

    def among(self, tx: Transaction, folders: set[FolderId]) -> dict[FolderId, str]:
        """The path of each folder: empty for the root, else ``photos/2021/``."""
        return {folder: self._of(tx, folder) for folder in folders}

    def _of(self, tx: Transaction, folder: FolderId) -> str:
        below: list[Folder] = []
        at: FolderId | None = folder
        while at is not None and at not in self._kept:
            below.append(tx.folders.get(at))
            at = below[-1].parent
        path = "" if at is None else self._kept[at]
        for one in reversed(below):
            path = "" if one.parent is None else f"{path}{one.name}/"
            self._kept[one.id] = path
        self._kept.move_to_end(folder)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return path


def path_of(tx: Transaction, folder: FolderId, name: Key) -> Key:
    """Where an item of that folder lies below its project's root."""
    return Key(FolderPaths().among(tx, {folder})[folder] + name)
