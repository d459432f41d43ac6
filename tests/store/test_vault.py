"""The vault: opens for its organization and purpose only, and keeps opening after rotation."""

import base64
import stat
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from lamplighter.errors import InvalidInput, Misconfigured, NotAllowed
from lamplighter.settings import Settings
from lamplighter.store import vault
from lamplighter.store.store import Store
from lamplighter.store.vault import Vault, vault_key

SECRET = b"correct horse battery staple"


def sealed_in(store, organization_id, purpose="login") -> bytes:
    with store.session(organization_id) as session:
        return vault.seal(session, SECRET, purpose)


def opened_in(store, organization_id, sealed, purpose="login") -> bytes:
    with store.session(organization_id) as session:
        return vault.open_sealed(session, sealed, purpose)


def test_what_was_sealed_opens_again_and_shows_nothing(store, organization):
    sealed = sealed_in(store, organization)
    assert SECRET not in sealed
    assert sealed != sealed_in(store, organization), "twice the same is not the same"
    assert opened_in(store, organization, sealed) == SECRET


def test_another_organization_cannot_open_it(store, organization, other_organization):
    sealed = sealed_in(store, organization)
    sealed_in(store, other_organization)
    with pytest.raises(NotAllowed, match="another organization"):
        opened_in(store, other_organization, sealed)


def test_another_purpose_or_a_changed_byte_does_not_open(store, organization):
    sealed = sealed_in(store, organization)
    with pytest.raises(InvalidInput, match="another purpose"):
        opened_in(store, organization, sealed, "other")
    with pytest.raises(InvalidInput, match="changed"):
        opened_in(store, organization, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(InvalidInput, match="not a sealed value"):
        opened_in(store, organization, b"hello")


def test_after_rotation_old_values_open_and_new_ones_use_new_keys(store, organization, other_organization):
    old, theirs = sealed_in(store, organization), sealed_in(store, other_organization)
    before = store.vault.master_id
    assert vault.rotate(store) == 2
    assert store.vault.master_id != before
    new = sealed_in(store, organization)
    assert new[1:17] != old[1:17], "another data key"
    assert vault.rotate(store) == 4
    for organization_id, sealed in ((organization, old), (organization, new), (other_organization, theirs)):
        assert opened_in(store, organization_id, sealed) == SECRET
    with store.session(organization) as session:
        assert set(session.execute(sa.select(vault_key.c.master_id)).scalars()) == {store.vault.master_id}


def test_a_process_that_started_before_the_rotation_still_opens(store, organization, settings):
    sealed = sealed_in(store, organization)
    with Store.open(settings) as other_process:
        vault.rotate(other_process)
    assert opened_in(store, organization, sealed) == SECRET


def test_a_rolled_back_first_key_leaves_nothing_behind(store, organization):
    with pytest.raises(RuntimeError), store.session(organization) as session:
        vault.seal(session, SECRET, "login")
        raise RuntimeError
    assert opened_in(store, organization, sealed_in(store, organization)) == SECRET


def test_without_its_master_key_nothing_opens_and_the_remedy_is_named(store, organization, settings):
    sealed = sealed_in(store, organization)
    key = base64.b64encode(bytes(32)).decode()
    other = settings.model_copy(update={"master_key": SecretStr(key)})
    with Store.open(other) as stranger, pytest.raises(Misconfigured, match="LAMPLIGHTER_MASTER_KEY"):
        opened_in(stranger, organization, sealed)


def test_named_master_keys_the_first_seals_and_all_open(store, organization, settings):
    sealed = sealed_in(store, organization)
    old = (settings.data / "master.key").read_text().strip()
    new = base64.b64encode(bytes(range(32))).decode()
    both = settings.model_copy(update={"master_key": SecretStr(f"{new},{old}")})
    with Store.open(both) as renewed:
        assert opened_in(renewed, organization, sealed) == SECRET
        vault.rotate(renewed)
    alone = settings.model_copy(update={"master_key": SecretStr(new)})
    with Store.open(alone) as renewed:
        assert opened_in(renewed, organization, sealed) == SECRET


def test_the_key_file_is_private_and_production_wants_a_named_key(tmp_path):
    Vault(Settings(data=tmp_path))
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600
    with pytest.raises(Misconfigured, match="openssl rand -base64 32"):
        Vault(Settings(data=tmp_path, environment="production"))
    with pytest.raises(Misconfigured, match="Base64 of 32 bytes"):
        Vault(Settings(data=tmp_path, master_key=SecretStr("short")))


def test_a_signed_link_opens_once_made_by_us_for_this_purpose_until_it_ends(tmp_path, clock):
    ours, theirs = Vault(Settings(data=tmp_path / "a")), Vault(Settings(data=tmp_path / "b"))
    token = ours.sign({"organization": "o", "step": 2}, "resume", clock.now + timedelta(days=7))
    assert ours.verify(token, "resume", clock.now) == {"organization": "o", "step": 2}
    ours.renew_master()
    assert ours.verify(token, "resume", clock.now) == {"organization": "o", "step": 2}
    body, mac = token.split(".")
    for vault_, text, purpose in (
        (theirs, token, "resume"), (ours, token, "sign_in"), (ours, f"{body}x.{mac}", "resume"),
        (ours, "nonsense", "resume"), (ours, "ä.ö", "resume"), (ours, "", "resume"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match="not made by us"):
            vault_.verify(text, purpose, clock.now)
    with pytest.raises(NotAllowed, match="expired"):
        ours.verify(token, "resume", clock.advance(days=7))
