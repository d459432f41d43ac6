"""The customer 360 with its sections, the search, the timeline and the situations."""

import pytest
from tests.conftest import SettableClock
from tests.customers.conftest import Land, home, lives, together

from lamplighter.context import Context
from lamplighter.customers import bill, profile, search, situation, timeline
from lamplighter.errors import InvalidInput


@pytest.fixture
def rosa(context: Context, land: Land) -> str:
    """Rosa Núñez and Tom share a home and an account; Rosa complained, did not pay, and the power is out."""
    land(
        **together(
            {"customer": [{"customer_id": "C1", "first_name": "Rosa", "last_name": "Núñez", "email": "rosa@example.org",
                           "phone": "503 555 0123", "language": "es", "special_needs": "life_support;senior"},
                          {"customer_id": "C2", "first_name": "Tom", "last_name": "Reed", "email": "tom@example.org",
                           "confidential": True}],
             "meter": [{"meter_id": "M-77", "serial": "S900", "kind": "ami"}],
             "meter_installation": [{"meter_id": "M-77", "usage_point_id": "E1", "installed_at": "2019-01-01"}]},
            home(1, "418 Alder Street"), lives("C1", "A1", 1, "2024-01-01"),
            {"customer_account": [{"account_id": "A1", "customer_id": "C2", "opened_at": "2024-01-01"}],
             "bill": [{"bill_id": "B1", "account_id": "A1", "issued_on": "2026-10-03", "due_on": "2026-10-24",
                       "period_start": "2026-09-01", "period_end": "2026-10-01", "amount": "136.18",
                       "amount_due": "136.18", "currency": "USD", "status": "issued"}],
             "bill_line": [{"bill_id": "B1", "line": 1, "account_id": "A1", "commodity": "electricity",
                            "usage_point_id": "E1", "kind": "energy", "description": "Peak", "quantity": "212",
                            "unit": "kWh", "rate": "0.41", "amount": "86.92"},
                           {"bill_id": "B1", "line": 2, "account_id": "A1", "commodity": "water",
                            "usage_point_id": "W1", "kind": "fixed", "description": "Base", "quantity": "1",
                            "unit": "month", "rate": "49.26", "amount": "49.26"}],
             "collection": [{"event_id": "K1", "account_id": "A1", "kind": "disconnect_notice", "happened_on": "2026-11-10"}],
             "payment": [{"payment_id": "P1", "account_id": "A1", "paid_on": "2026-09-20", "amount": "80"}],
             "customer_case": [{"ticket_id": "T1", "customer_id": "C1", "topic": "billing complaint",
                                "opened_at": "2026-11-12T17:00:00"}],
             "survey": [{"response_id": "S1", "customer_id": "C1", "instrument": "nps", "score": 2,
                         "answered_at": "2026-11-01T00:00:00"}],
             "outage": [{"outage_id": "O1", "started_at": "2026-11-22T09:00:00"}],
             "outage_usage_point": [{"outage_id": "O1", "usage_point_id": "E1"}]},
        )
    )  # fmt: skip
    with context.session() as session:
        return profile.find(session, "rosa@example.org")


def test_the_360_shows_who_where_accounts_bills_and_with_whom(context: Context, rosa: str) -> None:
    body = profile.get(context, rosa)
    assert (body["id"], body["kind"], body["name"], body["stage"]) == (rosa, "person", "Rosa Núñez", "active")
    sections = {name: section["items"] for name, section in body["sections"].items()}
    assert sections["person"][0]["language"] == "es"
    assert "special_needs" not in sections["person"][0]  # restricted: never in an answer
    account = sections["accounts"][0]
    assert (account["account_id"], account["is_shared"]) == ("A1", True)
    assert [agreement["service"] for agreement in account["agreements"]] == ["electricity", "water"]
    place = sections["places"][0]
    assert (place["street"], place["start"], place["end"]) == ("418 Alder Street", "2024-01-01", None)
    assert place["services"][0]["meters"] == [
        {"meter_id": "M-77", "serial": "S900", "kind": "ami", "unit": None}
    ]
    assert [member["name"] for member in sections["household"][0]["members"]] == ["Rosa Núñez", "Tom Reed"]
    assert [(each["total_charges"], each["replaced"]) for each in sections["bills"]] == [("136.18", False)]


