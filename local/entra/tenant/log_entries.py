"""Entries of the provisioning log, and how each version of Graph spells them.

Names and shapes are those of the Graph reference (``provisioningObjectSummary``).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from local.entra.clock import timestamp
from local.entra.settings import Tenant
from local.entra.tenant.directory import Action, Attributes, Outcome, Status
from local.entra.tenant.mapping import ATTRIBUTES, Value

APPLICATION_NAME = "HR to Microsoft Entra ID"

_SOURCE_SYSTEM = "0404601d-a9c0-4ec7-bbcd-02660120d8c9"
_TARGET_SYSTEM = "cd22f60b-5f2d-41ad-adb4-76ef31db996b"
_SUFFIXES = {Action.CREATE: "Add", Action.UPDATE: "Update", Action.DISABLE: "Update", Action.OTHER: "Update"}
_VERBS = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DISABLE: "disabled", Action.OTHER: "changed"}


@dataclass(slots=True)
class Entry:
    """One entry. Everything else about it is worked out when it is read."""

    number: int
    at: datetime
    cycle_id: str
    outcome: Outcome


def entry_id(entry: Entry, tenant: Tenant) -> str:
    """The id of the entry."""
    return str(uuid.uuid5(uuid.UUID(tenant.tenant_id), f"entry {entry.number}"))


def change_id(entry: Entry, tenant: Tenant) -> str:
    """The id of the change that the entry tells of."""
    return str(uuid.uuid5(uuid.UUID(tenant.tenant_id), f"change {entry.number}"))


def render(entry: Entry, tenant: Tenant, version: str) -> dict[str, object]:
    """An entry as JSON, in the spelling of a version of Graph."""
    outcome = entry.outcome
    name = str(outcome.after.get("displayName") or outcome.external_id)
    rendered: dict[str, object] = {
        "id": entry_id(entry, tenant),
        "activityDateTime": timestamp(entry.at),
        "tenantId": tenant.tenant_id,
        "jobId": tenant.job_id,
        "cycleId": entry.cycle_id,
        "changeId": change_id(entry, tenant),
        "durationInMilliseconds": 100 + entry.number % 400,
        "sourceSystem": {"id": _SOURCE_SYSTEM, "displayName": "API", "details": {}},
        "targetSystem": {
            "id": _TARGET_SYSTEM,
            "displayName": "Microsoft Entra ID",
            "details": {
                "ServicePrincipalId": tenant.service_principal_id,
                "ServicePrincipalDisplayName": APPLICATION_NAME,
            },
        },
        "initiatedBy": {"id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system"},
        "servicePrincipal": {"id": tenant.service_principal_id, "displayName": APPLICATION_NAME},
        "sourceIdentity": _identity(outcome.external_id, name),
        "targetIdentity": _identity(outcome.target_id, name if outcome.target_id else ""),
        "provisioningSteps": _steps(outcome, name),
        "modifiedProperties": _modified_properties(outcome),
    }
    if version == "beta":
        rendered["action"] = outcome.action.value
        rendered["statusInfo"] = _beta_status(outcome)
    else:
        rendered["provisioningAction"] = outcome.action.value
        rendered["provisioningStatusInfo"] = {
            "status": outcome.status.value,
            "errorInformation": _error_information(outcome),
        }
    return rendered


def _identity(object_id: str, name: str) -> dict[str, object]:
    return {"id": object_id, "displayName": name, "identityType": "User", "details": {}}


def _steps(outcome: Outcome, name: str) -> list[dict[str, object]]:
    suffix = _SUFFIXES[outcome.action]
    if outcome.before is not None:
        matched = f"matched '{outcome.target_id}'"
    else:
        matched = "matched nobody" if outcome.action is Action.CREATE else "matched more than one account"
    steps = [
        _step(f"EntryImport{suffix}", "import", Status.SUCCESS, f"Received User '{outcome.external_id}' from API"),
        _step(
            "EntrySynchronizationScoping",
            "scoping",
            Status.SUCCESS,
            f"User '{name}' is in scope",
            {"Scoping filter evaluation passed": "True"},
        ),
        _step(f"EntrySynchronization{suffix}", "matching", Status.SUCCESS, f"User '{name}' {matched}"),
    ]
    if outcome.unresolved_manager is not None:
        steps.append(
            _step(
                "EntrySynchronizationReferenceResolution",
                "referenceResolution",
                Status.SKIPPED,
                f"We were unable to assign '{outcome.unresolved_manager}' as the manager of User '{name}'",
                {"SkipReason": "UnableToResolveReferenceAttributeValue", "PropertyName": "manager"},
            )
        )
    reportable = {"ReportableIdentifier": str(outcome.after.get("userPrincipalName") or outcome.external_id)}
    if outcome.status is Status.SKIPPED:
        steps.append(
            _step(
                "EntrySynchronizationSkipped",
                "processing",
                Status.SKIPPED,
                f"User '{name}' was skipped: nothing to change",
                {"SkipReason": "RedundantExport"},
            )
        )
    else:
        done = _VERBS[outcome.action]
        words = f"was {done}" if outcome.status is Status.SUCCESS else f"could not be {done}"
        description = f"User '{name}' {words} in Microsoft Entra ID"
        steps.append(_step(f"EntryExport{suffix}", "export", outcome.status, description, reportable))
    return steps


def _step(
    name: str, kind: str, status: Status, description: str, details: Mapping[str, str] | None = None
) -> dict[str, object]:
    return {
        "name": name,
        "provisioningStepType": kind,
        "status": status.value,
        "description": description,
        "details": dict(details or {}),
    }


def _modified_properties(outcome: Outcome) -> list[dict[str, object]]:
    before: Attributes = outcome.before or {}
    return [
        {"displayName": name, "oldValue": _words(before.get(name)), "newValue": _words(outcome.after.get(name))}
        for name in ATTRIBUTES
        if before.get(name) != outcome.after.get(name)
    ]


def _words(value: Value) -> str | None:
    return None if value is None else str(value)


def _error_information(outcome: Outcome) -> dict[str, object] | None:
    if outcome.problem is None:
        return None
    return {
        "errorCode": outcome.problem.code,
        "reason": outcome.problem.reason,
        "additionalDetails": None,
        "errorCategory": "nonServiceFailure",
        "recommendedAction": None,
    }


def _beta_status(outcome: Outcome) -> dict[str, object]:
    """Beta has one object that derives from statusBase where v1.0 has a status and, inside, errorInformation."""
    information = _error_information(outcome)
    if information is None:
        return {"@odata.type": "#microsoft.graph.statusBase", "status": outcome.status.value}
    return {"@odata.type": "#microsoft.graph.statusDetails", "status": outcome.status.value, **information}
