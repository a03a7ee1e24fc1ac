"""The provisioning jobs: the roles in the token, how each job is, and how it is set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from shared.checkup.findings import Check, Finding, View, error_in_words
from shared.entra.jobs import NOT_STARTED, PAUSED, QUARANTINED, RUNNING, JobStatus, parse_status
from shared.entra.management import CallRefused
from shared.entra.notification import read_notification
from shared.entra.roles import PURPOSES, READ_JOB, READ_LOG, UPLOAD, held_roles, read_offer
from shared.entra.schema import PRINCIPAL_NAME, JobSchema, read_schema
from shared.errors import RollcallError, TransientError

_INSTEAD = {
    UPLOAD: ("SynchronizationData-User.Upload.OwnedBy",),
    READ_LOG: ("AuditLog.Read.All", "Directory.Read.All"),
    READ_JOB: ("Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"),
}
_GRANT = "python -m cli grant, or infra/graph.bicep; one that is given already can take up to a day to reach the token"
_RESTART = (
    "press Restart provisioning on its page; what was sent meanwhile is thrown away then, and sent again by itself"
)
_CURES = {
    "toomanydeletes": "look in the provisioning log at who would be disabled, and allow or reject it on the job's page",
    "encounteredquarantineexception": f"mend what the job's page names (for AD: the agent, too), then {_RESTART}",
    "quarantinedondemand": f"somebody has put it there by hand: ask why, then {_RESTART}",
}
_ABSENT = "there is no such service principal or job"
_AGENT = "see that an agent is active in the portal, under Entra Connect, Cloud sync, Agents"


def check_roles(view: View) -> Iterator[Finding]:
    """The app's three roles in Microsoft Graph: in its token, or as they are assigned to it."""
    if not view.first_job:
        yield Check("role").unseen("no job is set: set PROVISIONING_ENDPOINT")
        return
    try:
        claims = view.claims
        if claims and claims.is_user:
            yield from _assigned(view)
            return
    except TransientError as error:
        yield Check("role").wrong(
            f"there is no token for Graph: {error_in_words(error)}",
            "on a laptop: az login; in the app: see that its managed identity is assigned and AZURE_CLIENT_ID names it",
        )
        return
    for role, purpose in PURPOSES.items():
        check = Check("role", role)
        if claims is None:
            yield check.unseen("the token cannot be read")
        elif claims.roles & {role, *_INSTEAD[role]}:
            yield check.ok(f"is in the token, {purpose}")
        else:
            yield check.wrong(f"is not in the token; it is needed {purpose}", _GRANT)


def _assigned(view: View) -> Iterator[Finding]:
    """What a person can see: the roles that are assigned, not those that have reached the app's token."""
    if not view.principal:
        yield Check("role").unseen('a person is signed in: say --principal "$(azd env get-value APP_PRINCIPAL_ID)"')
        return
    way = view.graph(view.first_job)
    try:
        held = set(held_roles(way, view.principal, read_offer(way)))
    except RollcallError as error:
        yield Check("role").unseen(f"the roles of {view.principal} cannot be read: {error_in_words(error)}")
        return
    for role, purpose in PURPOSES.items():
        check = Check("role", role)
        if held & {role, *_INSTEAD[role]}:
            yield check.ok("is assigned; it can take up to a day to reach the app's token")
        else:
            yield check.wrong(f"is not assigned; it is needed {purpose}", "python -m cli grant, or infra/graph.bicep")


def check_jobs(view: View) -> Iterator[Finding]:
    """Each job: that it is there and runs, whom it tells, that it neither deletes nor renames, and its agent."""
    for name in sorted(view.context.settings.endpoints):
        state = _state(view, name)
        yield state
        if state.says == _ABSENT:
            continue
        yield from _notification(view, name)
        yield from _schema(view, name)
        yield from _agent(view, name)


def job_path(view: View, name: str) -> str:
    """Of a job, below Graph's version."""
    endpoint = view.context.settings.endpoints[name]
    job = quote(endpoint.job_id, safe="")
    return f"servicePrincipals/{endpoint.service_principal_id}/synchronization/jobs/{job}"


def schema_of(view: View, name: str) -> JobSchema:
    """The schema of a job.

    Raises:
        RollcallError: it cannot be read.
    """
    return read_schema(view.graph(name).get(f"{job_path(view, name)}/schema"))


