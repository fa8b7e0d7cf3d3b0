"""Who may use a store, and links to connect a bucket, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from cli.conftest import Run, Served


def test_a_store_is_opened_to_projects_and_people_and_to_everyone_again(
    run: Run, served: Served, tmp_path: Path
) -> None:
    name, root = tmp_path.name.replace("_", "-"), tmp_path / "media"
    root.mkdir()
    ran = run("store", "add", name, "--root", str(root), "--project", served.project, "--json")
    assert ran.code == 0, ran.err
    project = served.client.project(served.project).id
    assert json.loads(ran.out)["scope"] == {"projects": [project], "users": []}
    assert f"project {project}" in run("store", "show", name).out
    email = served.client.users()[0].email
    ran = run("store", "change", name, "--user", email, "--json")
    assert json.loads(ran.out)["scope"]["users"], ran.err
    assert json.loads(ran.out)["scope"]["projects"] == []
    assert json.loads(run("store", "change", name, "--everyone", "--json").out)["scope"] == {
        "projects": [],
        "users": [],
    }
    assert run("store", "change", name, "--project", "nothing of that name").code == 3
    assert run("store", "change", name, "--user", "nobody@example.org").code == 3


def test_a_link_to_connect_a_bucket_is_made_listed_and_taken_back(run: Run, served: Served) -> None:
    ran = run("project", "bucket-link", served.project, "--folder", "from/shell", "--provider", "s3", "--expires", "2d")
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"{served.url}/connect/")
    assert len(ran.out.splitlines()) == 1
    (link,) = served.client.bucket_links(served.project)
    assert (link.folder, link.provider, link.state.value) == ("from/shell", "s3", "open")
    assert "from/shell" in run("project", "bucket-links", served.project).out
    assert run("project", "revoke-link", served.project, link.id).code == 0
    assert served.client.bucket_links(served.project)[0].state.value == "revoked"
    assert run("project", "bucket-link", served.project, "--expires", "31d").code == 2
