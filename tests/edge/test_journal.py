"""The journal's lines: all in the file, those that matter on the console, none that is two."""

from __future__ import annotations

import json

from moorage.edge.journal import Line, Lines, face_of, is_told, redacted, written

ASKED = "/api/v1/authorized"
PREVIEW = Line(
    0.0, "00ff", "GET", "/api/v1/items/1/preview", redacted("width=64&signature=hush"), 200, 0.0012, 20_000, "bytes"
)


def test_the_file_has_every_answer_as_json() -> None:
    first, second = map(json.loads, written(Lines([PREVIEW, PREVIEW]), as_json=True, quiet=False).splitlines())
    assert first == second == {
        "method": "GET", "path": "/api/v1/items/1/preview", "query": "width=64&signature=…", "status": 200, "ms": 1.2,
        "bytes": 20_000, "request": "00ff", "event": "request", "level": "info", "logger": "moorage.edge",
        "timestamp": "1970-01-01T00:00:00.000000Z",
    }  # fmt: skip


def test_the_console_has_what_failed_and_what_was_changed() -> None:
    failed, changed = PREVIEW._replace(status=404), PREVIEW._replace(face="api", method="POST")
    assert [is_told(line) for line in (PREVIEW, failed, changed)] == [False, True, True]
    assert not is_told(PREVIEW._replace(path=ASKED, face=face_of(ASKED), status=204))
    assert len(written(Lines([PREVIEW, failed, changed]), as_json=False, quiet=True).splitlines()) == 2


def test_a_path_with_a_line_break_makes_no_second_line() -> None:
    line = PREVIEW._replace(path="/a\n1970 [info] request path=/forged", status=404)
    assert len(written(Lines([line]), as_json=False, quiet=True).splitlines()) == 1


def test_no_spelling_of_a_secret_comes_into_the_journal() -> None:
    spelled = (
        "signature=hush",
        "Signature=hush",
        "%73ignature=hush",
        "signature%3Dhush",
        "a=b&token=hush&c=d",
        "seal=hush",
    )
    for query in spelled:
        assert "hush" not in redacted(query)
    assert redacted("width=64&sealed=no") == "width=64&sealed=no"
