"""Foreign SQL: what passes, and that nothing else does."""

import pytest

from lamplighter.errors import InvalidInput, NotAllowed
from lamplighter.warehouse import read_only


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT count(*) FROM payment", {"payment"}),
        ("select p.amount from main.payment p join bill b using (account_id)", {"payment", "bill"}),
        ("WITH big AS (SELECT * FROM bill WHERE amount > 100) SELECT * FROM big UNION ALL SELECT * FROM bill", {"bill"}),
        ("SELECT * FROM history.payment", {"payment"}),
        ("SELECT * FROM history.batch", {"batch"}),
        ("SELECT * FROM payment WHERE account_id IN (SELECT account_id FROM customer_account)", {"payment", "customer_account"}),
        ("SELECT d FROM generate_series(1, 3) AS t (d)", set()),
        ("SELECT u FROM payment, unnest([1, 2]) AS t (u)", {"payment"}),
        ("FROM payment", {"payment"}),
        ("SELECT 1;", set()),
    ],
)  # fmt: skip
def test_a_select_over_declared_tables_passes_and_names_them(sql: str, tables: set[str]) -> None:
    assert read_only.check(sql, "duckdb") - {""} == tables


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "DELETE FROM payment",
        "SELECT 1; DROP TABLE payment",
        "SELECT 1; SELECT 2",
        "INSERT INTO payment SELECT * FROM payment",
        "CREATE TABLE x AS SELECT 1",
        "COPY payment TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.duckdb'",
        "PRAGMA database_list",
        "SET memory_limit = '1TB'",
        "INSTALL httpfs",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL pragma_version()",
        "EXPORT DATABASE '/tmp/x'",
        "SELECT FROM WHERE",
        "VACUUM",
    ],
)
def test_what_is_no_single_select_is_refused(sql: str) -> None:
    with pytest.raises(InvalidInput):
        read_only.check(sql, "duckdb")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('payment')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_settings",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM stored.payment",
        "SELECT * FROM ledger.batch",
        "SELECT * FROM other.main.payment",
        "SELECT * FROM nowhere",
        "SELECT * FROM history.nowhere",
        "SELECT (SELECT count(*) FROM stored.payment)",
        "WITH a AS (SELECT * FROM superseded.payment) SELECT * FROM a",
        "SELECT * FROM payment JOIN read_csv('x.csv') AS c ON true",
    ],
)
def test_what_is_no_declared_table_is_refused(sql: str) -> None:
    with pytest.raises(NotAllowed):
        read_only.check(sql, "duckdb")


def test_tables_that_come_with_the_query_may_be_named() -> None:
    assert read_only.check("SELECT * FROM members", "duckdb", frozenset({"members"})) == set()
