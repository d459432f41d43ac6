"""The API answers in the shapes of the contract, and says no in problems."""

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from tests import small_town

from lamplighter.app import Application
from lamplighter.context import Context
from lamplighter.customers import consent, release
from lamplighter.store import audit

OCTOBER = {"usage_point": "S1", "start": "2026-10-01T07:00:00Z", "end": "2026-11-01T07:00:00Z"}


@pytest.fixture
def api(application: Application, client: TestClient, context: Context) -> Iterator[TestClient]:
    """A key with every scope that reads or writes here."""
    scopes = (
        "profiles:read",
        "audiences:read",
        "audiences:write",
        "data:read",
        "data:write",
        "consents:write",
    )
    client.headers["authorization"] = f"Bearer {small_town.add_key(context, *scopes)}"
    yield client


def test_a_customer_is_found_by_id_mail_phone_and_account(api: TestClient, context: Context) -> None:
    rosa = small_town.profile_of(context, "C1")
    for identifier in (rosa, "Rosa@Example.org", "(503) 555-0141", "A100001"):
        body = api.get("/v1/profiles", params={"identifier": identifier}).json()
        assert (body["id"], body["name"]) == (rosa, "Rosa Delgado"), identifier
    body = api.get(f"/v1/profiles/{rosa}").json()
    assert {"person", "accounts", "places", "bills", "usage", "consents"} <= set(body["sections"])
    assert [situation["kind"] for situation in body["situations"]] == ["open_complaint"]


def test_months_of_use_are_measured_where_there_are_reads_and_billed_elsewhere(
    api: TestClient, context: Context
) -> None:
    body = api.get(f"/v1/profiles/{small_town.profile_of(context, 'C1')}").json()
    (power,) = body["sections"]["usage"]["items"]
    months = {month["month"]: month for month in power["months"]}
    assert (power["service"], power["unit"]) == ("electricity", "kWh")
    assert months["2026-10"]["measured"] and not months["2026-09"]["measured"]
    assert months["2026-09"]["quantity"] == "644.000"
    assert 0 < months["2026-10"]["estimated"] < 0.1


def test_the_timeline_tells_newest_first_in_stable_pages(api: TestClient, context: Context) -> None:
    address = f"/v1/profiles/{small_town.profile_of(context, 'C1')}/timeline"
    first = api.get(address, params={"limit": 3}).json()
    second = api.get(address, params={"limit": 3, "page_token": first["next_page_token"]}).json()
    times = [item["at"] for item in first["items"] + second["items"]]
    assert times == sorted(times, reverse=True) and len(times) == 6
    only = api.get(address, params={"kind": ["payment"]}).json()["items"]
    assert [item["event"] for item in only] == ["payment.made"]


def test_bills_come_in_pages_and_one_by_one(api: TestClient) -> None:
    seen: list[str] = []
    token = None
    while True:
        page = api.get("/v1/bills", params={"limit": 5} | ({"page_token": token} if token else {})).json()
        seen += [bill["id"] for bill in page["items"]]
        token = page["next_page_token"]
        if token is None:
            break
    assert len(seen) == len(set(seen)) == 14
    bill = api.get(f"/v1/bills/{seen[0]}").json()
    assert bill["total_charges"] == "136.50" and bill["services"][0]["usage"] == "656"
    assert bill["period"] == {"start": "2026-10-01", "end": "2026-11-01"}
    assert api.get("/v1/bills/bl_nothing").status_code == 404


def test_intervals_name_their_gap_and_never_fill_it(api: TestClient) -> None:
    body = api.get("/v1/intervals", params=OCTOBER).json()
    assert (body["service"], body["flow"], body["unit"], body["interval_seconds"]) == (
        "electricity",
        "delivered",
        "kWh",
        3600,
    )
    assert body["timezone"] == "America/Los_Angeles"
    assert body["intervals"][0] == ["2026-10-01T07:00:00Z", "0.5", "valid"]
    assert len(body["intervals"]) == 31 * 24 - 6
    assert body["gaps"] == [{"start": "2026-10-11T07:00:00Z", "end": "2026-10-11T13:00:00Z"}]


def test_intervals_come_in_pages_that_join_without_a_seam(api: TestClient) -> None:
    whole = api.get("/v1/intervals", params=OCTOBER).json()["intervals"]
    joined: list[Any] = []
    token = None
    while True:
        page = api.get(
            "/v1/intervals", params=OCTOBER | {"limit": 300} | ({"page_token": token} if token else {})
        ).json()
        joined += page["intervals"]
        token = page["next_page_token"]
        if token is None:
            break
    assert joined == whole


