"""A billing system's folder lands."""

from decimal import Decimal
from pathlib import Path

import extracts
import pyarrow as pa
import pytest

from lamplighter.context import Context
from lamplighter.errors import LoadWouldEndTooMuch, UnreadableFile
from lamplighter.intake.land import land, rejects, replay, withdraw
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import TABLES


def stored(context: Context, table: str) -> list[dict]:
    rows = context.warehouse.read(current(TABLES[table]), context.organization_id)
    return rows.sort_by([(name, "ascending") for name in TABLES[table].key]).to_pylist()


def test_a_plain_extract_lands_in_its_tables(context: Context, tmp_path: Path) -> None:
    landing = land(context, "cis_csv", extracts.write(tmp_path / "x"))
    assert (landing.landed, landing.rejected, landing.unchanged) == (16, 0, 0), landing
    ana = stored(context, "customer")[0]
    assert (ana["source"], ana["customer_id"], ana["last_name"]) == ("cis_csv", "C1", "Alvarez")
    assert stored(context, "customer_account")[0]["balance"] == Decimal("12.5")
    assert stored(context, "meter_installation")[0]["usage_point_id"] == "SP1"


def test_columns_nobody_declared_are_kept_as_attributes(context: Context, tmp_path: Path) -> None:
    land(context, "cis_csv", extracts.write(tmp_path / "x"))
    assert [row["attributes"] for row in stored(context, "customer")] == [
        '{"favourite_colour":"green"}',
        None,
    ]
    assert stored(context, "meter")[0]["attributes"] == '{"colour":"grey"}'


def test_an_estimated_bill_is_issued_and_estimated(context: Context, tmp_path: Path) -> None:
    land(context, "cis_csv", extracts.write(tmp_path / "x"))
    assert [(row["status"], row["is_estimated"]) for row in stored(context, "bill")] == [
        ("issued", None),
        ("issued", True),
    ]


def test_a_bill_line_knows_its_account_from_the_bill(context: Context, tmp_path: Path) -> None:
    land(context, "cis_csv", extracts.write(tmp_path / "x"))
    assert {row["account_id"] for row in stored(context, "bill_line")} == {"A1"}