def _asking(check: Check, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | Finding:
    """What Graph says, or why it is not known."""
    try:
        return ask()
    except CallRefused as error:
        if error.is_absent:
            return check.wrong(
                _ABSENT,
                "copy the provisioning API endpoint from the application's page into PROVISIONING_ENDPOINT",
            )
        if error.is_for_want_of_rights:
            return check.unseen(f"whoever looks may not read it ({error.status})", f"it takes {READ_JOB}")
        return check.unseen(error_in_words(error))
    except RollcallError as error:
        return check.unseen(error_in_words(error))


def _state(view: View, name: str) -> Finding:
    check = Check("job", name)
    said = _asking(check, lambda: view.graph(name).get(job_path(view, name)))
    return said if isinstance(said, Finding) else _judged(check, parse_status(said))


def _judged(check: Check, status: JobStatus) -> Finding:
    error = f" ({status.error})" if status.error else ""
    if status.state == RUNNING:
        return check.ok(f"runs{f'; its last run says: {status.error}' if status.error else ''}")
    if status.state == PAUSED:
        return check.wrong(f"is paused{error}", "ask who paused it; then Start provisioning on its page")
    if status.state == NOT_STARTED:
        return check.wrong(f"does not run{error}", "python -m cli setup --start, or Start provisioning on its page")
    if status.state == QUARANTINED:
        cure = _CURES.get(status.words.lower(), f"mend what the job's page names, then {_RESTART}")
        return check.wrong(f"is in quarantine: {status.words}{error}. Nothing is sent to it meanwhile", cure)
    return check.unseen(f"is in a state that is not known: {status.words}")


def _notification(view: View, name: str) -> Iterator[Finding]:
    endpoint = view.context.settings.endpoints[name]
    mail, deletions = Check("notification mail", name), Check("accidental deletions", name)
    path = f"servicePrincipals/{endpoint.service_principal_id}/synchronization/secrets"
    said = _asking(mail, lambda: view.graph(name).get(path))
    if isinstance(said, Finding):
        yield said
        return
    found = read_notification([one for one in said.get("value", []) if isinstance(one, dict)])
    if found.recipients:
        yield mail.ok(f"{len(found.recipients)} will hear of a quarantine")
    else:
        yield mail.wrong("nobody is told of a quarantine", "python -m cli setup --notify MAIL")
    if found.threshold:
        yield deletions.ok(f"the job stops when it is to disable {found.threshold} accounts or more in one run")
    else:
        yield deletions.wrong("are not prevented", "python -m cli setup --stop-at ACCOUNTS")


def _schema(view: View, name: str) -> Iterator[Finding]:
    check = Check("delete off", name)
    try:
        users = schema_of(view, name).users
    except RollcallError as error:
        yield check.unseen(f"the schema of the job cannot be read: {error_in_words(error)}")
        return
    if not users:
        yield check.wrong(
            f"no mapping of the job writes {PRINCIPAL_NAME}, so it makes no accounts",
            "restore the default mappings",
        )
        return
    actions = ", ".join(users[0].actions)
    if any(one.deletes for one in users):
        yield check.wrong("Delete is among the target object actions: an account can be deleted", "python -m cli setup")
    else:
        yield check.ok(f"the job does {actions}")
    check = Check("user names kept", name)
    if any(one.renames for one in users):
        yield check.wrong(
            f"{PRINCIPAL_NAME} is written over what accounts have: people can lose the name that they sign in with",
            "python -m cli setup (Only during object creation)",
        )
    else:
        yield check.ok(f"{PRINCIPAL_NAME} is written only when an account is created")


def _agent(view: View, name: str) -> Iterator[Finding]:
    check = Check("agent", name)
    if not view.context.settings.endpoints[name].is_for_active_directory:
        yield check.ok("none is needed: the accounts are in Entra ID itself")
        return
    try:
        found = list(view.graph(name).items("onPremisesPublishingProfiles/provisioning/agents", version="beta"))
    except RollcallError as error:
        yield check.unseen(f"agents cannot be read ({error_in_words(error)}); an app never may", _AGENT)
        return
    active = [one for one in found if one.get("status") == "active"]
    if active:
        yield check.ok(f"{len(active)} of {len(found)} active")
    else:
        yield check.wrong(f"none of {len(found)} is active", f"start its service on its server, and {_AGENT}")
