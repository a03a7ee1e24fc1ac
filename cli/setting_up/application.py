"""The first steps: the enterprise application from the gallery, and its job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cli.setting_up.rights import APPLICATION, JOB, READ, needing
from cli.setting_up.telling import Teller
from shared.clock import Clock
from shared.entra.management import CallRefused, Management, quoted
from shared.errors import TerminalError
from shared.settings import ACTIVE_DIRECTORY_JOB, ENTRA_JOB

ENTRA, ACTIVE_DIRECTORY = "entra", "ad"
_NAMES = {  # the newest first; the ids are published nowhere, and an older cloud may have the older name
    ENTRA: (
        "API-driven provisioning to Microsoft Entra ID",
        "API-driven Inbound User Provisioning to Azure AD",
    ),
    ACTIVE_DIRECTORY: (
        "API-driven provisioning to on-premises Active Directory",
        "API-driven Inbound User Provisioning to On-Premises AD",
    ),
}
_KINDS = {ENTRA: ENTRA_JOB, ACTIVE_DIRECTORY: ACTIVE_DIRECTORY_JOB}  # with which the ids of jobs begin
_LOOKS, _BETWEEN = 24, 5.0  # a new service principal is there after seconds, not always everywhere at once


class SetUpRefused(TerminalError):  # noqa: N818
    """The set-up cannot go on; the sentence says what somebody has to decide."""


@dataclass(frozen=True)
class Job:
    """A job.

    Attributes:
        principal: object id of the application's service principal.
        template: of which the job is.
        id: its own.
        state: of its schedule: `Active`, `Disabled`, `Paused`.
        code: of its status: `NotConfigured`, `NotRun`, `Active`, `Paused`, `Quarantine`.
    """

    principal: str
    template: str
    id: str
    state: str
    code: str

    @property
    def path(self) -> str:
        """Of the job, below Graph's version."""
        return f"servicePrincipals/{self.principal}/synchronization/jobs/{self.id}"


@dataclass(frozen=True)
class Wanted:
    """Which application.

    Attributes:
        target: `ENTRA` or `ACTIVE_DIRECTORY`.
        name: what it is called, or is to be.
        principal: object id of its service principal; empty: the one with the name.
    """

    target: str
    name: str
    principal: str = ""


def application(management: Management, wanted: Wanted, tell: Teller, clock: Clock) -> str:
    """Find the application, or make it.

    Returns:
        Object id of its service principal; empty if a dry run would make it.

    Raises:
        SetUpRefused: the gallery has no such application, or several could be meant, or another one has the name.
    """
    tell.step("Application")
    with needing(management, READ, "to look for applications"):
        template = _template(management, wanted.target)
        found = _existing(management, wanted, str(template["id"]))
    if found:
        tell.is_so(f"{found['displayName']} ({found['id']}) is there")
        return str(found["id"])
    if not tell.will(f'create the enterprise application "{wanted.name}" from "{template["displayName"]}"'):
        return ""
    with needing(management, APPLICATION, "to create the application"):
        made = management.post(f"applicationTemplates/{template['id']}/instantiate", {"displayName": wanted.name})
    principal = str(made["servicePrincipal"]["id"])
    _wait_for(management, principal, clock)
    tell.did(f"service principal {principal}")
    return principal


def job(management: Management, principal: str, target: str, tell: Teller) -> Job | None:
    """Find the job of an application, or make it.

    Returns:
        The job; None if a dry run would make it.

    Raises:
        SetUpRefused: the application has several jobs, or none of the kind can be made.
    """
    tell.step("Job")
    if not principal:
        tell.will(f"create the job ({_KINDS[target]}); it does not run yet")
        return None
    path = f"servicePrincipals/{principal}/synchronization"
    with needing(management, JOB, "to read the jobs of the application"):
        jobs = [one for one in management.items(f"{path}/jobs") if _is_of_kind(one, target)]
        if len(jobs) > 1:
            ids = ", ".join(str(one["id"]) for one in jobs)
            raise SetUpRefused(
                f"The application has several jobs ({ids}): remove those that nobody needs in the portal."
            )
        if jobs:
            tell.is_so(f"{jobs[0]['id']} is there")
            return _job(principal, jobs[0])
        templates = [str(one["id"]) for one in management.items(f"{path}/templates")]
    fitting = [one for one in templates if one.upper().startswith(_KINDS[target])]
    if len(fitting) != 1:
        raise SetUpRefused(
            f"The application offers the job templates {', '.join(templates) or 'none'}, and one that begins with "
            f"{_KINDS[target]} is needed: make the job in the portal, under Provisioning, and run this again."
        )
    if not tell.will(f"create the job ({fitting[0]}); it does not run yet"):
        return None
    with needing(management, JOB, "to create the job"):
        made = _job(principal, management.post(f"{path}/jobs", {"templateId": fitting[0]}))
    tell.did(made.id)
    return made


def read_job(management: Management, known: Job) -> Job:
    """The job as it is now."""
    with needing(management, JOB, "to read the job"):
        return _job(known.principal, management.get(known.path))


def _template(management: Management, target: str) -> dict[str, Any]:
    for name in _NAMES[target]:
        for found in management.items("applicationTemplates", filter=f"displayName eq '{quoted(name)}'"):
            return found
    raise SetUpRefused(
        f"The gallery has no application called {' or '.join(_NAMES[target])}: perhaps this cloud does not offer it. "
        "Make the application in the portal and give its object id with --service-principal."
    )


def _existing(management: Management, wanted: Wanted, template: str) -> dict[str, Any] | None:
    shown = "id,displayName,applicationTemplateId"
    if wanted.principal:
        try:
            return management.get(f"servicePrincipals/{wanted.principal}", select=shown)
        except CallRefused as error:
            if not error.is_absent:
                raise
            raise SetUpRefused(f"There is no service principal {wanted.principal} in this directory.") from error
    same = f"displayName eq '{quoted(wanted.name)}'"
    found = list(management.items("servicePrincipals", filter=same, select=shown))
    if len(found) > 1:
        ids = ", ".join(str(one["id"]) for one in found)
        raise SetUpRefused(
            f'Several applications are called "{wanted.name}": say --service-principal with one of {ids}.'
        )
    if found and found[0].get("applicationTemplateId") != template:
        raise SetUpRefused(
            f'"{wanted.name}" ({found[0]["id"]}) is another kind of application: choose another name with --name, or '
            "say --service-principal if it is the one."
        )
    return found[0] if found else None


def _wait_for(management: Management, principal: str, clock: Clock) -> None:
    """Wait until what was made can be found, where its jobs are looked for too."""
    for left in reversed(range(_LOOKS)):
        try:
            next(management.items(f"servicePrincipals/{principal}/synchronization/templates"), None)
        except CallRefused as error:
            if not error.is_absent and not error.is_for_want_of_rights:
                raise
            if error.is_for_want_of_rights:
                return  # the next step says which
            if not left:
                raise SetUpRefused(
                    f"The application {principal} was created, but cannot be found yet: run this again in some minutes."
                ) from error
            clock.sleep(_BETWEEN)
        else:
            return


def _is_of_kind(one: dict[str, Any], target: str) -> bool:
    return str(one.get("id", "")).upper().startswith(f"{_KINDS[target]}.")


def _job(principal: str, said: dict[str, Any]) -> Job:
    schedule, status = said.get("schedule") or {}, said.get("status") or {}
    names = (said.get("templateId"), said.get("id"), schedule.get("state"), status.get("code"))
    return Job(principal, *(str(name or "") for name in names))
