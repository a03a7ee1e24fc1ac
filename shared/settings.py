"""The app settings, read once, checked all together.

Names follow the Azure Functions conventions: a connection `HR_STORAGE` is either a connection string, or a set of
`HR_STORAGE__blobServiceUri`, `HR_STORAGE__queueServiceUri`, `HR_STORAGE__tableServiceUri` with `__credential` and
`__clientId` for an identity-based connection. A plain `HR_STORAGE` wins, as it does in the Functions host; but the
library that hands files to the functions mixes the two up, so the app is not started with both.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from shared.errors import SettingsError
from shared.schedules import faults as odd_schedule

HR_STORAGE = "HR_STORAGE"
PROVISIONING_ENDPOINT = "PROVISIONING_ENDPOINT"
KEY_VAULT_URI = "KEY_VAULT_URI"
AZURE_CLIENT_ID = "AZURE_CLIENT_ID"
NEW_FILES_BY = "NEW_FILES_BY"
"""As the deployment calls it too; older code, which refuses names of its own that it does not know, looks past it."""
BLOB_SOURCE = "ROLLCALL_BLOB_SOURCE"
LOG_SCHEDULE = "ROLLCALL_LOG_SCHEDULE"
CLOCK_SCHEDULE = "ROLLCALL_CLOCK_SCHEDULE"
OVERDUE_MINUTES = "ROLLCALL_OVERDUE_MINUTES"
DAILY_CALLS = "ROLLCALL_DAILY_CALLS"
LEAVER_RESERVE = "ROLLCALL_LEAVER_RESERVE"
NOTIFY_TOPIC = "ROLLCALL_NOTIFY_TOPIC"
DIGEST_AT = "ROLLCALL_DIGEST_AT"
KEEP_EVENTS = "ROLLCALL_KEEP_EVENTS_DAYS"
KEEP_EXTRACTS = "ROLLCALL_KEEP_EXTRACTS_DAYS"
KEEP_OUTBOX = "ROLLCALL_KEEP_OUTBOX_DAYS"

ROLLCALL_SETTINGS = (
    BLOB_SOURCE, LOG_SCHEDULE, CLOCK_SCHEDULE, OVERDUE_MINUTES, DAILY_CALLS, LEAVER_RESERVE,
    NOTIFY_TOPIC, DIGEST_AT, KEEP_EVENTS, KEEP_EXTRACTS, KEEP_OUTBOX,
)  # fmt: skip

DEFAULT_JOB = "default"

# National clouds: https://learn.microsoft.com/graph/deployments. A token goes to these hosts and no others.
GRAPH_HOSTS = frozenset(
    {"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}
)
# A token for Event Grid goes to topics of these clouds and no others.
TOPIC_HOSTS = ("eventgrid.azure.net", "eventgrid.azure.us", "eventgrid.azure.cn")
_ENDPOINT_PATH = re.compile(
    r"^(?P<version>/(?:v1\.0|beta))/servicePrincipals/(?P<sp>[^/]+)/synchronization/jobs/(?P<job>[^/]+)/bulkUpload$",
    re.IGNORECASE,
)

ENTRA_JOB = "API2AAD"
"""With this begins the id of a job that makes accounts in Entra ID itself."""
ACTIVE_DIRECTORY_JOB = "API2AD"
"""With this begins the id of a job that makes them in Active Directory, by an agent."""
_JOB_ID = re.compile(r"^(?P<kind>\w+)\.(?P<tenant>[0-9a-f]{32})\.", re.IGNORECASE | re.ASCII)

_CONNECTION_STRING = re.compile(r"(?:AccountName|BlobEndpoint|UseDevelopmentStorage)=", re.IGNORECASE)


class _Reader(Protocol):
    def __call__(self, name: str, default: str = "") -> str: ...


@dataclass(frozen=True)
class StorageConnection:
    """How to reach the storage account with HR data.

    Either `connection_string` is set, or the three service URIs are, with the credential that the Functions host would
    use for the same settings (`managedidentity` and, for a user-assigned identity, its client id).
    """

    connection_string: str = ""
    blob_uri: str = ""
    queue_uri: str = ""
    table_uri: str = ""
    managed_identity: bool = False
    client_id: str = ""


@dataclass(frozen=True)
class ProvisioningEndpoint:
    """One API-driven provisioning job, as its bulkUpload URL names it.

    Attributes:
        name: our name of the job: `default`, or the lower-case NAME of `PROVISIONING_ENDPOINT__<NAME>`.
        url: where bulk requests are posted.
        graph_root: scheme, host and API version, such as `https://graph.microsoft.com/v1.0`.
        service_principal_id: object id of the provisioning app's service principal.
        job_id: Entra's id of the job: `API2AAD.<32 hex digits of the tenant>.<guid>`, or `API2AD...`.
        scope: what to ask a token for.
    """

    name: str
    url: str
    graph_root: str
    service_principal_id: str
    job_id: str
    scope: str

    @property
    def tenant(self) -> str:
        """Whose job it is, as 32 hex digits, whatever kind of job; empty if the id does not say so."""
        match = _JOB_ID.match(self.job_id)
        return match["tenant"].lower() if match else ""

    @property
    def is_for_active_directory(self) -> bool:
        """Whether the accounts are made in Active Directory, by an agent, and not in Entra ID itself."""
        match = _JOB_ID.match(self.job_id)
        return bool(match and match["kind"].upper() == ACTIVE_DIRECTORY_JOB)


@dataclass(frozen=True)
class Settings:
    """Every setting of the app, valid.

    Attributes:
        blob_source: the kind of the blob trigger; Flex Consumption has one only, with or without a subscription.
        new_files_by: who finds a new file: `event-grid` tells of it, or in a private network the `clock` looks.
        overdue_minutes: how long Entra may say nothing about a person before that is told.
        daily_calls: bulkUpload calls that the tenant's licence allows in 24 hours.
        leaver_reserve: percent of them that only requests with a leaver may use.
        notify_topic: endpoint of the Event Grid topic that is told what somebody should know; empty for none.
        digest_at: when the daily digest goes out (UTC), as `06:30`; empty for never.
        keep_events_days: for how long entries of Entra's log are kept; 0 for ever.
        keep_extracts_days: the same for extracts, with their copies and plans.
        keep_outbox_days: the same for what HR gets back.
    """

    storage: StorageConnection
    endpoints: Mapping[str, ProvisioningEndpoint]
    blob_source: str = "event_grid"
    new_files_by: str = "event-grid"
    log_schedule: str = "0 */5 * * * *"
    clock_schedule: str = "0 * * * * *"
    overdue_minutes: int = 60
    daily_calls: int = 2000
    leaver_reserve: float = 5.0
    notify_topic: str = ""
    digest_at: str = "06:30"
    keep_events_days: int = 180
    keep_extracts_days: int = 400
    keep_outbox_days: int = 90
    key_vault_uri: str = ""
    client_id: str = ""


def is_loopback(host: str | None) -> bool:
    """Whether `host` is this machine: the only place that plain http may go."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def parse_endpoint(name: str, url: str) -> ProvisioningEndpoint:
    """Take a bulkUpload URL apart, refusing any place where a Graph token must not go.

    Raises:
        ValueError: with a sentence about what is wrong with the URL.
    """
    parts = _split(url)
    host = (parts.hostname or "").lower()
    loopback = is_loopback(host)
    if not loopback and (parts.scheme != "https" or host not in GRAPH_HOSTS or parts.port not in (None, 443)):
        raise ValueError(
            f"must start with https:// and one of {', '.join(sorted(GRAPH_HOSTS))} (plain http only to this machine)"
        )
    if loopback and parts.scheme not in ("http", "https"):
        raise ValueError("must start with https:// or, on this machine, http://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must not carry a user name, a query or a fragment")
    match = _ENDPOINT_PATH.match(parts.path)
    if not match:
        raise ValueError(
            "must be the URL that the portal shows under Provisioning, Overview, Provisioning API endpoint: "
            ".../servicePrincipals/<id>/synchronization/jobs/<id>/bulkUpload"
        )
    origin = f"{parts.scheme}://{parts.netloc}"
    scope_host = "https://graph.microsoft.com" if loopback else f"https://{host}"
    return ProvisioningEndpoint(
        name=name,
        url=f"{origin}{parts.path}",
        graph_root=f"{origin}{match['version']}",
        service_principal_id=match["sp"],
        job_id=match["job"],
        scope=f"{scope_host}/.default",
    )


