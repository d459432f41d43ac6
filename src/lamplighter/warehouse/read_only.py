"""What a foreign query may be: one SELECT over declared tables, checked before any engine sees it."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lamplighter.errors import InvalidInput, NotAllowed
from lamplighter.warehouse.tables import TABLES

_ROW_SOURCES = (exp.Unnest, exp.GenerateSeries, exp.GenerateDateArray, exp.Explode)
_WRITES = (
    exp.DML,
    exp.DDL,
    exp.Command,
    exp.Into,
    exp.Set,
    exp.Attach,
    exp.Copy,
    exp.Pragma,
    exp.Transaction,
)


def check(sql: str, dialect: str, inputs: frozenset[str] = frozenset()) -> set[str]:
    """Names of the declared tables a query reads (``inputs`` are tables that come with it).

    InvalidInput: it is no single SELECT. NotAllowed: it names something else than a declared table
    (``name`` or ``history.name``) or calls a function in the place of one.
    """
    try:
        statements = sqlglot.parse(sql, read=dialect)
    except SqlglotError as error:
        raise InvalidInput(f"This is no SQL that can be read: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise InvalidInput("A query is one SELECT (or WITH … SELECT), nothing else and nothing after it.")
    query = statements[0]
    write = query.find(*_WRITES)
    if write is not None and not isinstance(write, exp.Query):
        raise InvalidInput(f"A query only reads; “{write.sql(dialect)[:60]}” does not.")
    made = {named.alias for named in query.find_all(exp.CTE)} | inputs
    return {_declared(table, made) for table in query.find_all(exp.Table)} - made


def _declared(table: exp.Table, made: set[str] | frozenset[str]) -> str:
    if isinstance(table.this, _ROW_SOURCES):
        return ""
    if not isinstance(table.this, exp.Identifier):
        raise NotAllowed(
            f"“{table.sql()[:60]}” stands where a table must. A query reads declared tables only."
        )
    if table.catalog or table.db not in ("", "main", "history"):
        raise NotAllowed(f"There is no table “{table.sql()[:60]}” to read.")
    name = table.name
    if name in TABLES or (name in made and not table.db) or (name == "batch" and table.db == "history"):
        return name
    raise NotAllowed(f"There is no table “{name}”. Tables: {', '.join(sorted(TABLES))}.")
