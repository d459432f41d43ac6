"""A left join that adds columns and nothing else: Ibis keeps the right side's keys under new names, this does not."""

from collections.abc import Sequence

import ibis


def attach(rows: ibis.Table, other: ibis.Table, keys: Sequence[str]) -> ibis.Table:
    """Every row, with the columns of the matching row of ``other`` (which is unique by ``keys``), else nulls."""
    added = [name for name in other.columns if name not in keys]
    renamed = other.select(
        **{f"_{name}": other[name] for name in keys}, **{name: other[name] for name in added}
    )
    joined = rows.left_join(renamed, [rows[name] == renamed[f"_{name}"] for name in keys])
    return joined.select(
        *[rows[name] for name in rows.columns if name not in added], *[renamed[name] for name in added]
    )
