"""The look at everything once the dust has settled."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.model import ChangeKind, ExtractRef
from shared.records import pages
from shared.storage.clients import Storage
from shared.storage.names import ACCOUNTS, BLOBS_POISON, EXTRACTS, PAGES, UPLOADS_POISON, WORKERS, TableName
from shared.tables.extracts import OUTCOMES, ExtractStatus
from shared.tables.pages import PageStatus
from tests.chaos.entra import Accepted, Entra
from tests.histories.lives import TYPES, File, Outcome, as_known
from tests.histories.model import Truth
from tests.histories.reader import Reader
from tests.support.table_values import Values


class Ground(Protocol):
    """What a round runs on, as far as it is looked at.

    Attributes:
        entra: the simulator.
        storage: past everything that goes wrong.
        kills: how often a process died that may have had an answer to write down.
        outages: from when to when there was no storage, by the clock of `entra`.
        longest_answer: seconds after Entra has accepted a request in which its answer comes and is written down.
    """

    @property
    def entra(self) -> Entra: ...

    @property
    def kills(self) -> int: ...

    storage: Storage
    outages: list[tuple[float, float]]
    longest_answer: float


@dataclass(frozen=True)
class Drop:
    """A file that was dropped.

    Attributes:
        file: the file.
        becomes: what its extract must become.
        outcome: what it amounts to.
    """

    file: File
    becomes: str
    outcome: Outcome


@dataclass
class Findings:
    """What was found.

    Attributes:
        wrong: what is not as it should be, in sentences.
        repeated: accepted requests with somebody whose record Entra was given once more, because no page knew of it.
        by_outage: those of them whose answer could not be written while storage was away.
        resent: records that were sent once more on purpose, because of what Entra's log says.
        reverted: records that were sent once more because another one had been planned in between, and never sent.
    """

    wrong: list[str] = field(default_factory=list)
    repeated: int = 0
    by_outage: int = 0
    resent: int = 0
    reverted: int = 0


def find(ground: Ground, truth: Truth, reader: Reader, drops: list[Drop]) -> Findings:
    """Look at the directory, the tables, the queues and what Entra has accepted."""
    storage, accepted = ground.storage, ground.entra.accepted
    read: tuple[TableName[Any], ...] = (ACCOUNTS, EXTRACTS, PAGES, WORKERS)
    tables: dict[str, list[Any]] = {name: list(storage.table(name).list_entities()) for name in read}
    findings = Findings()
    in_circles = {row["ExternalId"] for row in tables[ACCOUNTS] if row.get("Circle")}
    people = dict(_directory(ground.entra.users(), truth, accepted, in_circles))
    people |= dict(_older_over_newer(accepted))
    findings.wrong += _rows(tables, drops, reader)
    findings.wrong += _left_over(storage, tables[PAGES])
    people |= dict(_repeated(findings, ground, tables[PAGES]))
    lost = sum(request.is_lost for request in accepted)
    if findings.repeated - findings.by_outage > lost + ground.kills:
        findings.wrong.append(
            f"{findings.repeated} requests were repeated, for {lost} lost answers, {ground.kills} kills and "
            f"{findings.by_outage} outages"
        )
    if people:
        findings.wrong += [f"{len(people)} people are wrong", *_tell(ground, truth, people)]
    return findings


def _directory(
    users: Mapping[str, Mapping[str, object]], truth: Truth, accepted: list[Accepted], in_circles: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Who has not what the model says.

    Whether an account was made for somebody whose hire was withdrawn, and which manager stays who is not named any
    more, depends on what was sent in between: there both is right. So it is whether somebody is told to close a circle
    with a manager who stays, or who may: nobody knows of one in a request that was not answered.
    """
    named = defaultdict(set)
    for request in accepted:
        for person, record in request.records.items():
            named[person].add(_manager(record))
    for person in sorted(users.keys() | truth.accounts.keys()):
        account, user = truth.accounts.get(person), users.get(person)
        if account is None:
            yield person, "has an account in Entra only"
        elif user is None:
            if any(word.asks_for_account(truth.now) for word in truth.words[person].values()):
                yield person, "has no account in Entra"
        else:
            should = {**dict(account.attributes), "accountEnabled": account.enabled}
            has = {name: user.get(name) for name in should}
            if has != should:
                yield person, f"should be {should}, is {has}"
            wanted = account.sent[2] if account.sent else ""
            manager = str(user.get("manager") or "")
            left_out = person in in_circles and _may_be_above(person, wanted, users, truth)
            if wanted in users and manager != wanted and not left_out:
                yield person, f"should have the manager {wanted}, has {manager or None}"
            elif manager not in named[person] | {"", wanted}:
                yield person, f"has the manager {manager}, whom nobody has named"