def _split(url: str) -> SplitResult:
    """The parts of a URL.

    Raises:
        ValueError: it cannot be taken apart; Python's own words would quote it.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    return parts


def _is_https(url: str) -> bool:
    try:
        parts = _split(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _is_topic(url: str) -> bool:
    """Whether a token for Event Grid may go to a URL."""
    try:
        parts = _split(url)
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if parts.username or parts.password or parts.query or parts.fragment:
        return False
    if is_loopback(host):
        return parts.scheme in ("http", "https")
    return (
        parts.scheme == "https" and parts.port in (None, 443) and host.endswith(tuple(f".{one}" for one in TOPIC_HOSTS))
    )


def from_environment(env: Mapping[str, str], *, sends: bool = True) -> Settings:
    """Read and check every setting.

    Args:
        env: the settings by name.
        sends: whether they must say where to send; without it there may be no job.

    Raises:
        SettingsError: naming every fault there is, not just the first.
    """
    given = _Given(env)
    given.faults += _contradictions(env) if sends else []
    settings = Settings(
        storage=_storage(given.text, given.faults),
        endpoints=MappingProxyType(_endpoints(env, given.faults, required=sends)),
        blob_source=given.blob_source(),
        new_files_by=given.new_files_by(),
        log_schedule=given.schedule(LOG_SCHEDULE, Settings.log_schedule),
        clock_schedule=given.schedule(CLOCK_SCHEDULE, Settings.clock_schedule),
        key_vault_uri=given.address(
            KEY_VAULT_URI, _is_https, "the vault's https:// address, such as https://NAME.vault.azure.net/"
        ),
        daily_calls=given.whole(
            DAILY_CALLS, Settings.daily_calls, (1, 1_000_000),
            "a whole number of calls, such as 2000 (P1, P2) or 6000 (Governance)",
        ),
        leaver_reserve=given.percent(LEAVER_RESERVE, Settings.leaver_reserve),
        overdue_minutes=given.whole(
            OVERDUE_MINUTES, Settings.overdue_minutes, (10, 10_080),
            "a whole number of minutes from 10 to 10080 (a week), such as 60",
        ),
        notify_topic=given.address(
            NOTIFY_TOPIC, _is_topic,
            "the https:// endpoint of an Event Grid topic, such as https://NAME.REGION.eventgrid.azure.net/api/events "
            "(plain http only to this machine)",
        ),
        digest_at=given.time_of_day(DIGEST_AT, Settings.digest_at),
        keep_events_days=given.days(KEEP_EVENTS, Settings.keep_events_days),
        keep_extracts_days=given.days(KEEP_EXTRACTS, Settings.keep_extracts_days),
        keep_outbox_days=given.days(KEEP_OUTBOX, Settings.keep_outbox_days),
        client_id=given.text(AZURE_CLIENT_ID),
    )  # fmt: skip
    given.faults += _unknown(env)
    if given.faults:
        raise SettingsError(given.faults)
    return settings


class _Given:
    """The settings as they were given, and what is wrong with them; a wrong one is read as something harmless.

    Attributes:
        faults: a sentence each.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.faults: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self._env.get(name, "").strip() or default

    def blob_source(self) -> str:
        text = self.text(BLOB_SOURCE, "event_grid").lower()
        if text not in ("event_grid", "polling"):
            self.faults.append(f"{BLOB_SOURCE} is '{text}'; it must be 'event_grid' (Azure) or 'polling' (local)")
        return text

    def new_files_by(self) -> str:
        text = self.text(NEW_FILES_BY, "event-grid").lower()
        if text not in ("event-grid", "clock"):
            self.faults.append(f"{NEW_FILES_BY} is '{text}'; it must be 'event-grid' or 'clock' (a private network)")
        return text

    def schedule(self, name: str, usual: str) -> str:
        text = self.text(name, usual)
        self.faults += [f"{name} is '{text}': {fault}; write it such as '{usual}'" for fault in odd_schedule(text)]
        return text

    def address(self, name: str, is_right: Callable[[str], bool], right: str) -> str:
        text = self.text(name)
        if text and not is_right(text):
            self.faults.append(f"{name} must be {right}")
        return text

    def whole(self, name: str, usual: int, bounds: tuple[int, int], right: str) -> int:
        number = _number(self.text(name, str(usual)), *bounds)
        if number is None or number != int(number):
            self.faults.append(f"{name} must be {right}")
        return int(number or 0)

    def percent(self, name: str, usual: float) -> float:
        number = _number(self.text(name, str(usual)).removesuffix("%").strip(), 0, 100)
        if number is None:
            self.faults.append(f"{name} must be a percentage from 0 to 100, such as 5%")
        return number or 0.0

    def time_of_day(self, name: str, usual: str) -> str:
        text = self.text(name, usual).lower()
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|off", text, re.ASCII):
            self.faults.append(f"{name} must be a time of day in UTC, such as 06:30, or off")
        return "" if text == "off" else text

    def days(self, name: str, usual: int) -> int:
        number = _number(self.text(name, str(usual)), 0, 36_500)
        if number is None or number != int(number) or 0 < number < 7:
            self.faults.append(
                f"{name} must be a whole number of days, 7 at least, such as {usual}; or 0 to keep for ever"
            )
        return int(number or 0)