def test_a_day_of_the_autumn_clock_change_has_25_hours(api: TestClient) -> None:
    span = OCTOBER | {"start": "2026-10-31T07:00:00Z", "end": "2026-11-03T08:00:00Z", "resolution": "day"}
    days = api.get("/v1/intervals", params=span).json()["intervals"]
    assert [at for at, _, _ in days] == [
        "2026-10-31T07:00:00Z",
        "2026-11-01T07:00:00Z",
        "2026-11-02T08:00:00Z",
    ]
    hours = api.get(
        "/v1/intervals", params=OCTOBER | {"start": "2026-11-01T07:00:00Z", "end": "2026-11-02T08:00:00Z"}
    ).json()
    assert len(hours["intervals"]) == 25
    assert float(days[1][1]) == pytest.approx(sum(float(value) for _, value, _ in hours["intervals"]))


def test_intervals_as_csv_and_as_arrow_hold_the_same_rows(api: TestClient) -> None:
    rows = api.get("/v1/intervals", params=OCTOBER).json()["intervals"]
    text = api.get("/v1/intervals", params=OCTOBER, headers={"accept": "text/csv"})
    lines = text.text.strip().splitlines()
    assert text.headers["content-type"].startswith("text/csv")
    assert lines[0] == "usage_point_id,start,value,unit,flow,quality"
    assert lines[1] == "S1,2026-10-01T07:00:00Z,0.5,kWh,delivered,valid" and len(lines) == len(rows) + 1
    raw = api.get(
        "/v1/intervals", params=OCTOBER, headers={"accept": "application/vnd.apache.arrow.stream"}
    ).content
    table = pa.ipc.open_stream(io.BytesIO(raw)).read_all()
    assert table.num_rows == len(rows) and table.schema.metadata[b"unit"] == b"kWh"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"start": "2026-10-01T07:00:00"}, 422, "invalid_input"),
        ({"end": "2026-10-01T07:00:00Z"}, 422, "invalid_input"),
        ({"usage_point": "S9"}, 404, "not_found"),
        ({"resolution": "week"}, 422, "invalid_input"),
        ({"page_token": "zz"}, 422, "invalid_input"),
    ],
)
def test_a_call_that_cannot_be_answered_is_a_problem_in_words(
    api: TestClient, changed: dict[str, str], status: int, code: str
) -> None:
    answer = api.get("/v1/intervals", params=OCTOBER | changed)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (
        problem["detail"].endswith(".")
        and problem["docs"].startswith("/docs/errors#")
        and problem["retryable"] is False
    )
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_a_key_for_a_secondary_purpose_sees_only_who_said_yes(
    application: Application, client: TestClient, context: Context
) -> None:
    rosa = small_town.profile_of(context, "C1")
    client.headers["authorization"] = (
        f"Bearer {small_town.add_key(context, 'profiles:read', purpose='rate_advice')}"
    )
    refused = client.get(f"/v1/profiles/{rosa}")
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_required")
    assert client.get("/v1/bills").json()["code"] == "wrong_purpose"
    with context.session() as session:
        consent.give(session, rosa, "rate_advice", now=context.now, actor="test")
    assert client.get(f"/v1/profiles/{rosa}").status_code == 200
    assert client.get("/v1/intervals", params=OCTOBER | {"profile_id": rosa}).status_code == 200
    with context.session() as session:
        consent.revoke(session, rosa, "rate_advice", now=context.now, actor="test")
    for address in (f"/v1/profiles/{rosa}", f"/v1/profiles/{rosa}/timeline", f"/v1/profiles/{rosa}/consents"):
        assert client.get(address).json()["code"] == "consent_required", address
    assert client.get("/v1/intervals", params=OCTOBER | {"profile_id": rosa}).status_code == 403
    assert client.get("/v1/bills", params={"profile_id": rosa}).status_code == 403


def test_what_a_program_received_is_on_record(api: TestClient, context: Context) -> None:
    rosa = small_town.profile_of(context, "C1")
    api.get(f"/v1/profiles/{rosa}")
    with context.session() as session:
        (newest, *_) = release.disclosures(session, rosa)
    assert newest["recipient"].startswith("key:") and newest["purpose"] == "customer_service"


