"""Decide what becomes of everybody, and store the plan: pages, quiet people, rejects. Nothing is committed here.

read -> compare -> guard -> order. Three things lead to a plan: a file, dates that fell due, and a release of people who
were held. Memory grows with what changed, not with the extract.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from shared.changes.claims import decide
from shared.changes.compare import kept_claims
from shared.clock import parse_iso
from shared.context import Context
from shared.extracts.feedback import keep_rejects_file
from shared.extracts.open_extract import Reading
from shared.extracts.operator import released_people
from shared.extracts.planner import Planner
from shared.extracts.reading import read_extract
from shared.mapping.load import LoadedMapping
from shared.mapping.model import MappingFile
from shared.model import ExtractRef
from shared.records import accounts, extracts
from shared.records import pages as page_records
from shared.records.due import RESEND, Due, due_until
from shared.records.known import KnownPeople
from shared.records.rows import Values


def plan_file(
    context: Context, ref: ExtractRef, row: Values, loaded: LoadedMapping, attempt: str, reading: Reading
) -> dict[str, Any]:
    """Read the copy of an extract and store the plan for it under an attempt's name.

    Args:
        context: storage, clock, keys.
        ref: the extract.
        row: of the extract in `Extracts`; if it names people who are released, the plan is for them alone.
        loaded: the mapping of its source.
        attempt: the plan's name.
        reading: what it takes to open the file.

    Returns:
        What the extract's row says once the plan is committed.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    mapping = loaded.mapping
    known = KnownPeople(context.storage, ref.source)
    with ExitStack() as stack:
        extract = stack.enter_context(read_extract(extracts.read_copy(context.storage, ref), mapping, reading, known))
        planner = Planner(context, ref, row, mapping, attempt, stack, extract)
        released = released_people(context.storage, ref, row)
        if released is not None:
            planner.look_at([person for person in released if extract.digest(person) is not None])
            planner.look_at_missing([person for person in released if extract.digest(person) is None])
        elif mapping.mode == "full" and not extract.returned:
            planner.look_at_everybody()
        else:
            planner.look_at(person for person, _ in extract.people_by_account())
        values = planner.finish()
    if released is not None:
        return values
    page_records.write_rejects(context.storage, ref, attempt, extract.rejects)
    page_records.write_notes(context.storage, ref, attempt, extract.notes)
    file = keep_rejects_file(context.storage, ref, attempt, extract.rejects, mapping.columns, reading)
    return {
        **values,
        "ReadPlan": attempt,
        "Full": mapping.mode == "full" and not extract.returned,
        "Rows": extract.rows,
        "People": extract.people,
        "Repeated": extract.repeated,
        "Rejected": len(extract.rejects),
        "RejectsFile": file,
        "Returned": extract.returned,
    }


def plan_due(context: Context, ref: ExtractRef, row: Values, mapping: MappingFile, attempt: str) -> dict[str, Any]:
    """Store a plan for the people of a source whose dates have come, or who are to be sent once more.

    Args:
        context: storage, clock, keys.
        ref: of the row in `Extracts` that stands for them.
        row: this row.
        mapping: of the source.
        attempt: the plan's name.
    """
    with ExitStack() as stack:
        planner = Planner(context, ref, row, mapping, attempt, stack, None)
        released = released_people(context.storage, ref, row)
        if released is not None:
            planner.look_again(released, frozenset())
        else:
            dues = list(due_until(context.storage, parse_iso(row["DueAt"]), row["Job"]))
            resent = frozenset(due.external_id for due in dues if due.why == RESEND)
            planner.look_again(sorted({due.external_id for due in dues}), resent)
        values = planner.finish()
    if released is not None:
        return values
    page_records.write_rejects(context.storage, ref, attempt, [])
    page_records.write_notes(context.storage, ref, attempt, [])
    people = values["Extras"]
    return {
        **values,
        "ReadPlan": attempt,
        "Full": False,
        "Rows": people,
        "People": people,
        "Repeated": 0,
        "Rejected": 0,
        "RejectsFile": "",
        "Extras": 0,
    }


def dues_by_source(context: Context, job: str, dues: Iterable[Due]) -> dict[str, list[str]]:
    """The people who are due, by the source whose word counts for them now."""
    now = context.clock.now()
    by_source: dict[str, list[str]] = {}
    for account in accounts.read(context.storage, job, {due.external_id for due in dues}).values():
        if kept := kept_claims(account):
            by_source.setdefault(decide(kept, now).winner.source, []).append(account.external_id)
    return by_source
