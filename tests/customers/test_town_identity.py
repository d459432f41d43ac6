"""Exact keys on the made-up town, whose truth is known: nobody is merged who is not one person."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pytest

from lamplighter.context import Context
from lamplighter.customers import identity
from lamplighter.demo.town import write_town
from lamplighter.intake.land import land


def pairs(records: pa.Table, person: str) -> pa.Table:
    """Every pair of records of one person, the lesser number first."""
    one = records.select(["customer_id", person]).rename_columns(["one", "person"])
    other = one.rename_columns(["other", "person"])
    both = one.join(other, "person", join_type="inner")
    return both.filter(pc.less(both["one"], both["other"])).select(["one", "other"])


def test_exact_keys_merge_no_couple_no_father_and_son_and_no_landlord(
    context: Context, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_town(tmp_path, 1500, today=context.now.date(), reads_share=0.0, bills_months=1)
    land(context, "cis_csv", tmp_path, name="cis")
    unified = identity.unify(context)
    identity.links_to(context, tmp_path / "links.csv")

    as_text = csv.ConvertOptions(column_types={"customer_id": pa.string(), "record_id": pa.string()})
    truth = csv.read_csv(tmp_path / "truth" / "truth.csv", convert_options=as_text)
    links = csv.read_csv(tmp_path / "links.csv", convert_options=as_text).rename_columns(
        {"record_id": "customer_id"}
    )
    found, true = pairs(links, "profile_id"), pairs(truth, "true_id")
    right = found.join(true, ["one", "other"], join_type="inner").num_rows
    with capsys.disabled():
        print(
            f"\nexact keys on {unified.records} records: precision {right / found.num_rows:.3f}, "
            f"recall {right / true.num_rows:.3f}, {unified.blocked} values blocked, {unified.seconds} s"
        )
    assert unified.records == truth.num_rows
    assert right == found.num_rows, "somebody was merged who is not one person"
    assert right > 0
