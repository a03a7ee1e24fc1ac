"""The support page: from a request to an answer.

Nothing is read or shown before it is known who asks. What a user searches for comes in a form and not in the address,
because addresses are logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from shared.context import Context
from shared.errors import TransientError
from shared.extracts.operator import Order, OrderRefused, release
from shared.holds.listed import parse_until
from shared.holds.look import look as look_at_holds
from shared.holds.orders import HoldOrder, HoldRefused, end_hold, put_on_hold
from shared.model import ExtractRef
from shared.records.extracts import sources
from shared.support import chart, files, forms, jobs, people, person, render, sheets
from shared.support.principal import NoRole, NotProtected, NotSignedIn, Principal, read_principal

PREFIX = "support"
_HTML = "text/html; charset=utf-8"
_SHOWN = 500  # people of a list on a page; a download has all of them
_RECENT = 10
_MANY = 200
_MOST_FIELDS = 2 * _SHOWN
_LONGEST_REASON = 500
_MOST_HOLDS = 50


@dataclass(frozen=True)
class Request:
    """What came in.

    Attributes:
        method: GET or POST.
        url: the whole address.
        page: what follows `support/` in its path.
        query: the parameters in the address.
        headers: by name in lower case.
        body: of a form.
    """

    method: str
    url: str
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def base(self) -> str:
        """Path of the first page."""
        return urlsplit(self.url).path.rstrip("/").removesuffix(self.page.strip("/")).rstrip("/")

    @cached_property
    def form(self) -> Mapping[str, list[str]]:
        """The fields of a form; none if it is broken or far too long."""
        try:
            return parse_qs(self.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return {}

    def said(self, name: str) -> str:
        """The first value of a field."""
        return self.form.get(name, [""])[0]


@dataclass(frozen=True)
class Answer:
    """What goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def serve(context: Callable[[], Context], request: Request, environment: Mapping[str, str]) -> Answer:
    """Answer a request.

    Args:
        context: opens what everything works with; not called before it is known who asks.
        request: what came in.
        environment: the variables of the process; they say whether the platform signs people in.
    """
    try:
        principal = read_principal(request.headers, environment)
    except NotProtected:
        return _message(request, 503, "This page is switched off", _SWITCHED_OFF)
    except NotSignedIn:
        return _to_sign_in(request)
    except NoRole:
        return _message(request, 403, "You have no access to this page", _NO_ROLE)
    view = _PAGES.get((request.method, request.page.strip("/")))
    if view is None:
        return _message(request, 404, "There is no such page", "Go back to the first page and look from there.")
    if request.method == "POST" and not forms.is_same_origin(request.headers):
        return _message(request, 403, "This form was not sent by the support page", _FORGED)
    return view(_Visit(context(), request, principal))


_SWITCHED_OFF = (
    "It shows people's data only behind sign-in, and App Service authentication is not on for this app. Whoever runs "
    "the app turns it on (docs/deploying.md) and gives people the app role reader or releaser."
)
_NO_ROLE = (
    "You are signed in, but you have neither the app role reader nor releaser. Ask whoever runs the app, or your "
    "Entra administrator, to assign you one; then sign out and in again."
)
_FORGED = "Nothing was done. Go back to the page, load it again and repeat what you did."


@dataclass(frozen=True)
class _Visit:
    """A request of somebody who may ask."""

    context: Context
    request: Request
    principal: Principal

    def page(self, template: str, title: str, *, status: int = 200, **values: Any) -> Answer:  # noqa: ANN401
        body = render.page(template, title=title, base=self.request.base, principal=self.principal, **values)
        return Answer(status, {**render.headers(), "Content-Type": _HTML}, body)

    def sorry(self, status: int, title: str, text: str) -> Answer:
        return _message(self.request, status, title, text, self.principal)

    def sheet(self, sheet: sheets.Sheet, form: str) -> Answer:
        disposition = f'attachment; filename="rollcall-{sheet.name}.{form}"'
        headers = {"Content-Type": sheets.TYPES[form], "Content-Disposition": disposition}
        return Answer(200, {**render.headers(), **headers}, sheets.write(sheet, form))

    @property
    def wants(self) -> str:
        """The kind of file that is asked for, or an empty text for a page."""
        form = self.request.query.get("format", "") or self.request.said("format")
        return form if form in sheets.TYPES else ""


def _message(request: Request, status: int, title: str, text: str, principal: Principal | None = None) -> Answer:
    body = render.page("message", title=title, text=text, base=request.base, principal=principal)
    return Answer(status, {**render.headers(), "Content-Type": _HTML}, body)


def _to_sign_in(request: Request) -> Answer:
    back = quote(request.base, safe="/")
    return Answer(302, {**render.headers(), "Location": f"/.auth/login/aad?post_login_redirect_uri={back}"})


