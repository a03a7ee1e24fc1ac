"""Mappings beside the job's schema, and user names beside the directory's domains."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from azure.core.exceptions import AzureError

from shared.checkup.findings import Check, Finding, View, error_in_words
from shared.checkup.job import schema_of
from shared.entra.schema import JobSchema
from shared.errors import MappingError, NoToken, RollcallError
from shared.mapping.load import LoadedMapping, configured_names, find_mapping
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER
from shared.records.extracts import is_misplaced, newest, sources
from shared.settings import PROVISIONING_ENDPOINT
from shared.storage.clients import Storage
from shared.storage.listing import first_rows
from shared.storage.names import CONFIG, WORKERS
from shared.tables.base import columns
from shared.tables.extracts import ExtractRow
from shared.tables.workers import WorkerRow

_MOST_NAMES = 1000  # rows of Workers that are looked at for domains
_DOMAIN = re.compile(r"@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)\b")


def check_mappings(view: View) -> Iterator[Finding]:
    """Each source's mapping: that it is valid, that its job is set, and that the job knows what it sends."""
    check = Check("mapping")
    try:
        storage = view.context.storage
        configured = set(configured_names(storage))
        delivered = {name for name in set(sources(storage)) - configured if not _is_slip(storage, name)}
        names = sorted(configured | delivered)
    except (AzureError, NoToken) as error:
        yield check.unseen(f"{CONFIG} cannot be read: {error_in_words(error)}")
        return
    if not names:
        yield check.ok("no source has delivered a file or has a mapping of its own yet")
    schemas: dict[str, JobSchema | str] = {}
    for name in names:
        yield _mapping(view, name, schemas)


def _is_slip(storage: Storage, source: str) -> bool:
    """Whether what came last for a source lay in a folder that cannot be one: nothing of it is ever used."""
    shown = columns(ExtractRow.partition_key, ExtractRow.path)
    return all(map(is_misplaced, newest(storage, source, shown, 1)))


def _mapping(view: View, source: str, schemas: dict[str, JobSchema | str]) -> Finding:
    check = Check("mapping", source)
    try:
        loaded = find_mapping(view.context.storage, source)
    except MappingError as error:
        return check.wrong("; ".join(str(error).splitlines()), f"correct it, and upload it to {CONFIG}/{source}.yaml")
    except (AzureError, NoToken) as error:
        return check.unseen(error_in_words(error))
    job = loaded.mapping.job
    if not view.context.settings.endpoints:
        return check.unseen("it is valid; no job is set, so nothing can be said of what the job takes")
    if job not in view.context.settings.endpoints:
        setting = PROVISIONING_ENDPOINT + ("" if job == "default" else f"__{job.upper().replace('-', '_')}")
        return check.wrong(f"its job '{job}' is not set", f"set {setting}, or correct 'job' in {loaded.name}")
    if fault := _limits(view, loaded):
        return check.wrong(*fault)
    if job not in schemas:
        schemas[job] = _read(view, job)
    schema = schemas[job]
    if isinstance(schema, str):
        return check.unseen(f"it is valid; the schema of its job cannot be read: {schema}")
    return _beside(check, loaded.mapping, schema)


def _limits(view: View, loaded: LoadedMapping) -> tuple[str, str] | None:
    """What is wrong with the limits that a mapping keeps to, and the cure."""
    mapping = loaded.mapping
    endpoint = view.context.settings.endpoints[mapping.job]
    fitting = "ad" if endpoint.is_for_active_directory else "entra"
    if mapping.limits in (fitting, "none"):
        return None
    return (
        f"it keeps to the limits of '{mapping.limits}', and its job makes accounts in '{fitting}'",
        f"say 'limits: {fitting}' in {loaded.name}",
    )


def _read(view: View, job: str) -> JobSchema | str:
    try:
        return schema_of(view, job)
    except RollcallError as error:
        return error_in_words(error)


def _beside(check: Check, mapping: MappingFile, schema: JobSchema) -> Finding:
    """What a mapping sends, beside what its job takes and uses."""
    paths = [path for _, path, _ in mapping.targets]
    own = [path for target, path, _ in mapping.targets if target.schema not in ("", ENTERPRISE_USER)]
    unknown = [path for path in paths if path.lower() not in schema.attributes]
    if unknown:
        return check.wrong(
            f"the job does not know {', '.join(unknown)}: records with it are lost or fail",
            "python -m cli setup --mapping FILE adds it, or take it out of the mapping",
        )
    read = {name for user in schema.users for name in user.reads}
    if unused := [path for path in own if path.lower() not in read]:
        return check.wrong(
            f"the job knows {', '.join(unused)} and maps it to nothing",
            "map it to an attribute of the account on the job's page, under Mappings",
        )
    idle = [path for path in paths if path.lower() not in read]
    return check.ok(f"{len(paths)} attributes" + (f"; the job maps {', '.join(idle)} to nothing" if idle else ""))


def check_domains(view: View) -> Iterator[Finding]:
    """The domains of user names, in mappings and in results, beside those that the directory has verified."""
    check = Check("domains")
    if not view.first_job:
        yield check.unseen("no job is set")
        return
    try:
        found = list(view.graph(view.first_job).items("domains"))
    except RollcallError as error:
        yield check.unseen(
            f"the directory's domains cannot be read ({error_in_words(error)})",
            "it takes Domain.Read.All, which the app lacks",
        )
        return
    verified = {str(one.get("id")).lower() for one in found if one.get("isVerified")}
    try:
        used = _used(view)
    except (AzureError, NoToken) as error:
        yield check.unseen(f"user names cannot be read: {error_in_words(error)}")
        return
    strange = {domain: count for domain, count in used.items() if domain not in verified}
    if strange:
        names = ", ".join(f"{domain} ({count})" for domain, count in sorted(strange.items()))
        yield check.wrong(
            f"user names have domains that the directory has not verified: {names}",
            "verify the domain in Entra, or correct the mapping or HR's data; accounts cannot be created with it",
        )
    else:
        yield check.ok(f"all of {len(used)} in use are verified" if used else "no user name has been seen yet")


def _used(view: View) -> Counter[str]:
    """How often each domain is used: in the first results, and in the mappings themselves."""
    storage = view.context.storage
    rows, _ = first_rows(storage.table(WORKERS), "PartitionKey gt ''", columns(WorkerRow.user_name), _MOST_NAMES)
    used = Counter(name.rpartition("@")[2].lower() for row in rows if "@" in (name := row.user_name))
    for source in configured_names(storage):
        try:
            rule = find_mapping(storage, source).mapping.attributes.get("userName")
        except MappingError:
            continue
        if rule is not None:
            used.update(domain.lower() for domain in _DOMAIN.findall(rule.model_dump_json()))
    return used
