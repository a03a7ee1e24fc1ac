"""The steps that concern the job's schema: no account is deleted, none is renamed, and own attributes are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cli.setting_up.application import Job, SetUpRefused
from cli.setting_up.rights import JOB, needing
from cli.setting_up.telling import Teller
from shared.entra.management import CallRefused, Management
from shared.entra.schema import (
    AT_CREATION,
    AT_EVERY_CHANGE,
    PRINCIPAL_NAME,
    JsonObject,
    UserMapping,
    add_attributes,
    name_at_creation,
    read_schema,
    turn_delete_off,
)
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER

_USUAL = UserMapping(("Add", "Update", "Delete"), AT_EVERY_CHANGE, frozenset())  # Graph's documented defaults
_TYPES = {"boolean": "Boolean", "integer": "Integer"}


@dataclass(frozen=True)
class Safe:
    """What a schema is like in the end.

    Attributes:
        keeps_accounts: no account is deleted.
        keeps_names: no account that exists gets another user name.
    """

    keeps_accounts: bool
    keeps_names: bool


def own_attributes(mappings: Sequence[MappingFile]) -> dict[str, str]:
    """The attributes of extensions of one's own that mappings send, with the type that the schema calls them."""
    found = {}
    for mapping in mappings:
        for target, path, rule in mapping.targets:
            if target.schema not in ("", ENTERPRISE_USER):
                found[path] = _TYPES.get(rule.type, "String")
    return found


def mend_schema(management: Management, job: Job | None, own: Mapping[str, str], tell: Teller, *, force: bool) -> Safe:
    """Turn Delete off, have user names written at creation only, add the attributes that mappings send.

    Args:
        management: the way to Graph.
        job: whose schema; None if a dry run would make it.
        own: the attributes, with their types.
        tell: hears of it.
        force: whether what somebody has set by hand is overwritten.

    Raises:
        SetUpRefused: the job maps no user name.
    """
    if job is None:
        return _intended(own, tell)
    with needing(management, JOB, "to read the schema of the job"):
        schema = management.get(f"{job.path}/schema")
    usual = _usual(management, job)
    changed = _delete_off(schema, usual, tell, force=force)
    changed = _names_at_creation(changed, usual, tell, force=force)
    changed = _own_attributes(changed, own, tell)
    if changed != schema and not tell.dry_run:
        if job.state == "Active":
            tell.note("The job runs: after a change of its schema it looks at everybody anew, which can take a while.")
        with needing(management, JOB, "to write the schema of the job"):
            management.put(f"{job.path}/schema", changed)
        tell.did("schema written")
    users = read_schema(schema if tell.dry_run else changed).users
    return Safe(not any(one.deletes for one in users), not any(one.renames for one in users))


def _usual(management: Management, job: Job) -> UserMapping:
    """How the template has it: what differs from that was set by hand."""
    path = f"servicePrincipals/{job.principal}/synchronization/templates/{job.template}/schema"
    try:
        users = read_schema(management.get(path)).users
    except CallRefused:
        return _USUAL
    return users[0] if users else _USUAL


def _delete_off(schema: JsonObject, usual: UserMapping, tell: Teller, *, force: bool) -> JsonObject:
    tell.step("Target object actions of users")
    users = read_schema(schema).users
    if not users:
        raise SetUpRefused(
            f"No mapping of the job writes {PRINCIPAL_NAME}, so it makes no accounts: restore the default mappings in "
            "the portal, under Provisioning, Mappings, and run this again."
        )
    deleting = [one for one in users if one.deletes]
    if not deleting:
        tell.is_so(f"Delete is off ({', '.join(users[0].actions)})")
        return schema
    if any(one.actions != usual.actions for one in deleting) and not force:
        tell.leaves(f"Delete is on, in actions set by hand ({', '.join(deleting[0].actions)}): --force takes it out")
        return schema
    tell.will("turn Delete off: Rollcall disables leavers, and nothing that it sends is to delete an account")
    return turn_delete_off(schema)


def _names_at_creation(schema: JsonObject, usual: UserMapping, tell: Teller, *, force: bool) -> JsonObject:
    tell.step(PRINCIPAL_NAME)
    users = read_schema(schema).users
    renaming = [one for one in users if one.renames]
    if not renaming:
        tell.is_so("is written only when an account is created")
        return schema
    if any(one.user_name_flows != usual.user_name_flows for one in renaming) and not force:
        tell.leaves(f"is written as set by hand ({renaming[0].user_name_flows}): --force changes it to {AT_CREATION}")
        return schema
    tell.will("have it written only when an account is created: else the first run renames accounts that exist")
    return name_at_creation(schema)


def _own_attributes(schema: JsonObject, own: Mapping[str, str], tell: Teller) -> JsonObject:
    if not own:
        return schema
    tell.step("Attributes of your own")
    before = read_schema(schema)
    missing = {name: kind for name, kind in own.items() if name.lower() not in before.attributes}
    if not missing:
        tell.is_so(f"the job knows all {len(own)}")
    for name, kind in missing.items():
        tell.will(f"add {name} ({kind}) to what the job reads")
    unread = [name for name in own if not any(name.lower() in one.reads for one in before.users)]
    for name in unread:
        tell.note(f"{name}: no mapping uses it yet. Map it to an attribute of the account in the portal.")
    return add_attributes(schema, missing) if missing else schema


def _intended(own: Mapping[str, str], tell: Teller) -> Safe:
    """What a dry run tells of a job that is not there yet: it begins as its template is."""
    tell.step("Target object actions of users")
    tell.will("turn Delete off, unless it is")
    tell.step(PRINCIPAL_NAME)
    tell.will("have it written only when an account is created")
    if own:
        tell.step("Attributes of your own")
        for name, kind in own.items():
            tell.will(f"add {name} ({kind}) to what the job reads")
    return Safe(keeps_accounts=True, keeps_names=True)


def endpoint_of(origin: str, job: Job) -> str:
    """The provisioning API endpoint of a job: where bulk requests are posted."""
    return f"{origin}/v1.0/{job.path}/bulkUpload"