def _home(visit: _Visit) -> Answer:
    storage = visit.context.storage
    among = sources(storage)
    days = files.days(storage, visit.context.clock.now(), among)
    if visit.wants:
        rows = [(day.day.isoformat(), *(str(day.counts[group]) for group in files.GROUPS)) for day in days]
        return visit.sheet(sheets.Sheet("outcomes", ("Day", *files.GROUPS), rows), visit.wants)
    found, pauses = jobs.look(visit.context)
    recent, more = files.newest(storage, _RECENT, among)
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
        causes=people.find_causes(storage, among),
    )


def _search(visit: _Visit) -> Answer:
    text = visit.request.said("q").strip()
    hits = people.search(visit.context.storage, text)
    if visit.wants:
        return visit.sheet(_people_sheet("people", hits), visit.wants)
    if len(hits.people) == 1 and not hits.cut:
        return _see_other(visit, "person", source=hits.people[0].source, id=hits.people[0].worker_id)
    return visit.page("hits", "People found", text=text, hits=hits)


def _person(visit: _Visit) -> Answer:
    worker_id, source = visit.request.query.get("id", ""), visit.request.query.get("source", "")
    found = person.find(visit.context, worker_id, source) if worker_id else []
    if not found:
        return visit.sorry(404, "Nobody is known by this id", _UNKNOWN)
    if visit.wants:
        rows = [
            (one.source, moment.at, moment.what, moment.text, moment.detail) for one in found for moment in one.timeline
        ]
        return visit.sheet(sheets.Sheet("timeline", ("Source", "Time", "What", "Text", "Detail"), rows), visit.wants)
    tokens = {one.source: _hold_token(visit, one) for one in found} if visit.principal.may_release else {}
    done = _HOLD_DONE.get(visit.request.query.get("hold", ""), "")
    title = found[0].name or found[0].worker_id
    return visit.page("person", title, people=found, tokens=tokens, done=done, longest=_LONGEST_REASON)


_HOLD_DONE = {
    "set": "The account is on hold. It is disabled within a minute or two, and stays so whatever HR says.",
    "ended": "That hold is over. What HR said last is sent within a minute or two, unless another hold is in force.",
}


def _about_hold(one: person.Person) -> str:
    return f"hold|{one.source}|{one.worker_id}|{one.hold.in_full if one.hold else ''}"


def _hold_token(visit: _Visit, one: person.Person) -> str:
    key, now = visit.context.fingerprint_key, visit.context.clock.now()
    return forms.make_token(key, visit.principal.id, _about_hold(one), now)


def _hold(visit: _Visit) -> Answer:
    """Put somebody on hold, or end it: by the same form, of which the button says what."""
    request, principal, context = visit.request, visit.principal, visit.context
    if not principal.may_release:
        return visit.sorry(403, "You may not put anybody on hold", "That takes the app role releaser.")
    source, worker_id, now = request.said("source"), request.said("id"), context.clock.now()
    found = person.find(context, worker_id, source) if source and worker_id else []
    # What was looked at is part of the token: nobody ends a hold that was set since.
    about = _about_hold(found[0]) if found else ""
    if not found or not forms.check_token(context.fingerprint_key, request.said("token"), principal.id, about, now):
        return visit.sorry(403, "The page that you ordered it from is out of date", _FORGED)
    reason = " ".join(request.said("reason").split())[:_LONGEST_REASON]
    if not reason:
        return visit.sorry(400, "A reason is missing", "Nothing was done. Go back and say why.")
    hold, ends = found[0].hold, request.said("what") == "end"
    try:
        if ends and hold is None:
            raise HoldRefused("There is no hold to end")
        if ends and hold:
            end_hold(context.storage, HoldOrder(hold.worker, hold.source, principal.name, reason, now))
        else:
            until = request.said("until").strip()
            order = HoldOrder(worker_id, source, principal.name, reason, now)
            put_on_hold(context.storage, order, parse_until(until) if until else None)
    except (HoldRefused, TransientError, ValueError) as error:
        return visit.sorry(409, "Nothing was done", f"{error}.")
    return _see_other(visit, "person", source=source, id=worker_id, hold="ended" if ends else "set")


_UNKNOWN = (
    "Somebody who was in no file has no row, and neither has a row that could not be taken apart (no id, too many or "
    "too few cells): the rejects in hr-outbox have it. Ids are compared letter by letter, leading zeros included."
)


def _extracts(visit: _Visit) -> Answer:
    source = visit.request.query.get("source", "")
    storage = visit.context.storage
    found, more = files.newest(storage, _MANY, [source] if source else sources(storage))
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