def _may_be_above(person: str, manager: str, users: Mapping[str, Mapping[str, object]], truth: Truth) -> bool:
    """Whether somebody may be above the manager whom HR names of him, by what Entra has or may have kept."""
    above: set[str] = set()
    level = {manager}
    while level:
        above |= level
        has = {str(users[one].get("manager") or "") for one in level if one in users}
        level = has.union(*(truth.ever_named[one] for one in level if one in truth.accounts)) - above - {""}
    return person in above


def _manager(record: Mapping[str, Any]) -> str:
    found = next((part["manager"] for part in record.values() if isinstance(part, dict) and "manager" in part), None)
    return str(found["value"] if isinstance(found, dict) else found or "")


def _older_over_newer(accepted: list[Accepted]) -> Iterator[tuple[str, str]]:
    """Whose accepted records go back: the titles of a feed end with the number of their version."""
    feeds = {kind: feed for feed, kind in TYPES.items()}
    newest: dict[tuple[str, str], int] = {}
    for request in accepted:
        for person, record in request.records.items():
            key = (person, feeds[str(record["userType"])])
            version = int(str(record["title"]).split()[-1])
            if version < newest.get(key, 0):
                yield person, f"version {version} of {key[1]} was sent after {newest[key]}, in request {request.id}"
            newest[key] = max(version, newest.get(key, 0))


def _repeated(findings: Findings, ground: Ground, rows: list[Any]) -> Iterator[tuple[str, str]]:
    """Count what Entra was given twice; who was sent the same again for no reason."""
    row_of = {answer["requestId"]: row for row in rows for answer in json.loads(row["Answers"]) if "accepted" in answer}
    again = list(_sent_again(ground.entra.accepted))
    resent = _planned_again(ground.storage, rows) if again else set()
    repeated = {}
    for person, before, after in again:
        if before.id not in row_of:
            repeated[before.id] = before
        elif person in resent:
            findings.resent += 1
        elif after.id in row_of and _waited(ground.storage, row_of[after.id], person):
            yield person, f"was sent the same again in {after.id}, though Entra had taken it in {before.id}"
        elif after.id not in row_of or row_of[before.id]["PartitionKey"] != row_of[after.id]["PartitionKey"]:
            findings.reverted += 1
        else:
            yield person, f"was sent the same again in {after.id}, though the page knew of {before.id}"
    findings.repeated = len(repeated)
    around = [(first - ground.longest_answer, last) for first, last in ground.outages]
    findings.by_outage = sum(
        not request.is_lost and any(first <= request.moment <= last for first, last in around)
        for request in repeated.values()
    )


def _sent_again(accepted: list[Accepted]) -> Iterator[tuple[str, Accepted, Accepted]]:
    """The people who were sent twice in a row with the same record, and in which requests."""
    last: dict[str, Accepted] = {}
    for request in accepted:
        for person, record in request.records.items():
            if person in last and last[person].records[person] == record:
                yield person, last[person], request
            last[person] = request


def _waited(storage: Storage, row: Any, person: str) -> bool:
    """Whether a page was to send somebody only because an older plan had not done it."""
    page = pages.read_page(storage, ExtractRef(row["PartitionKey"], row["Source"]), row["Plan"], int(row["RowKey"]))
    return next(one.waited for one in page.people if one.worker.worker_id == person)


def _planned_again(storage: Storage, rows: list[Any]) -> set[str]:
    """The people whom a plan sends once more on purpose, because of what Entra's log says."""
    found = set()
    for row in rows:
        ref = ExtractRef(row["PartitionKey"], row["Source"])
        page = pages.read_page(storage, ref, row["Plan"], int(row["RowKey"]))
        found |= {person.worker.worker_id for person in page.people if person.kind == ChangeKind.RESENT}
    return found


