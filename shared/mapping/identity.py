"""The attributes that tell people apart or tie them together: user name, mail address, manager."""

from __future__ import annotations

from collections.abc import Callable

from shared.mapping.cells.ids import plain_ids, read_id
from shared.mapping.cells.text import count_values
from shared.mapping.cells.user_names import TakenNames, UniqueName
from shared.mapping.cells.values import (
    MAIL,
    USER_NAME,
    Cells,
    Compiler,
    InColumns,
    Reader,
    Step,
    Warn,
    label_of,
    of_filled,
)
from shared.mapping.model import NO_MANAGER, KeyRule
from shared.mapping.rules import Rule
from shared.model import ENTERPRISE_USER

_NOBODY = frozenset(NO_MANAGER)
MANAGER = f"{ENTERPRISE_USER}:manager"


def identity_reader(
    compiler: Compiler, path: str, rule: Rule, kinds: list[UniqueName], unique: Callable[[], TakenNames]
) -> Reader | None:
    """What reads such an attribute; None if it is any other.

    Args:
        compiler: of the mapping.
        path: the attribute.
        rule: for it.
        kinds: takes the kinds of names that only one person may have; who has them is decided once all are read.
        unique: gives the names that are made unique.
    """
    if path == MANAGER:
        return manager_reader(compiler, rule)
    read = compiler.reader(path, rule)
    if path == USER_NAME:
        if rule.unique:
            return _unique_name(read, unique())
        return _user_name(_claimed(read, UniqueName("user name", path, label_of("", rule), known=True), rule, kinds))
    if path == MAIL and rule.copy_of is None:
        return _claimed(read, UniqueName("mail address", path, label_of("", rule)), rule, kinds)
    return None


def manager_reader(compiler: Compiler, rule: Rule) -> Reader:
    """What reads who the manager is: the id, or nothing but `Cells.manager_name` if that is not the id."""
    read = compiler.reader(MANAGER, rule)
    if rule.by != "id":
        return _manager_name(read)
    one = _manager(compiler.mapping.key_rule, compiler.mapping.limits, rule).one
    return lambda cells: one(str(read(cells)), cells.warn)


def managers_in_columns(compiler: Compiler, rule: Rule) -> InColumns | None:
    """The same out of whole columns, where it is the id."""
    if rule.by != "id":
        return None
    return compiler.in_columns(MANAGER, rule, _manager(compiler.mapping.key_rule, compiler.mapping.limits, rule))


def _claimed(read: Reader, kind: UniqueName, rule: Rule, kinds: list[UniqueName]) -> Reader:
    if rule.shared:
        return read
    number = len(kinds)
    kinds.append(kind)

    def read_name(cells: Cells) -> str:
        name = str(read(cells))
        if name:
            cells.claims.append((number, name))
        return name

    return read_name


def _unique_name(read: Reader, taken: TakenNames) -> Reader:
    def read_name(cells: Cells) -> str:
        name = str(read(cells))
        cells.user_name = taken.make_unique(name, cells.worker_id) if name else ""
        return cells.user_name

    return read_name


def _user_name(read: Reader) -> Reader:
    def read_name(cells: Cells) -> str:
        cells.user_name = str(read(cells))
        return cells.user_name

    return read_name


def _manager_name(read: Reader) -> Reader:
    """Who is meant is found out once everybody has been read."""

    def read_manager(cells: Cells) -> str:
        cell = str(read(cells))
        cells.manager_name = "" if cell.upper() in _NOBODY else cell
        return ""

    return read_manager


def _manager(key: KeyRule, limits: str, rule: Rule) -> Step:
    """Manager ids are read like workers' ids. Nobody is left without an account because of a manager."""
    label = label_of("", rule)
    key = key.model_copy(update={"letter_e": True})  # a manager whom nobody knows is told of anyway

    def one(cell: str, warn: Warn) -> str:
        if not cell or cell.upper() in _NOBODY:
            return ""
        if (count := count_values(cell)) > 1:
            warn(f"{label} has {count} values, so nobody can tell who it is; the person is sent without a manager.")
            return ""
        manager, fault = read_id(key, cell, limits)
        if fault:
            warn(f"{label} {fault.rstrip('.')}; the person is sent without a manager.")
            return ""
        return manager  # be it the person's own id: whoever cannot be a manager is left out, and told of, later

    def many(cells: list[str]) -> list[str] | None:
        ids = plain_ids(key, cells) if _NOBODY.isdisjoint(map(str.upper, cells)) else None
        return None if ids is None else list(ids)

    return Step(one, of_filled(many))
