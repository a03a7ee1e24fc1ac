"""What the app really asks of storage, beside the roles that the deployment gives it: no right too few, none too many.

Azurite has no roles, so the calls themselves are looked at: every request that leaves the app's own sessions while it
takes in a file, tries one out, sends, hears back, tells people and clears up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests

from shared import transport
from shared.delivery.queueing import look_after_pages
from shared.errors import RequestRejected
from shared.intake.due_dates import register_due
from shared.intake.ingest import ingest_version, process_all_pending
from shared.intake.sweep import ingest_unannounced
from shared.intake.trial import call_for_trials
from shared.notices.created import write_created
from shared.notices.telling import tell
from shared.outcomes.reporting import report
from shared.retention.removal import remove_old
from shared.storage import names
from tests.conftest import Storage
from tests.infra.agreement import APP, GRANTS, HR_ACCOUNT
from tests.support.office import HEADER, Office, open_office

READ, WRITE = "read", "write"
# What each role of the app on HR's data is good for. The trigger's own container is a case apart: Owner is what the
# runtime documents for it, whatever our own code does there.
GOOD_FOR = {
    "Storage Blob Data Reader": {READ},
    "Storage Blob Data Contributor": {READ, WRITE},
    "Storage Queue Data Contributor": {READ, WRITE},
    "Storage Table Data Contributor": {READ, WRITE},
}


class Calls:
    """Requests to storage while the app works.

    Attributes:
        made: by service: for each container, queue or table (or `$batch`) what was done to it.
    """

    def __init__(self, storage: Storage) -> None:
        self._services = {
            urlsplit(client.url).netloc: service
            for service, client in (("blob", storage.blobs), ("queue", storage.queues), ("table", storage.tables))
        }
        self.made: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def note(self, request: requests.PreparedRequest) -> None:
        """Remember a request, if it is one to storage."""
        parts = urlsplit(request.url or "")
        if service := self._services.get(parts.netloc):
            first = parts.path.split("/")[2]  # after the account's name, which Azurite has in the path
            place = re.sub(r"\(.*", "", first)
            reading = request.method in ("GET", "HEAD")
            self.made[service][place].add(READ if reading else WRITE)


@pytest.fixture
def calls(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Calls:
    found = Calls(storage)
    send = transport._Adapter.send

    def noted(self: transport._Adapter, request: requests.PreparedRequest, **options: object) -> requests.Response:
        found.note(request)
        return send(self, request, **options)

    monkeypatch.setattr(transport._Adapter, "send", noted)
    return found


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


def a_round_of_the_app(office: Office) -> None:
    """What the functions do in a few minutes."""
    context = office.context
    for _ in range(3):
        ingest_unannounced(context)
        register_due(context)
        process_all_pending(context)
        office.deliver()
        look_after_pages(context)
        call_for_trials(context)
        office.deliver()
        with suppress(RequestRejected):  # this Entra takes whatever it is sent, and has no log
            report(context)
        write_created(context)
        tell(context)
        remove_old(context)
        office.time.forward(timedelta(minutes=20).total_seconds())


def test_every_right_of_the_app_on_hr_s_data_is_used_and_none_is_missing(
    office: Office, storage: Storage, calls: Calls
) -> None:
    calls.made.clear()  # the mapping was put there by an operator
    people = ("101,Ann,active,,,,", "201,Bob,active,,,,101", "301,Cy,active,,,,101", ",nobody,active,,,,")
    rows = "\n".join([HEADER, *people, ""])
    inbox = storage.blobs.get_container_client(names.INBOX)
    for path in ("employees/people.csv", "employees/try/people.csv"):
        inbox.upload_blob(path, rows.encode())  # HR's own client: what it asks for is not noted
        ingest_version(office.context, office.context.storage.container(names.INBOX).get_blob_client(path))
    a_round_of_the_app(office)
    assert office.workers() == {"101": "uploaded", "201": "uploaded", "301": "uploaded"}

    made = {service: {place: sorted(done) for place, done in of.items()} for service, of in calls.made.items()}
    roles = {where: role for who, where, role in GRANTS if who == APP}
    blobs = made["blob"]
    assert set(blobs) == set(names.CONTAINERS)
    assert blobs.pop(names.INBOX) == [READ]
    assert {place: set(done) for place, done in blobs.items()} == {
        place: GOOD_FOR[roles[place]] for place in names.CONTAINERS if place != names.INBOX
    }

    on_account = [role for who, where, role in GRANTS if (who, where) == (APP, HR_ACCOUNT)]
    assert sorted(on_account) == ["Storage Queue Data Contributor", "Storage Table Data Contributor"]
    assert set(made["queue"]) <= set(names.QUEUES)
    assert WRITE in made["queue"][names.UPLOADS]
    tables = made["table"]
    assert set(tables) - {"$batch"} <= set(names.TABLES)
    assert WRITE in tables["$batch"], "transactions go to the account's address: that is why the role is on the account"
    assert {place for place, done in tables.items() if WRITE in done} >= {names.EXTRACTS, "$batch"}
