"""A company in trouble in the tables, and visits to the support page without a functions host."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from shared.clock import iso
from shared.context import Context
from shared.entra.logs import LogEntry
from shared.model import Actor, ChangeKind, ExtractRef, Planned
from shared.outcomes.events import write_events
from shared.records import extracts
from shared.records.extracts import Version
from shared.records.pages import HeldPerson, write_held
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.names import WORKERS
from shared.storage.rows import replace_row
from shared.support.site.visit import Response
from shared.support.web import Request, serve
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status
from tests.support.contexts import START, worker

HOST = "rollcall.example"
URL = f"https://{HOST}/api/support"
ON = {"WEBSITE_AUTH_ENABLED": "True"}
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "host": HOST}

SCRIPT = "<script>document.title='stolen'</script>"
REVERSED = "\u202egnp.exe \u0627\u0644\u0627\u0633\u0645\u200f"
LONG = "Wolfeschlegelsteinhausen" * 12 + "bergerdorff!"  # 300 characters
FORMULA = "=cmd|'/c calc'!A1"
HOSTILE = {"H1": SCRIPT, "H2": REVERSED, "H3": LONG, "H4": FORMULA, 'H5"><img src=x>': 'Quote " & <b>'}


def principal(*roles: str, user: str = "oid-1", name: str = "rita@example.com", provider: str = "aad") -> str:
    """The platform's header for a user."""
    claims = [{"typ": "roles", "val": role} for role in roles]
    claims += [{"typ": "oid", "val": user}, {"typ": "preferred_username", "val": name}]
    said = {"auth_typ": provider, "claims": claims, "name_typ": "name", "role_typ": "roles"}
    return base64.b64encode(json.dumps(said).encode()).decode()


def visit(
    context: Context,
    path: str = "",
    *,
    role: str = "reader",
    form: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = ON,
    user: str = "oid-1",
) -> Response:
    """What the support page answers; a form makes it a POST by the page itself."""
    parts = urlsplit(f"{URL}/{path}" if path else URL)
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    who = {"x-ms-client-principal": principal(role, user=user)} if role else {}
    request = Request(
        method="GET" if form is None else "POST",
        url=parts._replace(query="").geturl() + (f"?{parts.query}" if parts.query else ""),
        page=path.partition("?")[0],
        query=query,
        headers={**SAME_ORIGIN, **who, **(headers or {})},
        body=urlencode(form or {}, doseq=True).encode(),
    )
    return serve(lambda: context, request, environment)


def look_for(context: Context, wanted: str, more: str = "") -> Response:
    """What a search leads to, which goes on as an address that nobody can read; with more of the address."""
    answer = visit(context, "people", form={"q": wanted})
    assert answer.status == 303
    assert len(wanted) < 4 or wanted not in unquote(answer.headers["Location"])
    return visit(context, answer.headers["Location"].partition("/support/")[2] + more)


def hidden(answer: Response) -> dict[str, list[str]]:
    """The hidden fields of a page's form that releases people."""
    form = answer.body.decode().partition('action="/api/support/release"')[2].partition("</form>")[0]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def text(answer: Response) -> str:
    """What a page says, without its tags."""
    body = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", answer.body.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def token(answer: Response) -> str:
    """The token of a page's form."""
    found = re.search(r'name="token" value="([^"]+)"', answer.body.decode())
    return found[1] if found else ""


def file(
    storage: Storage, name: str, *, source: str = "employees", folder: str = "", minutes: int = 0, **values: Any
) -> ExtractRef:
    """An extract."""
    arrived = START + timedelta(minutes=minutes)
    version = Version(source, name, f"{folder or source}/{name}", f"etag {minutes}", arrived, 1)
    given: Any = {
        "Status": ExtractStatus.DELIVERED,
        "ArrivedAt": iso(arrived),
        "Message": "All done.",
        "Kind": ExtractKind.FILE,
    }
    given |= {"Job": "default", "Rows": 0, "People": 0, "Rejected": 0}
    extracts.insert_extract(storage, version, ExtractRow.read(given | values))
    return version.ref


def person(storage: Storage, ref: ExtractRef, worker_id: str, name: str, **values: Any) -> None:
    """A row of the results table: planned in a file, and whatever became of it."""
    user = worker(worker_id, 4, displayName=name, userName=values.pop("UserName", f"{worker_id.lower()}@contoso.com"))
    planned = Planned(
        user, ChangeKind.MOVER, changed=("department", "title"), reason="Data changed: department, title."
    )
    row = (
        worker_status.queued(planned, worker_status.Telling(ref.id, START, "people.csv"))
        | WorkerRow(sequence=ref.id)
        | WorkerRow.read(values)
    )
    replace_row(storage.table(WORKERS), worker_key(ref.source, worker_id), row)


def failed(storage: Storage, ref: ExtractRef, worker_id: str, name: str, **values: Any) -> None:
    """Somebody whom Entra could not create, and its log about it."""
    sent = START + timedelta(minutes=5)
    code, words = "AzureActiveDirectoryInvalidUserPrincipalName", f"The user name of {worker_id} is not valid."
    row = worker_status.uploaded(iso(sent), "request-1") | WorkerRow(
        sent_status=WorkerStatus.FAILED,
        status=WorkerStatus.FAILED,
        reason=f"Entra could not create the account: the user name is not one that Entra takes. {words}",
        next_step="HR corrects the user name.",
        who_acts=Actor.HR,
        error_code=code,
        resolved_at=iso(sent + timedelta(minutes=35)),
    )
    person(storage, ref, worker_id, name, **{**row.stored(), **values})
    at = sent + timedelta(minutes=35)
    entry = LogEntry(f"log-{worker_id}", at, "change-1", worker_id, "", "create", "failure", code, words)
    write_events(storage, "default", [entry])


def holding(storage: Storage, people: Mapping[str, str], minutes: int = 60) -> ExtractRef:
    """A file that holds some people, as too many leavers at once."""
    count = len(people)
    ref = file(
        storage, "leavers.csv", minutes=minutes, Status=ExtractStatus.HELD, Rows=count, People=count, Held=count,
        Message=f"{count} people: {count} held.", ReadPlan="plan",
    )  # fmt: skip
    why = "Leavers are 12 % of the known people; up to 10 % pass by themselves."
    step = "Somebody with the role Releaser looks at it and releases it, or HR drops a right file."
    held: list[HeldPerson] = [
        {
            "id": one,
            "row": row,
            "name": name,
            "kind": ChangeKind.LEAVER,
            "class": "disable",
            "changed": ["active", "department"],
            "why": why,
        }
        for row, (one, name) in enumerate(people.items(), 2)
    ]
    write_held(storage, ref, "plan", held)
    at = iso(START + timedelta(minutes=minutes))
    for one, name in people.items():
        person(
            storage, ref, one, name, Status=WorkerStatus.HELD, Reason=why, WhoActs=Actor.IT, NextStep=step,
            Kind=ChangeKind.LEAVER, Changed="active, department", HeldIn=ref.id, HeldAt=at, HeldBecause=why,
        )  # fmt: skip
    return ref
