"""Prints docs/reference/errors.md: every error with its HTTP status and exit code."""

from __future__ import annotations

import inspect

from moorage.cli.exits import code_of
from moorage.edge.problems import slug_of, status_of
from moorage.model import errors
from moorage.model.errors import MoorageError


def main() -> None:
    """Print the page."""
    print("# Errors\n")
    print("REST answers problems (RFC 9457) with this `type`, what happened in `detail`, what to do in `advice`.\n")
    print("| type | status | exit code | meaning |\n|---|---|---|---|")
    for kind in vars(errors).values():
        if not inspect.isclass(kind) or not issubclass(kind, MoorageError) or kind in (MoorageError, errors.StoreError):
            continue
        sentence = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
        error = kind("")
        print(f"| `/problems/{slug_of(kind)}` | {status_of(error)} | {int(code_of(error))} | {sentence} |")


if __name__ == "__main__":
    main()
