"""Files: sealed on the disk, in the organization's folder, there with their row or not at all."""

from uuid import uuid4

import pytest

from lamplighter.errors import NotFound
from lamplighter.store import files


def on_disk(store, organization_id) -> list[bytes]:
    folder = store.settings.data / "files" / str(organization_id)
    return [path.read_bytes() for path in folder.iterdir()] if folder.exists() else []


def test_a_file_comes_back_and_is_sealed_in_its_organizations_folder(store, organization):
    with store.session(organization) as session:
        file_id = files.put(session, "bill.pdf", b"Ana owes $ 12")
    with store.session(organization) as session:
        assert files.get(session, file_id) == b"Ana owes $ 12"
    (sealed,) = on_disk(store, organization)
    assert b"Ana" not in sealed


def test_another_organization_has_no_such_file(store, organization, other_organization):
    with store.session(organization) as session:
        file_id = files.put(session, "bill.pdf", b"Ana")
    with pytest.raises(NotFound), store.session(other_organization) as session:
        files.get(session, file_id)
    with store.session(other_organization) as session:
        files.delete(session, file_id)
    assert len(on_disk(store, organization)) == 1


def test_an_unknown_file_is_not_found(store, organization):
    with pytest.raises(NotFound), store.session(organization) as session:
        files.get(session, uuid4())


def test_a_delete_takes_the_file_away_after_the_commit_only(store, organization):
    with store.session(organization) as session:
        file_id = files.put(session, "bill.pdf", b"Ana")
    with pytest.raises(RuntimeError), store.session(organization) as session:
        files.delete(session, file_id)
        raise RuntimeError
    with store.session(organization) as session:
        assert files.get(session, file_id) == b"Ana"
        files.delete(session, file_id)
        assert len(on_disk(store, organization)) == 1
    assert on_disk(store, organization) == []


def test_the_sweep_removes_what_no_row_knows_and_nothing_else(store, organization):
    with store.session(organization) as session:
        kept = files.put(session, "kept", b"kept")
    with pytest.raises(RuntimeError), store.session(organization) as session:
        files.put(session, "lost", b"lost")
        raise RuntimeError
    assert len(on_disk(store, organization)) == 2
    with store.session(organization) as session:
        assert files.sweep(session) == 0, "too young: its transaction may still run"
        assert files.sweep(session, older_than_seconds=0) == 1
        assert files.get(session, kept) == b"kept"
