"""Propose a mapping for an extract: `python -m cli infer FILE`.

The proposal comes from the header and the cells, with its doubts as comments. A status word that is not known is left
to decide, and never taken for one that says that somebody may not work.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cli.files.offline import (
    OK,
    REFUSED,
    CalledWrongly,
    add_common,
    at_least,
    file_chunks,
    guarded,
    say,
    secret_reader,
    secrets_of,
    write_result,
)
from cli.plain_tables import counted
from cli.proposals.draft import DECIDE, Draft
from cli.proposals.keys import propose_key
from cli.proposals.other import propose_others
from cli.proposals.people import propose_mail, propose_manager, propose_names, propose_user_name
from cli.proposals.roles import Roles
from cli.proposals.sample import ROWS, TABLES, Sample, Source, take_sample
from cli.proposals.shipped import find_fit, propose_from
from cli.proposals.work import propose_days, propose_status
from shared.clock import SYSTEM_CLOCK
from shared.errors import ExtractRefused
from shared.mapping.faults import in_words
from shared.mapping.format import FormatHints
from shared.model import ENTERPRISE_USER


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, 1 if the file cannot be read or the proposal needs a decision before it can be used, 2 if the tool was called
        wrongly.
    """
    parser = argparse.ArgumentParser("python -m cli infer", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="the extract")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="a new file for the mapping (default: the terminal)"
    )
    parser.add_argument(
        "--format",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what the file itself does not say of its form, such as encoding=iso-8859-2; may be repeated",
    )
    parser.add_argument(
        "--rows", type=at_least(1), default=ROWS, help=f"how many rows are looked at (default: {ROWS:,})"
    )
    add_common(parser)
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(given: argparse.Namespace) -> int:
    today = given.today or SYSTEM_CLOCK.now().date()
    reader = secret_reader(secrets_of(given.secret))
    source = Source(lambda: file_chunks(given.file), _hints(given.format), today, reader)
    sample = take_sample(source, given.rows)
    draft = propose(source, sample, given.file.name)
    write_result(draft.text(), given.output)
    if fault := draft.fault("the proposal"):
        return say(
            f"The proposal cannot be used before what is marked {DECIDE.strip(': ')} is decided:\n{fault}", REFUSED
        )
    return OK


def propose(source: Source, sample: Sample, name: str) -> Draft:
    """A mapping for an extract.

    Args:
        source: the extract.
        sample: what was seen of it.
        name: of the file.

    Raises:
        ExtractRefused: there is nobody in it, or it has no columns that can be told apart.
    """
    if sample.rows == sample.bad or not sample.columns:
        raise ExtractRefused("There is nobody in it of whom a mapping could be made.")
    if len(sample.columns) == 1 and sample.kind == "csv":
        raise ExtractRefused(
            "It has only one column. If its columns have a fixed width, nobody can see from the file where they begin: "
            "say it under `format: columns` in a mapping, and try that with `check`."
        )
    roles, draft = Roles(sample), Draft()
    fit = find_fit(source, sample)
    draft.head.append(
        f"Proposed from {counted(sample.rows, 'row')} of {name}{'' if sample.whole else ', the first ones'}."
    )
    if fit is not None:
        draft.head.append(f"It is the shipped mapping '{fit.name}', as far as the file has its columns.")
        propose_from(fit, roles, draft)
        if sample.kind in TABLES:
            propose_others(roles, draft)
    else:
        _from_names(roles, draft, source.today)
    _tell_form(sample, draft)
    _tell_rest(roles, draft)
    return draft


def _from_names(roles: Roles, draft: Draft, today: date) -> None:
    draft.format = dict(roles.sample.format)
    draft.remark("mode", "Everybody is in each file; if only those who have changed: mode: delta.")
    draft.mode = "full"
    key = propose_key(roles, draft)
    propose_status(roles, draft)
    propose_days(roles, draft, today)
    propose_names(roles, draft)
    mail = propose_mail(roles, draft)
    propose_user_name(roles, draft, mail)
    propose_others(roles, draft)
    if key is not None:
        draft.attributes[f"{ENTERPRISE_USER}:employeeNumber"] = key.name
    propose_manager(roles, draft, key)
    draft.required = list(dict.fromkeys(draft.required))
    if roles.sample.kind not in TABLES:
        status = draft.status["columns"] if isinstance(draft.status, dict) else [draft.status]
        by_days = draft.days.get("first_day") if not draft.status else None
        needed = {*status, by_days, *draft.required} | ({key.name} if key else set())
        draft.optional = [
            column.name
            for column in roles.sample.columns
            if column.name in roles.used and not column.always and column.name not in needed
        ]


def _tell_form(sample: Sample, draft: Draft) -> None:
    if "encoding" in sample.guessed and "encoding" in draft.format:
        text = "the text is neither UTF-8 nor UTF-16, so this encoding is a guess. Look at the accents in a preview."
        draft.remark("format", text, decide=True)
    if sample.bad:
        draft.head.append(f"{counted(sample.bad, 'row')} could not be read and say nothing here.")
    draft.head += sample.notes


def _tell_rest(roles: Roles, draft: Draft) -> None:
    rest = [column.name for column in roles.free]
    if rest:
        draft.tail.append(f"Not mapped: {', '.join(rest)}.")
    if roles.private:
        names = ", ".join(column.name for column in roles.sample.columns if column.name in roles.private)
        draft.tail.append(f"Left out because they are private: {names}.")
    if roles.sample.twice:
        draft.tail.append(f"Left out because they occur more than once: {', '.join(roles.sample.twice)}.")


def _hints(given: Sequence[str]) -> FormatHints:
    said = dict(text.partition("=")[::2] for text in given)
    try:
        return FormatHints.model_validate(said)
    except ValidationError as error:
        faults = "; ".join(map(_in_words, error.errors(include_url=False)))
        raise CalledWrongly(f"--format: {faults}.") from error


def _in_words(fault: ErrorDetails) -> str:
    key = ".".join(map(str, fault["loc"]))
    near = difflib.get_close_matches(key, FormatHints.model_fields, 1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if fault["type"] == "extra_forbidden" and near else ""
    return f"{key}: {in_words(fault)}{hint}"
