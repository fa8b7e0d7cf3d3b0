"""Label Studio's own import, run in its environment: the call behind its import button, and the tasks that came of it.

importing.py prepare DATA    makes an empty catalogue in the directory DATA
importing.py import DATA     reads lines {"config", "file"} of JSON: imports each file into a new project with that
                             labelling set-up, and answers with a line
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

OFFLINE = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LOG_LEVEL": "CRITICAL",
}
PERSON = "tests@label-studio.example"


def start(data: Path) -> Any:
    """Label Studio's Django application on SQLite in ``data``; the test client of its REST API."""
    data.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        OFFLINE,
        HOME=str(data),
        LABEL_STUDIO_BASE_DATA_DIR=str(data),
        DJANGO_DB="sqlite",
        DJANGO_SETTINGS_MODULE="core.settings.label_studio",
        SECRET_KEY="of the tests",
    )
    package = import_module("label_studio").__file__
    assert package is not None
    sys.path.insert(0, str(Path(package).parent))
    import_module("django").setup()
    import_module("django.conf").settings.ALLOWED_HOSTS = ["*"]
    return import_module("rest_framework.test").APIClient()


def prepare(data: Path) -> None:
    """All tables, one person and an organisation."""
    start(data)
    import_module("django.core.management").call_command("migrate", verbosity=0, interactive=False)
    users = import_module("users.models").User.objects
    person = users.create_user(email=PERSON, password="only here", username="tests")
    organizations = import_module("organizations.models").Organization
    person.active_organization = organizations.create_organization(created_by=person, title="Tests")
    person.save()


def import_(client: Any, config: str, file: Path) -> dict[str, Any]:
    """Status and words of the import, and the data of all tasks of the project afterwards."""
    made = client.post("/api/projects", {"title": file.name[:50], "label_config": config}, format="json")
    assert made.status_code == 201, made.content
    project = made.json()["id"]
    with file.open("rb") as opened:
        answer = client.post(f"/api/projects/{project}/import", {"file": opened}, format="multipart")
    tasks = client.get(f"/api/tasks?project={project}&page_size=1000").json()["tasks"]
    return {"status": answer.status_code, "said": answer.json(), "tasks": [task["data"] for task in tasks]}


def import_all(data: Path) -> None:
    """Answer line by line on what was stdout; all that Label Studio prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    client = start(data)
    client.force_authenticate(import_module("users.models").User.objects.get(email=PERSON))
    for line in sys.stdin:
        asked = json.loads(line)
        answers.write(json.dumps(import_(client, asked["config"], Path(asked["file"]))) + "\n")
        answers.flush()


if __name__ == "__main__":
    {"prepare": prepare, "import": import_all}[sys.argv[1]](Path(sys.argv[2]))
