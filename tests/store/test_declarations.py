"""Every table says what it is, whom it is about and how long it stays; nothing is named like an SQL word."""

import pytest
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from lamplighter import app
from lamplighter.model.declaration import Retention, Subject

TABLES = sorted(app.metadata().tables)
RESERVED = set(RESERVED_WORDS) | {"at", "start", "end", "on", "from", "to", "values"}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_declares_meaning_subject_and_retention(name):
    table = app.metadata().tables[name]
    assert table.info["meaning"] and table.comment == table.info["meaning"]
    assert isinstance(table.info["retention"], Retention)
    subject = table.info["subject"]
    assert subject is None or isinstance(subject, Subject)
    named = {subject.column, subject.at} - {None} if subject else set()
    expires_by = table.info["retention"].column
    assert named | ({expires_by} if expires_by else set()) <= set(table.c.keys())


@pytest.mark.parametrize("name", TABLES)
def test_each_column_says_what_it_means(name):
    assert [column.name for column in app.metadata().tables[name].c if not column.comment] == []


@pytest.mark.parametrize("name", TABLES)
def test_no_name_is_a_reserved_word(name):
    assert {name, *app.metadata().tables[name].c.keys()} & RESERVED == set()


@pytest.mark.parametrize("name", TABLES)
def test_what_expires_says_by_which_column(name):
    retention = app.metadata().tables[name].info["retention"]
    assert retention.months is None or retention.column or "recorded_at" in app.metadata().tables[name].c
