"""What the plug-in yields for landing, from invented usage and customer feeds."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import espi_files as espi
import pytest
from espi_files import JANUARY, POINT

from lamplighter import plugins
from lamplighter.errors import UnreadableFile
from lamplighter.intake.source import Chunk, Note, ReadOptions, Refused, Source
from lamplighter.intake.sources.green_button import SOURCE

CUSTOMER = "http://naesb.org/espi/customer"
RETAIL = "RetailCustomer/1/Customer/1"
ACCOUNT = f"{RETAIL}/CustomerAccount/1"
AGREEMENT = f"{ACCOUNT}/CustomerAgreement/1"


def customer_feed(*points: str, with_account: bool = True) -> str:
    """A household with an account, an agreement and a place."""
    address = "<streetDetail><addressGeneral>1 LAMP ST</addressGeneral></streetDetail>"
    address += "<townDetail><name>WICK</name><stateOrProvince>CA</stateOrProvince></townDetail>"
    address += "<postalCode>90000</postalCode>"
    person = "<kind>residential</kind><customerName>ADA M LAMP</customerName>"
    mail = (
        "<Organisation><electronicAddress><email1>ada@example.org</email1></electronicAddress></Organisation>"
    )
    listed = "".join(
        f"<UsagePoint>\n https://u.example/espi/1_1/resource/{point}\n</UsagePoint>" for point in points
    )
    return espi.feed(
        espi.entry(espi.resource("Customer", mail + person, CUSTOMER), RETAIL),
        *[
            espi.entry(
                espi.resource("CustomerAccount", "<accountId>A-1</accountId>", CUSTOMER),
                ACCOUNT,
                f"{RETAIL}/CustomerAccount",
            )
        ][: int(with_account)],
        espi.entry(
            espi.resource("CustomerAgreement", "<agreementId>G-1</agreementId>", CUSTOMER),
            AGREEMENT,
            f"{ACCOUNT}/CustomerAgreement",
        ),
        espi.entry(
            espi.resource(
                "ServiceLocation",
                f"<mainAddress>{address}</mainAddress><UsagePoints>{listed}</UsagePoints>",
                CUSTOMER,
            ),
            f"{AGREEMENT}/ServiceLocation/1",
            f"{AGREEMENT}/ServiceLocation",
        ),
    )


def summary(amount: object = 12345678) -> str:
    inner = (
        f"<billingPeriod><duration>{31 * 86400}</duration><start>{JANUARY + 8 * 3600}</start></billingPeriod>"
    )
    inner += espi.fields(billLastPeriod=amount, currency=840)
    used = espi.fields(powerOfTenMultiplier=0, uom=72, value=668123)
    inner += f"<overallConsumptionLastPeriod>{used}</overallConsumptionLastPeriod>"
    return espi.entry(
        espi.resource("UsageSummary", inner), f"{POINT}/UsageSummary/1", f"{POINT}/UsageSummary"
    )


def usage_feed(*more: str) -> str:
    return espi.whole(espi.block(espi.day([250, 300])), *more)


def yielded(where: Path) -> tuple[dict[str, list[dict[str, Any]]], list[Refused], list[str]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    refused, notes = [], []
    for one in SOURCE.read(where, ReadOptions("acme")):
        if isinstance(one, Chunk):
            rows.setdefault(one.table.name, []).extend(one.rows.to_pylist())
        elif isinstance(one, Refused):
            refused.append(one)
        elif isinstance(one, Note):
            notes.append(one.text)
    return rows, refused, notes


def test_the_plug_in_is_installed_and_keeps_the_protocol() -> None:
    assert plugins.load("sources", "green_button") is SOURCE
    assert isinstance(SOURCE, Source)


def test_a_usage_feed_gives_points_and_readings(tmp_path: Path) -> None:
    rows, refused, notes = yielded(espi.write(tmp_path, usage_feed()))
    assert rows["usage_point"] == [
        {"usage_point_id": POINT, "commodity": "electricity", "timezone": "America/Los_Angeles"}
    ]
    assert [
        (row["meter_id"], row["usage_point_id"], row["channel"], row["value"], row["unit"])
        for row in rows["meter_reading"]
    ] == [
        (POINT, POINT, "", Decimal("0.25"), "kWh"),
        (POINT, POINT, "", Decimal("0.3"), "kWh"),
    ]
    assert (refused, notes) == ([], [])


@pytest.mark.parametrize(
    ("given", "stored"), [(17, "valid"), (8, "estimated"), (7, "edited"), (10, "estimated"), (None, "valid")]
)
def test_qualities_are_those_of_the_warehouse(tmp_path: Path, given: int | None, stored: str) -> None:
    rows, _, _ = yielded(
        espi.write(tmp_path, espi.whole(espi.block(espi.reading(JANUARY, 1, quality=given))))
    )
    assert rows["meter_reading"][0]["quality"] == stored


def test_a_bill_without_a_known_account_is_set_aside_not_invented(tmp_path: Path) -> None:
    rows, refused, _ = yielded(espi.write(tmp_path, usage_feed(summary())))
    assert "bill" not in rows
    assert [(one.reason, one.table and one.table.name) for one in refused] == [
        ("bill_without_account", "bill")
    ]
    assert "Put the customer feed into the same folder" in refused[0].sentence


def test_a_summary_without_amount_is_no_bill(tmp_path: Path) -> None:
    rows, refused, _ = yielded(espi.write(tmp_path, usage_feed(summary(""))))
    assert ("bill" not in rows, refused) == (True, [])


def test_usage_and_customer_feed_in_one_folder_are_put_together(tmp_path: Path) -> None:
    espi.write(tmp_path, usage_feed(summary()), "usage.xml")
    espi.write(tmp_path, customer_feed(POINT), "customer.xml")
    rows, refused, _ = yielded(tmp_path)
    assert refused == []
    (person,) = rows["customer"]
    assert (person["first_name"], person["last_name"], person["kind"]) == ("ADA M", "LAMP", "residential")
    assert person["email"] == "ada@example.org"
    assert [(row["account_id"], row["customer_id"]) for row in rows["customer_account"]] == [("A-1", RETAIL)]
    (agreement,) = rows["customer_agreement"]
    assert (agreement["agreement_id"], agreement["account_id"], agreement["usage_point_id"]) == (
        "G-1",
        "A-1",
        POINT,
    )
    (place,) = rows["service_location"]
    assert (place["street"], place["city"], place["zip"]) == ("1 LAMP ST", "WICK", "90000")
    (point,) = rows["usage_point"]
    assert (point["commodity"], point["service_location_id"]) == ("electricity", place["service_location_id"])
    (bill,) = rows["bill"]
    assert (bill["account_id"], bill["amount"], bill["currency"]) == ("A-1", "123.4568", "USD")
    assert (bill["period_start"], bill["period_end"]) == ("2024-01-01", "2024-02-01")
    assert (bill["quantity"], bill["unit"]) == ("668.123000", "kWh")


def test_an_agreement_with_several_points_or_without_account_is_set_aside(tmp_path: Path) -> None:
    rows, refused, _ = yielded(espi.write(tmp_path, customer_feed(POINT, f"{POINT}2")))
    assert ("customer_agreement" not in rows, len(rows["usage_point"])) == (True, 2)
    assert [one.reason for one in refused] == ["agreement_without_point"]
    _, refused, _ = yielded(espi.write(tmp_path, customer_feed(POINT, with_account=False)))
    assert [one.reason for one in refused] == ["parent_missing"]


def test_one_bad_file_of_a_folder_does_not_stop_the_others(tmp_path: Path) -> None:
    espi.write(tmp_path, usage_feed(), "good.xml")
    espi.write(tmp_path, '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "bad.xml")
    rows, refused, _ = yielded(tmp_path)
    assert len(rows["meter_reading"]) == 2
    assert [(one.file, one.line, one.whole_file) for one in refused] == [("bad.xml", 1, True)]
    assert refused[0].sentence.startswith("bad.xml, line 1: the file declares a document type")


def test_a_truncated_file_lands_what_it_has_and_says_where_it_ends(tmp_path: Path) -> None:
    text = usage_feed()
    rows, refused, _ = yielded(espi.write(tmp_path, text[: text.index("<value>300")]))
    assert len(rows["meter_reading"]) == 1
    assert [one.reason for one in refused] == ["truncated"]
    assert refused[0].line == text[: text.index("<value>300")].count("\n") + 1


def test_repairs_are_told_as_notes(tmp_path: Path) -> None:
    text = espi.feed(
        espi.usage_point(), espi.local_time(), espi.meter_reading(), espi.block(espi.day([1000]))
    )
    rows, _, notes = yielded(espi.write(tmp_path, text))
    assert len(rows["meter_reading"]) == 1
    assert any("electricity was taken as Wh" in note for note in notes)


def test_a_utility_export_says_how_it_can_be_landed(tmp_path: Path) -> None:
    _, refused, _ = yielded(
        espi.write(tmp_path, "Read Date,Usage,Number of Days\r1/18/2022,184.00,32", "gas.csv")
    )
    assert "lamplighter land ami" in refused[0].sentence


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="holds no Green Button file"):
        list(SOURCE.read(tmp_path, ReadOptions("acme")))
