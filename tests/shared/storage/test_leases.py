from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.storage.blob import BlobLeaseClient

from shared.context import Context
from shared.errors import ClaimLost, NoToken
from shared.settings import StorageConnection
from shared.storage import clients as records
from shared.storage import leases
from shared.storage.leases import hold
from shared.storage.names import STATE
from tests.conftest import Storage
from tests.support.contexts import ManualTime, open_test_context
from tests.support.proxy import Answer, Call, Proxy, run_proxy


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        yield opened


def test_one_holds_the_lease_and_all_others_are_told_so(context: Context) -> None:
    with hold(context.storage, "default") as first, hold(context.storage, "default") as second:
        assert first is not None
        assert second is None
        with hold(context.storage, "default") as third:
            assert not third


def test_the_lease_of_another_job_is_another_lease(context: Context) -> None:
    with hold(context.storage, "default") as first, hold(context.storage, "other") as second:
        assert first is not None
        assert second is not None


def test_the_lease_is_given_back_at_the_end_and_after_a_fault(context: Context) -> None:
    with pytest.raises(ValueError, match="boom"), hold(context.storage, "default"):
        raise ValueError("boom")
    for _ in range(2):
        with hold(context.storage, "default") as held:
            assert held


def test_of_many_who_ask_at_once_for_the_first_time_one_gets_it(context: Context) -> None:
    barrier = threading.Barrier(8)

    def ask(_: int) -> bool:
        barrier.wait()
        with hold(context.storage, "default") as held:
            barrier.wait()
            return held is not None

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(8))) == [False] * 7 + [True]


class Renewals:
    """Watches the renewals of leases, and lets them fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *faults: Exception) -> None:
        self.seen = threading.Semaphore(0)
        self._faults = list(faults)
        real = BlobLeaseClient.renew

        def renew(lease: BlobLeaseClient, **arguments: Any) -> None:
            try:
                if self._faults:
                    raise self._faults.pop(0)
                real(lease, **arguments)
            finally:
                self.seen.release()

        monkeypatch.setattr(BlobLeaseClient, "renew", renew)
        monkeypatch.setattr(leases, "_RENEW_SECONDS", 0.01)

    def wait(self, count: int, seconds: float = 60) -> None:
        for _ in range(count):
            assert self.seen.acquire(timeout=seconds)


def test_the_lease_is_renewed_while_the_work_goes_on(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    renewals = Renewals(monkeypatch)
    with hold(context.storage, "default"):
        renewals.wait(2)
        with hold(context.storage, "default") as second:
            assert not second
    assert not [thread for thread in threading.enumerate() if thread.name == "lease-default"]


def test_a_renewal_that_fails_is_tried_again(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    # A broken connection is no answer of the service, and no HttpResponseError.
    renewals = Renewals(monkeypatch, ServiceRequestError("no connection"), HttpResponseError("busy"))
    with hold(context.storage, "default") as held:
        renewals.wait(4)
        assert held


@pytest.fixture
def between(storage: Storage) -> Iterator[tuple[records.Storage, Proxy]]:
    """The account by way of a proxy, by clients that try as often as the app's do."""
    container = storage.blobs.create_container(STATE)
    blob = re.search(r"BlobEndpoint=(http://[^/]+)", storage.connection_string)
    assert blob
    with run_proxy(blob[1]) as proxy:
        through = records.connect(
            StorageConnection(connection_string=storage.connection_string.replace(blob[1], proxy.url))
        )
        through.container(STATE).upload_blob("leases/default", b"")
        yield through, proxy
        through.close()
    container.close()


def test_a_renewal_that_storage_turned_away_is_made_again_at_once(
    between: tuple[records.Storage, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client itself would wait for longer than the lease lasts."""
    through, proxy = between
    rule = proxy.add_rule(Answer(503), method="PUT", path="comp=lease", nth=2)
    renewals = Renewals(monkeypatch)
    with hold(through, "default") as held:
        assert rule.fired.wait(60)
        renewals.wait(3, seconds=3)
        assert held
        held.confirm()


@pytest.mark.parametrize("nth", [1, 2], ids=["taking it", "making sure of it"])
def test_taking_a_lease_and_making_sure_of_it_do_not_fail_for_one_hiccup(
    between: tuple[records.Storage, Proxy], nth: int
) -> None:
    through, proxy = between
    rule = proxy.add_rule(Answer(503), method="PUT", path="comp=lease", nth=nth)
    began = time.monotonic()
    with hold(through, "default") as held:
        assert held
        held.confirm()
        assert rule.fired.is_set()
    assert time.monotonic() - began < 30


def test_a_renewal_that_gets_no_answer_does_not_hold_the_work_up(
    between: tuple[records.Storage, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    through, proxy = between
    begun, over = threading.Event(), threading.Event()

    def say_nothing() -> None:
        begun.set()
        over.wait(30)

    proxy.add_rule(Call(say_nothing), method="PUT", path="comp=lease", nth=2)
    monkeypatch.setattr(leases, "_RENEW_SECONDS", 0.01)
    with hold(through, "default") as held:
        assert held
        assert begun.wait(60)
        began = time.monotonic()
    assert time.monotonic() - began < 25
    over.set()


def test_an_identity_without_a_token_does_not_end_the_renewals(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewals = Renewals(monkeypatch, NoToken("no token"))
    with hold(context.storage, "default") as held:
        renewals.wait(3)
        assert held
        held.confirm()


def test_whoever_has_lost_the_lease_is_told_so_when_he_asks(context: Context) -> None:
    blob = context.storage.container(STATE).get_blob_client("leases/default")
    with hold(context.storage, "default") as first:
        assert first is not None
        first.confirm()
        BlobLeaseClient(blob).break_lease(0)
        with pytest.raises(ClaimLost):
            first.confirm()
        with hold(context.storage, "default") as second:
            assert second is not None
            second.confirm()
            with pytest.raises(ClaimLost):
                first.confirm()


def test_a_lease_that_was_taken_away_does_not_spoil_the_work(context: Context) -> None:
    blob = context.storage.container(STATE).get_blob_client("leases/default")
    with hold(context.storage, "default") as held:
        BlobLeaseClient(blob).break_lease(0)
    assert held


def test_a_lease_that_cannot_be_given_back_does_not_spoil_the_work(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def release(*_: object, **__: object) -> None:
        raise ServiceRequestError("no connection")

    monkeypatch.setattr(BlobLeaseClient, "release", release)
    with hold(context.storage, "default") as held:
        pass
    assert held
