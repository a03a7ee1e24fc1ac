"""Reading everybody, and somebody."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from azure.data.tables import UpdateMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.context import Context
from shared.model import ExtractRef, Planned, Worker
from shared.records import accounts
from shared.records.people import Deliverer, PlanNoted, note_accepted, note_planned, note_quiet
from shared.storage.names import ACCOUNTS
from shared.wording.worker_status import Telling
from tests.conftest import Storage
from tests.support.contexts import START, ManualTime, open_test_context, page_of, user, worker

REF = ExtractRef("20260918T060000Z-aaaaaaaaaaaa", "employees")


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        yield opened


def know(context: Context, job: str, ids: list[str]) -> None:
    """Have accounts, without a page."""
    note_quiet(
        context.storage,
        PlanNoted(REF, job, "1"),
        [Planned(Worker(one, 2, {}), said="digest", claim={}) for one in ids],
        state=lambda *_: None,
        remember=True,
    )


EVERY_KIND = [
    *string.printable,
    *(f"{one}{other}" for one in "0059AZaz|}~!" for other in "0459AHZaz|}~!/\\"),
    *("1222", "ab", "AB", "Ab", "Ü", "ü", "Łukasz", "社員", "\U0001f600", "x\U0001f600", "\u0085", "a\x7f", "\ufffd"),
    *("default|1", "}", "}}", "|", "||", "!7C", "a'b", "%41", "zz", "~~"),
]  # fmt: skip


def test_a_scan_finds_every_account_once_with_all_of_its_partition(context: Context) -> None:
    ids = sorted(set(EVERY_KIND) - {""})
    know(context, "default", ids)
    know(context, "defaul", ["defaul's"])
    know(context, "default-2", ["default-2's", "t"])
    found = list(accounts.scan(context.storage, "default"))
    assert sorted(account.external_id for _, some in found for account in some) == ids
    tails = [tail for tail, _ in found]
    assert sorted(tails) == sorted({one[-2:] for one in ids})
    assert {tail: {account.external_id for account in some} for tail, some in found} == {
        tail: {one for one in ids if one[-2:] == tail} for tail in tails
    }
    assert [one.external_id for _, some in accounts.scan(context.storage, "default-2") for one in some] == [
        "default-2's",
        "t",
    ]


text = st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"), min_size=1, max_size=4)


@pytest.fixture
def new_job() -> Callable[[], str]:
    jobs = (f"job-{number}" for number in range(1000))
    return lambda: next(islice(jobs, 1))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.sets(text, min_size=1, max_size=12))
def test_whatever_the_ids_are_a_scan_finds_each_once(
    context: Context, new_job: Callable[[], str], ids: set[str]
) -> None:
    job = new_job()
    know(context, job, sorted(ids))
    found = list(accounts.scan(context.storage, job))
    assert sorted(account.external_id for _, some in found for account in some) == sorted(ids)
    assert all(account.external_id[-2:] == tail for tail, some in found for account in some)
    assert accounts.read_accounts(context.storage, job, ids).keys() == ids


def test_an_account_is_read_whole_or_in_brief(context: Context) -> None:
    page = page_of(worker("1"), number=3, sequence="s")
    plan = PlanNoted(REF, "default", "5")
    note_planned(context.storage, plan, [page], Telling(REF.id, START, "x"), lambda _: "print")
    note_accepted(context.storage, "default", Deliverer(REF.source, REF.id, 3), {"1": ("2026-09-18T06:01:00Z", "r-1")})
    said: Any = {"employees": ["s", "digest", ""]}  # as JSON has it
    whole = accounts.Account(
        external_id="1",
        said=said,
        pending="",
        accepted="print",
        refused="",
        refused_at="",
        put_aside="",
        enabled=True,
        ever_enabled=True,
        accepted_enabled=True,
        since="",
        open="",
        next_change_at="",
        stamp="5",
        deliverer=Deliverer("employees", REF.id, 3),
        claims={"employees": {}},
        record=user("1"),
    )
    assert accounts.read_accounts(context.storage, "default", ["1", "2"]) == {"1": whole}
    brief = accounts.read_briefly(context.storage, "default", ["1", "2"])["1"]
    assert (brief.claims, brief.record, brief.accepted, brief.deliverer) == ({}, {}, "print", whole.deliverer)
    assert whole.known_to_entra


@pytest.mark.parametrize(
    ("columns", "circle"),
    [
        ({"Circle": "1-2-1", "Open": "In other words."}, "1-2-1"),
        ({"Circle": "", "Open": "The managers form a loop (1-2-1); sent without a manager."}, ""),
        # Older versions wrote the sentence only.
        ({"Open": "The managers form a loop (1-2 (b)-1); sent without a manager."}, "1-2 (b)-1"),
        (
            {
                "Open": "Manager 2 would close a loop (1-2-1), because Entra keeps the manager that 2 had; sent "
                "without a manager."
            },
            "1-2-1",
        ),
        ({"Open": "Manager 2 has left."}, ""),
    ],
)
def test_the_circle_that_somebody_is_left_in_has_a_column(
    context: Context, columns: dict[str, str], circle: str
) -> None:
    page = page_of(worker("1"), number=3, sequence="s")
    plan = PlanNoted(REF, "default", "5")
    note_planned(context.storage, plan, [page], Telling(REF.id, START, "x"), lambda _: "print")
    table = context.storage.table(ACCOUNTS)
    [entity] = table.query_entities("ExternalId eq '1'")
    kept = {name: value for name, value in entity.items() if name != "Circle"}
    table.update_entity({**kept, **columns}, mode=UpdateMode.REPLACE)
    assert accounts.read_accounts(context.storage, "default", ["1"])["1"].circle == circle
