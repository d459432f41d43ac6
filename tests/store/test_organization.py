"""Organizations: made, found, and what a session of none can see."""

import pytest

from lamplighter.errors import Conflict, InvalidInput, NotFound
from lamplighter.store import organization as organizations


def test_an_organization_is_found_by_slug_by_host_and_alone(store):
    with store.system_session() as session:
        made = organizations.create(session, "lumen", "Lumen", timezone="UTC", hosts=["lumen.example"])
    with store.system_session() as session:
        assert organizations.find(session) == made
        assert organizations.find(session, slug="lumen") == made
        assert organizations.find(session, host="LUMEN.example") == made
        other = organizations.create(session, "other", "Other", timezone="UTC")
        assert organizations.all_ids(session) == [made, other]
        with pytest.raises(InvalidInput, match="several"):
            organizations.find(session, host="unknown.example")


def test_a_slug_is_taken_once(store, organization):
    with pytest.raises(Conflict, match="lumen"), store.system_session() as session:
        organizations.create(session, "lumen", "Again", timezone="UTC")


def test_an_unknown_slug_and_an_unknown_zone_are_refused_in_words(store):
    with store.system_session() as session:
        with pytest.raises(NotFound, match="nobody"):
            organizations.find(session, slug="nobody")
        with pytest.raises(InvalidInput, match="Mars/Base"):
            organizations.create(session, "mars", "Mars", timezone="Mars/Base")


def test_each_organization_reads_its_own_settings(store, organization, other_organization):
    with store.session(organization) as session:
        assert organizations.settings_of(session).name == "Lumen Power & Water"
    with store.session(other_organization) as session:
        assert organizations.settings_of(session).slug == "brightway"


def test_only_a_test_organizations_clock_moves(store, organization):
    with store.system_session() as session:
        real = organizations.create(session, "real", "Real", timezone="UTC")
    with store.session(organization) as session:
        assert organizations.advance_clock(session, 3600) == 3600
        assert organizations.advance_clock(session, 60) == 3660
    with pytest.raises(InvalidInput), store.session(real) as session:
        organizations.advance_clock(session, 60)
