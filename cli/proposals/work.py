"""Who may work, and from when to when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from cli.plain_tables import counted
from cli.proposals.dates import Written, how_written, looks_like_dates, looks_like_days
from cli.proposals.draft import Draft
from cli.proposals.header_words import FIRST_DAY, LAST_DAY, STATUS, fold
from cli.proposals.roles import Roles
from cli.proposals.sample import Column
from cli.proposals.status_words import END, LEAVE, asks_for, is_known, is_leave, meaning, yes_or_no
from shared.extract.shifted_days import shifted_day
from shared.mapping.cells.dates import WORKING_LIFE, DateReader, DateWatch
from shared.mapping.cells.datetext import parse_pattern

_MOST_WORDS = 40
_LONGEST_WORD = 60


def propose_status(roles: Roles, draft: Draft) -> None:
    """Put the status column into a draft, with the words that can mean one thing only."""
    flags = [column for column in roles.free if _is_flag(column)]
    candidates = [column for column in roles.candidates(STATUS) if _may_be_status(column) and column not in flags]
    likely = sorted(candidates, key=lambda column: not any(is_said(word, column) for word in column.counts))
    chosen = next(iter(likely), None)
    if flags:
        parts = [*([chosen] if chosen else []), *flags]
        draft.status, needs_places = roles.take(parts[0]), False
        if len(parts) > 1:
            names = [roles.take(column) for column in parts]
            places = "/".join(f"{{{name}}}" for name in names)
            needs_places = _needs_places(parts)
            draft.status = {"template": places} if needs_places else {"columns": names, "join": "/"}
        _tell_words_of_several(parts, chosen, draft, needs_places=needs_places)
        return
    if chosen is None:
        chosen = next((column for column in roles.free if _has_status_words(column)), None)
        if chosen is None:
            draft.remark("status", "which column says who may work, and with which words?", decide=True)
            return
        draft.remark("status", f"its name does not say so, but '{chosen.name}' has such words.", decide=True)
    draft.status = roles.take(chosen)
    others = [column.name for column in likely if column is not chosen]
    if others:
        draft.remark("status", f"may say it as well: {', '.join(others[:3])}.", decide=True)
    tell_words(chosen, draft)
    if draft.words and all(draft.words.values()) and "words" not in draft.undecided:
        draft.decide("words", "nobody in this file may not work. Which words are there for those who have left?")


def tell_words(column: Column, draft: Draft) -> None:
    """Put the words of the status column into a draft, or what is to decide about them."""
    for word, count in column.counts.most_common():
        rows = counted(count, "row")
        means = meaning(word, column.name)
        if word in draft.words or word in draft.leave:
            continue
        if means is not None:
            draft.words[word] = means
        elif is_leave(word):
            draft.decide(
                "words", f"'{word}' ({rows}). If they may work all the same: 'leave: [{word}]' below `values`."
            )
        else:
            draft.decide(
                "words", f"'{word}' ({rows}): true if they may work, false if not. Until then they are rejected."
            )
    empty = len(column.cells) - len(column.filled)
    if empty:
        draft.decide("words", f"{counted(empty, 'row')} without a status; such rows are rejected.")


def _is_flag(column: Column) -> bool:
    """Whether a column says yes or no to something that ends, or interrupts, somebody's work."""
    return bool(column.filled and asks_for(column.name)) and all(yes_or_no(word) is not None for word in column.counts)


def _tell_words_of_several(parts: list[Column], main: Column | None, draft: Draft, *, needs_places: bool) -> None:
    """Put into a draft what the words of several columns mean together, or what is to decide about them.

    Args:
        parts: the columns, joined by a slash.
        main: the one with status words; the others say yes or no.
        draft: takes it in.
        needs_places: whether empty ones keep their places, which tell words apart.
    """
    meant: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    for cells in zip(*(column.cells for column in parts), strict=True):
        word = "/".join(cells if needs_places and any(cells) else filter(None, cells))
        counts[word] += 1
        meant.setdefault(word, set()).add(_meaning_of_several(cells, parts, main))
    empty = counts.pop("", 0)
    for word, count in counts.most_common():
        means, rows = meant[word], counted(count, "row")
        if means <= {"true", "false"} and len(means) == 1:
            draft.words[word] = means == {"true"}
        elif means == {LEAVE}:
            text = f"'{word}' ({rows}). If they may work all the same: 'leave: [{word}]' below `values`"
            draft.decide("words", f"{text}; if not, add 'leave_policy: disabled'.")
        else:
            text = f"'{word}' ({rows}): true if they may work, false if not. Until then they are rejected."
            draft.decide("words", text)
    if empty:
        draft.decide("words", f"{counted(empty, 'row')} without a status; such rows are rejected.")


def _needs_places(parts: list[Column]) -> bool:
    """Whether the same word would come from one column in one row, and from another in another."""
    made_of: dict[str, tuple[bool, ...]] = {}
    for cells in zip(*(column.cells for column in parts), strict=True):
        filled = tuple(map(bool, cells))
        if any(filled) and made_of.setdefault("/".join(filter(None, cells)), filled) != filled:
            return True
    return False


def _meaning_of_several(cells: tuple[str, ...], parts: list[Column], main: Column | None) -> str:
    """`true`, `false`, LEAVE, or an empty text for what a person has to decide."""
    found = []
    for cell, column in zip(cells, parts, strict=True):
        if column is main:
            works = meaning(cell, column.name)
            found.append(LEAVE if is_leave(cell) else "" if works is None else str(works).lower())
        elif cell:
            kind = asks_for(column.name) if yes_or_no(cell) else "true"
            found.append("false" if kind == END else kind if kind in ("true", LEAVE) else "")
        elif main is None:
            found.append("")  # nobody can tell which of the columns the word is from
    return next((means for means in ("false", "", LEAVE) if means in found), "true")