def _number(text: str, lowest: float, highest: float) -> float | None:
    """The number that a setting says, or None if it is none or out of bounds."""
    if not re.fullmatch(r"\d{1,7}(\.\d{1,3})?", text, re.ASCII):
        return None
    return float(text) if lowest <= float(text) <= highest else None


@lru_cache(maxsize=1)
def load() -> Settings:
    """The settings of this process, read on first use.

    Raises:
        SettingsError: as `from_environment`.
    """
    return from_environment(os.environ)


def _storage(value: _Reader, faults: list[str]) -> StorageConnection:
    if plain := value(HR_STORAGE):
        if not _CONNECTION_STRING.search(plain):
            faults.append(f"{HR_STORAGE} is not a connection string of a storage account")
        return StorageConnection(connection_string=plain)
    uris = {}
    for service in ("blob", "queue", "table"):
        name = f"{HR_STORAGE}__{service}ServiceUri"
        uris[service] = value(name).rstrip("/")
        if uris[service] and not _is_https(uris[service]):
            faults.append(f"{name} must be an https:// address (an identity never goes over plain http)")
    if not any(uris.values()):
        faults.append(
            f"{HR_STORAGE} is missing: set {HR_STORAGE}__blobServiceUri, __queueServiceUri and __tableServiceUri of "
            "the account with HR data (or, on this machine, a connection string)"
        )
    else:
        faults.extend(f"{HR_STORAGE}__{name}ServiceUri is missing" for name, uri in uris.items() if not uri)
    credential = value(f"{HR_STORAGE}__credential").lower()
    if credential not in ("", "managedidentity"):
        faults.append(f"{HR_STORAGE}__credential is '{credential}'; only 'managedidentity' is known")
    return StorageConnection(
        blob_uri=uris["blob"],
        queue_uri=uris["queue"],
        table_uri=uris["table"],
        managed_identity=credential == "managedidentity",
        client_id=value(f"{HR_STORAGE}__clientId"),
    )


