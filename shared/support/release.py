"""A file's page, and the release of people whom it holds, which asks once more before it does anything."""

from __future__ import annotations

from dataclasses import replace

from shared.errors import TransientError
from shared.model import ExtractRef
from shared.planning.orders import Order, OrderRefused, release
from shared.support import files, holding, troubles
from shared.support.site import sheets
from shared.support.site.visit import FORGED, LONGEST_REASON, Response, Visit

_SHOWN = 200  # held people on a page
_NAMED = 50  # of them on the page that asks once more
_LISTED = 100  # people behind one cause
_EACH_ALONE = (
    "Protected people are released one by one, each by the button with the name; so is whoever is asked about. Nothing "
    "was done."
)
_NO_CHOICE = "Nothing was done. Go back and press one of the buttons: those who are ticked, or all."


def show_file(visit: Visit) -> Response:
    """The page of a file: where it stands, what is wrong with it, and whom it holds."""
    query, storage = visit.request.query, visit.context.storage
    ref = ExtractRef(query.get("id", ""), query.get("source", ""))
    extract = files.load_file(storage, ref) if ref.id and ref.source else None
    if extract is None:
        return visit.sorry(404, "There is no such extract", "It may have been removed when its time was over.")
    if visit.wants and query.get("list") == "troubles":
        return visit.sheet(_troubles_sheet(troubles.of_file(storage, ref, whole=True)[0]), visit.wants)
    held, count = holding.held_people(storage, ref, visit.context.clock.now(), whole=bool(visit.wants))
    counts_as, text = query.get("class", ""), visit.unsealed()
    wanted = holding.those(held, counts_as, text)
    if visit.wants:
        return visit.sheet(_held_sheet(holding.with_values(storage, extract.job, wanted)), visit.wants)
    groups, cut = troubles.of_file(storage, ref)
    groups = [replace(group, cause=group.cause.said(visit.speak)) for group in groups]
    last = max(1, -(-len(wanted) // _SHOWN))
    page = min(max(_number(query.get("page", "")), 1), last)
    shown = wanted[(page - 1) * _SHOWN : page * _SHOWN]
    return visit.page(
        "extract",
        extract.file,
        extract=extract,
        held=holding.with_values(storage, extract.job, shown),
        count=count,
        found=len(wanted),
        alone=[one for one in held if one.alone][:_SHOWN],
        classes=holding.classes_of(held) if not extract.is_whole else {},
        class_words=holding.CLASS_WORDS,
        counts_as=counts_as,
        text=text,
        sealed=query.get("s", "") if text else "",
        number=page,
        last=last,
        groups=groups,
        groups_cut=cut,
        listed=_LISTED,
        released=_number(query.get("released", "")),
        token=visit.token(_about(extract)) if held and visit.principal.may_release else "",
        longest=LONGEST_REASON,
    )


def filter_held(visit: Visit) -> Response:
    """What held people are searched by comes in a form, and goes on sealed."""
    said = visit.request.said
    found = visit.sealed(said("q").strip())
    return visit.see_other("extract", source=said("source"), id=said("id"), **{"class": said("class")}, s=found)


def order_release(visit: Visit) -> Response:
    """Release people; before that, a page that says how many, and asks once more."""
    request, principal, storage = visit.request, visit.principal, visit.context.storage
    if not principal.may_release:
        return visit.sorry(403, "You may not release anybody", "That takes the app role releaser.")
    ref = ExtractRef(request.said("extract"), request.said("source"))
    extract = files.load_file(storage, ref) if ref.id and ref.source else None
    now = visit.context.clock.now()
    # The plan is part of the token: what was looked at is what is released.
    if not extract or not visit.proves(_about(extract)):
        return visit.sorry(403, "The page you released from is out of date", FORGED)
    alone = request.form.get("alone", [])  # the button beside somebody who is released alone
    whom = request.form.get("whom", [])
    if len(alone) > 1 or (whom not in (["all"], ["chosen"]) and not alone):
        return visit.sorry(400, "Whom to release was not said", _NO_CHOICE)
    held, _ = holding.held_people(storage, ref, now, whole=True)
    chosen = alone or (_chosen(visit, held) if whom == ["chosen"] else [])
    if whom == ["chosen"] and not chosen:
        return visit.sorry(400, "Nobody was chosen", "Nothing was done. Go back, tick the people and try again.")
    reason = visit.reason
    if not reason:
        return visit.sorry(
            400, "A reason is missing", "Nothing was done. Go back and say why these people are released."
        )
    many = len(chosen) or (extract.people if extract.is_whole else sum(not one.alone for one in held))
    if not many or (len(chosen) > 1 and any(one.alone for one in held if one.worker_id in set(chosen))):
        return visit.sorry(409, "Nobody was released", _EACH_ALONE)
    if not request.said("confirmed"):
        return _ask_once_more(visit, extract, held, chosen, many)
    if _number(request.said("confirmed")) != many:
        text = f"Nothing was done. It is about {many:,} people now. Go back to the file and look once more."
        return visit.sorry(409, "Something has changed meanwhile", text)
    try:
        done = release(storage, ref.id, Order(principal.name, reason, now), chosen)
    except (OrderRefused, TransientError) as error:
        return visit.sorry(409, "Nothing was released", f"{error}.")
    return visit.see_other("extract", source=ref.source, id=ref.id, released=str(done))


def _ask_once_more(
    visit: Visit, extract: files.Extract, held: list[holding.Held], chosen: list[str], many: int
) -> Response:
    request = visit.request
    among = set(chosen)
    named = [one for one in held if (one.worker_id in among if chosen else not one.alone)]
    if unknown := sorted(among - {one.worker_id for one in named}):
        text = f"Nothing was done. Not held in extract {extract.id}: {', '.join(unknown[:_NAMED])}."
        return visit.sorry(409, "Nothing was released", text)
    by_box = bool(request.said("everybody"))
    return visit.page(
        "release",
        "Release the whole file?" if extract.is_whole else f"Release {many:,} {'person' if many == 1 else 'people'}?",
        extract=extract,
        whom="chosen" if chosen else "all",
        workers=[] if by_box else chosen,
        everybody=by_box,
        counts_as=request.said("class"),
        sealed=request.said("s"),
        reason=visit.reason,
        many=many,
        token=request.said("token"),
        named=holding.with_values(visit.context.storage, extract.job, named[:_NAMED]),
        left=max(0, len(named) - _NAMED),
        would=holding.classes_of(named),
        class_words=holding.CLASS_WORDS,
    )


def _chosen(visit: Visit, held: list[holding.Held]) -> list[str]:
    """The ids that were ticked; by the one box all whom the filter shows, on whatever page."""
    request = visit.request
    if request.said("everybody"):
        shown = holding.those(held, request.said("class"), visit.unsealed())
        return [one.worker_id for one in shown if not one.alone]
    return list(dict.fromkeys(request.form.get("worker", [])))


def _held_sheet(held: list[holding.Held]) -> sheets.Sheet:
    columns = (
        *("Worker id", "Name", "Row", "Department", "Last day", "Would be", "Kind", "Changes", "Old values"),
        *("New values", "Why"),
    )
    rows = [
        (
            *(one.worker_id, one.name, str(one.row), one.department, one.last_day, one.would, one.kind),
            ", ".join(one.changed),
            "; ".join(f"{change.name}: {change.old}" for change in one.changes),
            "; ".join(f"{change.name}: {change.new}" for change in one.changes),
            one.why,
        )
        for one in held
    ]
    return sheets.Sheet("held", columns, rows)


def _troubles_sheet(groups: list[troubles.Group]) -> sheets.Sheet:
    columns = ("Cause", "Status", "Worker id", "Name", "User name", "Row", "Who acts", "Reason")
    rows = [
        (
            *(group.cause.title, hit.status, hit.worker_id, hit.name, hit.user_name, str(hit.row or "")),
            *(hit.who_acts, hit.reason),
        )
        for group in groups
        for hit in group.people
    ]
    return sheets.Sheet("wrong", columns, rows)


def _about(extract: files.Extract) -> str:
    return f"release|{extract.source}|{extract.id}|{extract.plan}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
