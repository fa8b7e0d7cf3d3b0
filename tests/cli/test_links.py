"""`moorage link` as somebody uses it: try a list out, link what can be, mend the rest, look what is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Run, Served


@pytest.fixture
def store(served: Served, tmp_path: Path) -> str:
    """A registered directory with three objects."""
    (tmp_path / "media").mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / "media" / name).write_bytes(name.encode())
    name = tmp_path.name.replace("_", "-")[:60]
    served.client.add_store(name, provider="disk", root=str(tmp_path / "media"))
    return name


def test_a_list_is_tried_out_applied_mended_and_checked(run: Run, served: Served, store: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        f"address,diver\nfs://{store}/a.jpg,Ada\nfs://{store}-typo/b.jpg,Grace\ngcs://nope/a.jpg,Joan\n"
    )
    dry = run("link", "import", "list.csv", "--project", served.project, "--dry-run")
    assert (dry.code, dry.out.splitlines()[0]) == (6, "1\tresolvable\tcan be linked")
    assert "3\tunknown_store\tfs://" in dry.out
    id_ = dry.err.split("moorage link apply ")[1].split()[0]
    applied = run("link", "apply", id_, "--wait")
    assert applied.out.startswith("1\tlinked\tlinked\n2\tunknown_store\t")
    table = run("link", "show", applied.err.split("moorage link show ")[1].split()[0], "--mend")
    assert [row.split(",")[0] for row in table.out.splitlines()] == ["line", "3", "4"]
    (tmp_path / "mend.csv").write_text(table.out.replace("-typo", ""))
    mended = run("link", "import", "mend.csv", "--project", served.project, "--wait")
    assert mended.out.startswith("1\tlinked\tlinked\n1\tunknown_store\t")
    (tmp_path / "media" / "b.jpg").unlink()
    check = run("link", "check", served.project, "--wait")
    assert (check.code, check.out.split("\t")[2:]) == (
        6, ["b.jpg", f"fs://{store}/b.jpg", "The store has no such object.\n"],
    )  # fmt: skip
    assert run("link", "broken", served.project).out == check.out
    assert check.out.startswith("20")


def test_a_list_that_cannot_be_read_is_not_the_server_s_fault(run: Run, served: Served, tmp_path: Path) -> None:
    for place in ("none.txt", str(tmp_path)):
        got = run("link", "import", place, "--project", served.project)
        assert (got.code, "cannot be read" in got.err) == (3, True)
