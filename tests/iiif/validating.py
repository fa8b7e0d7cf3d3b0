"""The public validator of IIIF servers, run in its environment.

validating.py picture FILE                        writes the validator's own test image
validating.py run SERVER PREFIX IDENTIFIER VERSION  runs its tests of level 2, and prints {test: "passed" or its fault}
"""

from __future__ import annotations

import contextlib
import json
import sys
import types
from importlib import import_module
from typing import Any

LEVEL = 2
SIDE = 100


def validator() -> Any:
    """Its module. A module stands in for libmagic, which its tests of PDF and JPEG 2000 alone ask for."""
    sys.modules["magic"] = types.ModuleType("magic")
    return import_module("iiif_validator.validator")


def picture(file: str) -> None:
    """Ten times ten squares in the colours that it looks for."""
    colours = validator().ValidationInfo().colorInfo
    image = import_module("PIL.Image").new("RGB", (10 * SIDE, 10 * SIDE))
    for across, column in enumerate(colours):
        for down, colour in enumerate(column):
            image.paste(colour, (across * SIDE, down * SIDE, (across + 1) * SIDE, (down + 1) * SIDE))
    image.save(file)


def run(server: str, prefix: str, identifier: str, version: str) -> dict[str, str]:
    """What each test of the version, up to level 2, found."""
    module = validator()
    found = {}
    for name, told in module.TestSuite(module.ValidationInfo()).list_tests(version).items():
        if told["level"] <= LEVEL:
            found[name] = _one(
                module, name, module.ImageAPI(identifier, server, prefix, "http", "", version, debug=False)
            )
    return found


def _one(module: Any, name: str, result: Any) -> str:
    try:
        module.TestSuite(module.ValidationInfo()).run_test(name, result)
    except Exception as crash:  # noqa: BLE001 - whatever it is, it is the validator's own and is told
        return f"crashed: {type(crash).__name__}: {crash} after {result.urls[-1:]} {result.last_status}"
    return "passed" if result.exception is None else f"failed: {result.exception} at {result.urls[-1:]}"


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "picture":
        picture(*words)
    else:
        with contextlib.redirect_stdout(sys.stderr):  # its tests print
            found = run(*words)
        sys.stdout.write(json.dumps(found))
