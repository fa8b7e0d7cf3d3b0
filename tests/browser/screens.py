"""Which template stands at which address, and with which context."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import moorage
from browser import counted, installation, prescribed, sample
from moorage.web.pages.elsewhere import LIVES

PACKAGE: Final = Path(moorage.__file__).parent
PAGES: Final = Environment(
    loader=FileSystemLoader(PACKAGE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
BASE: Final = "/moorage"
CRUMBS: Final = [{"id": "1", "name": "Reef survey 2021"}, {"id": "7", "name": "2021"}]
PROBLEM: Final = {
    "status": 422,
    "title": "Refused",
    "detail": "E-mail and password do not match.",
    "advice": "Try again, or ask an admin for a one-time link.",
}


def url(path: str) -> str:
    return BASE + path


def _folder(query: dict[str, str], *, folder_id: str = "7") -> dict[str, Any]:
    shown = {"view": "grid", "sort": "name", "order": "asc", "kind": "", "prefix": "", "state": "live"} | query
    big = folder_id == "7"
    direct = sample.ITEMS if big else 0
    counts = sample.counts(
        sample.ITEMS + 331_200 if big else 0,
        12_000_000_000_000 if big else 0,
        folders=sample.FOLDERS if big else 0,
        direct=direct,
    )
    folder = {
        "id": folder_id,
        "name": "2021",
        "project": "1",
        "parent": "1",
        "counts": counts,
        "mirror": "12" if big else None,
    }
    return {
        "project": sample.PROJECTS[0],
        "folder": folder,
        "crumbs": [CRUMBS[0], {"id": folder_id, "name": "2021" if big else "empty"}],
        "query": shown,
        "mirror": installation.MIRRORS[0] if big else None,
        "broken": 0,
        "jobs": [],
        "may_edit": True,
        "may_manage": True,
        "shut_by": "reef" if big else "",
        "attached": True,
        "told": "",
        "show_at": "/show",
        "show_word": "Show a bucket or directory",
    }


def _empty_mirror(query: dict[str, str], *, looking: bool) -> dict[str, Any]:
    """The folder of a mirror that found nothing, or looks for the first time."""
    mirror = installation.MIRRORS[0] | {"folder": "8", "last_complete": None if looking else sample.NOW}
    told = "" if looking else "Nothing lies below s3://reef/2012/ yet. Is the prefix right?"
    jobs = [sample.job(41, "running", done=0, total=None, bytes=0, rate=0)] if looking else []
    return _folder(query, folder_id="8") | {"mirror": mirror, "jobs": jobs, "told": told, "shut_by": "reef"}


def _open_jobs() -> list[sample.Facts]:
    return [job for job in sample.JOBS[1::-1] if job["ended"] is None]


def _item(item_id: str, query: dict[str, str]) -> dict[str, Any]:
    state = query.get("state", "live")
    return {
        "project": sample.PROJECTS[0],
        "crumbs": CRUMBS,
        "item": sample.item(int(item_id) - 1000) | {"state": state, "gone": None if state == "live" else sample.NOW},
        "store": "reef",
        "gone_for_good": None if state in ("live", "hidden") else sample.THEN,
        "elsewhere": sample.lines(item_id),
        "lives": LIVES,
        "zooms": True,
        "may_edit": True,
    }


Screen = tuple[str, str, str, dict[str, Any]]
"""Template, section, title and context."""


def _gate(path: str, query: dict[str, str]) -> Screen | None:
    email = "ada@example.org"
    if path == "/sign-in":
        return (
            "sign_in.html",
            "",
            "Sign in",
            {"next": "", "email": "", "problem": PROBLEM if query.get("wrong") else None},
        )
    if path.startswith("/sign-in/"):
        return "link.html", "", "Welcome", {"action": url(path), "usable": not path.endswith("/old"), "email": email}
    if path == "/password":
        return "password.html", "", "Choose a password", {"email": email, "min_length": 12, "problem": None}
    return None


def _browse(path: str, query: dict[str, str]) -> Screen | None:
    match path.strip("/").split("/"):
        case [""]:
            none, guest = bool(query.get("none")), query.get("guest", "")
            projects, jobs = ([], []) if none else (sample.PROJECTS, sample.JOBS[:1])
            return (
                "start.html",
                "projects",
                "Projects",
                {"projects": projects, "jobs": jobs, "stores": 0, "may_add": guest != "1", "may_show": not guest},
            )
        case ["folders", "8"] if query.get("mirror"):
            empty = _empty_mirror(query, looking=query["mirror"] == "looking")
            return "folder.html", "projects", "2012", empty
        case ["folders", "8"]:
            return "folder.html", "projects", "empty", _folder(query, folder_id="8")
        case ["folders", "6"]:
            return "folder.html", "projects", "2021", _folder(query) | {"jobs": _open_jobs()}
        case ["folders", _]:
            return "folder.html", "projects", "2021", _folder(query)
        case ["items", item_id]:
            return "item.html", "projects", "item", _item(item_id, query)
        case ["projects", _, "links"]:
            return "links.html", "projects", "Links of Reef survey 2021", prescribed.LINKS
        case ["imports", _]:
            return "links_import.html", "projects", "Import 5", prescribed.IMPORT
        case ["show"]:
            chosen = [str(one["name"]) for one in sample.PROJECTS if one["id"] == query.get("project")]
            shown = {"projects": sample.PROJECTS, "chosen": "".join(chosen), "may_show": not query.get("guest")}
            return "show.html", "projects", "Show more pictures", shown
        case _:
            return None


def _connect(path: str, query: dict[str, str]) -> Screen | None:
    stores, mirrors = ([], []) if query.get("none") else (installation.STORES, installation.MIRRORS)
    match path.strip("/").split("/"):
        case ["stores"]:
            return "stores.html", "stores", "Stores", {"stores": stores, "warnings": [], "may_add": True}
        case ["stores", "new"]:
            of = {"project": sample.PROJECTS[0] if query.get("project") else None, "projects": sample.PROJECTS}
            return "store_add.html", "stores", "Add a store", of
        case ["projects", _, "stores"]:
            return "project_stores.html", "projects", "Stores of Reef survey 2021", installation.PROJECT_STORES
        case ["connect", state]:
            return "connect.html", "", "Connect a bucket", installation.INVITED | {"state": state}
        case ["stores", _, "policy"]:
            return "policy.html", "stores", "Policies of reef", prescribed.policy()
        case ["stores", _]:
            used_by = ["mirror 12", "project Reef survey 2021"]
            context: dict[str, Any] = {"store": stores[0], "report": installation.REPORT, "used_by": used_by}
            context["mirrors"] = mirrors[:1]
            context |= {"may_edit": True, "reach": "", "loans": [], "former": installation.FORMER}
            context |= {"may_force": True, "open_to": [], "projects": sample.PROJECTS}
            context["traffic"] = "Bytes leave eu-west-1: about $0.09 a GB; a server or worker there pays none."
            return "store.html", "stores", "reef", context
        case ["mirrors"]:
            return "mirrors.html", "mirrors", "Mirrors", {"mirrors": mirrors, "may_add": True, "may_show": True}
        case ["mirrors", "new"]:
            chosen = {"store": "reef", "project": "1", "prefix": ""}
            projects = [] if query.get("none") else sample.PROJECTS
            form: dict[str, Any] = {"stores": installation.STORES, "projects": projects, "chosen": chosen}
            return "mirror_add.html", "mirrors", "Add a mirror", form | {"may_make": True, "may_show": True}
        case _:
            return None


def _run(path: str, query: dict[str, str]) -> Screen | None:
    match path.strip("/").split("/"):
        case ["jobs"]:
            context = {"jobs": sample.JOBS, "state": query.get("state", ""), "next": "36"}
            return "jobs.html", "jobs", "Jobs", context
        case ["jobs", number]:
            return "job.html", "jobs", f"Job {number}", _job(number)
        case ["users"]:
            context = {"users": installation.USERS, "tokens": installation.TOKENS, "projects": sample.PROJECTS}
            return "users.html", "users", "Users and tokens", context
        case ["cache"]:
            return "cache.html", "cache", "Cache", counted.cache(empty=bool(query.get("none")))
        case ["settings"]:
            context = {"checks": installation.CHECKS, "settings": installation.SETTINGS, "places": installation.PLACES}
            return "settings.html", "settings", "Settings and health", context
        case _:
            return None


def _job(number: str) -> dict[str, Any]:
    faults = [{"item": "1001", "name": "frame_0001.jpg", "reason": "It ends in the middle."}]
    return {"job": next(job for job in sample.JOBS if job["id"] == number), "faults": faults}


def screen(path: str, query: dict[str, str]) -> Screen | None:
    """What stands at a path; None: there is no such page."""
    return _gate(path, query) or _browse(path, query) or _connect(path, query) or _run(path, query)


def render(path: str, query: dict[str, str]) -> tuple[int, str]:
    """Status and HTML of a page, as the server would answer it."""
    found = screen(path, query)
    problem = {
        "status": 404,
        "title": "Not found",
        "detail": "There is no such page.",
        "advice": "It may have been removed, or you may not see it.",
    }
    template, section, title, context = found or (
        "problem.html",
        "",
        "Not found",
        {"problem": problem, "request_id": "01JD2Z"},
    )
    user = None if template in ("sign_in.html", "link.html", "password.html") else installation.USER
    common = {
        "url": url,
        "base": BASE,
        "version": "test",
        "section": section,
        "title": title,
        "user": user,
        "open_jobs": 3,
    }
    return (200 if found else 404), PAGES.get_template(template).render(common | context)
