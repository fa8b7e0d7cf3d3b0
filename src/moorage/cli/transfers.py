"""Transfers: files copied a few at a time, each by itself; what fails leaves the rest alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moorage.cli.tally import Shown, Tally
from moorage.model.errors import MoorageError, Refused
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client import Client

SIDE_BY_SIDE: Final = 4
_AHEAD: Final = 16
"""So many are planned before they are begun."""
BEAT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file to copy. ``run`` is told where to note bytes, and returns how many there were."""

    source: str
    target: str
    run: Callable[[Callable[[int], None]], int]


def carry(client: Client, plan: Iterator[Transfer], tally: Tally, shown: Shown) -> None:
    """Run all transfers of the plan. Interrupted, it ends those under way: what was not finished was not made."""
    pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="moorage-copy")
    under_way: set[Future[None]] = set()
    try:
        for transfer in plan:
            under_way.add(pool.submit(_one, transfer, tally))
            while len(under_way) >= _AHEAD:
                under_way = _settled(under_way, shown)
        while under_way:
            under_way = _settled(under_way, shown)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        client.close()  # or the transfers under way would be waited for
        raise
    finally:
        pool.shutdown()


def _settled(under_way: set[Future[None]], shown: Shown) -> set[Future[None]]:
    done, rest = wait(under_way, timeout=BEAT_S, return_when=FIRST_COMPLETED)
    shown.beat()
    for future in done:
        future.result()
    return rest


def _one(transfer: Transfer, tally: Tally) -> None:
    try:
        size = transfer.run(tally.add)
    except MoorageError as error:
        tally.fail(transfer, error)
    except OSError as exc:
        tally.fail(transfer, unwritten(Path(transfer.target), exc))
    else:
        tally.copied(transfer, size)


def unwritten(path: Path, exc: OSError) -> Refused:
    """The error for a file or folder of this machine that could not be made."""
    return Refused(
        f"{escape(str(path))} cannot be written: {exc.strerror or type(exc).__name__}.", "Mend that, or copy elsewhere."
    )