def test_a_decision_becomes_a_receipt_once_however_often_it_is_sent(
    api: TestClient, context: Context
) -> None:
    rosa = small_town.profile_of(context, "C1")
    body = {"profile_id": rosa, "purpose": "energy_advice", "decision": "given", "evidence": {"by": "phone"}}
    first, again = (api.post("/v1/consents", json=body, headers={"idempotency-key": "k1"}) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json()) and first.status_code == 201
    other = api.post("/v1/consents", json=body | {"decision": "denied"}, headers={"idempotency-key": "k1"})
    assert other.status_code == 422
    found = api.get(f"/v1/profiles/{rosa}/consents").json()
    assert len(found["receipts"]) == 1 and found["items"][0]["decision"] == "given"
    assert len(found["receipts"][0]["text_hash"]) == 64


def test_an_audience_is_previewed_saved_listed_and_forgotten(api: TestClient) -> None:
    tree = {"all": [{"account": "arrears", ">": "100"}]}
    seen = api.post("/v1/audiences/preview", json={"where": tree, "members": 5}).json()
    assert seen["size"] == 1 and len(seen["members"]) == 1 and "arrears" in seen["sql"]
    body = {"name": "behind", "of": "profile", "purpose": "payment_help", "where": tree}
    assert api.post("/v1/audiences", json=body).status_code == 201
    assert [item["name"] for item in api.get("/v1/audiences").json()["items"]] == ["behind"]
    assert api.get("/v1/audiences/behind").json()["where"] == tree
    assert api.delete("/v1/audiences/behind").status_code == 204
    assert api.get("/v1/audiences/behind").status_code == 404


def test_a_wrong_audience_names_the_place_and_the_nearest_word(api: TestClient) -> None:
    answer = api.post("/v1/audiences/preview", json={"where": {"all": [{"account": "arears", ">": 1}]}})
    assert (
        answer.status_code == 422
        and "arrears" in answer.json()["detail"]
        and "where.all[0]" in answer.json()["detail"]
    )


def test_members_stay_hidden_from_a_key_that_may_not_read_profiles(
    application: Application, client: TestClient, context: Context
) -> None:
    client.headers["authorization"] = f"Bearer {small_town.add_key(context, 'audiences:read')}"
    seen = client.post("/v1/audiences/preview", json={"where": {"all": []}, "members": 5}).json()
    assert seen["size"] == 4 and "members" not in seen


def test_the_catalog_tells_what_a_column_means(api: TestClient) -> None:
    assert api.get("/v1/catalog/bill.amount").json()["sensitivity"] == "sensitive"
    tables = api.get("/v1/catalog", params={"kind": "table"}).json()["items"]
    assert {"bill", "meter_reading"} <= {entry["name"] for entry in tables}
    assert all(entry["meaning"] for entry in tables)


def test_what_was_set_aside_is_listed_without_values_for_those_who_may_not_see_them(
    api: TestClient, application: Application, context: Context, tmp_path: Any
) -> None:
    small_town.load_faulty(application, context.organization_id, tmp_path / "old")
    (old,) = [one for one in api.get("/v1/sources").json()["items"] if one["name"] == "old_billing"]
    assert old["set_aside"] == {"bad_number": 2} and old["needs_attention"]
    rows = api.get("/v1/sources/old_billing/rejects").json()["items"]
    assert rows[0]["raw"]["birth_year"] == "19x0"
    api.headers["authorization"] = f"Bearer {small_town.add_key(context, 'data:read')}"
    rows = api.get("/v1/sources/old_billing/rejects").json()["items"]
    assert rows[0]["raw"] is None and "19x0" not in str(rows)


def test_a_batch_is_withdrawn_by_the_worker_and_the_work_can_be_followed(
    api: TestClient, application: Application, context: Context
) -> None:
    batches = api.get("/v1/batches", params={"source": "cis"}).json()["items"]
    reads = next(batch for batch in batches if batch["plugin"] == "ami")
    work = api.post(f"/v1/batches/{reads['id']}/withdraw").json()["work"]
    assert api.get(f"/v1/work/{work}").json()["state"] == "queued"
    small_town.follow(application)
    assert api.get(f"/v1/work/{work}").json()["state"] == "done"
    assert api.get("/v1/intervals", params=OCTOBER).status_code == 404


def test_the_audit_log_stays_whole(api: TestClient, context: Context) -> None:
    with context.session() as session:
        assert audit.verify(session).ok
