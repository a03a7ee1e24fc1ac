"""The page on which operators see whether everything is set up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.entra.calls.managed_identity import PATH
from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.server import serving
from local.entra.settings import Tenant
from local.entra.simulator import Simulator
from local.host.storage import make_everything
from shared.context import Context, open_context
from shared.settings import from_environment
from tests.conftest import Storage
from tests.shared.support.visiting import ON, text, visit


@pytest.fixture
def environment(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    simulator = Simulator(Tenant(renames=False))
    with serving(simulator) as url:
        env = {
            "HR_STORAGE": storage.connection_string,
            "PROVISIONING_ENDPOINT": url + bulk_upload_path(simulator.tenant),
            "IDENTITY_ENDPOINT": url + PATH,
            "IDENTITY_HEADER": simulator.tenant.identity_header,
        }
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        yield env | ON


@pytest.fixture
def context(environment: dict[str, str]) -> Iterator[Context]:
    context = open_context(from_environment(environment))
    make_everything(context.storage)
    yield context
    context.close()


def test_a_releaser_sees_every_check_the_wrong_ones_first(context: Context, environment: dict[str, str]) -> None:
    context.storage.tables.delete_table("Due")
    answer = visit(context, "check", role="releaser", environment=environment)
    said = text(answer)
    assert answer.status == 200
    assert "Is everything set up?" in said
    assert "1 of " in said
    assert said.index("table Due") < said.index("table Workers")
    assert "it is not there" in said


def test_it_can_be_downloaded(context: Context, environment: dict[str, str]) -> None:
    answer = visit(context, "check?format=csv", role="releaser", environment=environment)
    lines = answer.body.decode("utf-8-sig").splitlines()
    assert lines[0] == "Check,About,State,What was found,How to mend it"
    assert "job,default,ok,runs," in lines


def test_a_reader_neither_sees_it_nor_the_way_to_it(context: Context, environment: dict[str, str]) -> None:
    answer = visit(context, "check", role="reader", environment=environment)
    assert (answer.status, "You may not look at how the app is set up" in text(answer)) == (403, True)
    assert b"/check" not in visit(context, "causes", role="reader", environment=environment).body
    assert b"/check" in visit(context, "causes", role="releaser", environment=environment).body
