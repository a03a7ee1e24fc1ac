"""What is told of a reconciliation: counts, the sheets for HR and IT, and the ids that may be written."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cli.reconciling.accounts import GUEST, PERSON, Account, Directory
from cli.reconciling.hints import GRADES, LIKELY, SURE, UNSURE
from cli.reconciling.matching import CONFLICT, MATCHED, NO_ACCOUNT, OTHERWISE, Alone, Reconciled, Verdict
from shared.readers.text.own_rejects import guard_cell

SEED, FOR_HR, FOR_IT = "seed-employee-id.csv", "for-hr.csv", "for-it.csv"

_HR = ("worker", "row", "name", "mail", "found", "grade", "account", "account name", "reason", "what HR does")
_IT = (
    "found", "grade", "worker", "name", "account", "user principal name", "account name", "enabled", "employeeId",
    "reason", "what IT does",
)  # fmt: skip
_ALONE = "no person"
_IN_IT = {CONFLICT: 0, OTHERWISE: 1, MATCHED: 2, _ALONE: 3, NO_ACCOUNT: 4}


def counts(found: Reconciled) -> list[tuple[str, str, int]]:
    """How many there are of everything: what it is, its grade, the number."""
    people = Counter((verdict.status, verdict.grade) for verdict in found.verdicts)
    idle = sum(verdict.status == NO_ACCOUNT and not verdict.person.works for verdict in found.verdicts)
    lines = [(MATCHED, SURE, people[MATCHED, SURE]), (MATCHED, LIKELY, people[MATCHED, LIKELY])]
    lines += [(OTHERWISE, grade, people[OTHERWISE, grade]) for grade in GRADES]
    lines += [(CONFLICT, "", people[CONFLICT, ""]), (NO_ACCOUNT, "needed", people[NO_ACCOUNT, ""] - idle)]
    lines.append((NO_ACCOUNT, "not needed", idle))
    alone = Counter(_sort_of(one.account) for one in found.alone)
    return lines + [(_ALONE, sort, alone[sort]) for sort in _SORTS]


def is_open(found: Reconciled) -> bool:
    """Whether somebody has to look at anybody."""
    return any(verdict.status == CONFLICT or verdict.grade in (LIKELY, UNSURE) for verdict in found.verdicts)


_SORTS = ("enabled", "disabled", "guest", "mailbox or service")


def _sort_of(account: Account) -> str:
    if account.kind != PERSON:
        return "guest" if account.kind == GUEST else "mailbox or service"
    return "disabled" if account.enabled is False else "enabled"


def seed(found: Reconciled, directory: Directory) -> str:
    """The ids that may be written, a line for each account; only where the match is sure."""
    header = (directory.key_column, "upn", "employeeId", "employeeIdBefore", "worker row", "matched by")
    return _csv(
        header,
        (
            (
                account.key, account.upn, verdict.person.worker_id, account.employee_id, str(verdict.person.row),
                verdict.by,
            )
            for verdict in found.verdicts
            if verdict.is_seed
            for account in verdict.accounts
        ),
    )  # fmt: skip


def for_hr(found: Reconciled) -> str:
    """What HR has to look at: a line for each account that may be meant."""
    return _csv(_HR, _hr_rows(found.verdicts))


def _hr_rows(verdicts: Iterable[Verdict]) -> Iterator[Sequence[str]]:
    for verdict in verdicts:
        if verdict.hr:
            person = verdict.person
            for account in verdict.accounts:
                yield (
                    person.worker_id, str(person.row), person.shown, person.mail or person.user_name, verdict.status,
                    verdict.grade, account.mail or account.upn or account.sam, account.shown, verdict.reason,
                    verdict.hr,
                )  # fmt: skip


def for_it(found: Reconciled) -> str:
    """What IT has to look at or should know, the most pressing first: a line for each account."""
    rows = [*_it_rows(found.verdicts), *map(_it_row_alone, found.alone)]
    rows.sort(key=lambda row: (_IN_IT[row[0]], row[0] == _ALONE and not row[-1]))
    return _csv(_IT, rows)


def _it_rows(verdicts: Iterable[Verdict]) -> Iterator[tuple[str, ...]]:
    for verdict in verdicts:
        if verdict.it:
            person = verdict.person
            for account in verdict.accounts or (None,):
                yield (
                    verdict.status, verdict.grade, person.worker_id, person.shown, *_of(account), verdict.reason,
                    verdict.it,
                )  # fmt: skip


def _it_row_alone(one: Alone) -> tuple[str, ...]:
    return _ALONE, "", "", "", *_of(one.account), one.reason, one.it


def _of(account: Account | None) -> tuple[str, ...]:
    if account is None:
        return "", "", "", "", ""
    return account.key, account.upn or account.sam, account.shown, _enabled(account), account.employee_id


def _enabled(account: Account) -> str:
    return "" if account.enabled is None else "yes" if account.enabled else "no"


def as_json(found: Reconciled, notes: Sequence[str]) -> Iterator[str]:
    """All of it for a program, as the lines of a JSON document with one line for each person and account."""
    numbers = [{"found": what, "grade": grade, "number": number} for what, grade, number in counts(found)]
    yield f'{{"counts": {_json(numbers)},\n"notes": {_json(list(notes))},\n"people": ['
    yield from _listed(
        {
            "worker": verdict.person.worker_id,
            "row": verdict.person.row,
            "found": verdict.status,
            "grade": verdict.grade,
            "by": verdict.by,
            "accounts": [account.key for account in verdict.accounts],
            "reason": verdict.reason,
        }
        for verdict in found.verdicts
    )
    yield '],\n"accountsWithoutPerson": ['
    yield from _listed(
        {"account": one.account.key, "kind": _sort_of(one.account), "reason": one.reason} for one in found.alone
    )
    yield "]}"


def _listed(items: Iterable[object]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield f"{',' if number else ' '}{_json(item)}"


def _json(item: object) -> str:
    return json.dumps(item, ensure_ascii=False)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([guard_cell(cell) for cell in row] for row in rows)
    return text.getvalue()
