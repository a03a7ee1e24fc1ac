"""Who may see and do what: sign-in, roles, forged headers and forged forms."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.context import Context
from shared.model import ENTERPRISE_USER
from shared.records import extracts
from shared.records.pages import read_held, write_held
from shared.support.site.forms import check_token, is_same_origin, make_token
from shared.support.site.principal import NotSignedIn, Principal, read_principal
from shared.support.web import Request, serve
from shared.tables.extracts import ExtractRow
from tests.conftest import Storage
from tests.shared.support.visiting import ON, URL, hidden, holding, person, principal, text, token, visit
from tests.support.contexts import START, ManualTime, open_test_context, worker

PEOPLE = {"L1": "Ann Lee", "L2": "Bo Ek", "L3": "Cy Roe"}


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def context(storage: Storage, time: ManualTime) -> Iterator[Context]:
    with open_test_context(storage.connection_string, time) as opened:
        yield opened


def closed() -> Context:
    raise AssertionError("Storage was opened before it was known who asks")


def ask(headers: Mapping[str, str], environment: Mapping[str, str], method: str = "GET") -> tuple[int, bytes]:
    answer = serve(closed, Request(method, URL, headers=headers), environment)
    return answer.status, answer.body


@pytest.mark.parametrize("environment", [{}, {"WEBSITE_AUTH_ENABLED": "False"}, {"WEBSITE_AUTH_ENABLED": ""}])
def test_without_the_platform_s_sign_in_a_forged_header_opens_nothing(environment: dict[str, str]) -> None:
    # The platform strips this header from requests only while its authentication is on.
    status, body = ask({"x-ms-client-principal": principal("releaser")}, environment)
    assert status == 503
    assert b"This page is switched off" in body


@pytest.mark.parametrize(
    "header",
    [
        "",
        "not base64!",
        base64.b64encode(b"not json").decode(),
        base64.b64encode(b'{"auth_typ": "aad"}').decode(),
        base64.b64encode(b'{"auth_typ": "aad", "claims": [{"typ": "roles", "val": "reader"}]}').decode(),
        base64.b64encode(b'["aad"]').decode(),
        principal("reader", provider="github"),
        principal("reader", user=""),
    ],
)
def test_who_is_not_signed_in_with_entra_is_sent_to_sign_in(header: str) -> None:
    answer = serve(closed, Request("GET", URL, headers={"x-ms-client-principal": header}), ON)
    assert (answer.status, answer.body) == (302, b"")
    assert answer.headers["Location"] == "/.auth/login/aad?post_login_redirect_uri=/api/support"


@pytest.mark.parametrize("roles", [(), ("Reader",), ("admin", "releaser ")])
def test_a_user_without_the_role_sees_nothing(roles: tuple[str, ...]) -> None:
    for method in ("GET", "POST"):
        status, body = ask({"x-ms-client-principal": principal(*roles)}, ON, method)
        assert status == 403
        assert b"You have no access to this page" in body


def test_the_names_that_easy_auth_gives_claims_are_all_understood() -> None:
    said = {
        "auth_typ": "aad",
        "role_typ": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
        "claims": [
            {"typ": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "val": "releaser"},
            {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": "oid-7"},
            {"typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "val": "rita@contoso.com"},
            {"typ": "name", "val": "Rita"},
        ],
    }
    header = base64.b64encode(json.dumps(said).encode()).decode()
    found = read_principal({"x-ms-client-principal": header}, ON)
    assert found == Principal("oid-7", "rita@contoso.com", frozenset({"releaser"}))
    assert (found.may_read, found.may_release) == (True, True)
    with pytest.raises(NotSignedIn):
        read_principal({"X-MS-CLIENT-PRINCIPAL": header}, ON)  # names come in lower case


def test_every_answer_keeps_the_page_to_itself(context: Context) -> None:
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    answers = [visit(context), visit(context, "nowhere"), visit(context, "?format=csv"), visit(context, role="")]
    answers += [visit(context, environment={}), visit(context, role="stranger")]
    assert [answer.status for answer in answers] == [200, 404, 200, 302, 503, 403]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "script" not in policy
        assert "unsafe" not in policy
        assert {name: answer.headers[name] for name in wanted} == wanted


def release(context: Context, ref: Any, **changes: Any) -> Any:
    """The form as the page makes it, with changes, and the one that asks once more."""
    page = visit(context, f"extract?source=employees&id={ref.id}", role="releaser")
    form = {"source": "employees", "extract": ref.id, "token": token(page), "reason": "Checked  with HR", "whom": "all"}
    kept = {name: changes.pop(name) for name in ("role", "headers", "user") if name in changes}
    how = {"role": "releaser", **kept}
    asked = visit(context, "release", form={**form, **changes}, **how)
    if asked.status != 200:
        return asked
    return visit(context, "release", form=hidden(asked), **how)


def row(context: Context, ref: Any) -> Any:
    return extracts.load_extract(context.storage, ref)


def test_a_releaser_releases_all_with_a_reason_and_both_are_recorded(context: Context) -> None:
    ref = holding(context.storage, PEOPLE)
    answer = release(context, ref)
    place = f"/api/support/extract?source=employees&id={ref.id}&released=3"
    assert (answer.status, answer.headers["Location"]) == (303, place)
    after = row(context, ref)
    assert (after["Status"], after["ReleasedBy"], after["ReleaseReason"]) == (
        "arrived",
        "rita@example.com",
        "Checked with HR",
    )
    said = text(visit(context, place.partition("/support/")[2]))
    assert "3 people are released." in said
    assert "rita@example.com released 3 people at 2026-09-18T06:00:00Z: Checked with HR" in said
    assert "are held" not in said


def test_the_button_that_enter_presses_does_not_release_all_and_the_other_looks_different(context: Context) -> None:
    ref = holding(context.storage, PEOPLE)
    page = visit(context, f"extract?source=employees&id={ref.id}", role="releaser").body.decode()
    form = page.partition('action="/api/support/release"')[2].partition("</form>")[0]
    assert re.findall(r"<button[^>]*>", form) == [
        '<button name="whom" value="chosen">',
        '<button name="whom" value="all" class="grave">',
    ]
    assert page.index('id="reason"') < page.index('name="worker"')  # nobody tabs past everybody to say why


def test_nothing_is_released_before_it_was_asked_once_more_with_the_number(context: Context) -> None:
    ref = holding(context.storage, PEOPLE)
    page = visit(context, f"extract?source=employees&id={ref.id}", role="releaser")
    form = {**hidden(page), "reason": "Checked", "whom": "chosen", "worker": ["L1", "L3"]}
    asked = visit(context, "release", role="releaser", form=form)
    assert (asked.status, row(context, ref)["Status"]) == (200, "held")
    said = text(asked)
    assert "Release 2 people?" in said
    assert "2 who would be disabled" in said
    assert "Yes, release 2 people" in said
    assert ("Ann Lee" in said, "Bo Ek" in said) == (True, False)
    assert hidden(asked)["worker"] == ["L1", "L3"]
    other = visit(context, "release", role="releaser", form={**hidden(asked), "confirmed": "3"})
    assert (other.status, row(context, ref)["Status"]) == (409, "held")
    assert visit(context, "release", role="releaser", form=hidden(asked)).status == 303


def test_one_box_chooses_all_whom_the_choice_shows(context: Context) -> None:
    ref = holding(context.storage, {**PEOPLE, **{f"X{number}": f"Ann {number}" for number in range(300)}})
    path = f"extract?source=employees&id={ref.id}"
    answer = visit(
        context, "extract", role="releaser", form={"source": "employees", "id": ref.id, "q": "ann", "class": ""}
    )
    assert (answer.status, "ann" in answer.headers["Location"].lower().partition("&s=")[2][:0]) == (303, False)
    page = visit(context, answer.headers["Location"].partition("/support/")[2], role="releaser")
    assert "301 of 303" in text(page)
    assert "page 1 of 2" in text(page)
    form = {**hidden(page), "reason": "Checked", "whom": "chosen", "everybody": "yes"}
    asked = visit(context, "release", role="releaser", form=form)
    assert "Release 301 people?" in text(asked)
    assert "worker" not in hidden(asked)
    assert visit(context, "release", role="releaser", form=hidden(asked)).headers["Location"].endswith("released=301")
    assert "301 people are released." in text(visit(context, f"{path}&released=301"))


def test_held_people_come_with_department_last_day_and_what_a_release_does(context: Context) -> None:
    ref = holding(context.storage, {"L1": "Ann Lee"})
    [one] = read_held(context.storage, ref, "plan")
    user = {**worker("L1", 2, displayName="Ann Lee").user, ENTERPRISE_USER: {"department": "Sales"}, "active": False}
    write_held(context.storage, ref, "plan", [{**one, "user": user, "lastDay": "2026-09-30"}])
    said = text(visit(context, f"extract?source=employees&id={ref.id}", role="releaser"))
    assert "L1 Ann Lee Sales 2026-09-30 would be disabled" in said
    assert "active" not in said.partition("People who are held")[2]
    rows = list(
        csv.DictReader(
            io.StringIO(visit(context, f"extract?source=employees&id={ref.id}&format=csv").body.decode("utf-8-sig"))
        )
    )
    assert [(row["Department"], row["Last day"], row["Would be"]) for row in rows] == [
        ("Sales", "2026-09-30", "would be disabled")
    ]


def test_a_releaser_releases_those_chosen_only(context: Context) -> None:
    ref = holding(context.storage, PEOPLE)
    assert release(context, ref, whom="chosen", worker=["L1", "L3"]).headers["Location"].endswith("released=2")
    assert "released 2 people" in text(visit(context, f"extract?source=employees&id={ref.id}"))


def test_a_file_that_waits_as_a_whole_shows_who_is_missing_and_is_released_as_a_whole(context: Context) -> None:
    ref = holding(context.storage, PEOPLE)
    extracts.save_extract(context.storage, ref, ExtractRow(held_whole=True, people=40, held=40))
    page = visit(context, f"extract?source=employees&id={ref.id}", role="releaser")
    assert "3 people are missing from this list, which waits as a whole" in text(page)
    assert re.findall(r"<button[^>]*>|<input type=.checkbox[^>]*>", page.body.decode().partition("/release")[2]) == [
        '<button name="whom" value="all" class="grave">'
    ]
    assert release(context, ref, whom="chosen", worker=["L1"]).status == 409
    assert release(context, ref).status == 303
    after = row(context, ref)
    assert (after["Status"], after["LossApproved"], after["HeldWhole"]) == ("arrived", True, False)


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"role": "reader"}, 403, "You may not release anybody"),
        ({"token": ""}, 403, "The page you released from is out of date"),
        ({"token": "9999999999.0"}, 403, "The page you released from is out of date"),
        ({"user": "somebody else"}, 403, "The page you released from is out of date"),
        ({"extract": "20260918T060000Z-000000000000"}, 403, "The page you released from is out of date"),
        ({"headers": {"sec-fetch-site": "cross-site"}}, 403, "This form was not sent by the support page"),
        ({"headers": {"sec-fetch-site": "same-site"}}, 403, "This form was not sent by the support page"),
        ({"headers": {"sec-fetch-site": ""}}, 403, "This form was not sent by the support page"),
        (
            {"headers": {"sec-fetch-site": "", "origin": "https://evil.example"}},
            403,
            "was not sent by the support page",
        ),
        ({"headers": {"sec-fetch-site": "", "origin": "null"}}, 403, "This form was not sent by the support page"),
        ({"reason": "  "}, 400, "A reason is missing"),
        ({"whom": "chosen"}, 400, "Nobody was chosen"),
        ({"whom": ()}, 400, "Whom to release was not said"),
        ({"whom": "", "worker": ["L1"]}, 400, "Whom to release was not said"),
        ({"whom": "everybody"}, 400, "Whom to release was not said"),
        ({"whom": ["chosen", "all"], "worker": ["L1"]}, 400, "Whom to release was not said"),
        ({"whom": "chosen", "worker": ["L1", "X9"]}, 409, "Not held in extract"),
    ],
)
def test_a_forged_or_faulty_release_does_nothing(
    context: Context, changes: dict[str, Any], status: int, sentence: str
) -> None:
    ref = holding(context.storage, PEOPLE)
    before = dict(row(context, ref))
    answer = release(context, ref, **changes)
    assert answer.status == status
    assert sentence in text(answer)
    assert dict(row(context, ref)) == before


def test_what_was_judged_anew_meanwhile_is_not_released_from_an_old_page(context: Context) -> None:
    ref = holding(context.storage, PEOPLE)
    page = visit(context, f"extract?source=employees&id={ref.id}", role="releaser")
    extracts.save_extract(context.storage, ref, ExtractRow(read_plan="another"))
    form = {"source": "employees", "extract": ref.id, "token": token(page), "reason": "Fine", "whom": "all"}
    assert visit(context, "release", role="releaser", form=form).status == 403


def test_a_token_counts_for_some_hours(context: Context, time: ManualTime) -> None:
    ref = holding(context.storage, PEOPLE)
    page = visit(context, f"extract?source=employees&id={ref.id}", role="releaser")
    time.forward(8 * 3600 + 1)
    form = {"source": "employees", "extract": ref.id, "token": token(page), "reason": "Fine", "whom": "all"}
    assert visit(context, "release", role="releaser", form=form).status == 403


def test_a_reader_sees_who_is_held_and_no_form_to_release_them(context: Context) -> None:
    ref = holding(context.storage, PEOPLE)
    page = visit(context, f"extract?source=employees&id={ref.id}")
    assert "Somebody with the app role releaser can release them." in text(page)
    assert (token(page), b"/release" in page.body) == ("", False)


def test_release_is_never_a_mere_address(context: Context) -> None:
    ref = holding(context.storage, PEOPLE)
    assert visit(context, f"release?source=employees&extract={ref.id}", role="releaser").status == 404


def test_a_broken_form_is_no_form(context: Context) -> None:
    person(context.storage, holding(context.storage, PEOPLE), "1", "Ann")
    form = {f"field{number}": "x" for number in range(1200)} | {"q": "Ann"}
    assert visit(context, "people", form=form).headers["Location"] == "/api/support/people?"
    assert "Nobody was found" in text(visit(context, "people"))


def test_an_old_browser_is_known_by_its_origin() -> None:
    assert is_same_origin({"origin": "https://Rollcall.example", "host": "rollcall.example"})
    assert not is_same_origin({"origin": "https://rollcall.example.evil", "host": "rollcall.example"})
    assert not is_same_origin({"origin": "", "host": ""})


def test_tokens_cannot_be_made_without_the_key() -> None:
    made = make_token(b"key", "user", "about", START)
    assert check_token(b"key", made, "user", "about", START)
    until = made.partition(".")[0]
    later = f"{int(until) + 1}.{made.partition('.')[2]}"
    for key, given, user, about in (
        (b"other", made, "user", "about"),
        (b"key", made, "user2", "about"),
        (b"key", made, "user", "about2"),
        (b"key", later, "user", "about"),
        (b"key", f"{until}.\u00e4", "user", "about"),
        (b"key", f"{'9' * 40}.x", "user", "about"),
    ):
        assert not check_token(key, given, user, about, START)
