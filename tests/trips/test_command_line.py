"""The command line on a fresh folder: a small extract comes in, stands as customers, and can be taken back."""

import json
from pathlib import Path

import pytest
from installed import lamplighter, running

EXTRACT = {
    "customers.csv": "customer_id,kind,first_name,last_name,email,phone\n"
    "C1,residential,Ana,Reyes,ana@example.org,(415) 555-0101\n"
    "C2,residential,Bo,Lind,bo@example.org,(415) 555-0102\n",
    "accounts.csv": "account_id,customer_id,status\nA1,C1,closed\nA2,C2,open\n",
    "premises.csv": "premise_id,street,city,state,zip\nP1,12 Elm Street,Alder Bay,CA,94000\n",
    "service_points.csv": "service_point_id,premise_id,commodity\nS1,P1,electricity\n",
    "agreements.csv": "agreement_id,account_id,service_point_id,started_on,ended_on\n"
    "G1,A1,S1,2024-03-01,2026-06-30\nG2,A2,S1,2026-06-30,\n",
    "meters.csv": "meter_id,service_point_id,installed_on,unit\nM1,S1,2020-01-01,kWh\n",
}
READS = (
    "meter_id,start,seconds,value,unit,flow,quality\n"
    "M1,2026-06-01T10:00:00-07:00,3600,1.25,kWh,delivered,valid\n"
    "M1,2026-07-01T10:00:00-07:00,3600,2.5,kWh,delivered,estimated\n"
)


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    folder = tmp_path / "extract"
    folder.mkdir()
    for name, text in EXTRACT.items():
        (folder / name).write_text(text)
    (tmp_path / "reads.csv").write_text(READS)
    return folder


def test_an_extract_lands_once_and_stands_as_customers(extract: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = lamplighter("land", "cis_csv", extract, "--json", data=data)
    assert (first["landed"], first["rejected"]) == (9, 0)
    again = lamplighter("land", "cis_csv", extract, "--json", data=data)
    assert (again["landed"], again["unchanged"]) == (0, 9)

    reads = lamplighter("land", "ami", tmp_path / "reads.csv", "--json", data=data)
    assert reads["landed"] == 2
    ana, bo = (lamplighter("profile", identifier, data=data) for identifier in ("ana@example.org", "A2"))
    assert ana["name"] == "Ana Reyes"
    assert bo["name"] == "Bo Lind"
    assert ana["id"] != bo["id"]

    links = tmp_path / "links.csv"
    unified = lamplighter("unify", "--links", links, "--json", data=data)
    assert (unified["records"], unified["profiles"]) == (2, 2)
    assert links.read_text().splitlines()[0] == "record_source,record_id,profile_id,confidence"

    lamplighter("withdraw", reads["batch"], "--json", data=data)
    once_more = lamplighter("land", "ami", tmp_path / "reads.csv", "--json", data=data)
    assert once_more["landed"] == 2

    assert lamplighter("sources", "--json", data=data)["items"]
    assert lamplighter("doctor", "--json", data=data)["ok"]
    assert lamplighter("audit", "verify", "--json", data=data)["ok"]


def test_what_is_wrong_is_set_aside_with_its_reason_and_comes_back(extract: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    lamplighter("land", "cis_csv", extract, "--json", data=data)
    (tmp_path / "reads.csv").write_text(READS + "M9,2026-07-01T10:00:00-07:00,3600,1,kWh,delivered,valid\n")
    landing = lamplighter("land", "ami", tmp_path / "reads.csv", "--json", data=data)
    assert (landing["landed"], landing["rejected"]) == (2, 1)
    assert landing["reasons"] == {"unknown_meter": 1}
    (row,) = lamplighter("rejects", "ami", "--json", data=data)["items"]
    assert "M9" in row["message"]

    (extract / "meters.csv").write_text(EXTRACT["meters.csv"] + "M9,S1,2020-01-01,kWh\n")
    lamplighter("land", "cis_csv", extract, "--json", data=data)
    assert lamplighter("rejects", "ami", "--replay", "--json", data=data)["landed"] == 1
    assert lamplighter("rejects", "ami", "--json", data=data)["items"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("land", "nowhere", "x.csv"), "no file or folder"),
        (("withdraw", "b_none"), "b_none"),
        (("profile", "nobody@example.org"), "nobody@example.org"),
    ],
)
def test_a_refusal_is_a_sentence_and_status_1(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    said = lamplighter(*arguments, data=tmp_path / "data", status=1)
    assert words in said
    assert "Traceback" not in said


def test_wrong_usage_is_status_2(tmp_path: Path) -> None:
    lamplighter("land", data=tmp_path / "data", status=2)


def test_verbs_join_a_running_installation(extract: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running("up", data):
        landing = lamplighter("land", "cis_csv", extract, "--json", data=data)
        assert landing["landed"] == 9
        assert lamplighter("land", "cis_csv", tmp_path / "none", data=data, status=1)
        audience = {"name": "all", "of": "profile", "purpose": "customer_service", "where": {"all": []}}
        (tmp_path / "audience.json").write_text(json.dumps(audience))
        lamplighter("unify", "--json", data=data)
        size = lamplighter("audience", "size", tmp_path / "audience.json", "--json", data=data)
        assert size == {"size": 2}
