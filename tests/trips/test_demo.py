"""The demo, as a newcomer starts it: one command, a town, found in seconds."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from installed import lamplighter, running, until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def long_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a space, longer than a socket's path may be."""
    folder = tmp_path_factory.mktemp("demo") / ("a folder with spaces " + "x" * 110)
    folder.mkdir()
    return folder


def test_a_newcomer_starts_the_demo_and_finds_a_customer(long_path: Path) -> None:
    data = long_path / "demo data"
    with running("demo", data, "--customers", 400) as address:
        access = _ready(data)
        headers = {"Authorization": f"Bearer {access['api_key']}"}
        assert access["base_url"] == address
        assert {"write_key", "connect_url", "sandbox_url", "mail_url", "portal"} <= access.keys()

        audience = {"name": "everyone", "of": "profile", "purpose": "customer_service", "where": {"all": []}}
        size = httpx.post(
            f"{address}/v1/audiences/preview", json=audience, headers=headers, timeout=30
        ).json()
        assert size["size"] > 100

        found = _some_customer(data)
        body = httpx.get(
            f"{address}/v1/profiles", params={"identifier": found}, headers=headers, timeout=30
        ).json()
        assert body["id"].startswith("pr_")
        assert body["sections"]["accounts"]["items"]

        # Verbs join the running installation instead of quarrelling over its database.
        assert lamplighter("profile", body["id"], data=data)["id"] == body["id"]
        again = lamplighter("land", "cis_csv", data / "town", "--json", data=data)
        assert again["landed"] == 0
        assert again["rejected"] == 0

    with running("demo", data, "--customers", 400) as address:
        kept = _ready(data)
        assert kept["api_key"] == access["api_key"]
        assert kept["console"]["password"] == access["console"]["password"]
        assert kept["base_url"] == address
        body_again = httpx.get(
            f"{address}/v1/profiles/{body['id']}",
            headers={"Authorization": f"Bearer {kept['api_key']}"},
            timeout=30,
        ).json()
        assert body_again["name"] == body["name"]


def _ready(data: Path) -> dict[str, Any]:
    until((data / "demo.json").exists, seconds=150)
    access: dict[str, Any] = json.loads((data / "demo.json").read_text())
    return access


def _some_customer(data: Path) -> str:
    """An account number of the town's own extract."""
    import pyarrow.csv

    accounts = pyarrow.csv.read_csv(next((data / "town").glob("accounts.csv*")))
    return str(accounts["account_id"][0].as_py())
