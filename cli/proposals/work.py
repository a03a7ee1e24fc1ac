"""Who may work, and from when to when."""

from __future__ import annotations

from cli.plain_tables import counted
from cli.proposals.dates import how_written, looks_like_dates
from cli.proposals.draft import Draft
from cli.proposals.header_words import FIRST_DAY, LAST_DAY, STATUS, fold
from cli.proposals.roles import Roles
from cli.proposals.sample import Column
from cli.proposals.status_words import is_known, is_leave, meaning
from shared.extract.shifted_days import shifted_day
from shared.mapping.cells.dates import DateReader, DateWatch
from shared.mapping.cells.datetext import parse_pattern

_MOST_WORDS = 40
_LONGEST_WORD = 60


def propose_status(roles: Roles, draft: Draft) -> None:
    """Put the status column into a draft, with the words that can mean one thing only."""
    candidates = [column for column in roles.candidates(STATUS) if _may_be_status(column)]
    likely = sorted(candidates, key=lambda column: not any(is_said(word, column) for word in column.counts))
    chosen = next(iter(likely), None)
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


def propose_days(roles: Roles, draft: Draft) -> None:
    """Put the first and the last day into a draft, and how dates are written."""
    columns = []
    for key, kind in (("first_day", FIRST_DAY), ("last_day", LAST_DAY)):
        candidates = [
            column for column in roles.candidates(kind) if not column.filled or looks_like_dates(column.filled)
        ]
        if candidates:
            chosen = max(candidates, key=lambda column: bool(column.filled))
            draft.days[key] = roles.take(chosen)
            columns.append(chosen)
    tell_dates(columns, draft)


def tell_dates(columns: list[Column], draft: Draft) -> None:
    """Put into a draft how the dates of some columns are written, or what is to decide about it."""
    names = " and ".join(column.name for column in columns)
    written = how_written(cell for column in columns for cell in column.filled)
    if written.either:
        one, other = written.either
        text = f"{names}: is it 'format: {one}' or 'format: {other}'? The dates of this file do not tell"
        draft.decide("dates", f"{text}, and until it is said such rows, or the file, are rejected.")
        if written.formats:
            draft.remark("dates", f"Some dates are written as {', '.join(written.formats)}.")
        return
    if written.short:
        formats = ", ".join(written.formats)
        text = (
            f"{names}: the years have two digits. Say 'format: [{formats}]' and 'pivot', the last year of this century"
        )
        draft.decide("dates", f"{text}: with 'pivot: 30', 30 is 2030 and 31 is 1931.")
        return
    if written.formats:
        draft.dates["format"] = written.formats[0] if len(written.formats) == 1 else list(written.formats)
    if len(written.formats) > 1:
        draft.remark("dates", f"{names}: dates are written in several ways.", decide=True)
    if written.wrong:
        cells = counted(written.wrong, "cell is", "different cells are")
        draft.remark("dates", f"{names}: {cells} no date; such rows are rejected.", decide=True)
    patterns = tuple(parse_pattern(text) for text in written.formats)
    for column in columns:
        reader = DateReader(column.name, patterns, None, frozenset(), DateWatch())
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
