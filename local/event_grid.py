"""Event Grid in small: it tells the blob trigger of each new version, and is no more reliable than the real one.

At least once is what Event Grid promises: an event may come twice, late and out of order; what is sent to the webhook
may be about another container or of another type; and a subscription that was made late, or is broken, loses events.
All of that happens here by chance, with a seed.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import logging
import random
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobProperties, ContainerClient

log = logging.getLogger("event grid")

CREATED, DELETED = "Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"

_LOOK = 0.25  # seconds
_MOST_TRIES = 6
_TIMEOUT = 10.0
_PATIENCE = 2.0


@dataclass(frozen=True)
class Chance:
    """How unreliable events are; shares of the versions that there are.

    Attributes:
        twice: share of events that come twice, every other time both at once.
        lost: share that never comes.
        late: up to so many seconds late, and so out of order.
        strange: share of versions beside which a strange event comes: of a deletion, of another type, of a file that is
            gone, or of another container.
        seed: of the chance.
    """

    twice: float = 0.0
    lost: float = 0.0
    late: float = 0.0
    strange: float = 0.0
    seed: int = 1


EXACT = Chance()
DAILY = Chance(twice=0.1, late=0.5, strange=0.1)
"""What work on this machine meets: nothing is lost, as that would take a minute to be found."""
DEPLOYED = Chance(twice=0.2, lost=0.05, late=2.0, strange=0.1)
"""What scenarios and chaos meet."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let somebody say on a command line how unreliable events are."""
    group = parser.add_argument_group(
        "events", "how unreliable Event Grid is, where it is the source of the blob trigger"
    )
    group.add_argument("--no-events", action="store_true", help="somebody else tells of new files")
    group.add_argument("--twice", type=float, default=DAILY.twice, metavar="SHARE", help="of events that come twice")
    group.add_argument("--lost", type=float, default=DAILY.lost, metavar="SHARE", help="of events that never come")
    group.add_argument("--late", type=float, default=DAILY.late, metavar="SECONDS", help="up to so late")
    group.add_argument(
        "--strange", type=float, default=DAILY.strange, metavar="SHARE", help="besides, about nothing new"
    )
    group.add_argument("--seed", type=int, default=DAILY.seed, help="of the chance")


def chance_of(options: argparse.Namespace) -> Chance:
    """What was said by the options."""
    return Chance(options.twice, options.lost, options.late, options.strange, options.seed)


def as_options(options: argparse.Namespace) -> list[str]:
    """What was said by the options, for another command line."""
    chance = chance_of(options)
    said = ["--no-events"] if options.no_events else []
    for name, value in asdict(chance).items():
        said += [f"--{name}", str(value)]
    return said


@dataclass(frozen=True)
class Event:
    """What is told.

    Attributes:
        container: of the blob.
        name: of the blob.
        etag: of the version.
        type: of the event.
    """

    container: str
    name: str
    etag: str = "0x0"
    type: str = CREATED


def events_of(container: str, name: str, etag: str, chance: Chance, dice: random.Random) -> list[tuple[float, Event]]:
    """The events that come of a version, each with the seconds by which it is late."""
    event = Event(container, name, etag)
    found = []
    if dice.random() >= chance.lost:
        late = dice.uniform(0, chance.late)
        found.append((late, event))
        if dice.random() < chance.twice:
            found.append((late if dice.random() < 0.5 else dice.uniform(0, chance.late), event))
    if dice.random() < chance.strange:
        strange = dice.choice(
            (
                Event(container, name, etag, DELETED),
                Event(container, name, etag, "Microsoft.Storage.BlobTierChanged"),
                Event(container, f"{name}.gone", etag),
                Event("hr-outbox", f"{name}/summary.json", etag),
            )
        )
        found.append((dice.uniform(0, chance.late), strange))
    return found


def body_of(event: Event, account: str) -> bytes:
    """An event as Event Grid posts it, of a storage account with that address."""
    url = f"{account.rstrip('/')}/{event.container}/{quote(event.name)}"
    data = {
        "api": "PutBlob",
        "eTag": event.etag,
        "contentType": "application/octet-stream",
        "contentLength": 1,
        "blobType": "BlockBlob",
        "url": url,
    }
    subject = f"/blobServices/default/containers/{event.container}/blobs/{event.name}"
    told = {
        "id": str(uuid.uuid4()),
        "subject": subject,
        "eventType": event.type,
        "eventTime": datetime.now(UTC).isoformat(),
        "dataVersion": "",
        "data": data,
    }
    return json.dumps([told]).encode()


class EventGrid:
    """Watches a container and posts events to a webhook, again for a while if nobody takes them.

    What is in the container at the start is told too, as if its events had waited.

    Args:
        container: what to watch.
        post: hands an event over; whether it was taken.
        chance: how unreliable it is.
        retry: seconds before an event that was not taken is posted again; twice as long each time.
    """

    def __init__(
        self,
        container: ContainerClient,
        post: Callable[[Event], bool],
        chance: Chance,
        *,
        retry: float = 1.0,
    ) -> None:
        self._container = container
        self._post = post
        self._chance = chance
        self._retry = retry
        self._dice = random.Random(chance.seed)
        self._known: dict[str, str] = {}
        self._waiting: list[tuple[float, int, int, Event]] = []  # when, number, tries
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event grid", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Tell nobody anything any more."""
        self._stopping.set()
        self._thread.join(_PATIENCE)  # it may be waiting for storage that is away

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                for blob in self._container.list_blobs():
                    self._see(blob)
            except (AzureError, OSError) as error:  # no container yet, or storage is away
                log.debug("The container cannot be looked at: %s", type(error).__name__)
            self._tell()
            self._stopping.wait(_LOOK)

    def _see(self, blob: BlobProperties) -> None:
        etag = blob.etag.strip('"')
        if self._known.get(blob.name) == etag:
            return
        self._known[blob.name] = etag
        now = time.monotonic()
        for late, event in events_of(self._container.container_name, blob.name, etag, self._chance, self._dice):
            heapq.heappush(self._waiting, (now + late, next(self._numbers), 0, event))

    def _tell(self) -> None:
        due = []
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            due.append(heapq.heappop(self._waiting))
        threads = [threading.Thread(target=self._tell_one, args=(tries, event)) for _, _, tries, event in due]
        for thread in threads:  # at once, as the real one does
            thread.start()
        for thread in threads:
            thread.join()

    def _tell_one(self, tries: int, event: Event) -> None:
        if not self._post(event) and tries < _MOST_TRIES:
            later = time.monotonic() + self._retry * 2**tries
            heapq.heappush(self._waiting, (later, next(self._numbers), tries + 1, event))


def webhook(url: str, function: str, account: str) -> Callable[[Event], bool]:
    """What posts events to the webhook of a blob trigger.

    Args:
        url: of the functions host.
        function: its name.
        account: the address of the storage account that the events are about.
    """
    target = f"{url}/runtime/webhooks/blobs?functionName=Host.Functions.{function}"

    def post(event: Event) -> bool:
        headers = {"aeg-event-type": "Notification", "Content-Type": "application/json"}
        request = urllib.request.Request(target, body_of(event, account), headers)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                return bool(200 <= answer.status < 300)
        except (OSError, urllib.error.URLError):
            return False

    return post
