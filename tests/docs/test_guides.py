"""The pages for those who come from elsewhere: what they say works is done, row by row, on real servers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

import docs.dive_steps
import docs.supervisely_keys
import docs.supervisely_links
import docs.supervisely_steps
import docs.supervisely_teams
import docs.valohai_clouds
import docs.valohai_projects
import docs.valohai_steps
from docs.guides import CHECKS, PAGES, STATE, TITLES, Row, checks_of, rows, tables, working
from docs.installations import Installations, installations
from docs.supervisely_steps import azure_container, google_files, upload
from moorage.client import Client
from servers import fakegcs
from servers.moorage import Moorage

pytestmark = [pytest.mark.xdist_group("guides"), pytest.mark.timeout(300)]
__all__ = ["docs"]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installations]:
    with installations(tmp_path_factory.mktemp("guides")) as found:
        yield found


@pytest.mark.parametrize("page", PAGES)
def test_every_row_has_a_step_of_its_own_and_one_of_three_states(page: str) -> None:
    for table in tables(page):
        assert table[0] == TITLES
        assert all(len(cells) == len(TITLES) for cells in table)
    steps = [row.step for row in rows(page)]
    assert len(set(steps)) == len(steps) > 10
    assert [str(row) for row in rows(page) if not STATE.fullmatch(row.state)] == []


def test_every_row_that_works_has_one_check_and_every_check_has_its_row() -> None:
    assert {str(row): len(checks_of(row)) for row in working() if len(checks_of(row)) != 1} == {}
    kept = {id(check) for row in working() for check in checks_of(row)}
    assert [name for name, check in CHECKS.items() if id(check) not in kept] == []


@pytest.mark.parametrize("row", working(), ids=str)
def test_a_step_that_is_marked_as_working_works(row: Row, places: Installations) -> None:
    places.of(row.page).follow(row)


@pytest.mark.soak
@pytest.mark.parametrize("provider", ["azure", "google"])
def test_uploads_go_to_the_cloud_that_the_guides_settings_name(provider: str, tmp_path: Path) -> None:
    name = f"sly-{secrets.token_hex(4)}"
    around = azure_container(name) if provider == "azure" else google_files(tmp_path / "old", name)
    with around as variables:
        google = {"STORAGE_CREDENTIALS_PATH": str(tmp_path / "old" / "gcs.json"), "STORAGE_PROVIDER": "google"}
        google |= {"STORAGE_ENDPOINT": fakegcs().endpoint, "MOORAGE_STORAGE_PREFIX": name}
        with (
            Moorage(tmp_path / "data", variables or google) as server,
            Client(server.address, server.token()) as client,
        ):
            upload(client, "Uploads")
            assert (client.store("primary").provider, client.store("primary").bucket) == (provider, f"{name}-public")