def _extract(visit: _Visit) -> Answer:
    ref = ExtractRef(visit.request.query.get("id", ""), visit.request.query.get("source", ""))
    extract = files.load(visit.context.storage, ref) if ref.id and ref.source else None
    if extract is None:
        return visit.sorry(404, "There is no such extract", "It may have been removed when its time was over.")
    held, count = files.held_people(visit.context.storage, ref, visit.context.clock.now(), whole=bool(visit.wants))
    if visit.wants:
        columns = ("Worker id", "Name", "Row", "Kind", "Changes", "Why")
        rows = [(one.worker_id, one.name, str(one.row), one.kind, one.changed, one.why) for one in held]
        return visit.sheet(sheets.Sheet("held", columns, rows), visit.wants)
    released = visit.request.query.get("released", "")
    return visit.page(
        "extract",
        extract.file,
        extract=extract,
        held=held[:_SHOWN],
        count=count,
        released=int(released) if released.isascii() and released.isdigit() and len(released) < 10 else 0,
        token=_token(visit, extract) if held and visit.principal.may_release else "",
        longest=_LONGEST_REASON,
    )


def _release(visit: _Visit) -> Answer:
    request, principal = visit.request, visit.principal
    if not principal.may_release:
        return visit.sorry(403, "You may not release anybody", "That takes the app role releaser.")
    ref = ExtractRef(request.said("extract"), request.said("source"))
    extract = files.load(visit.context.storage, ref) if ref.id and ref.source else None
    now = visit.context.clock.now()
    # The plan is part of it: what was looked at is what is released.
    about = _about(extract) if extract else ""
    if not extract or not forms.check_token(
        visit.context.fingerprint_key, request.said("token"), principal.id, about, now
    ):
        return visit.sorry(403, "The page you released from is out of date", _FORGED)
    whom = request.form.get("whom", [])
    alone = request.form.get("alone", [])  # the button beside a protected person
    if len(alone) > 1 or (whom not in (["all"], ["chosen"]) and not alone):
        return visit.sorry(400, "Whom to release was not said", _NO_CHOICE)
    chosen = alone or (request.form.get("worker", []) if whom == ["chosen"] else [])
    if whom == ["chosen"] and not chosen:
        return visit.sorry(400, "Nobody was chosen", "Nothing was done. Go back, tick the people and try again.")
    reason = " ".join(request.said("reason").split())[:_LONGEST_REASON]
    if not reason:
        return visit.sorry(
            400, "A reason is missing", "Nothing was done. Go back and say why these people are released."
        )
    try:
        count = release(visit.context.storage, ref.id, Order(principal.name, reason, now), chosen)
    except (OrderRefused, TransientError) as error:
        return visit.sorry(409, "Nothing was released", f"{error}.")
    return _see_other(visit, "extract", source=ref.source, id=ref.id, released=str(count))


_NO_CHOICE = "Nothing was done. Go back and press one of the buttons: those who are ticked, or all."


def _causes(visit: _Visit) -> Answer:
    storage, key = visit.context.storage, visit.request.query.get("cause", "")
    among = sources(storage)
    if not key:
        causes = people.find_causes(storage, among)
        if visit.wants:
            columns = ("People", "Status", "What is wrong", "Next step", "Who acts")
            rows = [(str(one.people), one.status, one.title, one.next_step, one.who_acts) for one in causes.causes]
            return visit.sheet(sheets.Sheet("causes", columns, rows), visit.wants)
        return visit.page("causes", "What is wrong", causes=causes)
    cause, hits = people.of_cause(storage, key, among, whole=bool(visit.wants))
    if visit.wants:
        return visit.sheet(_people_sheet("people", hits), visit.wants)
    if cause is None:
        return visit.sorry(404, "Nobody has this any more", "What was wrong has been put right meanwhile.")
    return visit.page("cause", cause.title, cause=cause, hits=people.Hits(hits.people[:_SHOWN], hits.cut))


def _people_sheet(name: str, hits: people.Hits) -> sheets.Sheet:
    columns = ("Source", "Worker id", "Name", "User name", "Status", "Who acts", "Row", "Reason")
    rows = [
        (one.source, one.worker_id, one.name, one.user_name, one.status, one.who_acts, str(one.row or ""), one.reason)
        for one in hits.people
    ]
    return sheets.Sheet(name, columns, rows)


def _about(extract: files.Extract) -> str:
    return f"release|{extract.source}|{extract.id}|{extract.plan}"


def _token(visit: _Visit, extract: files.Extract) -> str:
    key, now = visit.context.fingerprint_key, visit.context.clock.now()
    return forms.make_token(key, visit.principal.id, _about(extract), now)


def _see_other(visit: _Visit, page: str, **query: str) -> Answer:
    parameters = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    return Answer(303, {**render.headers(), "Location": f"{visit.request.base}/{page}?{parameters}"})


_PAGES: dict[tuple[str, str], Callable[[_Visit], Answer]] = {
    ("GET", ""): _home,
    ("POST", "people"): _search,
    ("GET", "person"): _person,
    ("GET", "extracts"): _extracts,
    ("GET", "extract"): _extract,
    ("POST", "release"): _release,
    ("POST", "hold"): _hold,
    ("GET", "causes"): _causes,
}
