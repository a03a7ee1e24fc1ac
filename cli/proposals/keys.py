"""Which column holds the worker's id, and what its cells need."""

from __future__ import annotations

import re

from cli.plain_tables import counted
from cli.proposals.dates import looks_like_dates
from cli.proposals.draft import Draft
from cli.proposals.header_words import KEY, all_names
from cli.proposals.roles import Roles, spellings
from cli.proposals.sample import Column
from shared.mapping.cells.ids import MAX_KEY, read_id
from shared.mapping.model import KeyRule

_ID_LIKE = re.compile(r"[^\s@,;]{1,40}")
_DIGIT = re.compile(r"\d")


def propose_key(roles: Roles, draft: Draft) -> Column | None:
    """Put the column with the worker's id into a draft; the column, or None if there is none."""
    named = roles.candidates(KEY)
    sound = [column for column in named if column.is_full and column.is_unique and _is_id_like(column)]
    others = [column for column in roles.free if column not in named and column.is_full and column.is_unique]
    others = [column for column in others if _is_id_like(column) and _mostly(_DIGIT, column)]
    others = [
        column for column in others if not (_is_something_else(column) or looks_like_dates(column.filled, unix=False))
    ]
    chosen = next(iter([*sound, *_likely(named), *others]), None)
    if chosen is None:
        draft.remark("key", "which column holds the worker's id? None has a different one in every row.", decide=True)
        return None
    draft.key = roles.take(chosen)
    if chosen not in named:
        draft.remark("key", f"its name does not say so, but '{chosen.name}' has an id in every row.", decide=True)
    _tell_doubts(chosen, draft)
    more = [column.name for column in (*sound, *others) if column is not chosen]
    if more:
        also = f"{' and '.join(more[:3])} {'has' if len(more) == 1 else 'have'} a different value in every row as well."
        draft.remark("key", f"{also} The id must be the one that never changes, and that managers are named by.")
    _tell_faults(chosen, draft)
    return chosen


def _likely(named: list[Column]) -> list[Column]:
    """Columns with the right name, though not with an id of its own in every row; the best of them."""
    likely = [column for column in named if column.filled and _is_id_like(column)]
    return sorted(likely, key=lambda column: (-len(column.counts), -len(column.filled)))[:1]


def _tell_doubts(column: Column, draft: Draft) -> None:
    empty = len(column.cells) - len(column.filled)
    if empty:
        draft.remark("key", f"{counted(empty, 'row')} without an id; such rows are rejected.", decide=True)
    twice = sum(count > 1 for count in column.counts.values())
    if twice:
        draft.remark(
            "key",
            f"{counted(twice, 'id')} in several rows. If these rows differ, all of them are rejected, "
            "unless `duplicates` says which one counts.",
            decide=True,
        )


def _tell_faults(column: Column, draft: Draft) -> None:
    """What the app would say to the cells, and which key of the mapping allows them."""
    name = column.name
    if _faults(column, KeyRule(column=name)) > _faults(column, KeyRule(column=name, text_guard=True)):
        draft.key = {"column": name, "text_guard": True}
        draft.remark("key", 'Ids are written as \'00012 or ="00012", so that spreadsheets keep them; the signs go off.')
    rule = KeyRule.model_validate(draft.key if isinstance(draft.key, dict) else {"column": name})
    left = _faults(column, rule)
    for key, what in (
        ("strip_decimal", "end with .0: a spreadsheet took them for numbers, and may have taken zeros off in front"),
        ("long_numbers", "are numbers that spreadsheets cannot hold exactly; their last digits may be wrong already"),
        ("letter_e", "look like numbers that a program has cut short, such as 12E3"),
    ):
        fewer = _faults(column, rule.model_copy(update={key: True}))
        if fewer < left:
            text = f"{counted(left - fewer, 'id')} {what}. If they are right: key: {{column: ..., {key}: true}}."
            draft.remark("key", text, decide=True)
            left = fewer
    if left:
        sentence = f"{counted(left, 'row has an id', 'rows have ids')} that would be rejected; a preview says why."
        draft.remark("key", sentence, decide=True)


def _faults(column: Column, rule: KeyRule) -> int:
    return sum(bool(read_id(rule, cell, "entra")[1]) for cell in column.filled)


def _is_something_else(column: Column) -> bool:
    """Whether its name says that it holds something, such as a surname, which only happens to differ in each row."""
    return not all_names().isdisjoint(spellings(column.name))


def _is_id_like(column: Column) -> bool:
    return _mostly(_ID_LIKE, column, whole=True) and max(map(len, column.filled)) <= MAX_KEY


def _mostly(pattern: re.Pattern[str], column: Column, *, whole: bool = False) -> bool:
    find = pattern.fullmatch if whole else pattern.search
    return bool(column.filled) and sum(find(cell) is not None for cell in column.filled) * 10 >= len(column.filled) * 9
