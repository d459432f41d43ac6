"""A landing is followed by jobs: nobody has to call anything."""

from pathlib import Path

from tests.customers.conftest import Land, home, lives, together

from lamplighter import app
from lamplighter.context import Context
from lamplighter.customers import bill, profile, search
from lamplighter.customers.refresh import refresh
from lamplighter.intake.land import land as land_files
from lamplighter.intake.publish import withdraw
from lamplighter.store import jobs

ANN = {"customer_id": "C1", "first_name": "Ann", "last_name": "Lee", "email": "ann@example.org"}


def test_landed_files_stand_as_customers_once_the_jobs_ran(context: Context, tmp_path: Path) -> None:
    app.join()
    (tmp_path / "customers.csv").write_text(
        "customer_id,first_name,last_name,email\nC1,Ann,Lee,ann@example.org\n"
    )
    (tmp_path / "accounts.csv").write_text("account_id,customer_id,status,opened_on\nA1,C1,open,2024-01-01\n")
    (tmp_path / "bills.csv").write_text(
        "bill_id,account_id,issued_on,amount,status\nB1,A1,2026-11-01,50.00,issued\n"
    )
    landing = land_files(context, "cis_csv", tmp_path, name="cis")
    jobs.drain(context.store, lambda organization_id: context)
    with context.session() as session:
        ann = profile.find(session, "ann@example.org")
        assert [each["total_charges"] for each in bill.bills(session, profile_id=ann).items] == ["50.00"]
        assert search.search(session, "lee").items[0]["accounts"] == ["A1"]

    withdraw(context, landing.batch)
    jobs.drain(context.store, lambda organization_id: context)
    with context.session() as session:
        assert search.count(session) == 0
        assert bill.bills(session).items == []


def test_a_small_batch_renews_only_whom_it_touches(context: Context, land: Land) -> None:
    others = [{"customer_id": f"X{i}", "first_name": f"F{i}", "last_name": "Other"} for i in range(20)]
    land(**together({"customer": [ANN, *others]}, home(1), lives("C1", "A1", 1, "2024-01-01")))
    with context.session() as session:
        ann, other = (search.search(session, words).items[0]["id"] for words in ("ann lee", "f3 other"))
        before = profile.sections(session, other, "person")["person"]["as_of"]
    context.clock.advance(hours=1)  # type: ignore[attr-defined]
    land(contact_point=[{"customer_id": "C1", "channel": "email", "address": "ann@new.example.org"}])
    with context.session() as session:
        assert profile.find(session, "ann@new.example.org") == ann
        assert search.search(session, "ann@new").items[0]["id"] == ann
        assert profile.sections(session, ann, "person")["person"]["as_of"] == context.now
        assert profile.sections(session, other, "person")["person"]["as_of"] == before


def test_following_a_batch_twice_is_following_it_once(context: Context, land: Land) -> None:
    batch = land(customer=[ANN], customer_account=[{"customer_id": "C1", "account_id": "A1"}])
    with context.session() as session:
        ann = profile.find(session, "A1")
    before = profile.get(context, ann)
    refresh(context, batch)
    assert profile.get(context, ann) == before
