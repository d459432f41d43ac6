"""What staff do all day, in a real browser: with a mouse, with the keyboard alone, and without JavaScript."""

import re

from playwright.sync_api import expect
from tests import small_town
from tests.browser.conftest import Open

from lamplighter.context import Context


def test_sign_in_find_a_customer_as_one_types_and_open_her(visit: Open) -> None:
    page = visit("/console")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ines")
    page.get_by_role("link", name="Customers").click()
    page.get_by_label("Find a customer").press_sequentially("ros", delay=20)
    expect(page.get_by_role("link", name=re.compile("Rosa Delgado"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=ros"))
    page.get_by_role("link", name=re.compile("Rosa Delgado")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rosa Delgado")
    expect(page.get_by_role("img", name=re.compile("Power used each month"))).to_be_visible()


def test_the_keyboard_alone_is_enough(visit: Open) -> None:
    page = visit("/console/customers")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a customer")).to_be_focused()
    page.keyboard.type("rosa", delay=20)
    expect(page.locator(".hit").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hit").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rosa Delgado")


def test_focus_is_seen_and_the_first_stop_leads_to_the_content(visit: Open) -> None:
    page = visit("/console/health")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Go to the content")
    expect(skip).to_be_focused()
    assert skip.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    expect(skip).to_be_in_viewport()


def test_an_audience_counts_itself_while_one_types(visit: Open) -> None:
    page = visit("/console/audiences/new")
    page.get_by_label("Line 1: what").select_option("account.arrears")
    value = page.get_by_label("Line 1: value")
    expect(value).to_be_visible()
    value.press_sequentially("100", delay=30)
    expect(page.locator("#live .big")).to_contain_text("1customer")
    expect(page.locator("#left_0")).to_have_text("1")
    expect(value).to_be_focused()
    value.fill("500")
    expect(page.locator("#live .big")).to_contain_text("0customers")
    expect(page).to_have_url(re.compile(r"a_0=500"))
    expect(page.get_by_label("Line 2: what")).to_be_visible()
    page.get_by_text("The same, as SQL").click()
    expect(page.locator("#sql")).to_contain_text("SELECT")


def test_the_timeline_is_filtered_in_place(visit: Open, context: Context) -> None:
    page = visit(f"/console/customers/{small_town.profile_of(context, 'C1')}")
    page.get_by_role("link", name="Contact", exact=True).click()
    expect(page.locator("#timeline-card")).to_contain_text("Case opened")
    expect(page.locator("#timeline-card")).not_to_contain_text("Bill of")
    expect(page).to_have_url(re.compile("kind=contact"))


def test_light_or_dark_by_choice_lasts(visit: Open) -> None:
    page = visit("/console")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Switch between light and dark").locator("visible=true").click()
    assert page.evaluate(ground) != light
    page.reload()
    assert page.evaluate(ground) != light
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_without_javascript_everything_still_works(visit: Open) -> None:
    page = visit("/console", script=False)
    page.get_by_label("Find a customer").fill("rosa")
    page.get_by_label("Find a customer").press("Enter")
    page.get_by_role("link", name=re.compile("Rosa Delgado")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rosa Delgado")
    page.get_by_role("link", name="Money", exact=True).click()
    expect(page.locator("#timeline-card")).to_contain_text("Paid $117.00")
    page.get_by_text("Table", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("Oct 2026"))).to_be_visible()
    page.goto("/console/audiences")
    page.get_by_role("link", name="Open Behind with a bill").click()
    expect(page.locator("#live .big")).to_contain_text("1customer")
    page.get_by_label("Line 1: value").fill("500")
    page.get_by_role("button", name="Count").click()
    expect(page.locator("#live .big")).to_contain_text("0customers")
    page.get_by_role("link", name="Data health").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One source is fine")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_name_that_is_a_script_runs_nowhere(visit: Open, context: Context) -> None:
    for path in (
        "/console/customers?q=alert",
        f"/console/customers/{small_town.profile_of(context, 'C2')}?show=1",
    ):
        page = visit(path)
        expect(page.get_by_text("<script>alert(1)</script>").first).to_be_visible()


def test_the_export_is_offered_as_a_file(visit: Open) -> None:
    page = visit("/console/audiences/new?of=profile&field_0=account.status&a_0=open")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    assert download.value.suggested_filename == "audience.csv"


def test_pages_are_light(visit: Open) -> None:
    """First load of the sign-in, everything counted as it travels."""
    page = visit("about:blank", role=None)
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto("/console/sign-in")
    page.wait_for_load_state("networkidle")
    assert sum(sizes) < 150_000, "uncompressed; htmx is a third of it"
