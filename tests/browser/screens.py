"""Which template stands at which address, and with which context."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import moorage
from browser import sample

PACKAGE: Final = Path(moorage.__file__).parent
PAGES: Final = Environment(
    loader=FileSystemLoader(PACKAGE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=False
)
BASE: Final = "/moorage"
CRUMBS: Final = [{"id": "1", "name": "Reef survey 2021"}, {"id": "7", "name": "2021"}]
PROBLEM: Final = {"status": 422, "title": "Refused", "detail": "E-mail and password do not match.", "advice": "Try again, or ask an admin for a one-time link."}


def url(path: str) -> str:
    return BASE + path


def _folder(query: dict[str, str], *, folder_id: str = "7") -> dict[str, Any]:
    shown = {"view": "grid", "sort": "name", "order": "asc", "kind": "", "prefix": ""} | query
    big = folder_id == "7"
    direct = sample.ITEMS if big else 0
    counts = sample.counts(sample.ITEMS + 331_200 if big else 0, 12_000_000_000_000 if big else 0, folders=sample.FOLDERS if big else 0, direct=direct)
    folder = {"id": folder_id, "name": "2021", "project": "1", "parent": "1", "counts": counts, "mirror": "12" if big else None}
    return {
        "project": sample.PROJECTS[0], "folder": folder, "crumbs": [CRUMBS[0], {"id": folder_id, "name": "2021" if big else "empty"}],
        "query": shown, "mirror": sample.MIRRORS[0] if big else None, "jobs": [], "may_edit": True,
    }  # fmt: skip


def _item(item_id: str) -> dict[str, Any]:
    return {"project": sample.PROJECTS[0], "crumbs": CRUMBS, "item": sample.item(int(item_id) - 1000), "store": "reef", "may_edit": True}


def screen(path: str, query: dict[str, str]) -> tuple[str, str, str, dict[str, Any]] | None:
    """(template, section, title, context) of a page; None: there is no such page."""
    match path.strip("/").split("/"):
        case ["sign-in"]:
            return "sign_in.html", "", "Sign in", {"next": "", "email": "", "problem": PROBLEM if query.get("wrong") else None}
        case ["sign-in", token]:
            return "link.html", "", "Welcome", {"action": url(path), "usable": token != "old", "email": "ada@example.org"}
        case ["password"]:
            return "password.html", "", "Choose a password", {"email": "ada@example.org", "min_length": 12, "problem": None}
        case [""]:
            return "start.html", "projects", "Projects", {"projects": [] if query.get("none") else sample.PROJECTS, "jobs": [] if query.get("none") else sample.JOBS[:1], "stores": 0, "may_add": True}
        case ["folders", "8"]:
            return "folder.html", "projects", "empty", _folder(query, folder_id="8")
        case ["folders", "6"]:
            return "folder.html", "projects", "2021", _folder(query) | {"jobs": [sample.JOBS[1], sample.JOBS[0]]}
        case ["folders", _]:
            return "folder.html", "projects", "2021", _folder(query)
        case ["items", item_id]:
            return "item.html", "projects", "item", _item(item_id)
        case ["stores"]:
            return "stores.html", "stores", "Stores", {"stores": [] if query.get("none") else sample.STORES, "may_add": True}
        case ["stores", "new"]:
            return "store_add.html", "stores", "Add a store", {}
        case ["stores", _]:
            return "store.html", "stores", "reef", {"store": sample.STORES[0], "report": sample.REPORT, "used_by": ["mirror 12", "project Reef survey 2021"], "mirrors": sample.MIRRORS[:1], "may_edit": True}
        case ["mirrors"]:
            return "mirrors.html", "mirrors", "Mirrors", {"mirrors": sample.MIRRORS, "may_add": True}
        case ["mirrors", "new"]:
            return "mirror_add.html", "mirrors", "Add a mirror", {"stores": sample.STORES, "projects": sample.PROJECTS, "chosen": {"store": "reef", "project": "1", "prefix": ""}}
        case ["jobs"]:
            return "jobs.html", "jobs", "Jobs", {"jobs": sample.JOBS, "state": query.get("state", ""), "next": "36"}
        case ["jobs", number]:
            return "job.html", "jobs", f"Job {number}", {"job": next(job for job in sample.JOBS if job["id"] == number)}
        case ["users"]:
            return "users.html", "users", "Users and tokens", {"users": sample.USERS, "tokens": sample.TOKENS, "projects": sample.PROJECTS}
        case ["settings"]:
            return "settings.html", "settings", "Settings and health", {"checks": sample.CHECKS, "settings": sample.SETTINGS, "places": sample.PLACES}
        case _:
            return None


def render(path: str, query: dict[str, str]) -> tuple[int, str]:
    """Status and HTML of a page, as the server would answer it."""
    found = screen(path, query)
    problem = {"status": 404, "title": "Not found", "detail": "There is no such page.", "advice": "It may have been removed, or you may not see it."}
    template, section, title, context = found or ("problem.html", "", "Not found", {"problem": problem, "request_id": "01JD2Z"})
    user = None if template in ("sign_in.html", "link.html", "password.html") else sample.USER
    common = {"url": url, "base": BASE, "version": "test", "section": section, "title": title, "user": user, "open_jobs": 3}
    return (200 if found else 404), PAGES.get_template(template).render(common | context)