def _rows(tables: Mapping[str, list[Any]], drops: list[Drop], reader: Reader) -> Iterator[str]:
    """Every row of every file has one outcome."""
    rows = {row["Path"]: row for row in tables[EXTRACTS] if row.get("Path")}
    for drop in drops:
        path = f"{drop.file.feed}/{drop.file.name}"
        row = rows.get(path)
        # Whoever is held with a question may be judged anew with the next list before anybody has looked.
        may_be = {drop.becomes, ExtractStatus.SUPERSEDED} if drop.becomes == ExtractStatus.DELIVERED else {drop.becomes}
        if row is None or row["Status"] not in may_be:
            yield f"{path} is {row and (row['Status'], row['Message'])} instead of {drop.becomes}"
            continue
        if drop.becomes != ExtractStatus.DELIVERED:
            continue
        outcome = drop.outcome
        should = (outcome.rows, len(outcome.said), outcome.repeated, outcome.rejected)
        has = tuple(row[name] for name in ("Rows", "People", "Repeated", "Rejected"))
        if should != has:
            yield f"{path}: rows, people, repeated, rejected are {has} instead of {should}"
        counts = Counter({name: row.get(name, 0) for name in OUTCOMES})
        if counts.total() != row["People"] + row["Extras"]:
            yield f"{path}: {+counts} for {row['People']} people and {row['Extras']} more"
        stamps = {str(one["Extract"]): str(one.get("Stamp", "")) for one in tables[EXTRACTS]}
        if row.get("ReleasedAt"):  # the stamp is of the release
            stamps[row["Extract"]] = row["ArrivedAt"]
        yield from (
            f"{path}: {what}" for what in _not_shown(drop, tables[WORKERS], reader, str(row["Extract"]), stamps)
        )


def _not_shown(
    drop: Drop, workers: list[Any], reader: Reader, extract: str, stamps: Mapping[str, str]
) -> Iterator[str]:
    """Everybody of a file can be looked up."""
    file = drop.file
    rows = {row["WorkerId"]: row for row in workers if str(row["PartitionKey"]).startswith(f"{file.feed}|")}
    for line in file.lines:
        person = line.cells[0]
        row = rows.get(person) or rows.get(as_known(person))
        if reader.knows_newer(file, person) or len(line.cells) < len(file.header):
            continue  # something newer is known, or nobody can be sure whom the row is about
        if row is None:
            # A newer full file that does not name an id which nobody has takes its row away.
            if person in drop.outcome.said or reader.newest.get(file.feed) == file.day:
                yield f"{person} is not in the results table"
        elif extract not in (row["Extract"], row.get("SeenIn")):
            # A newer plan may have carried the person on, or a date has come.
            if max(stamps.get(row["Extract"], ""), stamps.get(row.get("SeenIn") or "", "")) < stamps[extract]:
                yield f"the results table tells of {person} by {row['Extract']} ({row['Status']})"
        elif person not in drop.outcome.said and row["Status"] != "rejected":
            yield f"{person} is {row['Status']} instead of rejected: {row['Reason']}"


def _left_over(storage: Storage, rows: list[Any]) -> Iterator[str]:
    for name in (UPLOADS_POISON, BLOBS_POISON):
        if messages := storage.queue(name).peek_messages(32):
            yield f"{len(messages)} messages in {name}: {messages[0].content}"
    for row in rows:
        if row["Status"] == PageStatus.FAILED:
            yield f"page {row['RowKey']} of {row['PartitionKey']} has failed: {row['Reason']}"


def _tell(ground: Ground, truth: Truth, people: Mapping[str, str]) -> Iterator[str]:
    """The whole story of the first few."""
    for person, what in list(people.items())[:4]:
        yield f"--- {person}: {what}"
        for request in ground.entra.accepted:
            if person in request.records:
                lost = ", answer lost" if request.is_lost else ""
                yield f"sent {request.at:%m-%d %H:%M:%S} in {request.id}{lost}: {_brief(request.records[person])}"
        yield from (f"model: {feed}: {word}" for feed, word in truth.words.get(person, {}).items())
        yield f"model: {truth.accounts.get(person)}"
        tables: tuple[TableName[Any], ...] = (ACCOUNTS, WORKERS)
        for table in tables:
            for row in ground.storage.table(table).list_entities():
                if person in (row.get("ExternalId"), row.get("WorkerId")):
                    yield f"{table}: {_plain(row)}"


def _brief(record: Mapping[str, object]) -> str:
    return json.dumps({name: value for name, value in record.items() if name not in ("schemas", "externalId")})


def _plain(row: Values) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in ("", None) and not isinstance(value, bytes)}
