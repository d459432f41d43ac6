"""The made-up town: that its books balance, that its meters and bills agree, and that it tells the truth about itself."""

import hashlib
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import phonenumbers
import pyarrow.parquet as pq
import pytest

from lamplighter.demo import Town, write_town
from lamplighter.demo.contact_details import KIOSK_PHONE, PLACEHOLDER_PHONES
from lamplighter.demo.hours import local_hours

TODAY = date(2026, 11, 22)
LAYOUT = Path(__file__).parent / "layout.txt"
LOCAL = "AT TIME ZONE 'America/Los_Angeles'"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return write_town(tmp_path_factory.mktemp("town"), 3_000, today=TODAY, reads_share=0.011)


@pytest.fixture(scope="module")
def books(town: Town) -> Iterator[duckdb.DuckDBPyConnection]:
    """Each file as a view of its name; text stays text."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for file in town.files:
        path, name = town.folder / file, Path(file).stem
        if path.suffix == ".parquet":
            connection.execute(f"CREATE VIEW {name} AS FROM '{path}'")
            continue
        header = path.read_text().splitlines()[0].replace('"', "").split(",")
        texts = {
            column: "VARCHAR" for column in header if column.endswith(("_id", "zip")) or column == "value"
        }
        connection.execute(
            f"CREATE VIEW {name} AS FROM read_csv('{path}', header = true, sample_size = -1, types = {texts})"
        )
    yield connection
    connection.close()


def one(books: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    found = books.execute(sql).fetchone()
    assert found is not None
    return found


def test_a_town_has_as_many_customers_as_were_asked_for_and_fewer_people(town, books) -> None:
    records, people = one(books, "SELECT count(*), count(DISTINCT true_id) FROM truth")
    assert town.files["customers.csv"] == records == 3_000
    assert 0.88 < people / records < 0.94


def test_files_have_the_columns_of_the_plain_extract(town, books) -> None:
    for line in LAYOUT.read_text().splitlines():
        name, _, columns = line.partition(": ")
        have = [row[0] for row in books.execute(f"DESCRIBE {name}").fetchall()]
        extra = {"premises": ["ward"]}.get(name, [])
        assert have == columns.split(", ") + extra, name


@pytest.mark.parametrize(
    ("child", "column", "parent", "key"),
    [
        ("accounts", "customer_id", "customers", "customer_id"),
        ("agreements", "account_id", "accounts", "account_id"),
        ("agreements", "service_point_id", "service_points", "service_point_id"),
        ("agreements", "payer_customer_id", "customers", "customer_id"),
        ("service_points", "premise_id", "premises", "premise_id"),
        ("meters", "service_point_id", "service_points", "service_point_id"),
        ("bills", "account_id", "accounts", "account_id"),
        ("bills", "replaces_bill_id", "bills", "bill_id"),
        ("bill_lines", "bill_id", "bills", "bill_id"),
        ("bill_lines", "service_point_id", "service_points", "service_point_id"),
        ("payments", "account_id", "accounts", "account_id"),
        ("collections", "account_id", "accounts", "account_id"),
        ("arrangements", "account_id", "accounts", "account_id"),
        ("relationships", "from_customer_id", "customers", "customer_id"),
        ("relationships", "to_customer_id", "customers", "customer_id"),
        ("relationships", "account_id", "accounts", "account_id"),
        ("contacts", "customer_id", "customers", "customer_id"),
        ("enrolments", "program_id", "programs", "program_id"),
        ("enrolments", "account_id", "accounts", "account_id"),
        ("tickets", "customer_id", "customers", "customer_id"),
        ("tickets", "account_id", "accounts", "account_id"),
        ("surveys", "customer_id", "customers", "customer_id"),
        ("outage_service_points", "outage_id", "outages", "outage_id"),
        ("outage_service_points", "service_point_id", "service_points", "service_point_id"),
        ("water_samples", "premise_id", "premises", "premise_id"),
        ("interval_reads", "meter_id", "meters", "meter_id"),
        ("truth", "customer_id", "customers", "customer_id"),
        ("leaks", "service_point_id", "service_points", "service_point_id"),
    ],
)
def test_every_reference_finds_its_row(books, child: str, column: str, parent: str, key: str) -> None:
    lost = f"SELECT count(*) FROM {child} WHERE {column} NOT IN (SELECT {key} FROM {parent})"
    assert one(books, lost) == (0,)
    assert one(books, f"SELECT count({column}) FROM {child}")[0] > 0


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("customers", "customer_id"),
        ("relationships", "from_customer_id, to_customer_id, kind"),
        ("accounts", "account_id, customer_id"),
        ("premises", "premise_id"),
        ("premises", "street, unit"),
        ("service_points", "service_point_id"),
        ("agreements", "agreement_id"),
        ("meters", "meter_id"),
        ("meters", "serial"),
        ("bills", "bill_id"),
        ("bill_lines", "bill_id, line"),
        ("payments", "payment_id"),
        ("collections", "event_id"),
        ("arrangements", "arrangement_id"),
        ("enrolments", "enrolment_id"),
        ("tickets", "ticket_id"),
        ("surveys", "response_id"),
        ("outage_service_points", "outage_id, service_point_id"),
        ("water_samples", "sample_id"),
        ("contacts", "customer_id, channel"),
        ("interval_reads", "meter_id, start, flow"),
        ("truth", "customer_id"),
    ],
)
def test_no_key_comes_twice(books, name: str, key: str) -> None:
    assert books.execute(f"SELECT {key} FROM {name} GROUP BY ALL HAVING count(*) > 1").fetchall() == []


def test_lines_add_up_to_their_bill_to_the_cent(books) -> None:
    wrong = """
        SELECT count(*) FROM bills LEFT JOIN
            (SELECT bill_id, sum(amount) AS total FROM bill_lines GROUP BY ALL) USING (bill_id)
        WHERE total IS DISTINCT FROM amount::DECIMAL(12, 2)"""
    assert one(books, wrong) == (0,)


def test_every_line_is_its_quantity_times_its_rate(books) -> None:
    wrong = "SELECT count(*) FROM bill_lines WHERE abs(amount::DOUBLE - quantity * rate) > 0.00500001"
    assert one(books, wrong) == (0,)
    kinds = books.execute("SELECT DISTINCT kind FROM bill_lines").fetchall()
    assert {kind for (kind,) in kinds} == {"fixed", "energy", "demand", "tax", "credit", "other"}


def test_a_balance_is_what_was_billed_less_what_was_paid(books) -> None:
    wrong = """
        WITH billed AS (SELECT account_id, sum(amount) AS billed FROM bills WHERE status <> 'cancelled' GROUP BY ALL),
        paid AS (SELECT account_id, sum(amount) AS paid FROM payments WHERE NOT returned GROUP BY ALL),
        owed AS (SELECT account_id, sum(balance) AS owed FROM accounts GROUP BY ALL)
        SELECT count(*) FROM owed LEFT JOIN billed USING (account_id) LEFT JOIN paid USING (account_id)
        WHERE abs(owed - coalesce(billed, 0) + coalesce(paid, 0)) > 0.001"""
    assert one(books, wrong) == (0,)


def test_what_is_overdue_is_part_of_the_balance_and_older_than_today(books) -> None:
    assert one(books, "SELECT count(*) FROM accounts WHERE arrears > greatest(balance, 0) + 0.001") == (0,)
    overdue, with_old_date = one(
        books,
        f"SELECT count(*), count(*) FILTER (oldest_due_on < DATE '{TODAY}') FROM accounts WHERE arrears > 0",
    )
    assert overdue == with_old_date > 0
    assert one(books, "SELECT count(*) FROM accounts WHERE balance <= 0 AND oldest_due_on IS NOT NULL") == (
        0,
    )


def test_a_bill_goes_on_from_the_one_before(books) -> None:
    wrong = """
        WITH chain AS (
            SELECT *, lag(amount_due) OVER (PARTITION BY customer_id, account_id ORDER BY period_start, period_end) AS before
            FROM bills JOIN accounts USING (account_id)
            WHERE bills.status <> 'cancelled' AND period_start >= opened_on AND (closed_on IS NULL OR period_end <= closed_on))
        SELECT count(*) FROM chain
        WHERE abs(amount_due - previous_balance + payments - amount) > 0.001
            OR abs(previous_balance - coalesce(before, 0)) > 0.001"""
    assert one(books, wrong) == (0,)


def test_one_bill_may_hold_several_services(books) -> None:
    several = "SELECT bill_id FROM bill_lines GROUP BY ALL HAVING count(DISTINCT commodity) >= 3"
    assert one(books, f"SELECT count(*) FROM ({several})")[0] > 1_000
    assert one(books, f"SELECT count(usage) FROM bills WHERE bill_id IN ({several})") == (0,)
    alone = """
        SELECT count(*), count(*) FILTER (abs(usage - used) < 1e-6) FROM bills JOIN (
            SELECT bill_id, sum(quantity) AS used FROM bill_lines WHERE kind = 'energy' GROUP BY ALL) USING (bill_id)
        WHERE bills.commodity IS NOT NULL"""
    count, same = one(books, alone)
    assert count == same > 1_000


def test_some_bills_are_estimated_corrected_or_cancelled(books) -> None:
    statuses = dict(books.execute("SELECT status, count(*) FROM bills GROUP BY ALL").fetchall())
    assert set(statuses) == {"issued", "estimated", "corrected", "cancelled"}
    wrong = """
        SELECT count(*) FROM bills AS new LEFT JOIN bills AS old ON new.replaces_bill_id = old.bill_id
        WHERE new.status = 'corrected' AND (old.status <> 'cancelled' OR old.bill_id IS NULL
            OR old.account_id <> new.account_id OR old.issued_on >= new.issued_on)"""
    assert one(books, wrong) == (0,)


def test_nobody_gets_a_shutoff_notice_in_winter_or_with_a_medical_need(books) -> None:
    winter = "kind <> 'reminder' AND month(coalesce(planned_on, \"on\")) IN (11, 12, 1, 2, 3)"
    assert one(books, f"SELECT count(*) FROM collections WHERE {winter}") == (0,)
    protected = """
        SELECT count(*) FROM collections JOIN accounts USING (account_id) JOIN customers USING (customer_id)
        WHERE collections.kind = 'disconnected' AND special_needs SIMILAR TO '.*(life_support|medical).*'
            AND account_id NOT IN (SELECT account_id FROM accounts GROUP BY ALL HAVING count(*) > 1)"""
    assert one(books, protected) == (0,)
    kinds = {kind for (kind,) in books.execute("SELECT DISTINCT kind FROM collections").fetchall()}
    assert kinds == {"reminder", "disconnect_notice", "disconnected", "reconnected"}


@pytest.fixture(scope="module")
def compared(books) -> duckdb.DuckDBPyConnection:
    """Use on bills beside the sum of reads of the same days, for actual and corrected bills."""
    books.execute(f"""
        CREATE TABLE compared AS
        WITH reads AS (
            SELECT service_point_id, start, flow, isodow(start {LOCAL}) < 6 AND hour(start {LOCAL}) BETWEEN 16 AND 20 AS evening,
                value / CASE interval_reads.unit WHEN 'Wh' THEN 1000 ELSE 1 END AS value
            FROM interval_reads JOIN meters USING (meter_id)),
        billed AS (
            SELECT bill_id, service_point_id, commodity, period_start::TIMESTAMP {LOCAL} AS since,
                period_end::TIMESTAMP {LOCAL} AS until, sum(quantity) FILTER (kind = 'energy') AS used,
                sum(quantity) FILTER (description LIKE '%4 pm to 9 pm') AS evening,
                sum(quantity) FILTER (description LIKE 'Solar%') AS sent
            FROM bill_lines
            WHERE bill_id IN (SELECT bill_id FROM bills WHERE status IN ('issued', 'corrected'))
                AND service_point_id IN (SELECT service_point_id FROM reads) AND commodity <> 'wastewater'
            GROUP BY ALL)
        SELECT billed.*, date_diff('hour', since, until) AS hours, count(value) FILTER (flow = 'delivered') AS seen,
            sum(value) FILTER (flow = 'delivered') AS measured,
            sum(value) FILTER (flow = 'delivered' AND reads.evening) AS measured_evening,
            sum(value) FILTER (flow = 'received') AS measured_sent
        FROM billed JOIN reads ON reads.service_point_id = billed.service_point_id AND start >= since AND start < until
        GROUP BY ALL""")
    return books


def test_bills_charge_for_what_the_meter_read(compared) -> None:
    count, worst = one(
        compared, "SELECT count(*), max(abs(used - measured)) FROM compared WHERE seen = hours"
    )
    assert count > 150
    assert worst <= 0.51
    assert one(compared, "SELECT count(DISTINCT commodity) FROM compared WHERE seen = hours") == (3,)


def test_a_gap_in_the_reads_is_smaller_than_the_month(compared) -> None:
    count, most = one(
        compared, "SELECT count(*), max(1 - seen / hours) FROM compared WHERE seen < hours AND hours > 600"
    )
    assert count > 0
    assert most < 0.1
    off = "SELECT max(abs(used - measured) / used) FROM compared WHERE seen < hours AND hours > 600 AND used > 20"
    assert one(compared, off)[0] < 0.15


def test_evening_and_solar_lines_agree_with_the_hours_they_name(compared) -> None:
    evenings, worst = one(
        compared,
        "SELECT count(evening), max(abs(evening - measured_evening)) FROM compared WHERE seen = hours",
    )
    assert evenings > 15
    assert worst <= 0.51
    sunny, worst = one(
        compared, "SELECT count(sent), max(abs(sent - measured_sent)) FROM compared WHERE seen = hours"
    )
    assert sunny > 10
    assert worst <= 0.51


def test_spring_has_a_day_of_23_hours_and_autumn_one_of_25(books) -> None:
    hours = f"""
        SELECT day, max(hours) FROM (
            SELECT meter_id, (start {LOCAL})::DATE AS day, count(DISTINCT start) AS hours FROM interval_reads GROUP BY ALL)
        GROUP BY ALL HAVING max(hours) <> 24 ORDER BY day"""
    days = books.execute(hours).fetchall()
    assert [(day.isoformat(), count) for day, count in days] == [
        ("2025-11-02", 25),
        ("2026-03-08", 23),
        ("2026-11-01", 25),
    ]


def test_evenings_stay_evenings_on_both_sides_of_the_clock_change() -> None:
    first = (date(2026, 3, 7) - date(1970, 1, 1)).days
    axis = local_hours(first, first + 3)
    assert [int((axis.day == day).sum()) for day in range(3)] == [24, 23, 24]
    assert axis.hour[24:28].tolist() == [0, 1, 3, 4]
    assert axis.midnight.tolist() == [0, 24, 47, 71]
    assert axis.weekend.tolist() == [True] * 47 + [False] * 24


def test_reads_go_up_to_last_midnight_and_are_sorted(town, books) -> None:
    last = one(books, f"SELECT max(start {LOCAL}), min(seconds), max(seconds) FROM interval_reads")
    assert (str(last[0]), *last[1:]) == ("2026-11-21 23:00:00", 3600, 3600)
    table = pq.read_table(town.folder / "reads/interval_reads.parquet", columns=["meter_id", "start", "flow"])
    assert table.equals(
        table.sort_by([("meter_id", "ascending"), ("start", "ascending"), ("flow", "ascending")])
    )
    assert str(table.schema.field("start").type) == "timestamp[us, tz=UTC]"


def test_without_a_share_about_two_hundred_meters_have_reads(tmp_path: Path) -> None:
    town = write_town(tmp_path, 600, today=TODAY, bills_months=0)
    meters = pq.read_table(tmp_path / "reads/interval_reads.parquet", columns=["meter_id"])[
        "meter_id"
    ].unique()
    assert 150 <= len(meters) <= 250
    assert town.files["reads/interval_reads.parquet"] < 2_400_000


def test_reads_have_gaps_estimates_and_solar(books) -> None:
    found = books.execute("SELECT DISTINCT quality FROM interval_reads").fetchall()
    assert {quality for (quality,) in found} == {"valid", "estimated", "edited", "missing"}
    assert one(
        books, "SELECT count(*) FROM interval_reads WHERE (value IS NULL) <> (quality = 'missing')"
    ) == (0,)
    assert one(books, "SELECT count(DISTINCT meter_id) FROM interval_reads WHERE flow = 'received'")[0] > 0
    away = f"""
        SELECT count(*) FROM interval_reads JOIN meters USING (meter_id)
        WHERE (start {LOCAL})::DATE < installed_on OR (start {LOCAL})::DATE >= removed_on"""
    assert one(books, away) == (0,)


def test_a_leak_never_rests_and_other_homes_do(books) -> None:
    dry = f"""
        SELECT leak_from IS NOT NULL, count(DISTINCT service_point_id), count(*) FILTER (value = 0)
        FROM interval_reads JOIN meters USING (meter_id) JOIN service_points USING (service_point_id)
            LEFT JOIN leaks USING (service_point_id)
        WHERE commodity = 'water' AND (start {LOCAL})::DATE > coalesce(leak_from, DATE '2026-11-10')
            AND premise_id IN (SELECT premise_id FROM premises WHERE kind <> 'commercial')
        GROUP BY ALL ORDER BY ALL"""
    (_, tight, hours_at_rest), (_, leaking, dry_hours) = books.execute(dry).fetchall()
    assert tight > 5
    assert hours_at_rest / tight > 24
    assert leaking > 3
    assert dry_hours == 0


def test_nobody_follows_anybody_at_a_service_point_before_they_left(books) -> None:
    overlaps = """
        SELECT count(*) FROM agreements AS one JOIN agreements AS other USING (service_point_id)
        WHERE one.agreement_id < other.agreement_id AND one.started_on < coalesce(other.ended_on, DATE '9999-01-01')
            AND other.started_on < coalesce(one.ended_on, DATE '9999-01-01')"""
    assert one(books, overlaps) == (0,)
    moved = "SELECT count(*) FROM (SELECT service_point_id FROM agreements GROUP BY ALL HAVING count(*) > 1)"
    assert one(books, moved)[0] > 200


def test_nothing_is_dated_after_today(books) -> None:
    for name, column in [
        ("customers", "created_on"), ("accounts", "opened_on"), ("accounts", "closed_on"), ("agreements", "started_on"),
        ("agreements", "ended_on"), ("bills", "issued_on"), ("payments", "paid_on"), ("collections", '"on"'),
        ("arrangements", "made_on"), ("meters", "installed_on"), ("water_samples", "taken_on"),
        ("relationships", "started_on"), ("tickets", "opened_at::DATE"), ("surveys", "answered_at::DATE"),
    ]:  # fmt: skip
        assert one(books, f"SELECT max({column}) FROM {name}")[0] <= TODAY, name


def test_an_outage_is_under_way(books) -> None:
    assert one(
        books,
        "SELECT count(*), max(started_at)::DATE >= DATE '2026-11-21' FROM outages WHERE restored_at IS NULL",
    ) == (1, True)
    assert one(books, "SELECT count(*) FILTER (planned), count(*) FILTER (NOT planned) FROM outages") > (0, 0)


def test_the_truth_names_every_trap_and_tells_the_couple_from_the_double(books) -> None:
    labels = {
        row[0]
        for row in books.execute("SELECT DISTINCT unnest(string_split(traps, ';')) FROM truth").fetchall()
    }
    assert labels >= {
        "couple", "father_son", "twin", "roommate", "caregiver", "moved_out", "moved_within", "double_typo",
        "double_married", "double_swapped", "double_nickname", "double_mover", "landlord", "landlords_contact",
        "property_manager", "owner_and_firm", "firm_spelling", "placeholder_email", "placeholder_phone", "kiosk_phone",
        "recycled_phone", "role_mailbox", "reused_account", "deceased", "confidential",
    }  # fmt: skip
    records = """
        SELECT max(records) FROM (
            SELECT true_id, count(*) AS records, bool_or(traps LIKE '%double%' OR traps LIKE '%firm_spelling%') AS double
            FROM truth GROUP BY ALL) WHERE double = {}"""
    assert one(books, records.format("true")) == (2,)
    assert one(books, records.format("false OR double IS NULL")) == (1,)


def test_father_and_son_have_one_name_one_home_and_two_births(books) -> None:
    pairs = """
        SELECT a.birth_year - b.birth_year FROM customers AS a JOIN truth AS ta USING (customer_id)
        JOIN customers AS b ON a.mail_street = b.mail_street AND lower(a.first_name) = lower(b.first_name)
        JOIN truth AS tb ON tb.customer_id = b.customer_id
        WHERE ta.traps LIKE '%father_son%' AND tb.traps LIKE '%father_son%' AND a.birth_year > b.birth_year"""
    years = [row[0] for row in books.execute(pairs).fetchall()]
    assert years
    assert all(20 <= difference <= 26 for difference in years)


def test_a_reused_account_number_belongs_to_two_people_one_after_the_other(books) -> None:
    twice = """
        SELECT count(*), count(*) FILTER (old.closed_on < new.opened_on AND old.customer_id <> new.customer_id)
        FROM accounts AS old JOIN accounts AS new USING (account_id)
        WHERE old.opened_on < new.opened_on"""
    pairs, in_turn = one(books, twice)
    assert pairs == in_turn >= 3


def test_a_property_manager_has_about_forty_accounts_and_lends_its_contacts(books) -> None:
    accounts, shared = one(
        books,
        """
        SELECT count(DISTINCT accounts.account_id), (SELECT count(*) FROM customers WHERE email = any_value(manager.email)) - 1
        FROM customers AS manager JOIN truth USING (customer_id) JOIN accounts USING (customer_id)
        WHERE traps LIKE '%property_manager%' GROUP BY customer_id""",
    )
    assert 30 <= accounts <= 45
    assert shared >= 3


def test_every_number_is_fictional_and_shared_only_where_the_truth_says_so(books) -> None:
    rows = books.execute("SELECT phone FROM customers UNION ALL SELECT mobile FROM customers").fetchall()
    numbers = [row[0] for row in rows if row[0] is not None and row[0] not in PLACEHOLDER_PHONES]
    assert len(numbers) > 2_500
    for number in numbers:
        parsed = phonenumbers.parse(number, "US")
        assert phonenumbers.is_valid_number(parsed), number
        assert re.fullmatch(r"\d{3}55501\d\d", str(parsed.national_number)), number
    kiosk = "+1" + KIOSK_PHONE.replace("-", "")
    shared = f"""
        SELECT count(*) FROM (
            SELECT value FROM contacts JOIN truth USING (customer_id) WHERE channel IN ('sms', 'voice') AND value <> '{kiosk}'
            GROUP BY ALL HAVING count(DISTINCT true_id) > 1 AND bool_or(traps IS NULL))"""
    assert one(books, shared)[0] == 0


def test_no_mailbox_lies_in_a_real_domain(books) -> None:
    rows = books.execute("SELECT DISTINCT lower(email) FROM customers WHERE contains(email, '@')").fetchall()
    domains = {row[0].rpartition("@")[2] for row in rows}
    assert len(rows) > 1_500
    assert all(domain in {"example.org", "example.com"} or domain.endswith(".example") for domain in domains)
    strangers = """
        SELECT count(*) FROM (
            SELECT value FROM contacts JOIN truth USING (customer_id) WHERE channel = 'email'
            GROUP BY ALL HAVING count(DISTINCT true_id) > 1 AND bool_or(traps IS NULL))"""
    assert one(books, strangers) == (0,)


def test_the_guide_lives_where_the_tour_begins(books) -> None:
    rosa = one(
        books,
        """
        SELECT count(DISTINCT customer_id), count(DISTINCT true_id), count(DISTINCT account_id), max(language),
            max(household_size), max(year_built), max(tenure), max(leak_from)
        FROM premises JOIN service_points USING (premise_id) JOIN agreements USING (service_point_id)
        JOIN accounts USING (account_id) JOIN customers USING (customer_id) JOIN truth USING (customer_id)
        LEFT JOIN leaks USING (service_point_id)
        WHERE street = '418 Alder Street' AND unit = 'Apt 2'""",
    )
    assert rosa == (2, 1, 2, "es", 3, 1984, "rent", date(2026, 11, 17))
    assert one(
        books,
        "SELECT count(DISTINCT meter_id) FROM interval_reads JOIN meters USING (meter_id) JOIN service_points "
        "USING (service_point_id) WHERE premise_id = 'PR0000001'",
    ) == (2,)


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_the_same_seed_gives_the_same_town_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_town(tmp_path / name, 300, seed=seed, today=TODAY, reads_share=0.02)
    first, again, other = (fingerprint(tmp_path / name) for name in "abc")
    assert first == again
    assert first.keys() == other.keys()
    assert [name for name in first if first[name] == other[name]] == ["programs.csv"]


def test_more_reads_change_nothing_about_the_people(tmp_path: Path) -> None:
    few = write_town(tmp_path / "few", 400, today=TODAY, reads_share=0)
    many = write_town(tmp_path / "many", 400, today=TODAY, reads_share=0.05)
    assert "reads/interval_reads.parquet" not in few.files
    assert many.files["reads/interval_reads.parquet"] > 100_000
    one_side, other_side = fingerprint(few.folder), fingerprint(many.folder)
    for name in ("customers.csv", "agreements.csv", "relationships.csv", "truth/truth.csv", "tickets.csv"):
        assert one_side[name] == other_side[name]


def test_a_town_can_do_without_bills(tmp_path: Path) -> None:
    town = write_town(tmp_path, 200, today=TODAY, reads_share=0, bills_months=0)
    assert not {"bills.csv", "bill_lines.csv", "payments.csv", "collections.csv"} & town.files.keys()
    balances = duckdb.sql(f"SELECT count(balance), count(*) FROM '{tmp_path}/accounts.csv'").fetchone()
    assert balances == (0, town.files["accounts.csv"])


def test_a_second_town_in_the_same_folder_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    write_town(tmp_path, 200, seed=1, today=TODAY, reads_share=0.02)
    (tmp_path / "bills.parquet").write_bytes(b"left over")
    town = write_town(tmp_path, 200, seed=2, today=TODAY, reads_share=0, bills_months=0)
    assert set(fingerprint(tmp_path)) == set(town.files)


@pytest.mark.parametrize("customers", [100, 137, 1_001])
@pytest.mark.parametrize("today", [date(2024, 3, 1), date(2026, 1, 31), date(2027, 12, 25)])
def test_towns_of_any_size_on_any_day_are_whole(tmp_path: Path, customers: int, today: date) -> None:
    town = write_town(tmp_path, customers, today=today, reads_share=0.01)
    assert town.files["customers.csv"] == town.files["truth/truth.csv"] == customers
    months, last = duckdb.sql(f"""
        SELECT max(bills), max(issued_on) FROM (SELECT account_id, count(*) AS bills, max(issued_on) AS issued_on
        FROM read_csv('{tmp_path}/bills.csv', types = {{'account_id': 'VARCHAR'}}) WHERE status <> 'cancelled' GROUP BY ALL)
        """).fetchone()
    assert 13 <= months <= 26
    assert 0 <= (today - last).days < 4


def test_a_town_too_small_for_its_stories_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 100 customers"):
        write_town(tmp_path, 20, today=TODAY)


def test_progress_is_told_file_by_file(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    began = time.perf_counter()
    town = write_town(tmp_path, 500, today=TODAY, reads_share=0.02, progress=lambda *step: told.append(step))
    assert {name for name, _, _ in told} >= {"town", "customers", "bills", "reads/interval_reads", "accounts"}
    assert all(0 <= done <= total for _, done, total in told)
    assert sum(town.seconds.values()) <= time.perf_counter() - began
