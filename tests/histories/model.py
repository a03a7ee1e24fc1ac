"""What Entra should have, worked out from what HR has said: the simple model that the real thing is compared with.

It knows no files, no tables and no plans, only this:

- The last valid word of each feed about a person counts, whatever else the file was like.
- Somebody works from the first day on and up to and including the last day, each by the midnights of her zone, if the
  status allows it; a status that ends work without a last day to come ends it at once. A last day before the first one
  is that of an earlier employment.
- Of several feeds the one that employs the person counts; if none does, one that awaits her within the lead time; else
  the one of higher precedence.
- Whoever is on hold by order of IT has a disabled account, whatever feeds say, until the hold ends, by its date or by
  hand; then what they said last counts.
- An account is made, disabled, seven days before the first day, or with the first day that has come. It is never taken
  away. Of somebody who had left before anybody spoke of her a disabled record is sent, for there may be an account;
  of somebody whose hire was withdrawn before the first day there is none.
- Of somebody with several contracts the one that employs her today counts, and the next from its first day on. An id
  is a person; a new one of somebody who is known is that person too, and the row with the newest id counts, as soon as
  that employment begins or the other ends. A person who is another one by now under the same id is what HR says, once
  somebody has released it.
- Where HR's cell is empty, Entra keeps what it has, unless null clears. Of words that came before anything was sent,
  nobody knows which of them Entra has had: what it keeps then may be of any of them.
- A manager is named once Entra knows him. Entra keeps a manager who is not named any more, unless null is sent.
- Of a circle of managers, in what counts of everybody, nobody's manager is named; nor is he of whoever would close one
  with managers whom Entra keeps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LEAD = timedelta(days=7)
MANAGER = "manager"
PRECEDENCE = {"contractors": 10, "employees": 20}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Word:
    """What a feed says about a person."""

    works: bool
    first: date | None
    last: date | None
    zone: str
    attributes: tuple[tuple[str, str], ...]
    manager: str = ""
    withdrawn: bool = False  # said to have left before the first day had come
    then: Word | None = None  # the contract, or the id, that follows from its first day on

    def at(self, now: datetime) -> Word:
        """What counts of it at a moment."""
        then = self.then
        return then if then and then.start and then.start <= now else self

    @property
    def start(self) -> datetime | None:
        return _midnight(self.first, self.zone) if self.first else None

    @property
    def lead(self) -> datetime | None:
        return _midnight(self.first - LEAD, self.zone) if self.first else None

    @property
    def end(self) -> datetime | None:
        if self.last is None or self.withdrawn or (self.works and self.first and self.last < self.first):
            return None
        return _midnight(self.last + timedelta(days=1), self.zone)

    def employs(self, now: datetime) -> bool:
        if self.works and self.start and now < self.start:
            return False
        return now < self.end if self.end else self.works

    def awaits(self, now: datetime) -> bool:
        return bool(self.works and self.start and self.lead and self.lead <= now < self.start)

    def asks_for_account(self, now: datetime) -> bool:
        if not self.works:
            return not self.withdrawn
        return self.start is None or self.start <= now or self.awaits(now)

    def is_over(self, now: datetime) -> bool:
        if self.then:
            return self.then.is_over(now)
        return now >= self.end if self.end else not self.works

    def next_moment(self, now: datetime) -> datetime:
        if self.at(now) is not self:
            return self.at(now).next_moment(now)
        moments = (self.lead, self.start, self.end) if self.works else (self.end,)
        moments = (*moments, self.then.start if self.then else None)
        return min((moment for moment in moments if moment and moment > now), default=_NEVER)


@dataclass
class Account:
    """What Entra has of a person.

    Attributes:
        enabled: whether the account is.
        attributes: names and values.
        manager: id.
        sent: what was sent last.
        or_else: other values that Entra may keep instead, by name, where what was sent last says none.
    """

    enabled: bool = False
    attributes: tuple[tuple[str, str], ...] = ()
    manager: str = ""
    sent: tuple[bool, tuple[tuple[str, str], ...], str] | None = None
    or_else: dict[str, set[str]] = field(default_factory=dict)

    def may_keep(self) -> dict[str, set[str]]:
        """The other values that Entra may have, of what was sent last without a value."""
        said = {**dict(self.sent[1]), MANAGER: self.sent[2]} if self.sent else {}
        return {name: values for name, values in self.or_else.items() if not said.get(name)}

    def keep(self, name: str, value: str) -> None:
        """Entra keeps another value than the one that it would have if every word had been sent."""
        self.or_else.pop(name)
        if name == MANAGER:
            self.manager = value
        self.attributes = tuple((one, value if one == name else has) for one, has in self.attributes)


@dataclass
class Truth:
    """Everybody.

    Attributes:
        words: of each person what each feed said last.
        accounts: what Entra should have.
        changes: how often what Entra should have of a person changed since somebody last asked.
        arrived: who got an account since then.
        circled: whose manager began or ceased to close a circle since then.
        clears: whether null is sent for a manager who is not named.
        holds: until when somebody is on hold by order of IT.
        hurried: whether words come so fast that not all of them are sent.
        ever_named: of each person all managers whom HR has ever named, in the word that counted.
    """

    now: datetime
    clears: bool = False
    hurried: bool = False
    words: dict[str, dict[str, Word]] = field(default_factory=lambda: defaultdict(dict))
    accounts: dict[str, Account] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    arrived: set[str] = field(default_factory=set)
    circled: set[str] = field(default_factory=set)
    holds: dict[str, datetime] = field(default_factory=dict)
    ever_named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _next: dict[str, datetime] = field(default_factory=dict)
    _waiting: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # reports by unknown manager
    _named: dict[str, str] = field(default_factory=dict)  # by whoever's word counts
    _barred: set[str] = field(default_factory=set)  # whose managers close circles

    def advance(self, now: datetime) -> None:
        """Let time pass; dates that come do so one after the other."""
        while (moment := min(self._next.values(), default=_NEVER)) <= now:
            self.now = moment
            self._look_at([person for person, at in self._next.items() if at == moment])
        self.now = now

    def hear(self, feed: str, said: Mapping[str, Word]) -> None:
        """A feed says something about some people, now."""
        for person, word in said.items():
            before = self.words[person].get(feed)
            if before is None or replace(before, withdrawn=False) != word:
                withdrawn = bool(not word.works and word.start and word.start > self.now)
                self.words[person][feed] = replace(word, withdrawn=withdrawn)
        self._look_at(said)

    def put_on_hold(self, person: str, until: datetime | None) -> None:
        """IT wants an account to stay disabled."""
        self.holds[person] = until or _NEVER
        self._look_at([person])

    def let_go(self, person: str) -> None:
        """IT does not want that any more."""
        del self.holds[person]
        self._look_at([person])

    def is_on_hold(self, person: str) -> bool:
        """Whether an account has to be disabled now."""
        return self.now < self.holds.get(person, self.now)

    def catch_up(self) -> None:
        """Nobody looked for a while; now every date that came counts at once."""
        self._look_at([person for person, at in self._next.items() if at <= self.now])

    def take_changes(self) -> tuple[Counter[str], set[str], set[str]]:
        """How often what Entra should have has changed since the last time, who is new, and whom circles concern."""
        taken = self.changes, self.arrived, self.circled
        self.changes, self.arrived, self.circled = Counter(), set(), set()
        return taken

    def _look_at(self, people: Iterable[str]) -> None:
        """First see who gets an account, for managers come before those who report to them."""
        people = list(people)
        arrived = []
        for person in people:
            words = self.words[person].values()
            self._next[person] = min(word.next_moment(self.now) for word in words)
            if self.is_on_hold(person):
                self._next[person] = min(self._next[person], self.holds[person])
            if person not in self.accounts and any(word.at(self.now).asks_for_account(self.now) for word in words):
                self.accounts[person] = Account()
                arrived.append(person)
                self.arrived.add(person)
            self._named[person] = self._counting(person).manager
            self.ever_named[person].add(self._named[person])
        barred = self._close_circles()
        self.circled |= barred ^ self._barred
        others, self._barred = sorted((barred | self._barred) - set(people)), barred
        for person in [*people, *others]:
            self._send(person)
        for manager in arrived:
            for person in self._waiting.pop(manager, ()):
                self._send(person)

    def _send(self, person: str) -> None:
        account = self.accounts.get(person)
        if account is None:
            return
        word = self._counting(person)
        enabled = word.employs(self.now) and not self.is_on_hold(person)
        named = word.manager not in ("", person) and person not in self._barred
        manager = word.manager if named and word.manager in self.accounts else ""
        if word.manager not in self.accounts:
            self._waiting[word.manager].add(person)
        record = (enabled, word.attributes, manager)
        if record == account.sent:
            return
        if not self.clears:
            self._note_what_may_stay(account, (*word.attributes, (MANAGER, manager)))
        kept = {} if self.clears else dict(account.attributes)
        account.sent, account.enabled = record, enabled
        account.attributes = tuple((name, value or kept.get(name, "")) for name, value in word.attributes)
        account.manager = manager if self.clears else manager or account.manager
        self.changes[person] += 1

    def _note_what_may_stay(self, account: Account, said: Iterable[tuple[str, str]]) -> None:
        """Before something is sent: what Entra has now may still be there when the next word says nothing of it."""
        has = {**dict(account.attributes), MANAGER: account.manager}
        for name, value in said:
            if value and self.hurried:
                account.or_else.setdefault(name, set()).add(has.get(name, ""))
            elif value:
                account.or_else.pop(name, None)

    def _close_circles(self) -> set[str]:
        """Those whose managers close circles."""
        barred = {person for person in self._named if _is_above_himself(person, self._named)}
        has = {person: account.manager for person, account in self.accounts.items()}
        kept = dict.fromkeys(has, "") if self.clears else has
        can_be_named = {
            person for person in has if self._named[person] in has and person not in barred | {self._named[person]}
        }
        will = {person: self._named[person] if person in can_be_named else kept[person] for person in has}
        new = {person for person in can_be_named if will[person] != has[person]}
        while closing := {person for person in new if _is_above_himself(person, will)}:
            will |= {person: kept[person] for person in closing}
            new -= closing
            barred |= closing
        return barred

    def _counting(self, person: str) -> Word:
        def rank(item: tuple[str, Word]) -> tuple[bool, bool, int]:
            feed, word = item
            return word.employs(self.now), word.awaits(self.now), PRECEDENCE[feed]

        return max(((feed, word.at(self.now)) for feed, word in self.words[person].items()), key=rank)[1]


def _is_above_himself(person: str, managers: Mapping[str, str]) -> bool:
    """Whether somebody is in a circle of two or more."""
    seen = {person}
    above = managers[person]
    while above and above not in seen:
        seen.add(above)
        above = managers.get(above, "")
    return above == person and len(seen) > 1


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
