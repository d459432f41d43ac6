"""Records become persons; couples, fathers and sons, tenants and kiosks stay apart; ids last for ever."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as parquet
import pytest
from tests.customers.conftest import Land, home, lives, together

from lamplighter.context import Context
from lamplighter.customers import identity, profile
from lamplighter.errors import Conflict, NotFound

JOHN = {"first_name": "John", "last_name": "Smith", "email": "smiths@example.org"}


def persons(context: Context, land: Land, *records: dict[str, Any], **tables: Any) -> list[int]:
    """Land the records as C0, C1 … and number the persons they became, in order of appearance."""
    land(
        follow=False,
        customer=[{"customer_id": f"C{i}", "kind": "residential", **r} for i, r in enumerate(records)],
        **tables,
    )
    identity.unify(context)
    with context.session() as session:
        links = {
            row[0]: row[1]
            for row in session.execute(
                identity.sa.select(identity.PROFILE_LINK.c.customer_id, identity.PROFILE_LINK.c.profile_id)
            )
        }
    order = list(dict.fromkeys(links[f"C{i}"] for i in range(len(records))))
    return [order.index(links[f"C{i}"]) for i in range(len(records))]


SAME, APART = [0, 0], [0, 1]


@pytest.mark.parametrize(
    ("why", "one", "other", "expected"),
    [
        ("one person twice", JOHN, {**JOHN, "email": "Smiths+power@EXAMPLE.org"}, SAME),
        ("accents and case", {**JOHN, "first_name": "José"}, {**JOHN, "first_name": "JOSE"}, SAME),
        ("a couple with one mailbox", JOHN, {**JOHN, "first_name": "Mary"}, APART),
        ("father and son", {**JOHN, "birth_year": 1950}, {**JOHN, "birth_year": 1980}, APART),
        ("senior and junior", JOHN, {**JOHN, "last_name": "Smith Jr."}, APART),
        ("one of them without suffix, but born alike", {**JOHN, "birth_year": 1950},
         {**JOHN, "last_name": "Smith Sr", "birth_year": 1950}, SAME),
        ("a person and a firm", JOHN, {"organization": "John Smith", "kind": "commercial", "email": JOHN["email"]}, APART),
        ("a firm spelt twice", {"organization": "Acme, Inc.", "kind": "commercial", "email": "a@acme.test"},
         {"organization": "ACME INC", "kind": "commercial", "email": "a@acme.test"}, SAME),
        ("a nameless record", JOHN, {"email": JOHN["email"]}, SAME),
        ("the dead are left alone", {**JOHN, "deceased": True}, JOHN, APART),
        ("a role mailbox", {**JOHN, "email": "info@example.org"}, {**JOHN, "email": "info@example.org"}, APART),
        ("a filler phone", {**JOHN, "email": None, "phone": "999-999-9999"},
         {**JOHN, "email": None, "phone": "9999999999"}, APART),
        ("a phone written twice", {**JOHN, "email": None, "phone": "(503) 555-0123"},
         {**JOHN, "email": None, "mobile": "+1 503 555 0123"}, SAME),
    ],
)  # fmt: skip
def test_two_records_are_one_person_only_where_names_agree_and_nothing_contradicts(
    context: Context, land: Land, why: str, one: dict[str, Any], other: dict[str, Any], expected: list[int]
) -> None:
    assert persons(context, land, one, other) == expected, why


def test_a_nameless_record_does_not_bridge_a_couple(context: Context, land: Land) -> None:
    assert persons(context, land, JOHN, {**JOHN, "first_name": "Mary"}, {"email": JOHN["email"]}) == [0, 1, 2]


def test_a_chain_that_would_join_two_birth_years_falls_back_to_its_surest_links(
    context: Context, land: Land
) -> None:
    father = {**JOHN, "birth_year": 1950}
    unknown = {**JOHN, "phone": "503 555 0123"}
    son = {**JOHN, "email": None, "phone": "503 555 0123", "birth_year": 1980}
    assert persons(context, land, father, unknown, son, dict(father)) == [0, 1, 2, 0]


def test_a_kiosk_phone_is_blocked_and_reported(context: Context, land: Land) -> None:
    records = [{"first_name": f"P{i}", "last_name": "Q", "phone": "503 555 0100"} for i in range(9)]
    assert persons(context, land, *records, {**records[0]}) == [*range(10)]
    with context.session() as session:
        blocked = session.execute(
            identity.sa.text("select kind, value, persons from blocked_identifier")
        ).all()
    assert blocked == [("phone", "+15035550100", 9)]


def test_a_landlord_with_300_tenants_stays_301_persons(context: Context, land: Land) -> None:
    landlord = {
        "organization": "Harbor Homes LLC",
        "kind": "commercial",
        "email": "office1@harbor.test",
        "phone": "503 555 0111",
    }
    tenants = [
        {"first_name": f"T{i}", "last_name": f"L{i}", "email": "office1@harbor.test", "phone": "503 555 0111"}
        for i in range(300)
    ]
    assert len(set(persons(context, land, landlord, *tenants))) == 301


def test_account_numbers_of_two_utilities_are_two_accounts(context: Context, land: Land) -> None:
    nameless = {"first_name": "Ana", "last_name": "Lopez"}
    land(
        follow=False,
        customer=[{"source": s, "customer_id": "C1", **nameless} for s in ("one", "two")],
        customer_account=[{"source": s, "customer_id": "C1", "account_id": "A1"} for s in ("one", "two")],
    )
    assert identity.unify(context).profiles == 2


def test_ids_last_through_merge_split_and_withdrawal(context: Context, land: Land) -> None:
    land(
        customer=[{"customer_id": "C1", **JOHN}, {"customer_id": "C2", **JOHN, "email": "other@example.org"}]
    )
    with context.session() as session:
        first, second = (profile.find(session, mail) for mail in (JOHN["email"], "other@example.org"))
    assert first != second

    merging = land(customer=[{"customer_id": "C2", **JOHN}])
    with context.session() as session:
        survivor = identity.present(session, second)
        assert identity.present(session, first) == survivor
        assert {event["kind"] for event in identity.explain(session, first) if "kind" in event} == {
            "merge",
            "link",
        }
    assert profile.get(context, second)["id"] == survivor
    assert profile.get(context, first)["merged_from"] == [({first, second} - {survivor}).pop()]

    context.warehouse.withdraw(context.organization_id, merging)
    identity.unify(context, full=True)
    with context.session() as session:
        assert profile.find(session, JOHN["email"]) == first
        assert profile.find(session, "other@example.org") == second


def test_a_second_run_changes_nothing(context: Context, land: Land) -> None:
    land(customer=[{"customer_id": "C1", **JOHN}, {"customer_id": "C2", **JOHN}])
    again = identity.unify(context)
    assert (again.records, again.profiles, again.links, again.changed, again.created) == (2, 1, 1, 0, 0)


def test_links_are_written_as_csv_and_parquet(context: Context, land: Land, tmp_path: Path) -> None:
    land(customer=[{"customer_id": "C1", **JOHN}, {"customer_id": "C2", **JOHN}])
    for name in ("links.csv", "links.parquet"):
        assert identity.links_to(context, tmp_path / name) == 2
    rows: pa.Table = csv.read_csv(tmp_path / "links.csv")
    assert rows.column_names == ["record_source", "record_id", "profile_id", "confidence"]
    assert rows["confidence"].to_pylist() == [0.97, 0.97]
    assert parquet.read_table(tmp_path / "links.parquet").num_rows == 2


def test_a_customer_is_found_by_id_mail_phone_account_and_customer_number(
    context: Context, land: Land
) -> None:
    land(
        **together(
            {"customer": [{"customer_id": "C-7", "phone": "(503) 555-0123", **JOHN}]},
            home(1),
            lives("C-7", "00-41", 1, "2024-01-01"),
        )
    )
    with context.session() as session:
        known = profile.find(session, "SMITHS@example.org")
        for identifier in (known, "503.555.0123", "00-41", "0041", "C-7"):
            assert profile.find(session, identifier) == known
        with pytest.raises(NotFound):
            profile.find(session, "nobody@example.org")


def test_a_shared_mailbox_names_its_owners_instead_of_guessing(context: Context, land: Land) -> None:
    land(customer=[{"customer_id": "C1", **JOHN}, {"customer_id": "C2", **JOHN, "first_name": "Mary"}])
    with context.session() as session, pytest.raises(Conflict, match="2 customers share"):
        profile.find(session, JOHN["email"])


def test_a_reused_account_number_answers_with_who_holds_it_now(context: Context, land: Land) -> None:
    land(
        **together(
            {"customer": [{"customer_id": "C1", "first_name": "Old", "last_name": "Holder"},
                          {"customer_id": "C2", "first_name": "New", "last_name": "Holder"}]},
            home(1), home(2), lives("C1", "A1", 1, "2020-01-01", "2023-01-01"), lives("C2", "A1", 2, "2024-01-01"),
        )
    )  # fmt: skip
    with context.session() as session:
        now = profile.find(session, "A1")
    body = profile.get(context, now)
    assert body["name"] == "New Holder"
    assert [place["service_location_id"] for place in body["sections"]["places"]["items"]] == ["L2"]


def test_an_organization_sees_nothing_of_another(
    context: Context, other_context: Context, land: Land
) -> None:
    land(customer=[{"customer_id": "C1", **JOHN}])
    with context.session() as session:
        known = profile.find(session, JOHN["email"])
    with other_context.session() as session, pytest.raises(NotFound):
        profile.find(session, JOHN["email"])
    with pytest.raises(NotFound):
        profile.get(other_context, known)
