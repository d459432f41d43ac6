"""API keys: shown once, good for their scopes and organization, dead when revoked."""

import psycopg
import pytest

from lamplighter.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn
from lamplighter.store import key


@pytest.fixture
def made(store, organization, clock):
    with store.session(organization) as session:
        return key.create(session, "billing", ["profiles:read", "track"], "service_operations", clock.now)


def test_a_key_tells_organization_scopes_and_purpose(store, organization, made, clock):
    key_id, secret = made
    identity = key.find(store, secret, clock.now)
    assert (identity.id, identity.organization_id, identity.purpose) == (
        key_id,
        organization,
        "service_operations",
    )
    identity.require("track")
    with pytest.raises(NotAllowed, match="query"):
        identity.require("query")


def test_only_its_hash_is_kept(store, made):
    _, secret = made
    with psycopg.connect(store.owner_url) as connection:
        (row,) = connection.execute("select api_key::text from api_key").fetchone()
    assert secret.split("_")[2] not in row


def test_a_changed_key_is_unknown(store, made, other_organization, clock):
    _, secret = made
    prefix, organization_id, random = secret.split("_")
    for wrong in (
        f"{prefix}_{other_organization.hex}_{random}", f"{secret}0", f"{prefix}_{organization_id}_{'0' * 64}",
        "lk_", "", "hello", f"st_{organization_id}_{random}",
    ):  # fmt: skip
        with pytest.raises(NotSignedIn):
            key.find(store, wrong, clock.now)


def test_a_revoked_key_opens_nothing(store, organization, other_organization, made, clock):
    key_id, secret = made
    with pytest.raises(NotFound), store.session(other_organization) as session:
        key.revoke(session, key_id, clock.now)
    for _ in range(2):
        with store.session(organization) as session:
            key.revoke(session, key_id, clock.now)
    with pytest.raises(NotSignedIn, match="revoked"):
        key.find(store, secret, clock.now)


def test_the_list_shows_use_and_no_hash(store, organization, made, clock):
    key.find(store, made[1], clock.now)
    clock.advance(seconds=30)
    key.find(store, made[1], clock.now)
    with store.session(organization) as session:
        (shown,) = key.all_keys(session)
    assert "secret_hash" not in shown
    assert (clock.now - shown["last_used_at"]).total_seconds() == 30, "to the minute"


def test_an_unknown_scope_is_refused_with_the_list(store, organization, clock):
    for scopes in (["everything"], []):
        with pytest.raises(InvalidInput, match="profiles:read"), store.session(organization) as session:
            key.create(session, "x", scopes, "service_operations", clock.now)
