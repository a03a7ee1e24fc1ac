"""Faults that no single row shows: a shifted column, another report language, a column that means something else.

`check_whole_file` looks at one file, `compare` at a file and the one before it. Both refuse the file with a sentence
that names the columns. They speak up only where nearly everybody is concerned; what is less is for the guard against
mass changes.

What is meant can be let through: whoever orders a file to be processed all the same has it compared with nothing, and
the next file is compared with that one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from shared.errors import ExtractRefused
from shared.extract.profile import DATES, Profile, SampledPerson
from shared.mapping.model import Status
from shared.readers.text.column_names import places_of, plain_name

_FEWEST = 10  # people or cells; of fewer, chance may say anything
_FEWEST_DAYS = 5  # people who had a last day, say; of fewer it is no wonder if all of them have left
_NEARLY_ALL = 0.9
_NEARLY_NONE = 0.05
_MOSTLY = 0.5
_WORDS = range(3, 80)  # different values of a column that is a vocabulary: departments, countries, kinds of jobs
_CLEARLY_WORDS = 5  # from here on one column is enough to see that all of its words are new
_SHOWN = 20
_ADVICE = "Nothing of the file was used. Correct the export and drop the file again."
_MEANT = (
    " If it is meant, IT has this file processed all the same: python -m cli process EXTRACT --force --by NAME "
    "--reason TEXT."
)


def check_whole_file(now: Profile, status: Status) -> None:
    """Judge a file by itself.

    Args:
        now: what it looks like.
        status: what the mapping says of status words.

    Raises:
        ExtractRefused: nearly nobody's status is one of the agreed words. What is wrong with days is said before, see
            `unreadable_days`.
    """
    places = [now.columns.index(column) for column in status.reads]
    people = now.people.values() if places else ()  # else there are no words, only days
    said = [person.active is not None for person in people if any(person.cells[place] for place in places)]
    if len(said) >= _FEWEST and said.count(False) > len(said) * _NEARLY_ALL:
        raise ExtractRefused(
            f"{status.name} {'holds' if len(places) == 1 else 'hold'} words that were not agreed in "
            f"{said.count(False)} of {len(said)} rows: did the columns shift, did the report language change, or is it "
            f"another field now? {_ADVICE}"
        )


def compare(previous: Profile, now: Profile, *, full: bool, held: bool = False) -> None:
    """Judge a file by the one before it.

    Args:
        previous: what the newest file of the source that was used looked like.
        now: what this file looks like.
        full: whether a file holds everybody; one with changes only may well look different from the one before.
        held: whether people of the file before are held: it may have been that one that was wrong.

    Raises:
        ExtractRefused: with one sentence for each kind of fault, all of them found in one go, first what may explain
            the others.
    """
    moved = _moved(previous, now)
    others = list(_other_people(previous, now)) if full else []
    faults = [*moved.values(), *others, *_other_kinds(previous, now)]
    if full:
        faults += _emptied(previous, now, days=not held)
        faults += [] if others else _lost_managers(previous, now)
        faults += _inverted(previous, now)
        if not moved:
            faults += _other_words(previous, now)
    if faults:
        raise ExtractRefused(" ".join([*faults, _ADVICE]) + _MEANT)


def nobody_works(now: Profile, status: Status) -> str:
    """Why the first full file of a source should not be used as it is: nobody in it may work. Empty if somebody may.

    There is no file before it that would show that a status, such as 0 of a program for all, means something else.
    """
    may_work = [person.active for person in now.people.values()]
    if may_work.count(False) < _FEWEST or True in may_work:
        return ""
    days = status.last_day.columns if status.last_day and status.day_decides else ()
    people, columns = len(may_work), _listed([*status.reads, *days])
    return (
        f"None of the {people} people who were looked at may work, by {columns}: then all accounts would "
        "be disabled. Does the column mean the opposite, is it another field, or are these leavers alone? "
        "Nothing of the file was used. Correct the export, or have IT correct the mapping (status), and drop the file "
        "again."
    )


def refuse_doubtful(doubts: str) -> None:
    """Refuse a file whose cells came damaged.

    Raises:
        ExtractRefused: there are doubts.
    """
    if doubts:
        raise ExtractRefused(doubts + _MEANT)


def unused_columns(previous: Profile | None, now: Profile) -> list[str]:
    """A note on the columns that nobody reads: all of them with a source's first file, then only new ones."""
    used = [now.header[place] for places in places_of(now.header, now.columns).values() for place in places]
    known = {plain_name(name) for name in (*now.columns, *used, *(previous.header if previous else ()))}
    names = {
        plain_name(name): name.strip()
        for name in reversed(now.header)
        if name.strip() and plain_name(name) not in known
    }
    if not names:
        return []
    shown = list(reversed(names.values()))
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    if previous:
        return [f"These new columns are not used, and nothing of them is kept: {', '.join(shown[:_SHOWN])}{more}."]
    return [f"These columns are not used, and nothing of them is kept: {', '.join(shown[:_SHOWN])}{more}."]


