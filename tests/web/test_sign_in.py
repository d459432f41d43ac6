"""Signing in: the right words open, wrong ones slow down only who types them, and nothing leads elsewhere."""

import pyotp
import pytest
from fastapi.testclient import TestClient
from tests import small_town
from tests.conftest import SettableClock
from tests.web.conftest import SignedIn, post

from lamplighter.app import Application

EMAIL = "administrator@lumen.example"


def test_a_stranger_is_led_to_the_sign_in_and_back_to_where_they_wanted(client: TestClient) -> None:
    answer = client.get("/console/health")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in?next=/console/health")
    answer = post(
        client, "/console/sign-in", email=EMAIL, password=small_town.PASSWORD, next="/console/health"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/health")
    assert client.get("/console/health").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/console",
        "/console\\@evil.example",
        "javascript:alert(1)",
        "/other",
    ],
)
def test_no_address_leads_out_of_the_console(client: TestClient, elsewhere: str) -> None:
    answer = post(client, "/console/sign-in", email=EMAIL, password=small_town.PASSWORD, next=elsewhere)
    assert answer.headers["location"] == "/console"


def test_a_wrong_password_says_so_and_keeps_the_address_but_not_the_password(client: TestClient) -> None:
    answer = post(client, "/console/sign-in", email=EMAIL, password="guessing at random")
    assert answer.status_code == 401
    assert "wrong" in answer.text and EMAIL in answer.text and "guessing" not in answer.text


def test_guessing_is_slowed_down_with_a_time_to_come_back(client: TestClient, clock: SettableClock) -> None:
    for _ in range(5):
        answer = post(client, "/console/sign-in", email=EMAIL, password="guessing at random")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    clock.advance(minutes=16)
    answer = post(client, "/console/sign-in", email=EMAIL, password=small_town.PASSWORD)
    assert answer.status_code == 303


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(client: TestClient) -> None:
    answer = post(client, "/console/sign-in", email=EMAIL, password=small_town.PASSWORD)
    cookie = next(value for value in answer.headers.get_list("set-cookie") if "session" in value).lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie


def test_each_sign_in_begins_a_session_of_its_own(client: TestClient) -> None:
    tokens = set()
    for _ in range(2):
        client.cookies.delete("lamplighter_session")
        post(client, "/console/sign-in", email=EMAIL, password=small_town.PASSWORD)
        tokens.add(client.cookies["lamplighter_session"])
    assert len(tokens) == 2


def test_signing_out_ends_the_session_on_the_server(signed_in: SignedIn) -> None:
    client = signed_in("analyst")
    kept = client.cookies["lamplighter_session"]
    assert post(client, "/console/sign-out").status_code == 303
    client.cookies.set("lamplighter_session", kept)
    assert client.get("/console").status_code == 303


def test_a_form_without_its_token_or_from_another_site_is_refused(signed_in: SignedIn) -> None:
    client = signed_in("administrator")
    client.get("/console/account")
    assert client.post("/console/sign-out", data={}).status_code == 403
    token = client.cookies["lamplighter_csrf"]
    elsewhere = {"origin": "https://evil.example"}
    assert client.post("/console/sign-out", data={"csrf": token}, headers=elsewhere).status_code == 403
    assert (
        client.post(
            "/console/sign-out", data={"csrf": token}, headers={"sec-fetch-site": "cross-site"}
        ).status_code
        == 403
    )
    assert client.get("/console/account").status_code == 200


def test_a_cookie_alone_does_not_let_another_site_call_the_api(signed_in: SignedIn) -> None:
    client = signed_in("administrator")
    body = {"of": "profile", "where": {"all": []}}
    answer = client.post("/v1/audiences/preview", json=body, headers={"origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_an_app_code_is_asked_for_once_it_is_set_up(
    signed_in: SignedIn, client: TestClient, application: Application, clock: SettableClock
) -> None:
    mine = signed_in("privacy_officer")
    page = post(mine, "/console/account/enrol-code")
    assert "Six digits" in page.text
    secret = page.text.split('id="secret">')[1].split("<")[0]
    now = int(clock().timestamp())
    assert post(mine, "/console/account/confirm-code", code="000000").status_code == 422
    assert post(mine, "/console/account/confirm-code", code=pyotp.TOTP(secret).at(now)).status_code == 303
    email = "privacy_officer@lumen.example"
    assert post(client, "/console/sign-in", email=email, password=small_town.PASSWORD).status_code == 401
    later = int(clock.advance(minutes=2).timestamp())
    code = pyotp.TOTP(secret).at(later)
    assert (
        post(client, "/console/sign-in", email=email, password=small_town.PASSWORD, code=code).status_code
        == 303
    )
