"""The hold on an account, set and ended from a person's page."""

from __future__ import annotations

from shared.errors import TransientError
from shared.holds.listed import parse_until
from shared.holds.orders import HoldOrder, HoldRefused, end_hold, put_on_hold
from shared.support import person
from shared.support.site.visit import FORGED, Response, Visit

DONE = {
    "set": "The account is on hold. It is disabled within a minute or two, and stays so whatever HR says.",
    "ended": "That hold is over. What HR said last is sent within a minute or two, unless another hold is in force.",
}
"""What the page says when it comes back."""


def hold_tokens(visit: Visit, found: list[person.Person]) -> dict[str, str]:
    """What each form on a person's page proves itself with, by source; none for whoever may only read."""
    if not visit.principal.may_release:
        return {}
    return {one.source: visit.token(_about(one)) for one in found}


def order_hold(visit: Visit) -> Response:
    """Put somebody on hold, or end it: by the same form, of which the button says what."""
    request, principal, context = visit.request, visit.principal, visit.context
    if not principal.may_release:
        return visit.sorry(403, "You may not put anybody on hold", "That takes the app role releaser.")
    source, worker_id, now = request.said("source"), request.said("id"), context.clock.now()
    found = person.find_stories(context, worker_id, source) if source and worker_id else []
    # What was looked at is part of the token: nobody ends a hold that was set since.
    if not found or not visit.proves(_about(found[0])):
        return visit.sorry(403, "The page that you ordered it from is out of date", FORGED)
    if not visit.reason:
        return visit.sorry(400, "A reason is missing", "Nothing was done. Go back and say why.")
    hold, ends = found[0].hold, request.said("what") == "end"
    try:
        if ends and hold is None:
            raise HoldRefused("There is no hold to end")
        if ends and hold:
            end_hold(context.storage, HoldOrder(hold.worker, hold.source, principal.name, visit.reason, now))
        else:
            until = request.said("until").strip()
            order = HoldOrder(worker_id, source, principal.name, visit.reason, now)
            put_on_hold(context.storage, order, parse_until(until) if until else None)
    except (HoldRefused, TransientError, ValueError) as error:
        return visit.sorry(409, "Nothing was done", f"{error}.")
    return visit.see_other("person", source=source, id=worker_id, hold="ended" if ends else "set")


def _about(one: person.Person) -> str:
    return f"hold|{one.source}|{one.worker_id}|{one.hold.in_full if one.hold else ''}"
