"""One random history: a company, two feeds and the app, day by day, and after every day a look at everything."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from msgspec.structs import replace

from shared.holds.orders import HoldOrder, end_hold, put_on_hold
from shared.planning.orders import Order, process
from shared.records import accounts
from shared.records.rosters import find_seen
from shared.storage.names import EXTRACTS, WORKERS
from shared.tables.extracts import OUTCOMES, ExtractStatus
from tests.histories.driver import World, world
from tests.histories.lives import ABOUT_IDS, MISTAKES, Company, File, Outcome, as_known
from tests.histories.model import PRECEDENCE, Truth
from tests.histories.plan import Figures, Plan, WrongError, mappings
from tests.histories.reader import Reader
from tests.support.releasing import held_extracts, release_held
from tests.support.table_values import Values


def run(plan: Plan, connection_string: str) -> Figures:
    """Live through a history.

    Raises:
        WrongError: something is not as it should be.
    """
    start = datetime(plan.start.year, plan.start.month, plan.start.day, 5, tzinfo=UTC)
    with world(connection_string, start, large=plan.seed % 2 == 0, clears=plan.clears) as around:
        return _History(plan, around, start).run()


class _History:
    def __init__(self, plan: Plan, around: World, start: datetime) -> None:
        self._plan = plan
        self._random = Random(f"{plan.seed}")
        self._world = around
        self._truth = Truth(start, plan.clears)
        # Whoever cannot be told by the id is missing.
        mistakes = [mistake for mistake in MISTAKES if not plan.missing or mistake not in ABOUT_IDS]
        lives = Random(f"{plan.seed} lives")
        self._security = Random(f"{plan.seed} security")
        turns = Random(f"{plan.seed} turns") if plan.turns else None
        self._company = Company(lives, plan.people, plan.start, delta=plan.delta, mistakes=mistakes, turns=turns)
        self._new_ids: dict[str, str] = {}  # that have been heard of
        self._reader = Reader(plan, self._truth)
        self._figures = Figures()
        self._story: list[str] = []
        self._told: dict[str, list[str]] = defaultdict(list)  # what files said of a person
        self._kept: list[File] = []  # files that come late
        self._seen = 0  # operations
        self._sent: dict[str, object] = {}  # the last record of each person
        self._is_down = False
        self._waiting: dict[str, File] = {}  # files that came meanwhile, by path
        self._whole: dict[str, File] = {}  # files that are held as a whole, by path
        self._loose = False  # whether somebody else than HR has had a hand in it since the last look

    def run(self) -> Figures:
        for source, text in mappings(self._plan).items():
            self._world.map(source, text)
        for day in range(self._plan.days):
            if day:
                self._company.live()
            self._live_through(self._company.today)
            self._figures.days += 1
        self._start_again()
        self._figures.crashes = self._world.crashes
        return self._figures

    def _live_through(self, today: date) -> None:
        at = datetime(today.year, today.month, today.day, 6, tzinfo=UTC)
        if self._is_down:
            self._world.skip(at)
            for feed in sorted(PRECEDENCE):
                for file in self._files(feed, today):
                    self._drop(file)
                    self._waiting[f"{feed}/{file.name}"] = file
            if self._random.random() < 0.5:
                self._start_again()
            return
        self._advance(at - timedelta(minutes=1))
        self._look(f"{today} before the files")
        if self._plan.down and self._random.random() < 0.15:
            self._is_down = True
            self._live_through(today)
            return
        feeds = self._random.sample(sorted(PRECEDENCE), 2)
        if self._random.random() < 0.2:
            self._take_together([file for feed in feeds for file in self._files(feed, today)], today)
            at, feeds = self._world.now() + timedelta(minutes=1), []
        for feed in feeds:
            for file in list(self._files(feed, today)):
                self._advance(at)
                self._take(file)
                self._advance(self._world.now() + timedelta(minutes=20))
                self._look(f"{today} after {file.feed}/{file.name}")
                at = self._world.now() + timedelta(minutes=1)
        self._advance(max(at, datetime(today.year, today.month, today.day, 13, tzinfo=UTC)))
        if self._plan.holds:
            self._act_on_holds()
        self._world.report()
        self._look(f"{today} in the evening")
        if self._world.open_work():
            self._settle()  # somebody was released just now, and Entra has not told yet
        if open_work := self._world.open_work():
            raise WrongError("\n".join([f"{today}: not everything is done: ", *open_work, *self._story]))

    def _files(self, feed: str, today: date) -> Iterator[File]:
        chance = self._random.random
        for file in [file for file in self._kept if file.feed == feed]:
            if chance() < 0.5:
                self._kept.remove(file)
                yield file
        made = self._file(feed, today)
        if chance() < 0.12:
            if chance() < 0.6:
                self._kept.append(made)  # it comes on another day, or never
            return
        yield made
        if chance() < 0.06:
            yield made
        if chance() < 0.06:
            yield self._file(feed, today)

    def _file(self, feed: str, today: date) -> File:
        heard = {person: self._new_ids.get(person, "") for person, words in self._truth.words.items() if feed in words}
        return self._company.file(feed, f"workers_{today:%Y%m%d}.csv", self._truth.accounts, {**self._new_ids, **heard})

    def _take(self, file: File) -> None:
        """HR drops a file, and it is worked off."""
        path = self._drop(file)
        becomes, outcome = self._becomes(file)
        if self._plan.crashes and self._random.random() < 0.5:
            self._world.crash_after(int(self._random.expovariate(1 / 60)), at_answer=self._random.random() < 0.3)
            self._loose = True
        if self._plan.crashes and self._random.random() < 0.2:
            kind = self._random.choice(({"kind": "lose-answer"}, {"kind": "status", "status": 503}))
            self._world.tenant.faults.add([kind])
            self._loose = True
        self._world.announce(path)
        at_last = self._plan.holds and not self._plan.crashes and self._security.random() < 0.5
        put = self._put_on_hold(1) if at_last else {}
        self._world.deliver()
        self._hear(file, outcome)
        for person, until in put.items():
            self._truth.put_on_hold(person, until)
        if put:
            self._loose = True  # whoever was planned enabled is left out, and sent disabled
            self._world.tick()
        if self._loose:
            self._settle()
        self._check_counts(file, becomes, outcome, newest=not self._loose)
        if becomes == ExtractStatus.STALE and not self._loose and self._random.random() < 0.4:
            self._force(file)

    def _act_on_holds(self) -> None:
        """Security puts some people on hold and lets others go, and the clock runs, not in a second in which it has."""
        # Of another second each day, too: a hold of some hours ends in the second in which it began.
        self._advance(self._world.now() + timedelta(seconds=61 + self._figures.days))
        on_hold = sorted(person for person in self._truth.holds if self._truth.is_on_hold(person))
        for person, until in self._put_on_hold(self._security.randrange(4)).items():
            self._truth.put_on_hold(person, until)
        for person in self._security.sample(on_hold, len(on_hold) // 3):
            end_hold(self._world.context.storage, self._order_of(person))
            self._story.append(f"{self._world.now():%Y-%m-%d %H:%M} {person} is let go")
            self._truth.let_go(person)
        self._world.tick()
        self._look("after Security has acted")

    def _put_on_hold(self, count: int) -> dict[str, datetime | None]:
        """Some people who are not on hold are from now on; they and until when."""
        known = sorted(person for person in self._truth.words if not self._truth.is_on_hold(person))
        put: dict[str, datetime | None] = {}
        for person in self._security.sample(known, min(count, len(known))):
            days = self._security.choice((0, 1, 2, 4))
            put[person] = self._world.now() + timedelta(days=days, hours=self._security.randrange(20)) if days else None
            put_on_hold(self._world.context.storage, self._order_of(person), put[person])
            self._figures.holds += 1
            self._story.append(f"{self._world.now():%Y-%m-%d %H:%M} {person} is put on hold until {put[person]}")
        return put

    def _order_of(self, person: str) -> HoldOrder:
        return HoldOrder(person, "", "Sam", "A case.", self._world.now())

    def _force(self, file: File) -> None:
        """Somebody says that the late file is right all the same; from now on it is the newest."""
        row = self._row_of(file)
        process(self._world.context.storage, str(row["Extract"]), Order("Ada", "It is right.", self._world.now()))
        self._world.tick()
        file = self._reader.insist(file)
        becomes, outcome = self._becomes(file)
        self._hear(file, outcome)
        self._check_counts(file, becomes, outcome)

    def _take_together(self, files: Sequence[File], today: date) -> None:
        """Several files are there before anything is sent."""
        self._loose = self._truth.hurried = True
        for file in files:
            path = self._drop(file)
            self._world.announce(path)
            self._world.now.forward(1)  # no two files have the same time
            becomes, outcome = self._becomes(file)
            self._hear(file, outcome)
            self._check_counts(file, becomes, outcome)
            self._release()  # nobody knows what is said of people who are held
        self._truth.hurried = False
        self._settle()
        self._look(f"{today} after files in the same minute")

    def _start_again(self) -> None:
        """The app starts again, and finds all that has come meanwhile."""
        if not self._is_down:
            return
        self._is_down = False
        self._loose = True
        self._world.skip(self._world.now() + timedelta(minutes=5))
        self._world.start()
        now = self._world.now()
        self._truth.now = now
        self._truth.hurried = True
        for _, file in sorted(self._waiting.items()):
            becomes, outcome = self._becomes(file)
            self._hear(file, outcome)  # who is missing from the next one depends on it
            self._check_counts(file, becomes, outcome, newest=False)
        self._waiting.clear()
        self._truth.catch_up()
        self._truth.hurried = False
        self._settle()
        self._look("after the app was down")

    def _settle(self) -> None:
        """After a crash, or where a report can be sent before the manager, it takes Entra's log to mend everything."""
        self._world.deliver()
        self._advance(self._world.now() + timedelta(minutes=90))
        self._world.forgive()
        for _ in range(2):
            self._world.report()
            self._advance(self._world.now() + timedelta(minutes=10))

    def _drop(self, file: File) -> str:
        path = f"{file.feed}/{file.name}"
        self._story.append(f"{self._world.now():%Y-%m-%d %H:%M} {path} ({len(file.lines)} rows)")
        for line in file.lines:
            self._told[line.cells[0]].append(f"{self._story[-1]}: {line.cells}")
        self._world.drop(path, file.content)
        return path

    def _becomes(self, file: File) -> tuple[str, Outcome]:
        becomes, outcome = self._reader.read(file, self._world.now())
        if becomes == ExtractStatus.HELD:
            self._whole[f"{file.feed}/{file.name}"] = file
        self._figures.files[becomes] += 1
        self._figures.rows += outcome.rows
        self._figures.missing += len(outcome.gone)
        self._story.append(f"{file.feed}/{file.name} becomes {becomes}")
        return becomes, outcome

    def _hear(self, file: File, outcome: Outcome) -> None:
        news = self._reader.news(file, outcome)
        self._truth.hear(file.feed, news)
        self._new_ids |= {line.about: line.cells[0] for line in file.lines if line.is_new and line.about in news}

    def _advance(self, moment: datetime) -> None:
        self._world.advance(moment)
        self._truth.advance(self._world.now())

    def _release(self) -> None:
        """Somebody has looked at what is held, and finds it right; what follows from it may be held again.

        Whoever is asked about is released by name, one after the other.
        """
        storage = self._world.context.storage
        while held := held_extracts(storage):
            self._loose = True
            for row in held:
                self._figures.released += release_held(storage, row, self._world.now())
                self._story.append(f"{self._world.now():%Y-%m-%d %H:%M} {row.file} is released: {row.message}")
                self._world.tick()
                if row.held_whole:
                    file = self._whole.pop(row.path)
                    becomes, outcome = self._reader.read(file, self._world.now(), approved=True)
                    self._hear(file, outcome)
                    self._check_counts(file, becomes, outcome, newest=False)
                self._advance(self._world.now() + timedelta(minutes=7))

    # Looking

    def _look(self, when: str) -> None:
        """What Entra has is what it should have, and nothing was sent but what had changed."""
        self._release()
        self._world.now.forward(2)  # Entra works off what it was sent
        self._story.append(f"{self._world.now():%Y-%m-%d %H:%M} look: {when}")
        if self._world.faults:
            raise WrongError("\n".join([when, *self._world.faults[:10], *self._story]))
        users = self._world.users()
        wrong = {}
        for person in users.keys() | self._truth.accounts.keys():
            if found := self._differs(person, users.get(person)):
                wrong[person] = found
        operations = self._world.tenant.operations[self._seen :]
        self._seen += len(operations)
        sent: Counter[str] = Counter()
        for operation in operations:
            person = operation.external_id
            self._told[person].append(f"{operation.at:%Y-%m-%d %H:%M} sent: {_brief(operation.data)}")
            if self._sent.get(person) == operation.data:
                self._figures.resent += 1
                if not self._loose:
                    wrong.setdefault(person, "the same record was sent again for no reason")
            else:
                sent[person] += 1
            self._sent[person] = operation.data
        changes, arrived, circled = self._truth.take_changes()
        self._figures.operations += len(operations)
        self._figures.changes += changes.total()
        for person in sent.keys() | changes.keys():
            # Two feeds' dates come at the same time: a report can be sent, and once more when the manager is there.
            twice = self._truth.accounts[person].manager in arrived if person in self._truth.accounts else False
            # What is held counts when it is released: a circle can close, or open, after the person has been sent.
            twice = twice or (self._loose and person in circled)
            if sent[person] > changes[person] + twice or (sent[person] < changes[person] and not self._loose):
                wrong.setdefault(person, f"{sent[person]} operations for {changes[person]} changes")
        self._loose = False
        if wrong:
            raise WrongError(self._tell(when, wrong))

    def _differs(self, person: str, user: Mapping[str, object] | None) -> str:
        account = self._truth.accounts.get(person)
        if account is None or user is None:
            return "has an account in Entra only" if account is None else "has no account in Entra"
        for name, values in account.may_keep().items():
            if (kept := str(user.get(name) or "")) in values:
                account.keep(name, kept)
        should = {**dict(account.attributes), "accountEnabled": account.enabled, "manager": account.manager or None}
        should = {name: None if value == "" else value for name, value in should.items()}
        has = {name: user.get(name) for name in should}
        return "" if has == should else f"should be {_without_same(should, has)}, is {_without_same(has, should)}"

    def _check_counts(self, file: File, becomes: str, outcome: Outcome, *, newest: bool = True) -> None:
        """Every row of a file has one outcome."""
        row = self._row_of(file)
        # Of files that are read together, what one holds may be judged anew with the next.
        going_on = (ExtractStatus.UPLOADING, ExtractStatus.HELD, *(() if newest else (ExtractStatus.SUPERSEDED,)))
        status = row["Status"] if becomes == ExtractStatus.DELIVERED and row["Status"] in going_on else becomes
        wrong = []
        if bool(row.get("HeldWhole")) != (becomes == ExtractStatus.HELD):
            wrong.append(f"is held as a whole, or is not: {row['Message']}")
        if row["Status"] != status:
            wrong.append(f"is {row['Status']}: {row['Message']}")
        if becomes == ExtractStatus.DELIVERED and "Rows" in row:
            should = (outcome.rows, len(outcome.said), outcome.repeated, outcome.rejected)
            has = tuple(row[name] for name in ("Rows", "People", "Repeated", "Rejected"))
            if should != has:
                wrong.append(f"rows, people, repeated, rejected: {has} instead of {should}")
            total = sum(row.get(name, 0) for name in OUTCOMES)
            if total != row["People"] + row["Extras"]:
                wrong.append(f"{total} outcomes for {row['People']} people and {row['Extras']} more")
            wrong += self._not_shown(file, outcome, str(row["Extract"])) if newest else ()
        if wrong:
            raise WrongError("\n".join([*self._story, f"{file.feed}/{file.name} should be {becomes}", *wrong]))

    def _row_of(self, file: File) -> Mapping[str, Any]:
        rows = [row for row in self._world.rows(EXTRACTS) if row["Path"] == f"{file.feed}/{file.name}"]
        return max(rows, key=lambda row: str(row["ArrivedAt"]))

    def _not_shown(self, file: File, outcome: Outcome, extract: str) -> Iterator[str]:
        """Everybody of a file can be looked up."""
        rows = {
            str(row["WorkerId"]): row
            for row in self._world.rows(WORKERS)
            if str(row["PartitionKey"]).startswith(file.feed)
        }
        for line in file.lines:
            person = line.about
            row = rows.get(person) or rows.get(as_known(person))
            if self._reader.tells_of_newer(file, as_known(person)) or len(line.cells) < len(file.header):
                continue  # something newer is known, or nobody can be sure whom the row is about
            if row is None:
                yield f"{person} is not in the results table"
            elif extract not in (row["Extract"], row.get("SeenIn"), self._seen_in(file, row)):
                yield f"the results table tells of {person} by {row['Extract']} ({row['Status']}), not by {extract}"
            elif person not in outcome.said and row["Status"] != "rejected":
                yield f"{person} is {row['Status']} instead of rejected: {row['Reason']}"

    def _seen_in(self, file: File, row: Values) -> str:
        """The newest full file, if somebody is in it whose row was not written."""
        seen = find_seen(self._world.context.storage, file.feed, str(row["WorkerId"]))
        return seen.extract if seen and row["Status"] not in ("rejected", "missing", "held") else ""

    def _tell(self, when: str, wrong: Mapping[str, str]) -> str:
        """The whole story of the first few people who are concerned."""
        lines = [f"Seed {self._plan}", f"{len(wrong)} people, {when}"]
        for person, what in sorted(wrong.items())[:3]:
            lines += [f"--- {person}: {what}"]
            lines += self._told[person]
            words = self._truth.words.get(person, {})
            lines += [f"model: {feed}: {word}" for feed, word in words.items()]
            lines += [f"model: {self._truth.accounts.get(person)}"]
            with suppress(Exception):
                for account in accounts.read_accounts(self._world.context.storage, "default", [person]).values():
                    lines += [
                        f"Accounts: {replace(account, claims={}, record={})}",
                        f"Record: {_brief(account.record)}",
                    ]
                for row in self._world.rows(WORKERS):
                    if row["WorkerId"] == person:
                        told = ("Status", "Kind", "Reason", "Decision", "Warning", "Extract", "SeenIn", "SentBy")
                        lines += [f"Workers: {row['PartitionKey']} { ({name: row.get(name) for name in told}) }"]
        return "\n".join([*lines, *self._story[-30:]])


def _brief(record: Mapping[str, object]) -> str:
    return json.dumps({name: value for name, value in record.items() if name not in ("schemas", "externalId")})


def _without_same(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in one.items() if other.get(name) != value}
