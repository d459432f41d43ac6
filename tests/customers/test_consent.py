"""The ledger of decisions, and the exits that ask it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.conftest import SettableClock
from tests.customers.conftest import Land

from lamplighter.context import Actor, Context
from lamplighter.customers import audience, consent, consent_text, profile, purposes
from lamplighter.customers.release import EVERYONE, disclosures, release, release_rows
from lamplighter.errors import Conflict, ConsentRequired, InvalidInput, NotFound, WrongPurpose
from lamplighter.store import audit, events
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import table

ANN = {"customer_id": "C1", "first_name": "Ann", "last_name": "Lee", "email": "ann@example.org"}


@pytest.fixture
def ann(context: Context, land: Land) -> str:
    land(customer=[ANN])
    with context.session() as session:
        return profile.find(session, "ann@example.org")


def test_a_consent_is_a_receipt_with_the_text_that_was_shown(context: Context, ann: str) -> None:
    with context.session() as session:
        shown = consent_text.fill(session, purpose_ids=["rate_advice"], data=["bills"], locale="es-MX")
        assert shown.locale == "es"
        assert "comparar tarifas" in shown.body
        assert "Lumen Power & Water" in shown.body
        consent.give(
            session,
            ann,
            "rate_advice",
            scope="bills",
            text=shown,
            now=context.now,
            actor="customer:ann",
            evidence={"ip": "192.0.2.0/24"},
        )
    with context.session() as session:
        receipt = consent.receipts(session, ann)[0]
        assert (receipt["decision"], receipt["text_hash"], receipt["locale"]) == ("given", shown.hash, "es")
        named = session.execute(sa.select(events.event_queue.c.name)).scalars().all()
        assert "consent.given" in named


def test_nothing_is_allowed_for_a_secondary_purpose_until_given_and_after_revocation(
    context: Context, ann: str, clock: SettableClock
) -> None:
    def allowed() -> bool:
        try:
            with context.session() as session:
                consent.require(session, ann, "marketing", now=context.now, channel="email")
        except ConsentRequired:
            return False
        return True

    decided = {"now": context.now, "actor": "customer:ann"}
    assert not allowed()
    with context.session() as session:
        consent.give(session, ann, "marketing", valid_until=context.now + timedelta(days=30), **decided)
    assert allowed()
    with context.session() as session:
        consent.deny(session, ann, "marketing", channel="email", **decided)
    assert not allowed(), "what was said of this channel counts more than what was said in general"
    with context.session() as session:
        consent.give(session, ann, "marketing", channel="email", **decided)
    assert allowed()
    with context.session() as session:
        consent.revoke(session, ann, "marketing", channel="email", **decided)
    assert not allowed()
    with context.session() as session:
        consent.give(
            session, ann, "marketing", channel="email", valid_until=context.now + timedelta(days=1), **decided
        )
    assert allowed()
    clock.advance(days=2)
    assert not allowed(), "it has expired"


def test_a_primary_purpose_needs_a_consent_only_outside_the_house(context: Context, ann: str) -> None:
    with context.session() as session:
        inside = consent.require(session, ann, "billing", now=context.now, recipient="staff:1")
        assert inside.basis == "contract"
        with pytest.raises(ConsentRequired):
            consent.require(session, ann, "billing", now=context.now, recipient="destination:acme")
        consent.give(
            session, ann, "third_party_sharing", recipients=["Acme"], now=context.now, actor="customer:ann"
        )
        assert consent.require(
            session, ann, "third_party_sharing", now=context.now, recipient="destination:Acme"
        ).receipt_id
        with pytest.raises(ConsentRequired):
            consent.require(
                session, ann, "third_party_sharing", now=context.now, recipient="destination:other"
            )


def test_after_a_merge_the_stricter_decision_counts_until_the_person_decides_again(
    context: Context, land: Land, ann: str, clock: SettableClock
) -> None:
    land(customer=[{**ANN, "customer_id": "C2", "email": "ann.lee@example.org"}])
    decided = {"now": context.now, "actor": "customer:ann"}
    with context.session() as session:
        other = profile.find(session, "ann.lee@example.org")
        consent.deny(session, ann, "marketing", **decided)
        consent.give(session, other, "marketing", **decided)
    clock.advance(hours=1)
    land(customer=[{**ANN, "customer_id": "C2"}])
    for name in (ann, other):
        with context.session() as session, pytest.raises(ConsentRequired):
            consent.require(session, name, "marketing", now=context.now)
    clock.advance(hours=1)
    with context.session() as session:
        consent.give(session, other, "marketing", now=context.now, actor="customer:ann")
        assert consent.require(session, ann, "marketing", now=context.now).basis == "consent"
        assert len(consent.receipts(session, ann)) == 3


def test_the_ledger_cannot_be_rewritten(context: Context, ann: str) -> None:
    with context.session() as session:
        consent.give(session, ann, "marketing", now=context.now, actor="customer:ann")
    for statement in ("update consent_receipt set decision = 'denied'", "delete from consent_receipt"):
        with pytest.raises(sa.exc.DBAPIError), context.session() as session:
            session.execute(sa.text(statement))


def test_decisions_reach_audiences(context: Context, ann: str) -> None:
    wanted = {"where": {"consent": "marketing"}}
    assert audience.size(context, wanted) == 0
    with context.session() as session:
        consent.give(session, ann, "marketing", now=context.now, actor="customer:ann")
    consent.mirror(context)
    assert audience.size(context, wanted) == 1


def test_a_text_is_never_changed_only_followed(context: Context) -> None:
    with context.session() as session:
        with pytest.raises(Conflict):
            consent_text.add(session, "1", "en", "something else")
        consent_text.add(session, "2", "en", "{{ organization }} asks again.")
        assert (
            consent_text.fill(session, purpose_ids=["marketing"], version="2").body
            == "Lumen Power & Water asks again."
        )
        with pytest.raises(NotFound):
            consent_text.fill(session, purpose_ids=["marketing"], version="99")


def test_every_shipped_purpose_speaks_both_languages(context: Context) -> None:
    for purpose in purposes.shipped().values():
        assert set(purpose.texts) == {"en", "es"}, purpose.id
        assert purpose.purpose_class in purposes.CLASSES and purpose.basis in purposes.BASES
    with context.session() as session:
        purposes.add(
            session,
            "solar_club",
            purpose_class="secondary",
            basis="consent",
            texts={"en": "run the solar club"},
        )
        assert purposes.get(session, "solar_club").text("es") == "run the solar club"
        with pytest.raises(NotFound, match="Did you mean “marketing”"):
            purposes.get(session, "marketting")
        with pytest.raises(InvalidInput):
            purposes.add(session, "x", purpose_class="secondary", basis="contract", texts={"en": "x"})


def test_a_read_by_staff_is_disclosed_and_audited(context: Context, ann: str) -> None:
    rows = release_rows(context, "staff:7", "customer_service", {"name": "Ann"}, ann, contents=["profile"])
    assert rows.rows == {"name": "Ann"}
    with context.session() as session:
        known = disclosures(session, ann)
        assert [(each["recipient"], each["purpose"], each["basis"]) for each in known] == [
            ("staff:7", "customer_service", "contract")
        ]
        assert audit.verify(session).ok
        entry = session.execute(sa.select(audit.audit_log.c.actor, audit.audit_log.c.subject_id)).one()
        assert entry == ("staff:7", ann)


def test_nothing_leaves_without_consent_and_many_persons_never_for_a_secondary_purpose(
    context: Context, ann: str
) -> None:
    customers = current(table("customer"))
    with pytest.raises(ConsentRequired):
        release(context, "destination:acme", "marketing", customers, ann)
    with pytest.raises(WrongPurpose):
        release(context, "key:1", "marketing", customers, EVERYONE)
    with pytest.raises(InvalidInput, match="no recipient"):
        release(context, "somebody", "billing", customers, ann)
    with context.session() as session:
        assert disclosures(session, ann) == []
        consent.give(session, ann, "marketing", scope="account", now=context.now, actor=str(Actor()))
    released = release(context, "destination:acme", "marketing", customers, ann)
    assert context.warehouse.read(released.expression, context.organization_id).num_rows == 1
    with pytest.raises(ConsentRequired):
        release(context, "destination:acme", "marketing", current(table("meter_reading")), ann)
