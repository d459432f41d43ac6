"""Every page at a phone's and a desk's width, light and dark: axe finds nothing, nothing overflows; pictures are kept."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests import small_town
from tests.browser.conftest import SCREENSHOTS, WIDTHS, Open, findings

from lamplighter.app import Application
from lamplighter.context import Context
from lamplighter.store import progress

PAGES = {
    "home": "/console",
    "customers": "/console/customers?q=a",
    "customers-empty": "/console/customers",
    "customers-none": "/console/customers?q=zzzz",
    "customer": "/console/customers/{C1}",
    "customer-business": "/console/customers/{C3}",
    "customer-protected": "/console/customers/{C4}?show=1",
    "audiences": "/console/audiences",
    "audience-new": "/console/audiences/new",
    "audience": "/console/audiences/new?of=profile&field_0=account.arrears&op_0=%3E&a_0=100&field_1=place.year_built"
    "&op_1=between&a_1=1940&b_1=1990&field_2=event&a_2=payment.made&op_2=never",
    "audience-wrong": "/console/audiences/new?of=profile&field_0=account.arrears&op_0=%3E&a_0=lots",
    "health": "/console/health",
    "source": "/console/health/old_billing",
    "source-fine": "/console/health/cis",
    "catalog": "/console/catalog",
    "catalog-entry": "/console/catalog/bill",
    "account": "/console/account",
    "not-found": "/console/nowhere",
    "sign-in": "/console/sign-in",
    "docs": "/docs",
    "docs-errors": "/docs/errors",
}
FOR_ROLES = {
    "no-permission": ("campaign_manager", "/console/customers/{C1}"),
    "analyst": ("analyst", "/console/health/old_billing"),
}


@pytest.fixture
def addresses(application: Application, context: Context, tmp_path: Path) -> dict[str, str]:
    small_town.load_faulty(application, context.organization_id, tmp_path / "old")
    return {f"{{{number}}}": small_town.profile_of(context, number) for number in ("C1", "C3", "C4")}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_accessible_and_fits(
    visit: Open, addresses: dict[str, str], axe: str, width: int, dark: bool
) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    bad: list[Any] = []
    page = visit("/console", width=width, dark=dark)
    for name, path in PAGES.items():
        bad += look(page, name, filled(path, addresses), axe, width, dark)
    for name, (role, path) in FOR_ROLES.items():
        bad += look(
            visit("/console", width=width, dark=dark, role=role),
            name,
            filled(path, addresses),
            axe,
            width,
            dark,
        )
    assert bad == []


def look(page: Any, name: str, path: str, axe: str, width: int, dark: bool) -> list[Any]:
    """Open, keep a picture, and answer what is wrong."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{'dark' if dark else 'light'}.png", full_page=True)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    small = page.evaluate(SMALL_TARGETS)
    return [
        *((name, *found) for found in findings(page, axe)),
        *([(name, "overflows by", over)] if over > 0 else []),
        *((name, "target under 24 px", text) for text in small),
    ]


def test_the_loading_follows_along(visit: Open, context: Context, axe: str) -> None:
    with context.session() as session:
        row = progress.start(session, "land", now=context.now)
        progress.update(session, row, done=300, total=1200, message="customers.csv", now=context.now)
    page = visit("/console", width=360)
    expect(page.get_by_role("progressbar", name="Landing files")).to_be_visible()
    assert findings(page, axe) == []
    page.screenshot(path=SCREENSHOTS / "home-loading-360-light.png", full_page=True)
    with context.session() as session:
        progress.finish(session, row, result={"landed": 1200}, now=context.now)
    expect(page.get_by_role("progressbar")).to_have_count(0, timeout=10_000)


def filled(path: str, addresses: dict[str, str]) -> str:
    for mark, profile_id in addresses.items():
        path = path.replace(mark, profile_id)
    return path


SMALL_TARGETS = """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, summary, nav a, .btn')]
  .filter(element => element.offsetParent !== null)
  .map(element => [element, element.getBoundingClientRect()])
  .filter(([element, box]) => box.height > 0 && (box.height < 24 || box.width < 24))
  .map(([element]) => element.outerHTML.slice(0, 90))"""


def test_the_page_still_fits_at_twice_the_size(visit: Open, addresses: dict[str, str]) -> None:
    """200 % zoom of 1280 px is a width of 640."""
    for path in ("/console", "/console/customers/{C1}", PAGES["audience"], "/console/health"):
        page = visit(filled(path, addresses), width=640)
        assert (
            page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        ), path