def _contradictions(env: Mapping[str, str]) -> list[str]:
    """What we could make sense of, and the library that hands the functions their files does not.

    It looks at which settings there are, be they empty or not, and then fails at every single file.
    """
    plain, uri = env.get(HR_STORAGE, "").strip(), f"{HR_STORAGE}__blobServiceUri"
    any_uri = f"{HR_STORAGE}__serviceUri"
    identity = [f"{HR_STORAGE}__credential", f"{HR_STORAGE}__clientId"]
    beside = [name for name in (any_uri, uri) if name in env]
    beside += identity if all(name in env for name in identity) else []
    if plain and beside:
        return [f"{HR_STORAGE} is a connection string, and {', '.join(beside)} beside it: remove the one or the other"]
    if plain:
        return []
    faults = []
    if HR_STORAGE in env and env.get(uri, "").strip():
        faults.append(f"{HR_STORAGE} is there and empty: remove it, so that {uri} counts")
    if any_uri in env and env[any_uri].strip().rstrip("/") != env.get(uri, "").strip().rstrip("/"):
        faults.append(f"{any_uri} is not what {uri} is, and would count instead: remove it")
    return faults


def _endpoints(env: Mapping[str, str], faults: list[str], *, required: bool) -> dict[str, ProvisioningEndpoint]:
    endpoints: dict[str, ProvisioningEndpoint] = {}
    names = {PROVISIONING_ENDPOINT: DEFAULT_JOB}
    names |= {
        key: key.removeprefix(f"{PROVISIONING_ENDPOINT}__").lower().replace("_", "-")
        for key in sorted(env)
        if key.startswith(f"{PROVISIONING_ENDPOINT}__")
    }
    for setting, name in names.items():
        url = env.get(setting, "").strip()
        if not url:
            if setting == PROVISIONING_ENDPOINT and required:
                faults.append(
                    f"{setting} is missing: copy the bulkUpload URL from the provisioning app's overview page"
                )
            continue
        if name in endpoints or not re.fullmatch(r"[a-z0-9-]+", name):
            faults.append(f"{setting}: a job's name has letters, digits and hyphens, and is used once")
            continue
        try:
            endpoints[name] = parse_endpoint(name, url)
        except ValueError as error:
            faults.append(f"{setting} {error}")
    return endpoints


def _unknown(env: Mapping[str, str]) -> list[str]:
    faults = []
    for name in sorted(env):
        if name.startswith("ROLLCALL_") and name not in ROLLCALL_SETTINGS:
            ours = [setting.removeprefix("ROLLCALL_") for setting in ROLLCALL_SETTINGS]
            near = difflib.get_close_matches(name.removeprefix("ROLLCALL_"), ours, 1)
            hint = f"; did you mean ROLLCALL_{near[0]}?" if near else ""
            faults.append(f"{name} is not a setting of Rollcall{hint}")
    return faults
