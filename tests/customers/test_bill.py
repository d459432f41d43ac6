"""Corrections and cancellations keep their history, and no total counts a bill twice."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.conftest import SettableClock
from tests.customers.conftest import Land, home, lives, together

from lamplighter.context import Context
from lamplighter.customers import audience, bill, profile

SINCE = date(2026, 1, 1)


def issued(number: int, amount: str, **values: Any) -> dict[str, Any]:
    month = f"2026-{number:02}-05"
    return {"bill_id": f"B{number}", "account_id": "A1", "issued_on": month, "due_on": month, "period_start": month,
            "period_end": month,
            "amount": amount, "amount_due": amount, "currency": "USD", "status": "issued", **values}  # fmt: skip


def customer(context: Context, land: Land, *bills: dict[str, Any]) -> str:
    land(
        **together(
            {"customer": [{"customer_id": "C1", "first_name": "Ann", "last_name": "Lee", "email": "ann@example.org"}]},
            {"bill": list(bills)},
            home(1), lives("C1", "A1", 1, "2024-01-01"),
        )
    )  # fmt: skip
    with context.session() as session:
        return profile.find(session, "ann@example.org")


def test_a_corrected_bill_counts_once_and_both_stay(
    context: Context, land: Land, clock: SettableClock
) -> None:
    ann = customer(context, land, issued(3, "100"), issued(4, "50"))
    clock.advance(days=1)
    land(bill=[issued(5, "80", bill_id="B3c", status="corrected", replaces_bill_id="B3")])
    with context.session() as session:
        assert bill.totals(session, ann, issued_after=SINCE) == {"USD": Decimal("130")}
        items = {each["total_charges"]: each for each in bill.bills(session, profile_id=ann).items}
        assert set(items) == {"100.00", "50.00", "80.00"}
        assert items["80.00"]["replaces"] == items["100.00"]["id"]
        assert items["100.00"]["replaced_by"] == items["80.00"]["id"]
        counting = bill.bills(session, profile_id=ann, counting_only=True).items
        assert [each["total_charges"] for each in counting] == ["80.00", "50.00"]
        newer = bill.bills(session, updated_after=context.now.replace(hour=0)).items
        assert [each["total_charges"] for each in newer] == ["80.00"]
    section = profile.get(context, ann)["sections"]["bills"]["items"]
    assert [(each["total_charges"], each["replaced"]) for each in section] == [
        ("100.00", True),
        ("50.00", False),
        ("80.00", False),
    ]
    assert audience.size(context, {"where": {"event": "bill.issued", "count": {"is": 2}}}) == 1


def test_a_cancelled_bill_counts_nowhere(context: Context, land: Land) -> None:
    ann = customer(context, land, issued(3, "100"), issued(4, "50"))
    land(bill=[issued(3, "100", status="cancelled")])
    with context.session() as session:
        assert bill.totals(session, ann, issued_after=SINCE) == {"USD": Decimal("50")}
        assert {each["status"] for each in bill.bills(session, profile_id=ann).items} == {
            "issued",
            "cancelled",
        }


def test_pages_of_bills_stay_stable_while_bills_arrive(context: Context, land: Land) -> None:
    ann = customer(context, land, *[issued(month, "10") for month in range(1, 8)])
    with context.session() as session:
        page = bill.bills(session, profile_id=ann, limit=3)
    land(bill=[issued(9, "10")])
    seen = [each["issued_on"] for each in page.items]
    while page.next_page_token:
        with context.session() as session:
            page = bill.bills(session, profile_id=ann, limit=3, page_token=page.next_page_token)
        seen += [each["issued_on"] for each in page.items]
    assert seen == [f"2026-{month:02}-05" for month in range(7, 0, -1)]


def test_filters_narrow_the_list(context: Context, land: Land) -> None:
    customer(context, land, *[issued(month, "10") for month in range(1, 8)])
    with context.session() as session:
        wanted = bill.bills(
            session,
            account="A1",
            utility="cis",
            issued_after=date(2026, 3, 31),
            issued_before=date(2026, 6, 1),
        )
        assert [each["issued_on"][:7] for each in wanted.items] == ["2026-05", "2026-04"]
        assert bill.bills(session, account="A2").items == []
