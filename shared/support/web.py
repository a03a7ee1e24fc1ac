"""The support page: from a request to an answer.

Nothing is read or shown before it is known who asks. What a user searches for comes in a form and not in the address,
because addresses are logged; it goes on as an address in which it is sealed, so that the way back works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.checkup.findings import WRONG, View
from shared.checkup.round import check_app
from shared.context import Context
from shared.holds.look import holds_at as look_at_holds
from shared.records.extracts import sources
from shared.support import files, jobs, people, person, troubles
from shared.support.ordering_holds import DONE, hold_tokens, order_hold
from shared.support.release import filter_held, order_release, show_file
from shared.support.site import chart, forms, sheets
from shared.support.site.principal import NoRole, NotProtected, NotSignedIn, read_principal
from shared.support.site.visit import FORGED, LONGEST_REASON, SHOWN, Request, Response, Visit, message, to_sign_in

__all__ = ["PREFIX", "Request", "serve"]

PREFIX = "support"
_RECENT = 10
_MANY = 200
_MOST_HOLDS = 50


def serve(context: Callable[[], Context], request: Request, environment: Mapping[str, str]) -> Response:
    """Answer a request.

    Args:
        context: opens what everything works with; not called before it is known who asks.
        request: what came in.
        environment: the variables of the process; they say whether the platform signs people in.
    """
    try:
        principal = read_principal(request.headers, environment)
    except NotProtected:
        return message(request, 503, "This page is switched off", _SWITCHED_OFF)
    except NotSignedIn:
        return to_sign_in(request)
    except NoRole:
        return message(request, 403, "You have no access to this page", _NO_ROLE)
    view = _PAGES.get((request.method, request.page.strip("/")))
    if view is None:
        return message(request, 404, "There is no such page", "Go back to the first page and look from there.")
    if request.method == "POST" and not forms.is_same_origin(request.headers):
        return message(request, 403, "This form was not sent by the support page", FORGED)
    return view(Visit(context(), request, principal, environment))


_SWITCHED_OFF = (
    "It shows people's data only behind sign-in, and App Service authentication is not on for this app. Whoever runs "
    "the app turns it on (docs/deploying.md) and gives people the app role reader or releaser."
)
_NO_ROLE = (
    "You are signed in, but you have neither the app role reader nor releaser. Ask whoever runs the app, or your "
    "Entra administrator, to assign you one; then sign out and in again."
)


def _home(visit: Visit) -> Response:
    storage = visit.context.storage
    among = sources(storage)
    days = files.days(storage, visit.context.clock.now(), among)
    if visit.wants:
        rows = [(day.day.isoformat(), *(str(day.counts[group]) for group in files.GROUPS)) for day in days]
        return visit.sheet(sheets.Sheet("outcomes", ("Day", *files.GROUPS), rows), visit.wants)
    found, pauses = jobs.jobs_now(visit.context)
    recent, more = files.newest_files(storage, _RECENT, among)
    return visit.page(
        "home",
        "What became of everybody",
        jobs=found,
        pauses=pauses,
        days=days,
        chart=chart.draw(days),
        holding=files.holding(storage, among),
        most_holds=_MOST_HOLDS,
        holds=look_at_holds(storage, visit.context.clock.now()),
        extracts=recent,
        more=more,
        causes=people.find_causes(storage, among).said(visit.speak),
        refused=troubles.refused_files(storage, among, visit.context.clock.now()),
    )


def _search(visit: Visit) -> Response:
    """What is searched for comes in a form, and goes on sealed."""
    return visit.see_other("people", s=visit.sealed(visit.request.said("q").strip()))


def _found(visit: Visit) -> Response:
    text, sealed = visit.unsealed(), visit.request.query.get("s", "")
    hits = people.search(visit.context.storage, text)
    if visit.wants:
        return visit.sheet(_people_sheet(hits), visit.wants)
    if len(hits.people) == 1 and not hits.cut and not hits.nearly:
        return visit.see_other("person", source=hits.people[0].source, id=hits.people[0].worker_id)
    return visit.page("hits", "People found", text=text, hits=hits, sealed=sealed)


def _person(visit: Visit) -> Response:
    worker_id, source = visit.request.query.get("id", ""), visit.request.query.get("source", "")
    found = person.find_stories(visit.context, worker_id, source) if worker_id else []
    if not found:
        return visit.sorry(404, "Nobody is known by this id", _UNKNOWN)
    if visit.wants:
        rows = [
            (one.source, moment.at, moment.what, moment.text, moment.detail) for one in found for moment in one.timeline
        ]
        return visit.sheet(sheets.Sheet("timeline", ("Source", "Time", "What", "Text", "Detail"), rows), visit.wants)
    searched = visit.request.query.get("s", "") if visit.unsealed() else ""
    return visit.page(
        "person",
        found[0].name or found[0].worker_id,
        people=found,
        searched=searched,
        tokens=hold_tokens(visit, found),
        done=DONE.get(visit.request.query.get("hold", ""), ""),
        longest=LONGEST_REASON,
    )


_UNKNOWN = (
    "Somebody who was in no file has no row, and neither has a row that could not be taken apart (no id, too many or "
    "too few cells): the rejects in hr-outbox have it. Ids are compared letter by letter, leading zeros included."
)


def _extracts(visit: Visit) -> Response:
    source = visit.request.query.get("source", "")
    storage = visit.context.storage
    found, more = files.newest_files(storage, _MANY, [source] if source else sources(storage))
    if visit.wants:
        columns = ("Source", "File", "Extract", "Status", "Arrived", "Rows", "People", "Rejected", "Message")
        rows = [
            (
                *(one.source, one.file, one.id, one.status, one.arrived_at),
                *(str(one.rows), str(one.people), str(one.rejected), one.message),
            )
            for one in found
        ]
        return visit.sheet(sheets.Sheet("extracts", columns, rows), visit.wants)
    return visit.page("extracts", "Files", extracts=found, more=more, source=source)


def _causes(visit: Visit) -> Response:
    storage, key = visit.context.storage, visit.request.query.get("cause", "")
    among = sources(storage)
    if not key:
        causes = people.find_causes(storage, among).said(visit.speak)
        if visit.wants:
            columns = ("People", "Status", "What is wrong", "Next step", "Who acts")
            rows = [(str(one.people), one.status, one.title, one.next_step, one.who_acts) for one in causes.causes]
            return visit.sheet(sheets.Sheet("causes", columns, rows), visit.wants)
        refused = troubles.refused_files(storage, among, visit.context.clock.now())
        return visit.page("causes", "What is wrong", causes=causes, refused=refused)
    cause, hits = people.of_cause(storage, key, among, whole=bool(visit.wants))
    if visit.wants:
        return visit.sheet(_people_sheet(hits), visit.wants)
    if cause is None:
        return visit.sorry(404, "Nobody has this any more", "What was wrong has been put right meanwhile.")
    cause = cause.said(visit.speak)
    return visit.page("cause", cause.title, cause=cause, hits=people.Hits(hits.people[:SHOWN], hits.cut))


def _people_sheet(hits: people.Hits) -> sheets.Sheet:
    columns = (
        *("Source", "Worker id", "Name", "User name", "Status", "Who acts", "Row", "Reason"),
        *("Department", "Title", "Manager", "First day", "Held as", "New id of"),
    )
    rows = [
        (
            *(one.source, one.worker_id, one.name, one.user_name, one.status, one.who_acts, str(one.row or "")),
            *(one.reason, one.department, one.title, one.manager, one.first_day, one.held_as, one.known_as),
        )
        for one in hits.people
    ]
    return sheets.Sheet("people", columns, rows)


def _check_up(visit: Visit) -> Response:
    if not visit.principal.may_release:
        return visit.sorry(403, "You may not look at how the app is set up", "That takes the app role releaser.")
    findings = check_app(View(visit.context, visit.environment))
    if visit.wants:
        rows = [(one.check, one.about, one.state, one.says, one.mend) for one in findings]
        columns = ("Check", "About", "State", "What was found", "How to mend it")
        return visit.sheet(sheets.Sheet("set-up", columns, rows), visit.wants)
    wrong = sum(one.state == WRONG for one in findings)
    return visit.page("check", "Is everything set up?", findings=findings, wrong=wrong)


_PAGES: dict[tuple[str, str], Callable[[Visit], Response]] = {
    ("GET", ""): _home,
    ("POST", "people"): _search,
    ("GET", "people"): _found,
    ("GET", "person"): _person,
    ("GET", "extracts"): _extracts,
    ("GET", "extract"): show_file,
    ("POST", "extract"): filter_held,
    ("POST", "release"): order_release,
    ("POST", "hold"): order_hold,
    ("GET", "causes"): _causes,
    ("GET", "check"): _check_up,
}
