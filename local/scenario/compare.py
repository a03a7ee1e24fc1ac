"""What was expected and what was seen: the differences, each in a sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from local.scenario.expected import ANYTHING, CREATE, NOTHING, RESEND, Expectation
from local.scenario.model import Scenario, Step
from local.scenario.observe import Window, flat
from local.scenario.tenant import Operation
from shared.tables.extracts import ExtractRow

_NO_ACCOUNT = "(no account)"
_MINUTE = timedelta(minutes=1)


def differences(scenario: Scenario, expected: Sequence[Expectation], windows: Sequence[Window]) -> Iterator[str]:
    """Everything in which a scenario did not go as it should.

    Args:
        scenario: what happened.
        expected: what should have come of it.
        windows: what was seen, one for each named step.
    """
    steps = {step.when: step for step in scenario.steps if step.when}
    for window in windows:
        rows = [row for row in expected if row.when == window.when]
        yield from (f"{window.when}: {sentence}" for sentence in _window(rows, window, ZoneInfo(scenario.zone)))
        yield from (f"{window.when}: {sentence}" for sentence in _order(steps[window.when], window))
    if windows and scenario.checks.accounts not in (None, len(windows[-1].accounts)):
        yield f"At the end: {len(windows[-1].accounts)} accounts instead of {scenario.checks.accounts}"


def managers_first(operations: Iterable[Operation]) -> Iterator[str]:
    """Who was sent with a manager of whom Entra had not heard yet, and so could not set."""
    heard: set[str] = set()
    for operation in operations:
        heard.add(operation.external_id)
        manager = flat(operation.data).get("manager")
        if manager and (manager not in heard or manager == operation.external_id):
            yield f"{operation.external_id} was sent before the manager {manager} (request {operation.request})"


def extract_differences(step: Step, becomes: Mapping[str, ExtractRow | None]) -> Iterator[str]:
    """How the files that a step dropped turned out otherwise than it says.

    Args:
        step: with what it says about status and message of its files.
        becomes: their rows by path; None for one that has none.
    """
    for path, row in becomes.items():
        status = step.becomes.get(path, "") if isinstance(step.becomes, Mapping) else step.becomes
        words = step.says.get(path, ()) if isinstance(step.says, Mapping) else step.says
        found, message = (row.status, row.message) if row else ("unknown", "")
        if status and found != status:
            yield f"{path} is {found} instead of {status}: {message}"
        for missing in _missing(words, message):
            yield f"the message of {path} lacks '{missing}': {message}"


def _window(rows: Sequence[Expectation], window: Window, zone: ZoneInfo) -> Iterator[str]:
    sent: dict[str, list[Operation]] = defaultdict(list)
    for operation in window.operations:
        sent[operation.external_id].append(operation)
    left = {worker: list(operations) for worker, operations in sent.items()}
    before = dict(window.before)
    for row in rows:
        count = row.times // len(row.workers)
        for worker in row.workers:
            operations, left[worker] = left.get(worker, [])[:count], left.get(worker, [])[count:]
            if row.operation in (NOTHING, ANYTHING):
                operations, left[worker] = left[worker], []
            yield from (f"{worker}: {sentence}" for sentence in _sent(row, count, operations, before.get(worker), zone))
            for operation in operations:
                before[worker] = operation.data
    for row in rows:
        for worker in row.workers:
            yield from (f"{worker}: {sentence}" for sentence in _afterwards(row, worker, window, before.get(worker)))
    for worker, operations in left.items():
        if operations:
            yield f"{worker}: was sent {_told(operations, before.get(worker))}, of which nothing is expected"


def _sent(
    row: Expectation,
    count: int,
    operations: Sequence[Operation],
    before: Mapping[str, object] | None,
    zone: ZoneInfo,
) -> Iterator[str]:
    if row.operation == ANYTHING:
        record = flat(operations[-1].data if operations else before or {})
        if wrong := {name: record.get(name) for name, value in row.attributes.items() if record.get(name) != value}:
            yield f"was sent {_listed(wrong)} last instead of {_listed(row.attributes)} (line {row.line})"
        return
    if len(operations) != count:
        yield f"was sent {_told(operations, before)} instead of {_wanted(row)} (line {row.line})"
        return
    for operation in operations:
        record = flat(operation.data)
        if operation.is_new != (row.operation == CREATE):
            yield f"was sent {_told([operation], before)} instead of {_wanted(row)} (line {row.line})"
        elif row.operation == CREATE:
            wrong = {name: record.get(name) for name, value in row.attributes.items() if record.get(name) != value}
            if wrong:
                yield f"was created with {_listed(wrong)} instead of {_wanted(row)} (line {row.line})"
        else:
            changed = _changed(before, record)
            if changed != ({} if row.operation == RESEND else dict(row.attributes)):
                yield f"was sent {_told([operation], before)} instead of {_wanted(row)} (line {row.line})"
        if row.sent_at and not _is_at(operation.at, row.sent_at, zone):
            yield f"was sent at {operation.at.astimezone(zone):%Y-%m-%d %H:%M:%S} instead of {row.sent_at}"


def _afterwards(row: Expectation, worker: str, window: Window, accepted: Mapping[str, object] | None) -> Iterator[str]:
    account = window.accounts.get(worker)
    enabled = account and account["accountEnabled"]
    if row.active_after in ("true", "false"):
        wanted = row.active_after == "true"
        if account is None:
            yield f"has no account; expected is one with active={row.active_after} (line {row.line})"
        elif enabled is not wanted or (accepted or {}).get("active") is not wanted:
            yield (
                f"is {'enabled' if enabled else 'disabled'} and was sent active={(accepted or {}).get('active')} last; "
                f"expected is active={row.active_after} (line {row.line})"
            )
    elif row.active_after == _NO_ACCOUNT and account is not None:
        yield f"has an account (line {row.line})"
    elif row.active_after == "unchanged" and account != window.accounts_before.get(worker):
        yield f"has another account than before (line {row.line})"
    people = window.people.get(worker, [])
    texts = " | ".join(text for person in people for text in (person.reason, person.next_step, person.warning))
    for words in _missing(row.says, texts):
        yield f"nothing says '{words}', but: {texts or 'there is no row'} (line {row.line})"
    states, kinds = [str(person.status) for person in people], [str(person.kind) for person in people]
    for name, value, seen in (("Status", row.status, states), ("Kind", row.kind, kinds)):
        if value and value not in seen:
            yield f"{name} is {', '.join(seen) or 'nowhere'} instead of {value}: {texts} (line {row.line})"


def _order(step: Step, window: Window) -> Iterator[str]:
    sent = [operation.external_id for operation in window.operations if operation.external_id in step.order]
    if step.order and sent != list(step.order):
        yield f"the order was {', '.join(sent)} instead of {', '.join(step.order)}"


def _changed(before: Mapping[str, object] | None, record: Mapping[str, object]) -> dict[str, object]:
    old = flat(before or {})
    return {name: record.get(name) for name in old.keys() | record.keys() if old.get(name) != record.get(name)}


def _is_at(at: datetime, text: str, zone: ZoneInfo) -> bool:
    wanted = datetime.fromisoformat(text).replace(tzinfo=zone)
    return wanted <= at < wanted + _MINUTE


def _missing(words: Iterable[str], text: str) -> list[str]:
    return [word for word in words if word.casefold() not in text.casefold()]


def _told(operations: Sequence[Operation], before: Mapping[str, object] | None) -> str:
    if not operations:
        return "nothing"
    parts = []
    for operation in operations:
        if operation.is_new:
            parts.append("create")
        else:
            parts.append(f"update {_listed(_changed(before, flat(operation.data))) or 'of nothing (resend)'}")
        before = operation.data
    return ", then ".join(parts)


def _wanted(row: Expectation) -> str:
    return f"{row.operation} {_listed(row.attributes)}".strip()


def _listed(attributes: Mapping[str, object]) -> str:
    return ", ".join(
        f"no {name}" if value is None else f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in sorted(attributes.items())
    )
