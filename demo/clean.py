"""Removes every trace of the demo: ends it where it runs, then removes its directory and its environment.

Only a directory that the demo made is removed, and only processes are ended that its lock files name and that are
the demo's own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from home import MARK, Home, NotOurs

TREE: Final = Path(__file__).resolve().parent.parent


def main() -> int:
    """0 when nothing of the demo is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="demo-data")
    parser.add_argument("--environment", default=str(TREE / ".venv"))
    arguments = parser.parse_args()
    home = Home(Path(os.path.abspath(arguments.data)))  # noqa: PTH100 - a link must show as one below
    if home.root.is_symlink():
        print(f"{home.root} is a link. Nothing was removed. Name the directory itself: make demo-clean DATA=...")
        return 1
    if not os.path.lexists(home.root):
        print(f"There is no {home.root}.")
    elif not home.mark.is_file():
        print(f"{home.root} was not made by the demo (there is no {MARK} in it). Nothing was removed.")
        return 1
    elif not _remove(home):
        return 1
    environment = Path(arguments.environment)
    if (environment / ".made-from").is_file() and not environment.is_symlink():
        shutil.rmtree(environment)
        print(f"Removed {environment}.")
    for compiled in [*TREE.glob("demo/__pycache__"), *TREE.glob("src/**/__pycache__")]:
        shutil.rmtree(compiled, ignore_errors=True)
    return 0


def _remove(home: Home) -> bool:
    try:
        for stopped in (home.stop_demo(), home.stop_server()):
            if stopped is not None:
                print(f"Stopped process {stopped}.")
        shutil.rmtree(home.root)
    except NotOurs as reason:
        print(reason)
        return False
    except OSError as error:
        print(f"{error.filename or home.root} could not be removed: {error.strerror}. Remove it as its owner.")
        return False
    print(f"Removed {home.root}.")
    return True


if __name__ == "__main__":
    sys.exit(main())
