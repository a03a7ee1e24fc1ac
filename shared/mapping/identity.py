"""The attributes that tell people apart or tie them together: user name, mail address, manager."""

from __future__ import annotations

from shared.mapping.ids import read_id
from shared.mapping.model import NO_MANAGER, KeyRule
from shared.mapping.names import Known, TakenNames
from shared.mapping.rules import Rule
from shared.mapping.values import MAIL, USER_NAME, Cells, Compiler, Reader, label_of
from shared.model import ENTERPRISE_USER

MANAGER = f"{ENTERPRISE_USER}:manager"


def identity_reader(compiler: Compiler, path: str, rule: Rule, known: Known) -> Reader | None:
    """What reads such an attribute; None if it is any other."""
    if path == MANAGER:
        return _manager(compiler.reader(path, rule), compiler.mapping.key_rule, compiler.mapping.limits, rule)
    if path == USER_NAME:
        taken = None if rule.shared else TakenNames("user name", known)
        return _user_name(compiler.reader(path, rule), rule, taken)
    if path == MAIL and not rule.shared and rule.copy_of is None:
        return _user_name(compiler.reader(path, rule), rule, TakenNames("mail address", known), remember=False)
    return None


def _user_name(read: Reader, rule: Rule, taken: TakenNames | None, *, remember: bool = True) -> Reader:
    label = label_of("", rule)

    def read_name(cells: Cells) -> str:
        name = str(read(cells))
        if name and taken is not None:
            if rule.unique:
                name = taken.make_unique(name, cells.worker_id, cells.row)
            else:
                name = taken.claim(name, cells.worker_id, cells.row, label)
        if remember:
            cells.user_name = name
        return name

    return read_name


def _manager(read: Reader, key: KeyRule, limits: str, rule: Rule) -> Reader:
    """Manager ids are read like workers' ids. Nobody is left without an account because of a manager."""
    label = label_of("", rule)

    def read_manager(cells: Cells) -> str:
        cell = str(read(cells))
        if not cell or cell.upper() in NO_MANAGER:
            return ""
        manager, fault = read_id(key, cell, limits)
        if fault:
            cells.warn(f"{label} {fault.rstrip('.')}; the person is sent without a manager.")
            return ""
        if manager == cells.worker_id:
            cells.warn(f"{label} names the person's own id; the person is sent without a manager.")
            return ""
        return manager

    return read_manager