def test_situations_follow_from_rows_and_end_with_them(
    context: Context, rosa: str, land: Land, clock: SettableClock
) -> None:
    def kinds() -> set[str]:
        with context.session() as session:
            return {each.kind for each in situation.current(session, rosa, context.now)}

    assert kinds() == {"open_complaint", "bad_survey", "outage", "disconnect_notice", "life_support"}
    land(
        payment=[{"payment_id": "P2", "account_id": "A1", "paid_on": "2026-11-20", "amount": "136.18"}],
        outage=[{"outage_id": "O1", "started_at": "2026-11-22T09:00:00", "restored_at": "2026-11-22T11:00:00"}],
        customer_case=[{"ticket_id": "T1", "customer_id": "C1", "topic": "billing complaint", "opened_at": "2026-11-12T17:00:00",
                        "resolved_at": "2026-11-21T17:00:00"}],
    )  # fmt: skip
    assert kinds() == {"bad_survey", "life_support"}
    clock.advance(days=80)
    assert kinds() == {"life_support"}


@pytest.mark.parametrize("words", [
    "rosa", "nunez", "NÚÑEZ ros", "rosa@example", "(503) 555-0123", "5035550123", "555", "A1", "418 alder", "m-77", "S900", "C1",
])  # fmt: skip
def test_she_is_found_by_the_beginning_of_any_word(context: Context, rosa: str, words: str) -> None:
    with context.session() as session:
        assert rosa in [item["id"] for item in search.search(session, words).items]


def test_search_turns_pages_without_loss_while_people_arrive(context: Context, land: Land) -> None:
    land(
        customer=[{"customer_id": f"C{i}", "first_name": f"Ann{i:02}", "last_name": "Lee"} for i in range(5)]
    )
    with context.session() as session:
        first = search.search(session, "lee", limit=2)
    land(customer=[{"customer_id": "C9", "first_name": "Aaron", "last_name": "Lee"}])
    names, token = [item["name"] for item in first.items], first.next_page_token
    while token:
        with context.session() as session:
            page = search.search(session, "lee", limit=2, page_token=token)
        names, token = names + [item["name"] for item in page.items], page.next_page_token
    assert names == [f"Ann{i:02} Lee" for i in range(5)]
    with context.session() as session:
        assert search.count(session, "lee") == 6
        with pytest.raises(InvalidInput):
            search.search(session, "lee", page_token="???")


def test_quotes_and_operators_in_a_search_are_only_words(context: Context, rosa: str) -> None:
    with context.session() as session:
        for words in ("o'brien & | !", "'", "\\", ":*", "a' | 'b", "x@' | 'rosa"):
            assert search.search(session, words).items == [] or words in ("'", "\\", ":*")


def test_the_timeline_is_newest_first_and_turns_pages(context: Context, rosa: str) -> None:
    whole = timeline.timeline(context, rosa).items
    assert [item["event"] for item in whole[:4]] == [
        "outage.started", "case.opened", "collection.disconnect_notice", "survey.answered",
    ]  # fmt: skip
    assert {"bill.issued", "payment.made", "service.started"} <= {item["event"] for item in whole}
    assert next(item for item in whole if item["kind"] == "bill")["title"] == "Bill of 136.18 USD"
    seen, token = [], None
    while True:
        page = timeline.timeline(context, rosa, limit=3, page_token=token)
        seen += page.items
        token = page.next_page_token
        if token is None:
            break
    assert seen == whole
    assert {item["kind"] for item in timeline.timeline(context, rosa, kinds=["bill", "payment"]).items} == {
        "bill",
        "payment",
    }


def test_a_bill_is_on_the_wire_as_promised(context: Context, rosa: str) -> None:
    with context.session() as session:
        body = bill.bills(session, profile_id=rosa).items[0]
        assert bill.bill(session, body["id"]) == body
        assert rosa in bill.holders(session, body["id"])
    assert body["period"] == {"start": "2026-09-01", "end": "2026-10-01"}
    assert body["checks"] == {"lines_sum_to_total": True, "intervals_match_usage": None}
    electricity = body["services"][0]
    assert (electricity["service"], electricity["usage"], electricity["unit"]) == (
        "electricity",
        "212",
        "kWh",
    )
    assert electricity["lines"] == [{"line": 1, "kind": "energy", "description": "Peak", "quantity": "212", "unit": "kWh",
                                     "rate": "0.41", "amount": "86.92"}]  # fmt: skip


def test_a_room_puts_its_own_section(context: Context, rosa: str) -> None:
    with context.session() as session:
        profile.put_sections(session, "usage", {rosa: [{"month": "2026-10", "kwh": "668"}]}, context.now)
    with context.session() as session:
        assert profile.sections(session, rosa, "usage")["usage"]["items"] == [
            {"month": "2026-10", "kwh": "668"}
        ]
    assert profile.get(context, rosa)["sections"]["usage"]["items"][0]["kwh"] == "668"


def test_withdrawing_the_batch_takes_everything_back(context: Context, rosa: str) -> None:
    from lamplighter.customers.refresh import refresh

    context.warehouse.withdraw(context.organization_id, "batch-1")
    refresh(context)
    with context.session() as session:
        assert search.count(session) == 0
        assert bill.bills(session).items == []
        assert situation.current(session, rosa, context.now) == []
