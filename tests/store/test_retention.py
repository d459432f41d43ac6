"""Retention: what is older goes, what is younger or another's stays."""

from datetime import timedelta

from lamplighter.store import events, progress, retention


def test_old_rows_go_and_young_ones_and_other_organizations_stay(
    store, organization, other_organization, clock
):
    for organization_id in (organization, other_organization):
        with store.session(organization_id) as session:
            progress.start(session, "old", now=clock.now - timedelta(days=100))
            progress.start(session, "young", now=clock.now - timedelta(days=80))
    with store.session(organization) as session:
        assert retention.expire(session, clock.now) == {"progress": 1}
        assert [row.kind for row in progress.recent(session)] == ["young"]
    with store.session(other_organization) as session:
        assert len(progress.recent(session)) == 2


def test_an_event_that_has_not_landed_stays_however_old(store, organization, clock):
    with store.session(organization) as session:
        events.emit(session, "page.viewed", now=clock.now)
    with store.session(organization) as session:
        assert retention.expire(session, clock.advance(days=400)) == {}
        events.take_unlanded(session, batch_id="b1", now=clock.now)
        assert retention.expire(session, clock.advance(days=32)) == {"event_queue": 1}