def columns_gone(previous: Profile | None, now: Profile) -> list[str]:
    """A note on the mapped columns that the file before had and this one, which may lack them, has not."""
    if previous is None:
        return []
    before, after = (places_of(one.header, now.columns) for one in (previous, now))
    gone = [column for column in now.columns if before[column] and not after[column]]
    if not gone:
        return []
    note = (
        "These columns were in the file before and are not in this one, so that nobody has a value there: "
        f"{', '.join(gone)}. If that is not meant, correct the export and drop the file again."
    )
    return [note]


def _other_kinds(previous: Profile, now: Profile) -> Iterator[str]:
    """Columns of dates that hold numbers, of ids that hold names."""
    for column, before, after in _common(previous, now):
        old, new = previous.kinds[before], now.kinds[after]
        kind, count = _most(old)
        other, others = _most(new)
        if (
            min(count, others) >= _FEWEST
            and count > sum(old.values()) * _NEARLY_ALL
            and others > sum(new.values()) * _NEARLY_ALL
            and kind != other
        ):
            yield f"{column} held {kind} so far and holds {other} now: is it another field, or did the columns shift?"


def _emptied(previous: Profile, now: Profile, *, days: bool) -> Iterator[str]:
    """Columns that lost nearly all of their cells, as when the person who exports may not see a field any more."""
    names = []
    for column, before, after in _common(previous, now):
        old, new = sum(previous.kinds[before].values()), sum(now.kinds[after].values())
        few = new * len(previous.people) < old * len(now.people) * _NEARLY_NONE
        if min(old, len(now.people)) >= _FEWEST and old > len(previous.people) * _MOSTLY and few:
            names.append(column)
    names += [column for column in _days_gone(previous, now) if days and column not in names]
    if names:
        yield (
            f"{_listed(names)} {'is' if len(names) == 1 else 'are'} empty for nearly everybody, but "
            f"{'was' if len(names) == 1 else 'were'} not in the file before: does the export still have the right to "
            "read this?"
        )


def _days_gone(previous: Profile, now: Profile) -> Iterator[str]:
    """Columns of days that some people who work had, and nobody has any more, though these people are still there."""
    pairs = _pairs(previous, now)
    for column, before, after in _common(previous, now):
        kind, count = _most(previous.kinds[before])
        if kind != DATES or count < _FEWEST_DAYS or any(now.kinds[after].values()):
            continue
        if sum(bool(old.active and old.cells[before]) for old, _ in pairs) >= _FEWEST_DAYS:
            yield column


