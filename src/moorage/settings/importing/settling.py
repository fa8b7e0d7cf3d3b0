"""What depends on several lines: paths of a container, a disk that has no keys, settings that contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from moorage.model.errors import Invalid
from moorage.model.store import Connection
from moorage.settings.fields import Settings, names
from moorage.settings.importing.lines import Plan, Verdict
from moorage.settings.storages import primary_storage, remote_storage

_DISK_ONLY: Final = ("endpoint", "port", "region", "access_key", "secret_key", "iam_role", "credentials_path")
_LOOKS: Final[dict[str, Callable[[Settings], Connection | None]]] = {
    "storage": primary_storage,
    "remote_storage": remote_storage,
}


def settle(plan: Plan) -> None:
    """Judge what was taken, once all files are read."""
    _find_paths(plan)
    for begin, look in _LOOKS.items():
        provider = Settings.model_validate({"data": "/", "storage_provider": plan.fields.get(f"{begin}_provider")})
        if provider.storage_provider in {None, "disk"}:
            for name in _DISK_ONLY:
                _drop(plan, f"{begin}_{name}", f"{begin.upper()}_PROVIDER is http: a disk has none.")
        elif not plan.faulty:  # what was left out would be missed here once more
            _try(plan, begin, look)


def _find_paths(plan: Plan) -> None:
    """A path of the container means the file that was mounted there; others begin at the file that names them."""
    for known in names():
        given = plan.fields.get(known.field)
        if known.path and given is not None:
            one = plan.by_field[known.field]
            place = plan.mounts.get(given) or Path(one.file).parent.absolute() / Path(given).expanduser()
            plan.fields[known.field] = str(place)
            if str(place) != given:
                one.verdict, one.reason = Verdict.RENAMED, f"The path of this file is {place} here."


def _drop(plan: Plan, name: str, why: str) -> None:
    one = plan.by_field.get(name)
    if one is not None and one.verdict is not Verdict.IGNORED:
        one.verdict, one.reason, one.becomes = Verdict.IGNORED, why, ""
        plan.fields.pop(name, None)
        plan.secrets.pop(name, None)


def _try(plan: Plan, begin: str, look: Callable[[Settings], Connection | None]) -> None:
    """Leave out, as a whole, what no server would start with."""
    try:
        look(Settings.model_validate({"data": "/", **plan.fields, **plan.secrets}))
    except Invalid as fault:
        told = plan.by_field.get(fault.field.partition(" ")[0].lower()) or plan.by_field[f"{begin}_provider"]
        for name in [name for name in plan.by_field if name.startswith(f"{begin}_") and name != "storage_prefix"]:
            _drop(plan, name, f"Left out with {told.name}.")
        told.reason, told.faulty = str(fault), True
