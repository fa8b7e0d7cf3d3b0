"""The page about emulators names each promise of the suite that a server is let off, and no test is skipped."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from contracts.store import StoreContract

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "emulators.md"
_SKIPS = re.compile(r"mark\.(skip|skipif|xfail)\b|pytest\.(skip|xfail|importorskip)\(|unittest\.skip|collect_ignore")


def table() -> dict[str, set[str]]:
    """By class: what of the suite it says otherwise, as the page has it."""
    section = PAGE.read_text().partition("## The suite of every store")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| ") and "`Test" in line]
    named: dict[str, set[str]] = {}
    for server, tests in rows:
        for one in re.findall(r"`(Test\w+)`", server):
            named.setdefault(one, set()).update(re.findall(r"`(\w+)`", tests))
    return named


def classes() -> dict[str, set[str]]:
    """The same, as the classes have it. Those that the suite has no test for are their own, not otherwise."""
    for path in sorted((ROOT / "tests" / "stores").glob("test_*.py")):
        if "StoreContract" in path.read_text():
            importlib.import_module(f"stores.{path.stem}")
    promised = {name for base in StoreContract.__mro__ for name in vars(base) if name.startswith("test_")}
    found, waiting = {}, [StoreContract]
    while waiting:
        waiting += (heirs := waiting.pop().__subclasses__())
        for one in heirs:
            own = {name for base in one.__mro__ if not issubclass(StoreContract, base) for name in vars(base)}
            found[one.__name__] = own & (promised | {"side_by_side"})
    return {name: tests for name, tests in found.items() if name.startswith("Test")}


def test_what_a_server_is_let_off_stands_in_the_one_table() -> None:
    found = classes()
    assert {
        "TestMemoryStore",
        "TestWholeRoot",
        "TestCeph",
        "TestMoto",
        "TestByAccountKey",
        "TestByContainerSas",
    } <= set(found)
    assert table() == found


def test_no_test_is_skipped() -> None:
    found = [
        f"{path.name}: {line.strip()}"
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__)
        for line in path.read_text().splitlines()
        if _SKIPS.search(line)
    ]
    assert found == []
