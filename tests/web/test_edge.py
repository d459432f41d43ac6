"""What surrounds every answer: headers, figures, readiness, and a calm no under load."""

import asyncio
import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lamplighter.web.edge import Edge, Figures
from lamplighter.web.pages import STATIC, WEB

ADDRESSES = (
    "/healthz",
    "/console/sign-in",
    "/docs",
    "/docs/errors",
    "/openapi.json",
    "/v1/bills",
    "/nowhere",
    "/static/app.css",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_security_headers(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])


def test_the_templates_hold_nothing_inline() -> None:
    for template in WEB.rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text), template
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), template
        assert not re.search(r"(src|href)=[\"']https?:", text), template


def test_health_readiness_and_figures(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["status"] == "ready"
    client.get("/v1/profiles/pr_00000000000000000000")
    text = client.get("/metrics").text
    assert 'route="/healthz",status="200"' in text and "pr_0000" not in text
    assert "http_request_seconds_bucket" in text


def test_the_global_privacy_control_is_stated(client: TestClient) -> None:
    assert client.get("/.well-known/gpc.json").json()["gpc"] is True


def test_static_files_are_kept_for_a_year_under_their_mark(client: TestClient) -> None:
    page = client.get("/console/sign-in").text
    address = re.search(r'href="(/static/app\.css\?v=[0-9a-f]+)"', page)
    assert address is not None
    assert "immutable" in client.get(address[1]).headers["cache-control"]
    assert client.get("/static/app.css").headers["cache-control"] == "no-cache"


def test_pages_with_data_are_kept_by_nobody(client: TestClient) -> None:
    assert client.get("/console/sign-in").headers["cache-control"] == "no-store"
    assert client.get("/v1/bills").headers["cache-control"] == "no-store"


def test_the_first_load_is_light() -> None:
    script, style = STATIC / "lamplighter.js", STATIC / "app.css"
    assert script.stat().st_size < 6_000 and style.stat().st_size < 40_000


def test_an_unknown_address_is_a_problem_for_programs_and_a_page_for_people(client: TestClient) -> None:
    assert client.get("/v1/nowhere").json()["code"] == "not_found"
    page = client.get("/console/nowhere")
    assert page.status_code == 404 and "Not found" in page.text


def test_every_documented_call_says_what_it_does(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            assert call.get("summary") and call.get("description"), (method, path)
    assert all(path in client.get("/docs").text for path in document["paths"])


def test_more_work_than_it_can_bear_is_sent_away_with_a_time_to_come_back() -> None:
    async def run() -> list[dict[str, Any]]:
        held = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await held.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        edge = Edge(slow, Figures(), secure=False, most_at_once=2)
        answers: list[dict[str, Any]] = []

        async def call() -> None:
            async def send(message: Any) -> None:
                answers.append(message)

            await edge({"type": "http", "path": "/v1/bills", "method": "GET"}, lambda: None, send)  # type: ignore[arg-type, return-value]

        first = [asyncio.create_task(call()) for _ in range(2)]
        await asyncio.sleep(0)
        await call()
        refused = list(answers)
        held.set()
        await asyncio.gather(*first)
        return refused

    start, body = asyncio.run(run())
    assert start["status"] == 503 and (b"retry-after", b"2") in start["headers"]
    assert json.loads(body["body"])["retryable"] is True
