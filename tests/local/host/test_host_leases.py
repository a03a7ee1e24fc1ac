from __future__ import annotations

import pytest
from azure.storage.blob import BlobClient, BlobLeaseClient

from local.host.leases import Lock
from tests.conftest import Storage


@pytest.fixture
def blob(storage: Storage) -> BlobClient:
    return storage.blobs.create_container("locks").get_blob_client("one")


def test_a_lock_is_held_by_one_at_a_time(blob: BlobClient) -> None:
    first, second = Lock(blob, 15), Lock(blob, 15)

    assert [first.hold(), second.hold(), first.hold()] == [True, False, True]
    first.let_go()
    assert [second.hold(), first.hold()] == [True, False]


def test_a_lease_is_brought_into_what_azure_allows(blob: BlobClient) -> None:
    for seconds in (1, 600):
        lock = Lock(blob, seconds)
        assert lock.hold()
        lock.let_go()


def test_whoever_lost_the_lease_knows_at_the_next_renewal(blob: BlobClient, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("local.host.leases.time.monotonic", lambda: now[0])
    first, second = Lock(blob, 15), Lock(blob, 15)
    assert first.hold()
    BlobLeaseClient(blob).break_lease(0)  # as if it had run out
    assert second.hold()
    assert first.hold()  # it has not asked yet

    now[0] += 6

    assert [first.hold(), second.hold()] == [False, True]


def test_a_lease_that_cannot_be_renewed_is_given_up_when_it_has_run_out(
    blob: BlobClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("local.host.leases.time.monotonic", lambda: now[0])
    lock = Lock(blob, 15)
    assert lock.hold()

    def refuse(*_args: object, **_options: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(BlobLeaseClient, "renew", refuse)
    now[0] += 10
    assert lock.hold()
    now[0] += 6
    assert not lock.hold()
