"""The rules of form that no other tool holds."""

from __future__ import annotations

import ast
from pathlib import Path

import moorage

PACKAGE = Path(moorage.__file__).parent
ROOT = PACKAGE.parent.parent
VAGUE = {"utils", "util", "common", "helper", "helpers", "manager", "misc", "base", "core", "stuff"}
MAX_LINES = 400
MAX_DEPTH = 4


def python_files() -> list[Path]:
    return sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")])


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    assert {
        path.relative_to(ROOT): lines
        for path in python_files()
        if (lines := len(path.read_text().splitlines())) > MAX_LINES
    } == {}


def test_no_module_has_a_vague_name() -> None:
    assert [path for path in python_files() if path.stem in VAGUE or path.parent.name in VAGUE] == []


def test_every_module_of_the_package_says_what_it_is() -> None:
    assert [path for path in PACKAGE.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_folders_are_not_nested_deeper_than_needed() -> None:
    assert [path for path in PACKAGE.rglob("*.py") if len(path.relative_to(PACKAGE).parts) > MAX_DEPTH] == []


def reads_environment(path: Path) -> bool:
    return any(
        (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and ast.unparse(node.value) == "os.environ")
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in {"os.getenv", "os.environ.get"})
        or (isinstance(node, ast.Call) and any(ast.unparse(one) == "os.environ" for one in node.args))
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_nothing_but_settings_reads_the_environment() -> None:
    readers = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py") if reads_environment(path)}
    assert readers <= {"settings"}


def test_browser_code_is_small_too() -> None:
    scripts = [*(PACKAGE / "static").glob("*.js"), *(PACKAGE / "static").glob("*.css")]
    own = [path for path in scripts if path.name != "htmx.min.js"]
    assert own
    assert [path.name for path in own if len(path.read_text().splitlines()) > MAX_LINES] == []
