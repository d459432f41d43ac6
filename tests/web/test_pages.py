"""The pages of the console as staff see them: found, masked, on record, harmless."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests import small_town
from tests.web.conftest import SignedIn, post

from lamplighter.app import Application
from lamplighter.context import Context
from lamplighter.store import audit, progress, staff
from lamplighter.warehouse.warehouse import Warehouse
from lamplighter.web.app import create_app

OVERDUE = {"of": "profile", "field_0": "account.arrears", "op_0": ">", "a_0": "100"}


def test_home_says_that_nothing_needs_you_and_what_is_fine(signed_in: SignedIn) -> None:
    page = signed_in("administrator").get("/console").text
    assert "Nothing needs you today, Ines" in page
    assert "1 of 1 source on time" in page and "every row accepted" in page
    assert ">4</b><span>customers" in page


def test_home_puts_first_what_needs_a_person(
    signed_in: SignedIn, application: Application, context: Context, tmp_path: Any
) -> None:
    small_town.load_faulty(application, context.organization_id, tmp_path / "old")
    page = signed_in("administrator").get("/console").text
    assert "One thing needs you today, Ines" in page
    assert "old_billing: 2 rows set aside" in page and "/console/health/old_billing#aside" in page


def test_home_of_an_empty_house_says_how_to_begin(client: Any, other_context: Context) -> None:
    with other_context.session() as session:
        staff.add(session, email="new@brightway.example", name="Noa New", role="administrator",
                  password=small_town.PASSWORD, now=other_context.now)  # fmt: skip
    client.get("/console/sign-in?organization=brightway")
    post(
        client,
        "/console/sign-in",
        email="new@brightway.example",
        password=small_town.PASSWORD,
        organization="brightway",
    )
    page = client.get("/console").text
    assert "Welcome, Noa" in page and "No customers yet" in page and "Brightway" in page
    assert "No source yet" in client.get("/console/health").text
    assert "Nobody found" in client.get("/console/customers?q=rosa").text


def test_a_customer_is_found_by_the_first_letters(signed_in: SignedIn) -> None:
    client = signed_in("customer_service")
    for words in ("ros del", "A100001", "418 alder", "rosa@exam", "M1"):
        page = client.get("/console/customers", params={"q": words}).text
        assert "Rosa Delgado" in page, words
    assert "Nobody found for “zzz”" in client.get("/console/customers?q=zzz").text


def test_htmx_gets_the_rows_alone(signed_in: SignedIn) -> None:
    part = signed_in("customer_service").get("/console/customers?q=rosa", headers={"hx-request": "true"}).text
    assert part.strip().startswith('<section class="card" id="results"') and "<html" not in part


def test_a_role_that_may_only_search_sees_masked_names(signed_in: SignedIn) -> None:
    page = signed_in("campaign_manager").get("/console/customers?q=rosa").text
    assert "R•••• D." in page and "Rosa Delgado" not in page and "418 Alder" not in page


def test_the_customer_page_tells_the_story(signed_in: SignedIn, context: Context) -> None:
    page = (
        signed_in("customer_service").get(f"/console/customers/{small_town.profile_of(context, 'C1')}").text
    )
    for words in ("Rosa Delgado", "Speaks Spanish", "Customer since 2014", "418 Alder Street Apt 2", "Complaint is open",
                  "Last bill", "Bill of $136.50", "Paid $117.00", "kWh"):  # fmt: skip
        assert words in page, words


def test_values_are_masked_until_asked_for_and_both_are_on_record(
    signed_in: SignedIn, context: Context
) -> None:
    client, rosa = signed_in("customer_service"), small_town.profile_of(context, "C1")
    page = client.get(f"/console/customers/{rosa}").text
    assert "r•••@e•••.org" in page and "rosa@example.org" not in page and "+15035550141" not in page
    assert "A100001" not in page.split("Timeline")[0]
    shown = client.get(f"/console/customers/{rosa}?show=1").text
    assert "rosa@example.org" in shown and "+15035550141" in shown
    with context.session() as session:
        mine = [entry for entry in audit.entries(session) if entry["subject_id"] == rosa]
        assert audit.verify(session).ok
    assert [entry["reason"] for entry in mine] == ["values shown", "customer opened"]
    assert all(entry["actor"].startswith("staff:") for entry in mine)


def test_why_a_home_is_protected_is_for_customer_service_only(signed_in: SignedIn, context: Context) -> None:
    sam = f"/console/customers/{small_town.profile_of(context, 'C4')}"
    seen = signed_in("customer_service").get(sam).text
    assert "Life support at home" in seen and "Hidden Lane" not in seen and "Address is confidential" in seen
    others = signed_in("administrator").get(sam).text
    assert "A protection is on file" in others and "Life support" not in others


def test_no_list_and_no_export_shows_a_confidential_address(signed_in: SignedIn) -> None:
    everyone = {"of": "profile", "field_0": "account.status", "op_0": "is", "a_0": "open"}
    for role in ("customer_service", "administrator"):
        page = signed_in(role).get("/console/customers?q=sam vale").text
        assert "address is confidential" in page and "Hidden Lane" not in page
    client = signed_in("administrator")
    export = client.get("/console/audiences/export", params=everyone).text
    assert "Sam Vale" in export and "Hidden Lane" not in export
    assert "Hidden Lane" not in client.get("/console/audiences/new", params=everyone).text
    assert "address is confidential" in signed_in("campaign_manager").get("/console/customers?q=sam").text


def test_the_timeline_can_be_filtered(signed_in: SignedIn, context: Context) -> None:
    page = (
        signed_in("customer_service")
        .get(f"/console/customers/{small_town.profile_of(context, 'C1')}?kind=contact")
        .text
    )
    timeline = page.split('id="timeline-card"')[1]
    assert "Case opened" in timeline and "Bill of" not in timeline.split("</section>")[0]


def test_a_merged_or_unknown_customer_is_said_in_words(signed_in: SignedIn) -> None:
    answer = signed_in("customer_service").get("/console/customers/pr_00000000000000000000")
    assert answer.status_code == 404 and "There is no customer" in answer.text


def test_what_was_imported_or_typed_never_becomes_a_script(
    signed_in: SignedIn, application: Application, context: Context, tmp_path: Any
) -> None:
    small_town.load_faulty(application, context.organization_id, tmp_path / "old")
    client, faulty = signed_in("administrator"), small_town.profile_of(context, "C2")
    for address in (
        "/console/customers?q=alert", "/console/customers?q=%3Cscript%3Ealert(1)%3C/script%3E",
        f"/console/customers/{faulty}", f"/console/customers/{faulty}?show=1", "/console/health/old_billing",
        "/console/audiences/new?of=profile&field_0=account.status&op_0=is&a_0=open", "/console/catalog?word=%22%3E%3Cscript%3E",
    ):  # fmt: skip
        page = client.get(address).text
        assert "<script>alert" not in page and '"><script>' not in page, address
        assert "&lt;script&gt;" in page, address


def test_an_export_cannot_run_in_a_spreadsheet(signed_in: SignedIn) -> None:
    asked = {"of": "profile", "field_0": "account.status", "a_0": "open"}
    answer = signed_in("administrator").get("/console/audiences/export", params=asked)
    assert (
        answer.headers["content-type"].startswith("text/csv")
        and "attachment" in answer.headers["content-disposition"]
    )
    rows = answer.text.strip().splitlines()
    assert len(rows) == 5
    for row in rows:
        for cell in row.split(","):
            assert not cell.strip('"').startswith(("=", "+", "-", "@")), row


def test_an_audience_counts_line_by_line(signed_in: SignedIn) -> None:
    client = signed_in("administrator")
    asked = {"of": "profile", "field_0": "account.status", "op_0": "is", "a_0": "open", "field_1": "person.language",
             "op_1": "is", "a_1": "en", "join_1": "not"}  # fmt: skip
    page = client.get("/console/audiences/new", params=asked).text
    assert 'id="left_0">4<' in page
    assert 'id="left_1">1<' in page and "SELECT" in page


def test_few_people_are_not_counted_for_those_who_may_not_see_them(signed_in: SignedIn) -> None:
    page = signed_in("analyst").get("/console/audiences/new", params=OVERDUE).text
    assert "&lt; 10" in page and "could point at a person" in page and "Alder Bakery" not in page
    assert "Alder Bakery" in signed_in("administrator").get("/console/audiences/new", params=OVERDUE).text


def test_a_line_that_makes_no_sense_is_said_on_the_line(signed_in: SignedIn) -> None:
    page = signed_in("analyst").get("/console/audiences/new", params=OVERDUE | {"a_0": "lots"}).text
    assert "not a number" in page and 'aria-invalid="true"' in page


def test_an_audience_is_saved_and_opens_as_lines_again(signed_in: SignedIn) -> None:
    client = signed_in("campaign_manager")
    definition = '{"of": "profile", "where": {"all": [{"account": "arrears", ">": "100"}, {"not": {"situation": "outage"}}]}}'
    answer = post(client, "/console/audiences", definition=definition, name="Behind", purpose="payment_help")
    assert answer.status_code == 303
    assert "Customers: overdue, not situation outage" in client.get("/console/audiences").text
    answer = client.get("/console/audiences/Behind")
    assert (
        "field_0=account.arrears" in answer.headers["location"] and "join_1=not" in answer.headers["location"]
    )


def test_rows_set_aside_are_tried_again_by_a_button(
    signed_in: SignedIn, application: Application, context: Context, tmp_path: Any
) -> None:
    small_town.load_faulty(application, context.organization_id, tmp_path / "old")
    client = signed_in("administrator")
    page = client.get("/console/health/old_billing").text
    assert "Try the 2 rows again" in page and "birth_year “19x0” cannot be used" in page
    assert post(client, "/console/health/old_billing/replay").status_code == 303
    assert "Trying rows again" in client.get("/console/health/old_billing").text
    small_town.follow(application)
    assert "2 rows set aside" in client.get("/console/health/old_billing").text


def test_a_batch_is_taken_back_by_a_button_of_its_own_source_only(
    signed_in: SignedIn, application: Application, context: Context, tmp_path: Any
) -> None:
    small_town.load_faulty(application, context.organization_id, tmp_path / "old")
    client = signed_in("administrator")
    with context.session() as session:
        batch = session.execute(sa.text("select id from batch where source = 'old_billing'")).scalar()
    assert post(client, "/console/health/cis/withdraw", batch=batch).status_code == 404
    assert post(client, "/console/health/old_billing/withdraw", batch=batch).status_code == 303
    small_town.follow(application)
    assert "withdrawn" in client.get("/console/health/old_billing").text
    assert "Nobody found" in client.get("/console/customers?q=old record").text


def test_values_of_refused_rows_are_hidden_from_a_role_without_customers(
    signed_in: SignedIn, application: Application, context: Context, tmp_path: Any
) -> None:
    small_town.load_faulty(application, context.organization_id, tmp_path / "old")
    page = signed_in("analyst").get("/console/health/old_billing").text
    assert "hidden for your role" in page and "19x0" not in page and "bad@example.org" not in page


def test_without_the_worker_pages_that_need_only_the_store_still_answer(
    application: Application, context: Context, tmp_path: Any
) -> None:
    rosa = small_town.profile_of(context, "C1")
    alone = replace(application, warehouse=Warehouse.remote(tmp_path / "nobody"))
    with TestClient(create_app(alone), base_url="http://console.test", follow_redirects=False) as client:
        post(client, "/console/sign-in", email="administrator@lumen.example", password=small_town.PASSWORD)
        home = client.get("/console")
        assert home.status_code == 200 and "Figures and audiences do not answer" in home.text
        customer = client.get(f"/console/customers/{rosa}")
        assert customer.status_code == 200 and "The timeline does not answer right now" in customer.text
        assert "Last bill" in customer.text
        assert "cannot be counted yet" in client.get("/console/audiences/new", params=OVERDUE).text
        assert "does not answer" in client.get("/console/health").text
        assert client.get("/console/catalog").status_code == 200
        api = client.get("/v1/catalog")
        assert (api.status_code, api.json()["retryable"]) == (503, True) and int(
            api.headers["retry-after"]
        ) >= 1


def test_home_shows_how_far_the_loading_is(signed_in: SignedIn, context: Context) -> None:
    with context.session() as session:
        done = progress.start(session, "land", now=context.now)
        progress.finish(session, done, result={"landed": 41200}, now=context.now)
        row = progress.start(session, "unify", now=context.now)
        progress.update(session, row, done=300, total=1200, message="Comparing records", now=context.now)
    page = signed_in("administrator").get("/console").text
    assert "Data is coming in" in page and 'hx-trigger="every 2s"' in page and 'http-equiv="refresh"' in page
    assert "Landing files" in page and "41,200 rows" in page
    assert (
        "Finding who is who" in page
        and "300 of 1,200" in page
        and '<progress class="under" max="1200" value="300"' in page
    )


def test_the_catalog_is_searched_by_any_word_of_an_entry(signed_in: SignedIn) -> None:
    client = signed_in("analyst")
    assert "meter_reading" in client.get("/console/catalog?word=IntervalReading").text
    assert "No entry says" in client.get("/console/catalog?word=unicorn").text
    entry = client.get("/console/catalog/bill").text
    assert "84 months" in entry and "what an account is asked to pay".capitalize() in entry
