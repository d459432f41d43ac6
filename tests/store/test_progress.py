"""Progress: followed from outside, with the result or the error at the end."""

import pytest

from lamplighter.errors import NotFound, UnreadableFile
from lamplighter.store import progress


def test_work_is_followed_to_its_result(store, organization, clock):
    with store.session(organization) as session:
        work = progress.start(session, "land", now=clock.now)
        assert progress.get(session, work).state == "queued"
    seen = []

    def report(done: int, total: int, message: str) -> None:
        seen.append((done, total, message))
        with store.session(organization) as session:
            if done == 0:
                progress.update(session, work, done=5, total=10, message="reading", now=clock.now)
            else:
                progress.finish(session, work, result={"landed": 10}, now=clock.now)

    assert progress.follow(store, organization, work, report, pause=0) == {"landed": 10}
    assert seen == [(0, 0, ""), (5, 10, "reading")]


def test_a_failure_is_raised_where_it_is_followed(store, organization, clock):
    with store.session(organization) as session:
        work = progress.start(session, "land", now=clock.now)
        progress.fail(session, work, code="unreadable_file", message="line 3 is cut", now=clock.now)
    with pytest.raises(UnreadableFile, match="line 3 is cut"):
        progress.follow(store, organization, work)


def test_another_organizations_work_is_not_found(store, organization, other_organization, clock):
    with store.session(organization) as session:
        work = progress.start(session, "land", now=clock.now)
    with pytest.raises(NotFound), store.session(other_organization) as session:
        progress.get(session, work)
