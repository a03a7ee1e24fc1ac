"""What the results table says about a decision, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.changes.claims import Claim, Desired
from shared.changes.kinds import short_name
from shared.clock import iso
from shared.model import ChangeKind, Planned
from shared.wording.numbers import people

if TYPE_CHECKING:
    from shared.changes.compare import Draft

_SHOWN = 10
_KINDS = {
    ChangeKind.JOINER: "New worker",
    ChangeKind.MOVER: "Data changed",
    ChangeKind.LEAVER: "Leaver",
    ChangeKind.REHIRE: "Hired again",
    ChangeKind.REINSTATED: "The termination was taken back",
    ChangeKind.WITHDRAWN: "The hire was withdrawn",
    ChangeKind.CONVERTED: "Changes from one kind of employment to another",
    ChangeKind.ON_LEAVE: "On leave",
    ChangeKind.BACK: "Back from leave",
    ChangeKind.ON_HOLD: "Put on hold",
    ChangeKind.OFF_HOLD: "The hold has ended, and what HR says counts again",
}


def sent(planned: Planned, desired: Desired, draft: Draft, file: str, now: datetime) -> str:
    """Why somebody is sent."""
    text = f"{_KINDS[planned.kind]}{_detail(planned, desired, draft, now)} ({_place(draft, file)})"
    ends = ""
    if _leaves_later(desired):
        ends = f" The status says that the person has left; the account is enabled until {_end(desired.winner)}."
    return f"{text}.{ends}{_outranked(desired, draft, now)}"


def _leaves_later(desired: Desired) -> bool:
    """Whether somebody works on, up to a day that is to come, though the status says that they have left already."""
    winner = desired.winner
    return desired.active and not winner.works and not winner.record["active"]


def _end(winner: Claim) -> str:
    at = iso(winner.ends) if winner.ends else "the end"
    return f"{at}, after the last day, {winner.last_day}" if winner.last_day else at


def _detail(planned: Planned, desired: Desired, draft: Draft, now: datetime) -> str:
    winner = desired.winner
    if planned.kind == ChangeKind.LEAVER:
        if draft.missing or draft.left_out:
            return ""
        if winner.last_day and winner.ends is not None and winner.ends <= now:
            return f": the last day, {winner.last_day}, has passed"
        if winner.record["active"] and not winner.works:  # it is the absence that ended it, after days of grace
            return ": no longer in the full file"
        if winner.last_day:
            return f": the status says so, and counts at once, not only after the last day, {winner.last_day}"
        if winner.ends is None:
            return ": the status says so, and no last day is named, so it counts at once"
        return ": the status says so, and the days of grace are over"
    if planned.kind == ChangeKind.ON_LEAVE:
        return ": the account is disabled until the status says otherwise"
    if planned.kind == ChangeKind.JOINER and winner.is_on_leave(now):
        return ": on leave; the account stays disabled until the status says otherwise"
    if planned.kind == ChangeKind.JOINER and winner.awaits(now):
        return f": starts on {winner.first_day}; the account stays disabled until then"
    if planned.kind in (ChangeKind.MOVER, ChangeKind.CONVERTED) and planned.changed:
        return f": {', '.join(planned.changed)}"
    return ""


def _place(draft: Draft, file: str) -> str:
    if draft.left_out:
        return f"row {draft.row} of {file}, which the mapping leaves out by {draft.left_out}"
    if draft.missing:
        return f"no longer in the full file {file}"
    return f"row {draft.row} of {file}{f', as {draft.now_called}' if draft.now_called else ''}"


def _outranked(desired: Desired, draft: Draft, now: datetime) -> str:
    if len(draft.claims) == 1:  # as of most people
        return ""
    if desired.winner.source == draft.source:
        others = [claim.source for claim in draft.claims.values() if claim.source != draft.source]
        also = sorted(source for source in others if draft.claims[source].employs(now)) if desired.active else []
        return f" The feed '{also[0]}' names the person too; this one goes before it." if also else ""
    if has_left_here(draft, desired, now):
        other = desired.winner.source
        if draft.unnamed:
            return (
                f" This list says that the person has left; the account stays enabled, because the list '{other}' "
                "employs the person, though its newest file does not name the person: HR says there too who has left."
            )
        return (
            f" This list says that the person has left; the account stays enabled, because the list '{other}' employs "
            "the person."
        )
    return f" What the feed '{desired.winner.source}' says goes before what this one says."


def has_left_here(draft: Draft, desired: Desired, now: datetime) -> bool:
    """Whether a source says that somebody has left who stays enabled, because another one employs the person."""
    if draft.missing or draft.left_out or not desired.active or desired.winner.source == draft.source:
        return False
    ours = draft.claims[draft.source].at(now)
    return not (ours.works or ours.on_leave or ours.withdrawn or ours.employs(now))


def stay_enabled(source: str, ids: Sequence[str], unnamed: Sequence[str]) -> str:
    """What HR is told of those who have left by one list and stay enabled by another one.

    Args:
        source: the other list.
        ids: of all of them.
        unnamed: of those of them whom the newest file of that list does not name.
    """
    but = (
        f" Its newest file does not name {_listed(unnamed)}, so nobody says any more that they work." if unnamed else ""
    )
    return (
        f"Left by this list, and still enabled, because the list '{source}' employs them: {people(len(ids))} "
        f"({_listed(ids)}).{but} Whoever has left there too is to be marked so in '{source}'."
    )


def left_out_as_older(ids: Sequence[str]) -> str:
    """What HR is told of people of a file of whom something newer is known."""
    return (
        f"Left out, because a newer file has spoken of them: {people(len(ids))} ({_listed(ids)}). What this file says "
        "of them is not used. If it is right, HR says it once more in a file that is newer."
    )


def _listed(ids: Sequence[str]) -> str:
    """Ids, not all of them if there are many."""
    return f"{', '.join(ids[:_SHOWN])}{f' and {len(ids) - _SHOWN} more' if len(ids) > _SHOWN else ''}"


def unchanged(desired: Desired, draft: Draft, file: str, now: datetime) -> str:
    """Why nothing is sent."""
    is_new = draft.missing or draft.left_out or (draft.new and has_left_here(draft, desired, now))
    news = "" if is_new else " says nothing new"
    return f"Unchanged: {_place(draft, file)}{news}; nothing to send.{_outranked(desired, draft, now)}"


def as_accepted(desired: Desired, draft: Draft, file: str, now: datetime) -> str:
    """Why nothing is sent of somebody of whom Entra has refused another record meanwhile."""
    return (
        f"Unchanged: {_place(draft, file)} says again what Entra has, and not what Entra refused; nothing to "
        f"send.{_outranked(desired, draft, now)}"
    )


def end_taken_back(last_day: str, draft: Draft, file: str) -> str:
    """Somebody was to leave, and is not to leave any more."""
    return f"The last day, {last_day}, was taken back ({_place(draft, file)}): the account stays enabled after it."


def another_decides(desired: Desired, draft: Draft, file: str) -> str:
    """Why nothing is sent of somebody whom another list calls otherwise."""
    other = desired.winner.source
    return (
        f"Another list decides: {_place(draft, file)} calls the person otherwise than the list '{other}', which goes "
        f"before it; nothing is sent from here. What became of the account is told with '{other}'."
    )


def other_names(source: str, ids: Sequence[str]) -> str:
    """What HR and IT are told when a list first meets people of another one under other names."""
    shown = ", ".join(ids[:_SHOWN])
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    many = f"{len(ids)} ids of this list are" if len(ids) != 1 else "1 id of this list is"
    return (
        f"{many} in the list '{source}' too, with other user names: {shown}{more}. If they are the same people, one "
        "account is made for both rows, and HR has both lists call them alike; if not, IT sees to it that no two lists "
        "share ids."
    )


def seen_again(row: int, file: str) -> str:
    """Why nothing is sent, of somebody whom nobody had to look closer at."""
    return f"Unchanged: row {row} of {file} says nothing new; nothing to send."


def refused_before(draft: Draft, file: str) -> str:
    """Entra would refuse it again."""
    return f"Row {draft.row} of {file} still says what Entra has refused; it is sent once it changes, or after a week."


def scheduled(desired: Desired, draft: Draft, file: str) -> str:
    """What happens by itself, and when."""
    winner = desired.winner
    if not desired.active and winner.first_day:
        created = ""
        if winner.appears is not None and not desired.needs_account:
            created = f"the account is created, disabled, at {iso(winner.appears)} and "
        enabled = iso(winner.starts) if winner.starts else winner.first_day
        return f"Starts on {winner.first_day} ({_place(draft, file)}): {created}enabled at {enabled}."
    ends = iso(winner.ends) if winner.ends else "the end"
    already = ", though the status says that the person has left" if _leaves_later(desired) else ""
    return f"Works until {winner.last_day or ends} ({_place(draft, file)}){already}: the account is disabled at {ends}."


def never_came(draft: Draft, file: str) -> str:
    """Hired, but never came."""
    has_account = draft.account is not None and draft.account.known_to_entra
    account = "the account stays disabled and can be removed" if has_account else "no account was made"
    return f"The hire was withdrawn before it began ({_place(draft, file)}): {account}."


def long_gone(desired: Desired, draft: Draft, file: str) -> str:
    """Somebody left so long ago that nobody need disable an account that nobody knows."""
    return (
        f"Left on {desired.winner.last_day} ({_place(draft, file)}), longer ago than the mapping asks about "
        "(gone_before), and nothing was ever sent of the person: no account is made, and nothing is sent."
    )


def kept_in_entra(names: Sequence[str], manager: str) -> str:
    """What Entra keeps of somebody whose cells are empty now, and what to do; empty if that is nothing.

    Args:
        names: of attributes, as the mapping has them.
        manager: whom Entra keeps as the manager, or an empty text.
    """
    kept = list(dict.fromkeys(map(short_name, names)))
    kept += [f"manager ({manager})"] if manager else []
    if not kept:
        return ""
    *first, last = kept
    listed = f"{', '.join(first)} and {last}" if first else last
    return (
        f"HR's file has no {listed} any more, but Entra keeps what it has: the mapping leaves empty cells out. IT has "
        "the mapping send null for it (empty: \"null\") and switches on 'Flow null values' for the attribute in Entra, "
        "or clears it there by hand."
    )


def resent(*, waits: bool) -> str:
    """Nothing new, and yet it is sent."""
    if waits:
        return "What an earlier file said has not reached Entra yet; it goes with this one."
    return "Sent once more, because nobody knows what became of the last time."


def missing(file: str, because: str, *, has_account: bool) -> str:
    """Not in a full file any more, and that alone does not disable."""
    if not has_account:
        return f"Not in the full file {file} any more. There is no account; what was said before goes on counting."
    return f"Not in the full file {file} any more. The account was left as it is, because {because}."


def left_out(row: int, file: str, column: str, *, keeps: bool) -> str:
    """The source does not provision the person."""
    account = " The account was left as it is, because the mapping says 'known: keep'." if keeps else ""
    return f"Row {row} of {file} is about somebody for whom this list does not provide: by {column} (filter).{account}"


def older(row: int, file: str) -> str:
    """A newer file has spoken about the person."""
    return f"Row {row} of {file} is older than what is known of the person; nothing was sent from it."


def held(planned: Planned, because: str) -> str:
    """The guard wants somebody to look at it."""
    return f"{_KINDS.get(planned.kind, 'A change')} waits for approval: {because}"