def _other_words(previous: Profile, now: Profile) -> Iterator[str]:
    """Columns all of whose words are new."""
    names, clear = [], False
    for column, before, after in _common(previous, now):
        old = Counter(person.cells[before] for person in previous.people.values() if person.cells[before])
        new = Counter(person.cells[after] for person in now.people.values() if person.cells[after])
        words = min(len(old), len(new))
        if not _is_vocabulary(old) or not _is_vocabulary(new):
            continue
        if sum(count for word, count in new.items() if word in old) <= sum(new.values()) * _NEARLY_NONE:
            names.append(column)
            clear = clear or words >= _CLEARLY_WORDS
    if len(names) > 1 or clear:
        yield (
            f"All words in {_listed(names)} are new, none of them was in the file before: did the report language "
            "change, or is it another field?"
        )


def _is_vocabulary(words: Counter[str]) -> bool:
    """Whether a column says the same few things again and again."""
    return len(words) in _WORDS and sum(words.values()) >= max(_FEWEST, 3 * len(words))


def _other_people(previous: Profile, now: Profile) -> Iterator[str]:
    """Files in which nobody is known."""
    if min(len(previous.people), len(now.people)) < _FEWEST:
        return
    end = min(previous.end, now.end)  # up to here, whoever is in both files is in both samples
    known = [who for who in previous.people if who <= end]
    if len(known) >= _FEWEST and not any(who in now.people for who in known):
        yield (
            "Nobody of the file before is in this one: is it the list of another company, or are the ids another field?"
        )


def _lost_managers(previous: Profile, now: Profile) -> Iterator[str]:
    """Managers who were people of the file, and are none any more."""
    if min(previous.managers, now.managers) < _FEWEST or previous.found < previous.managers * _MOSTLY:
        return
    if now.found <= now.managers * _NEARLY_NONE:
        yield "Nearly none of the managers is a worker of this file any more: do their ids come from another field now?"


def _inverted(previous: Profile, now: Profile) -> Iterator[str]:
    """Nearly everybody who could work cannot any more."""
    if previous.status != now.status:
        return  # the mapping says something else now
    pairs = [(old.active, new.active) for old, new in _pairs(previous, now) if old.active is not None]
    stopped = [new is False for old, new in pairs if old and new is not None]
    if len(stopped) >= _FEWEST and stopped.count(True) > len(stopped) * _NEARLY_ALL:
        yield (
            f"{stopped.count(True)} of {len(stopped)} people who could work cannot any more, by their status: does the "
            "column mean the opposite now, or was the report filtered?"
        )


def _moved(previous: Profile, now: Profile) -> dict[str, str]:
    """Columns with what another column held for the same people, which holds something else itself."""
    pairs = _pairs(previous, now)
    columns = _common(previous, now)
    faults = {}
    for column, before, after in columns:
        changed = [(old, new) for old, new in pairs if new.cells[after] and new.cells[after] != old.cells[before]]
        if len(changed) < max(_FEWEST, len(pairs) * _MOSTLY):
            continue
        for other, there, there_now in columns:
            if other == column:
                continue
            from_other = [old.cells[there] for old, new in changed if new.cells[after] == old.cells[there]]
            left = sum(old.cells[there] != new.cells[there_now] for old, new in changed)
            enough = len(from_other) > len(changed) * _MOSTLY and len(set(from_other)) >= _WORDS[0]
            if enough and left > len(changed) * _MOSTLY:
                faults[column] = f"{column} holds what was in {other} before: did the columns shift?"
                break
    return faults


def _pairs(previous: Profile, now: Profile) -> list[tuple[SampledPerson, SampledPerson]]:
    """The people of both samples."""
    return [(person, now.people[who]) for who, person in previous.people.items() if who in now.people]


def _common(previous: Profile, now: Profile) -> list[tuple[str, int, int]]:
    """The columns of both files, with their places."""
    places = {column: place for place, column in enumerate(previous.columns)}
    return [(column, places[column], place) for place, column in enumerate(now.columns) if column in places]


def _most(counts: Mapping[str, int]) -> tuple[str, int]:
    return max(counts.items(), key=lambda item: item[1], default=("", 0))


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