def test_the_same_extract_again_changes_nothing(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x")
    first = land(context, "cis_csv", folder)
    again = land(context, "cis_csv", folder)
    assert (again.landed, again.unchanged) == (0, first.landed)


def test_a_changed_row_is_a_new_version_and_the_old_one_is_back_after_withdrawal(
    context: Context, tmp_path: Path
) -> None:
    folder = extracts.write(tmp_path / "x")
    land(context, "cis_csv", folder)
    changed = extracts.FILES["customers.csv"].replace("ben@example.org", "ben@new.example")
    landing = land(context, "cis_csv", extracts.write(folder, customers=changed))
    assert landing.landed == 1
    assert stored(context, "customer")[1]["email"] == "ben@new.example"
    withdraw(context, landing.batch)
    assert stored(context, "customer")[1]["email"] == "ben@example.org"


def test_bad_rows_are_set_aside_with_file_line_and_remedy_and_the_others_land(
    context: Context, tmp_path: Path
) -> None:
    accounts = (
        "account_id,customer_id,status,opened_on,closed_on,balance\n"
        "A1,C1,open,2024-03-01,,12.50\n"
        "A2,C2,opne,2025-01-01,,0\n"
        "A3,C2,open,2025-02-30,,0\n"
        "A4,C2,open,2025-02-01,,twelve\n"
        "A5,C9,open,2025-02-01,,1\n"
        ",C2,open,2025-02-01,,1\n"
    )
    landing = land(context, "cis_csv", extracts.write(tmp_path / "x", accounts=accounts))
    found = {
        (row["file"], row["line"], row["reason"])
        for row in rejects(context, "cis_csv")
        if row["file"] == "accounts.csv"
    }
    assert found == {
        ("accounts.csv", 3, "unknown_code"),
        ("accounts.csv", 4, "bad_date"),
        ("accounts.csv", 5, "bad_number"),
        ("accounts.csv", 6, "unknown_customer"),
        ("accounts.csv", 7, "missing_value"),
    }
    message = next(row["message"] for row in rejects(context, "cis_csv") if row["line"] == 3)
    assert "status “opne” cannot be used" in message and "Did you mean “open”?" in message
    assert [row["account_id"] for row in stored(context, "customer_account")] == ["A1"]
    # What hangs on the refused account waits with it.
    assert landing.reasons["unknown_account"] == 2
    assert landing.landed + landing.rejected + landing.unchanged == 20


def test_what_waited_for_its_customer_lands_by_replay_once_the_customer_is_there(
    context: Context, tmp_path: Path
) -> None:
    folder = extracts.write(tmp_path / "x", customers=extracts.CUSTOMERS + "C1,residential,Ana,Alvarez,,,\n")
    first = land(context, "cis_csv", folder)
    assert first.reasons["unknown_customer"] == 1
    land(
        context,
        "cis_csv",
        extracts.alone(
            tmp_path / "later", "customers.csv", extracts.CUSTOMERS + "C2,residential,Ben,Okafor,,,\n"
        ),
    )
    again = replay(context, "cis_csv")
    assert again.rejected == 0, rejects(context, "cis_csv")
    assert again.landed == first.rejected
    assert rejects(context, "cis_csv") == []
    assert stored(context, "customer_account")[1]["customer_id"] == "C2"


def test_a_file_landed_again_replaces_what_was_set_aside_of_it(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x", customers=extracts.CUSTOMERS + "C1,unheard,Ana,,,,\n")
    land(context, "cis_csv", folder)
    land(context, "cis_csv", folder)
    assert len([row for row in rejects(context, "cis_csv") if row["file"] == "customers.csv"]) == 1
    land(context, "cis_csv", extracts.write(folder))
    assert rejects(context, "cis_csv") == []


def test_a_misspelt_header_names_the_nearest_column(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x", customers="custmer_id,kind\nC1,residential\n")
    landing = land(context, "cis_csv", folder)
    assert landing.reasons["wrong_header"] == 1
    assert any(
        "customers.csv, line 1" in note and "“customer_id”" in note and "Did you mean “custmer_id”?" in note
        for note in landing.notes
    )
    assert len(stored(context, "service_location")) == 2


def test_a_folder_in_which_nothing_can_be_read_is_refused_with_the_sentence(
    context: Context, tmp_path: Path
) -> None:
    with pytest.raises(
        UnreadableFile, match=r"customers\.csv, line 1: the header lacks the column “customer_id”"
    ):
        land(context, "cis_csv", extracts.alone(tmp_path / "x", "customers.csv", "a,b\n1,2\n"))


def test_latin_1_text_is_refused_by_row_with_the_remedy(context: Context, tmp_path: Path) -> None:
    text = (extracts.CUSTOMERS + "C1,residential,Ana,Müller,,,\nC2,residential,Ben,Okafor,,,\n").encode(
        "latin-1"
    )
    landing = land(context, "cis_csv", extracts.alone(tmp_path / "x", "customers.csv", text))
    assert (landing.landed, landing.rejected) == (1, 1)
    row = rejects(context, "cis_csv")[0]
    assert (row["file"], row["line"], row["reason"]) == ("customers.csv", 2, "not_utf8")
    assert "encoding: latin-1" in row["message"]


def test_a_nul_byte_costs_its_row_only(context: Context, tmp_path: Path) -> None:
    text = extracts.CUSTOMERS + "C1,residential,Ana,Al\0varez,,,\nC2,residential,Ben,Okafor,,,\n"
    landing = land(context, "cis_csv", extracts.alone(tmp_path / "x", "customers.csv", text))
    assert (landing.landed, landing.reasons) == (1, {"nul_byte": 1})
    assert rejects(context, "cis_csv")[0]["line"] == 2


def test_a_mapping_renames_translates_and_reads_formats(context: Context, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    extracts.alone(
        folder,
        "KUNDEN.TXT",
        "KDNR;TYP;NAME;ANGELEGT\n7;P;Müller;01.02.2020\n8;G;Bäckerei;31.12.2019\n".encode("latin-1"),
    )
    extracts.alone(folder, "KONTEN.TXT", "NR;KDNR;SALDO\nA1;7;1.234,50\n")
    extracts.alone(
        folder,
        "mapping.yaml",
        """\
files:
  customers:
    file: KUNDEN.TXT
    delimiter: ';'
    encoding: latin-1
    date: '%d.%m.%Y'
    columns: {customer_id: KDNR, kind: TYP, last_name: NAME, created_on: ANGELEGT}
    codes: {kind: {P: residential, G: commercial}}
    set: {language: de}
  accounts:
    file: KONTEN.TXT
    delimiter: ';'
    decimal: ','
    columns: {account_id: NR, customer_id: KDNR, balance: SALDO}
""",
    )
    landing = land(context, "cis_csv", folder, name="stadtwerke")
    assert (landing.landed, landing.rejected) == (3, 0), rejects(context, "stadtwerke")
    first = stored(context, "customer")[0]
    assert (
        first["source"],
        first["kind"],
        first["last_name"],
        str(first["created_on"]),
        first["language"],
    ) == (
        "stadtwerke",
        "residential",
        "Müller",
        "2020-02-01",
        "de",
    )
    assert stored(context, "customer_account")[0]["balance"] == Decimal("1234.5")


def test_a_meter_that_moved_is_one_meter_with_two_installations(context: Context, tmp_path: Path) -> None:
    meters = (
        extracts.FILES["meters.csv"].replace("2020-01-01,,ami", "2020-01-01,2026-06-01,ami")
        + "M1,S-1,SP2,2026-06-01,,ami,kWh,grey\n"
    )
    landing = land(context, "cis_csv", extracts.write(tmp_path / "x", meters=meters))
    assert landing.rejected == 0 and len(stored(context, "meter")) == 2
    assert [row["usage_point_id"] for row in stored(context, "meter_installation")] == ["SP1", "SP2", "SP2"]


def test_accounts_of_two_utilities_with_one_number_are_two_accounts(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x")
    land(context, "cis_csv", folder, name="north")
    land(context, "cis_csv", folder, name="south")
    assert [(row["source"], row["account_id"]) for row in stored(context, "customer_account")] == [
        ("north", "A1"),
        ("north", "A2"),
        ("south", "A1"),
        ("south", "A2"),
    ]


def test_another_organization_sees_nothing(context: Context, other_context: Context, tmp_path: Path) -> None:
    land(context, "cis_csv", extracts.write(tmp_path / "x", customers=extracts.CUSTOMERS + "C1,odd,,,,,\n"))
    assert stored(other_context, "customer") == [] and rejects(other_context, "cis_csv") == []


def test_the_last_of_two_rows_with_one_key_lands(context: Context, tmp_path: Path) -> None:
    rows = "C1,residential,Ana,Old,,,\nC2,residential,Ben,Okafor,,,\nC1,residential,Ana,New,,,\nC1,residential,Ana,New,,,\n"
    landing = land(
        context, "cis_csv", extracts.alone(tmp_path / "x", "customers.csv", extracts.CUSTOMERS + rows)
    )
    assert (landing.landed, landing.unchanged, landing.reasons) == (2, 1, {"conflicting_duplicate": 1})
    assert stored(context, "customer")[0]["last_name"] == "New"
    assert rejects(context, "cis_csv")[0]["line"] == 2


def many(count: int, without: tuple[int, ...] = ()) -> str:
    return extracts.CUSTOMERS + "".join(
        f"C{n},residential,Ana,Nr{n},,,\n" for n in range(count) if n not in without
    )


def test_a_full_load_ends_what_is_absent(context: Context, tmp_path: Path) -> None:
    land(context, "cis_csv", extracts.alone(tmp_path, "customers.csv", many(100)))
    landing = land(
        context, "cis_csv", extracts.alone(tmp_path, "customers.csv", many(100, without=(7,))), full=True
    )
    assert landing.tables["customer"].ended == 1
    ended = [row for row in stored(context, "customer") if row["attributes"]]
    assert [(row["customer_id"], row["attributes"]) for row in ended] == [("C7", '{"ended_on":"2026-11-22"}')]
    again = land(context, "cis_csv", tmp_path / "customers.csv", full=True)
    assert again.landed == 0 and again.tables["customer"].ended == 0


def test_a_full_load_that_would_end_more_than_five_percent_stops_and_stores_nothing(
    context: Context, tmp_path: Path
) -> None:
    land(context, "cis_csv", extracts.alone(tmp_path, "customers.csv", many(100)))
    path = extracts.alone(tmp_path, "customers.csv", many(100, without=(1, 2, 3, 4, 5, 6)))
    with pytest.raises(LoadWouldEndTooMuch, match=r"lacks 6 of the 100 rows of customer"):
        land(context, "cis_csv", path, full=True)
    assert not [row for row in stored(context, "customer") if row["attributes"]]
    assert land(context, "cis_csv", path, full=True, end_many=True).tables["customer"].ended == 6


def test_a_row_set_aside_in_a_full_load_is_not_ended(context: Context, tmp_path: Path) -> None:
    land(context, "cis_csv", extracts.alone(tmp_path, "customers.csv", many(100)))
    path = extracts.alone(tmp_path, "customers.csv", many(100).replace("C7,residential", "C7,reptile"))
    landing = land(context, "cis_csv", path, full=True)
    assert landing.tables["customer"].ended == 0 and landing.rejected == 1


def test_a_closed_account_gets_its_day_of_closing(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x")
    land(context, "cis_csv", folder)
    land(
        context,
        "cis_csv",
        extracts.write(folder, accounts=extracts.FILES["accounts.csv"].rsplit("A2", 1)[0]),
        full=True,
        end_many=True,
    )
    row = stored(context, "customer_account")[1]
    assert (str(row["closed_at"]), row["status"]) == ("2026-11-22", "closed")


def test_parquet_of_the_same_columns_is_read_as_well(context: Context, tmp_path: Path) -> None:
    import pyarrow.csv
    import pyarrow.parquet

    folder = extracts.write(tmp_path / "x")
    for path in list(folder.glob("*.csv")):
        pyarrow.parquet.write_table(pa.csv.read_csv(path), path.with_suffix(".parquet"))
        path.unlink()
    landing = land(context, "cis_csv", folder)
    assert (landing.landed, landing.rejected) == (16, 0), rejects(context, "cis_csv")


def test_a_mistyped_file_name_is_said_and_left_out(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x")
    (folder / "customers.csv").rename(folder / "custommers.csv")
    landing = land(context, "cis_csv", folder)
    assert any("custommers.csv" in note and "Did you mean “customers”?" in note for note in landing.notes)
