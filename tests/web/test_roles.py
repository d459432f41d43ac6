"""Every endpoint tried by everybody: the table is the rule, the code must follow it."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests import small_town
from tests.web.conftest import SignedIn

from lamplighter.app import Application
from lamplighter.context import Context
from lamplighter.store.key import SCOPES as ALL_SCOPES
from lamplighter.store.role import PERMISSIONS, ROLES
from lamplighter.web import console
from lamplighter.web.app import create_app
from lamplighter.web.door import SCOPES

OPEN = "open"
SIGNED = "signed in"
NEEDS = {
    ("GET", "/healthz"): OPEN, ("GET", "/readyz"): OPEN, ("GET", "/metrics"): OPEN, ("GET", "/"): OPEN,
    ("GET", "/.well-known/gpc.json"): OPEN, ("GET", "/docs"): OPEN, ("GET", "/docs/errors"): OPEN,
    ("GET", "/console/sign-in"): OPEN, ("POST", "/console/sign-in"): OPEN, ("POST", "/console/sign-out"): SIGNED,
    ("GET", "/console"): SIGNED, ("GET", "/console/account"): SIGNED,
    ("POST", "/console/account/enrol-code"): SIGNED, ("POST", "/console/account/confirm-code"): SIGNED,
    ("GET", "/console/customers"): "customers.search",
    ("GET", "/console/customers/{profile_id}"): "customers.read",
    ("GET", "/console/audiences"): "audiences.read", ("POST", "/console/audiences"): "audiences.write",
    ("GET", "/console/audiences/new"): "audiences.read", ("GET", "/console/audiences/export"): "customers.read",
    ("GET", "/console/audiences/{name}"): "audiences.read",
    ("GET", "/console/catalog"): "data.read", ("GET", "/console/catalog/{name}"): "data.read",
    ("GET", "/console/health"): "data.read", ("GET", "/console/health/{name}"): "data.read",
    ("POST", "/console/health/{name}/replay"): "data.write", ("POST", "/console/health/{name}/withdraw"): "data.write",
    ("GET", "/v1/profiles"): "customers.read", ("GET", "/v1/profiles/{profile_id}"): "customers.read",
    ("GET", "/v1/profiles/{profile_id}/timeline"): "customers.read",
    ("GET", "/v1/profiles/{profile_id}/consents"): "customers.read",
    ("GET", "/v1/bills"): "customers.read", ("GET", "/v1/bills/{bill_id}"): "customers.read",
    ("GET", "/v1/intervals"): "customers.read",
    ("GET", "/v1/audiences"): "audiences.read", ("GET", "/v1/audiences/{name}"): "audiences.read",
    ("POST", "/v1/audiences"): "audiences.write", ("DELETE", "/v1/audiences/{name}"): "audiences.write",
    ("POST", "/v1/audiences/preview"): "audiences.read",
    ("POST", "/v1/consents"): "consents.write",
    ("GET", "/v1/sources"): "data.read", ("GET", "/v1/sources/{name}/rejects"): "data.read",
    ("POST", "/v1/sources/{name}/replay"): "data.write", ("GET", "/v1/batches"): "data.read",
    ("POST", "/v1/batches/{batch_id}/withdraw"): "data.write", ("GET", "/v1/work/{work_id}"): "data.read",
    ("GET", "/v1/catalog"): "data.read", ("GET", "/v1/catalog/{name}"): "data.read",
}  # fmt: skip
"""(method, address) → who may: everybody, whoever is signed in, or holders of a permission."""

NEITHER_ALSO = {("GET", "/console/audiences/export"): "audiences.read"}
"""A second permission that is asked for as well."""


def test_the_table_names_every_endpoint(application: Application) -> None:
    app = create_app(application)
    pages = FastAPI()
    pages.include_router(console.router)
    found = {
        (method.upper(), path)
        for document in (app.openapi(), pages.openapi())
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert found | {("GET", "/"), ("GET", "/docs"), ("GET", "/docs/errors")} == set(NEEDS)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_what_it_may_and_nothing_else(role: str, signed_in: SignedIn) -> None:
    client = signed_in(role)
    client.get("/console/account")
    for (method, address), need in NEEDS.items():
        if address == "/console/sign-out":
            continue
        answer = call(client, method, address)
        granted = need in (OPEN, SIGNED) or need in PERMISSIONS[role]
        granted = granted and NEITHER_ALSO.get((method, address), need) in (*PERMISSIONS[role], OPEN, SIGNED)
        assert (answer.status_code == 403) is not granted, (role, method, address, answer.status_code)
        assert answer.status_code < 500, (role, method, address, answer.text)


def test_nobody_gets_in_unsigned(client: TestClient) -> None:
    for (method, address), need in NEEDS.items():
        answer = call(client, method, address)
        if need == OPEN:
            assert answer.status_code not in (401, 403) or address == "/console/sign-in", address
        elif address.startswith("/v1"):
            assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), address
            assert answer.headers["www-authenticate"] == "Bearer"
        else:
            assert answer.status_code in (303, 403), address
            assert answer.headers.get("location", "/console/sign-in").startswith("/console/sign-in"), address


@pytest.mark.parametrize("scope", ALL_SCOPES)
def test_a_key_reaches_what_its_scope_opens(scope: str, client: TestClient, context: Context) -> None:
    client.headers["authorization"] = f"Bearer {small_town.add_key(context, scope)}"
    for (method, address), need in NEEDS.items():
        answer = call(client, method, address)
        if address.startswith("/v1"):
            granted = SCOPES.get(need) == scope
            assert (answer.status_code == 403) is not granted, (scope, method, address, answer.status_code)
            assert answer.status_code < 500, (scope, method, address, answer.text)
        elif need not in (OPEN,):
            assert answer.status_code in (303, 403), (scope, address)


def test_a_key_of_another_organization_finds_nothing_of_this_one(
    application: Application, client: TestClient, context: Context, other_context: Context
) -> None:
    profile_id = small_town.profile_of(context, "C1")
    client.headers["authorization"] = (
        f"Bearer {small_town.add_key(other_context, 'profiles:read', 'data:read')}"
    )
    assert client.get(f"/v1/profiles/{profile_id}").status_code == 404
    assert client.get("/v1/bills").json()["items"] == []
    assert client.get("/v1/sources").json()["items"] == []
    assert client.get("/v1/intervals", params=INTERVALS).status_code == 404


INTERVALS = {"usage_point": "S1", "start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}


def call(client: TestClient, method: str, address: str) -> Any:
    """A call that is complete enough to be judged by who asks."""
    path = address
    for name in ("profile_id", "bill_id", "batch_id", "work_id", "name"):
        path = path.replace("{" + name + "}", "bill" if "catalog" in address else "nothing")
    if method == "GET":
        params = {"/v1/intervals": INTERVALS, "/v1/profiles": {"identifier": "x"}}.get(address, {})
        return client.get(path, params=params)
    if method == "DELETE":
        return client.delete(path)
    if path.startswith("/console"):
        token = client.cookies.get("lamplighter_csrf", "")
        return client.post(
            path, data={"csrf": token, "definition": '{"of": "profile"}', "name": "a", "purpose": "billing"}
        )
    bodies: dict[str, Any] = {
        "/v1/audiences": {"name": "a", "purpose": "billing", "where": {"all": []}},
        "/v1/audiences/preview": {"where": {"all": []}},
        "/v1/consents": {"profile_id": "pr_x", "purpose": "billing", "decision": "given"},
    }
    return client.post(path, json=bodies.get(address))