def is_said(word: str, column: Column) -> bool:
    """Whether a word of a column says whether somebody may work."""
    return meaning(word, column.name) is not None or is_known(word)


def _may_be_status(column: Column) -> bool:
    if not column.filled or len(column.counts) > _MOST_WORDS or max(map(len, column.counts)) > _LONGEST_WORD:
        return False
    few = len(column.counts) * 2 <= len(column.filled) or len(column.filled) < 10
    return (few or any(is_said(word, column) for word in column.counts)) and not looks_like_dates(column.filled)


def _has_status_words(column: Column) -> bool:
    if not column.filled or len(column.counts) > _MOST_WORDS:
        return False
    known = sum(count for word, count in column.counts.items() if len(fold(word)) > 1 and is_known(word))
    return known * 2 > len(column.filled)


def propose_days(roles: Roles, draft: Draft, today: date) -> None:
    """Put the first and the last day into a draft, and how dates are written."""
    columns: list[Column] = []
    for key, kind in (("first_day", FIRST_DAY), ("last_day", LAST_DAY)):
        candidates = [
            column for column in roles.candidates(kind) if not column.filled or looks_like_dates(column.filled)
        ]
        filled = [column for column in candidates if column.filled]
        if kind == LAST_DAY and len(filled) > 1:
            names = [roles.take(column) for column in filled]
            draft.days[key] = {"earliest": names}
            text = f"the earliest of {' and '.join(names)} ends the access. If only one of them counts"
            draft.remark(key, f"{text}: last_day: {names[0]}", decide=True)
            columns += filled
        elif candidates:
            chosen = next(iter(filled), candidates[0])
            draft.days[key] = roles.take(chosen)
            columns.append(chosen)
    if not draft.status and "last_day" in draft.days:
        _tell_days_alone(draft)
    _tell_other_days(roles, draft)
    tell_dates(columns, draft, today, [column for column in roles.sample.columns if column not in columns])


def _tell_days_alone(draft: Draft) -> None:
    starts = f" from {draft.days['first_day']} on" if "first_day" in draft.days else ""
    draft.remarks["status"] = []
    draft.remark(
        "status",
        f"no column says who may work, so the days alone do: everybody works{starts}, until the last day has passed. "
        "If a column says it: column and values.",
        decide=True,
    )


def _tell_other_days(roles: Roles, draft: Draft) -> None:
    """Columns of days that nothing has taken: one of them may be somebody's last day."""
    others = [column.name for column in roles.free if looks_like_days(column.filled)]
    missing = [key for key in ("first_day", "last_day") if key not in draft.days]
    if others and missing:
        asked = " or the ".join(key.replace("_", " ") for key in missing)
        which = "days that nothing here uses" if len(others) > 1 else "nothing here uses these days"
        text = f"{', '.join(others)}: {which}. If that is where the {asked} stands: {missing[0]}: {others[0]}"
        draft.decide("status", f"{text}.")


def tell_dates(columns: list[Column], draft: Draft, today: date, others: Sequence[Column] = ()) -> None:
    """Put into a draft how the dates of some columns are written, or what is to decide about it.

    Args:
        columns: of days.
        draft: takes it in.
        today: from which it is reckoned of which century a year of two digits is.
        others: the other columns of the file, which may show how the same program writes days.
    """
    names = " and ".join(column.name for column in columns)
    cells = [cell for column in columns for cell in column.filled]
    written = how_written(cells)
    for column in others if written.either else ():
        together = how_written([*cells, *column.filled]) if looks_like_days(column.filled) else Written()
        if not together.either and (settled := set(together.formats) & set(written.either)):
            written = Written((*written.formats, settled.pop()), short=together.short)
            draft.remark("dates", f"{names}: written as in {column.name}, whose days can be read in one way only.")
            break
    if written.either:
        one, other = written.either
        text = f"{names}: is it 'format: {one}' or 'format: {other}'? The dates of this file do not tell"
        draft.decide("dates", f"{text}, and until it is said such rows, or the file, are rejected.")
        if written.formats:
            draft.remark("dates", f"Some dates are written as {', '.join(written.formats)}.")
        return
    if written.short:
        pivot = today.year - WORKING_LIFE - 1 - 1900  # what is further back than a working life is of this century
        text = f"{names}: the years have two digits; as it is said here, {pivot} is {2000 + pivot} and {pivot + 1} is"
        draft.remark("dates", f"{text} {1901 + pivot}.", decide=True)
        draft.dates["pivot"] = pivot
    if written.formats:
        draft.dates["format"] = written.formats[0] if len(written.formats) == 1 else list(written.formats)
    if len(written.formats) > 1:
        draft.remark("dates", f"{names}: dates are written in several ways.", decide=True)
    if written.wrong:
        wrong = counted(written.wrong, "cell is", "different cells are")
        draft.remark("dates", f"{names}: {wrong} no date; such rows are rejected.", decide=True)
    patterns = tuple(parse_pattern(text) for text in written.formats)
    for column in columns:
        reader = DateReader(column.name, patterns, draft.dates.get("pivot"), frozenset(), DateWatch())
        if text := shifted_day(reader, column.filled):
            moment = f"{column.name}: '{text}' looks like midnight of another time zone, as some programs write days"
            draft.remark(
                "dates",
                f"{moment}. Say whose midnight it is, such as 'midnight: Europe/Berlin', or 'midnight: UTC' if the "
                "days are right as they are written; until then the file is refused.",
                decide=True,
            )
    if columns:
        draft.remark("dates", "A day begins in UTC unless `zone` says where, such as zone: Europe/Berlin.")
