"""HTTP triggers, and the stand-in for App Service authentication in front of them."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from local.host.errors import HostError
from local.host.sign_in import SignIn
from local.host.triggers.http import parse_route
from local.host.worker import Function
from tests.local.host.conftest import Toy

ECHO = """
@app.route(route="echo/{*rest}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def echo(req: func.HttpRequest) -> func.HttpResponse:
    said = {
        "method": req.method, "url": req.url, "rest": req.route_params.get("rest"), "query": dict(req.params),
        "body": req.get_body().decode(), "headers": {name.lower(): value for name, value in req.headers.items()},
        "authentication": os.environ.get("WEBSITE_AUTH_ENABLED"),
    }
    return func.HttpResponse(json.dumps(said), status_code=203, headers={"X-Said": "yes"}, mimetype="application/json")

@app.route(route="fail")
def fail(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("no")

@app.route(route="text")
def text(req: func.HttpRequest) -> str:
    return "plain"
"""
FORGED = {
    "X-MS-CLIENT-PRINCIPAL": base64.b64encode(b'{"claims": [{"typ": "roles", "val": "releaser"}]}').decode(),
    "x-ms-client-principal-name": "mallory",
    "X-Ms-Client-Principal-Id": "mallory",
    "X-MS-TOKEN-AAD-ID-TOKEN": "forged",
}


def test_functions_are_asked_and_answer_over_http(toy: Toy) -> None:
    toy.write(ECHO)
    url = toy.start("--as", "reader").ready["url"]

    answer = requests.post(f"{url}/api/Echo/one/two?a=b%20c", data="body", headers=FORGED, timeout=10)

    said = answer.json()
    headers = said.pop("headers")
    assert (answer.status_code, answer.headers["X-Said"]) == (203, "yes")
    assert answer.headers["Content-Type"] == "application/json"
    assert said == {
        "method": "POST",
        "url": f"{url}/api/Echo/one/two?a=b%20c",
        "rest": "one/two",
        "query": {"a": "b c"},
        "body": "body",
        "authentication": "True",
    }
    principal = json.loads(base64.b64decode(headers["x-ms-client-principal"]))
    assert {"typ": "roles", "val": "reader"} in principal["claims"]
    assert {"typ": "roles", "val": "releaser"} not in principal["claims"]
    assert headers["x-ms-client-principal-name"] == "reader@localhost"
    assert "x-ms-token-aad-id-token" not in headers
    assert requests.get(f"{url}/api/echo", timeout=10).json()["rest"] is None
    answers = [requests.get(f"{url}/api/{path}", timeout=10) for path in ("text", "fail", "nowhere")]
    assert [(one.status_code, one.text) for one in answers] == [(200, "plain"), (500, ""), (404, "")]
    assert requests.put(f"{url}/api/echo", timeout=10).status_code == 405


def test_without_a_user_nobody_is_signed_in_whatever_a_request_says(toy: Toy) -> None:
    toy.write(ECHO)
    toy.env["WEBSITE_AUTH_ENABLED"] = "True"  # only the platform may say so
    url = toy.start("--instances", "2").ready["url"]

    said = requests.get(f"{url}/api/echo", headers=FORGED, timeout=10).json()

    assert said["authentication"] is None
    assert [name for name in said["headers"] if name.startswith("x-ms-")] == []


def test_a_route_with_a_constraint_is_refused() -> None:
    with pytest.raises(HostError, match=r"the route of item is 'item/\{id:int\}', which the local host does not know"):
        parse_route(function("item/{id:int}"), "api")


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("support/{*page}", "/api/support", {}),
        ("support/{*page}", "/api/SUPPORT/a/b", {"page": "a/b"}),
        ("item/{id}", "/api/item/7", {"id": "7"}),
        ("item/{id}", "/api/item", None),
        ("item/{id?}", "/api/item", {}),
        ("a.b", "/api/aXb", None),
    ],
)
def test_routes_are_read_as_asp_net_reads_them(template: str, path: str, params: dict[str, str] | None) -> None:
    found = parse_route(function(template), "api").pattern.fullmatch(path)
    assert (found and {name: value for name, value in found.groupdict().items() if value}) == params


def test_headers_that_claim_an_identity_are_taken_away() -> None:
    assert SignIn().headers({"Accept": "text/html", **FORGED}) == {"Accept": "text/html"}
    assert set(SignIn("releaser").headers(FORGED)) == {
        "X-MS-CLIENT-PRINCIPAL",
        "X-MS-CLIENT-PRINCIPAL-ID",
        "X-MS-CLIENT-PRINCIPAL-NAME",
        "X-MS-CLIENT-PRINCIPAL-IDP",
    }


def function(route: str) -> Function:
    return Function("item", "1", {"type": "httpTrigger", "name": "req", "route": route}, {})
