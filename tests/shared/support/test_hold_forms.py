"""The support page about people on hold and protected people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.context import Context
from shared.holds.hold_rows import read_all
from shared.holds.look import holds_at
from shared.storage.names import CONFIG
from tests.conftest import Storage
from tests.shared.support.visiting import file, holding, person, text, token, visit
from tests.support.contexts import START, ManualTime, open_test_context

HERS = "person?source=employees&id=J3"
FORM = {"source": "employees", "id": "J3", "reason": "Case 17"}


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        person(opened.storage, file(opened.storage, "people.csv"), "J3", "Jane Doe")
        yield opened


def on_hold(context: Context) -> dict[str, str]:
    return {hold.worker: hold.by for hold in holds_at(context.storage, START).holds}


def write(context: Context, content: str) -> None:
    context.storage.container(CONFIG).upload_blob("holds.yaml", content.encode(), overwrite=True)


def test_a_releaser_puts_somebody_on_hold_and_ends_it_and_both_are_recorded(context: Context) -> None:
    page = visit(context, HERS, role="releaser")
    done = visit(context, "hold", role="releaser", form={**FORM, "token": token(page), "until": "2026-12-31"})
    assert (done.status, done.headers["Location"]) == (303, "/api/support/person?source=employees&id=J3&hold=set")
    page = visit(context, f"{HERS}&hold=set", role="releaser")
    said = text(page)
    assert "The account is on hold. It is disabled within a minute or two" in said
    assert (
        "On hold. Stays disabled until the end of 2026-12-31 (UTC), set by rita@example.com (support page or command): "
        "Case 17"
    ) in said
    assert "J3 of employees : Stays disabled until the end of 2026-12-31" in text(visit(context))
    form = {**FORM, "token": token(page), "reason": "Cleared", "what": "end"}
    assert visit(context, "hold", role="releaser", form=form).status == 303
    assert on_hold(context) == {}
    [row] = read_all(context.storage)
    assert [(entry["what"], entry["by"], entry["reason"]) for entry in row.history] == [
        ("put on hold", "rita@example.com", "Case 17"),
        ("ended", "rita@example.com", "Cleared"),
    ]


def test_a_reader_sees_the_hold_and_cannot_touch_it(context: Context) -> None:
    stolen = token(visit(context, HERS, role="releaser"))
    visit(context, "hold", role="releaser", form={**FORM, "token": stolen})
    page = visit(context, HERS)
    assert "Stays disabled until somebody ends it, set by rita@example.com" in text(page)
    assert token(page) == ""
    assert visit(context, "hold", form={**FORM, "token": stolen, "what": "end"}).status == 403
    assert on_hold(context) == {"J3": "rita@example.com"}


def test_nothing_is_done_by_a_form_that_is_not_ours_or_out_of_date(context: Context) -> None:
    page = visit(context, HERS, role="releaser")
    form = {**FORM, "token": token(page)}
    forged = {"sec-fetch-site": "cross-site"}
    assert visit(context, "hold", role="releaser", form=form, headers=forged).status == 403
    assert visit(context, "hold", role="releaser", form={**form, "token": ""}).status == 403
    assert visit(context, "hold", role="releaser", form=form, user="oid-2").status == 403
    assert visit(context, "hold", role="releaser", form={**form, "id": "J4"}).status == 403
    assert on_hold(context) == {}
    assert visit(context, "hold", role="releaser", form=form).status == 303
    # The page from before the hold does not end it, nor change it.
    assert visit(context, "hold", role="releaser", form={**form, "what": "end"}).status == 403
    assert on_hold(context) == {"J3": "rita@example.com"}


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"reason": " "}, 400, "A reason is missing"),
        ({"until": "yesterday"}, 409, "'yesterday' is neither a day such as 2026-12-31"),
        ({"until": "2026-09-01"}, 409, "The hold would be over already"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_a_sentence(
    context: Context, changes: dict[str, str], status: int, said: str
) -> None:
    form = {**FORM, "token": token(visit(context, HERS, role="releaser")), **changes}
    answer = visit(context, "hold", role="releaser", form=form)
    assert answer.status == status
    assert said in text(answer)
    assert on_hold(context) == {}


def test_a_hold_of_the_file_is_shown_and_cannot_be_ended_here(context: Context) -> None:
    write(context, "version: 1\nholds: [{worker: J3, by: Sam, reason: Case 17}]")
    page = visit(context, HERS, role="releaser")
    assert "The hold that is in force stands in hr-config/holds.yaml line 2 , and is ended there." in text(page)
    assert "End the hold" not in text(page)
    form = {**FORM, "token": token(page), "what": "end"}
    answer = visit(context, "hold", role="releaser", form=form)
    assert answer.status == 409
    assert "is on hold by hr-config/holds.yaml line 2: take the entry out there" in text(answer)


def test_the_first_page_says_that_nobody_is_enabled_while_the_list_is_broken(context: Context) -> None:
    write(context, "version: 1\nholds: [{worker: J3}]")
    assert "Nobody is enabled at the moment. The list of accounts on hold cannot be used: hr-config/holds.yaml" in text(
        visit(context)
    )


def test_protected_people_have_a_button_of_their_own_and_stay_when_all_are_released(context: Context) -> None:
    ref = holding(context.storage, {"L1": "Ann Lee", "L2": "Bo Ek"})
    write(context, "version: 1\nprotected: [{worker: L2}]")
    page = visit(context, f"extract?source=employees&id={ref.id}", role="releaser")
    said = text(page)
    assert "Release all but those who are released each alone" in said
    assert "each alone L2 Bo Ek" in said
    assert "Release only L2, Bo Ek" in said
    assert 'name="worker" value="L1"' in page.body.decode()
    assert 'name="worker" value="L2"' not in page.body.decode()
    form = {"source": "employees", "extract": ref.id, "token": token(page), "reason": "Looked at."}
    both = visit(context, "release", role="releaser", form={**form, "whom": "chosen", "worker": ["L1", "L2"]})
    assert (both.status, "Protected people are released one by one" in text(both)) == (409, True)
    asked = visit(context, "release", role="releaser", form={**form, "alone": "L2"})
    assert (asked.status, "Release 1 person?" in text(asked)) == (200, True)
    assert visit(context, "release", role="releaser", form={**form, "whom": "all", "confirmed": "2"}).status == 409
    alone = visit(context, "release", role="releaser", form={**form, "alone": "L2", "confirmed": "1"})
    assert alone.headers["Location"].endswith("released=1")
    assert "Protected. Nothing is sent before somebody releases just this person" in text(
        visit(context, "person?id=L2")
    )
