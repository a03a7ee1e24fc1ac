"""What a simulator is told: who it is (fixed for its life) and how it behaves (changeable while it runs)."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from local.entra.errors import ControlError

DEFAULT_TENANT = "b16687d3-8faf-42ad-b298-92cdcaf01c6e"
DEFAULT_SERVICE_PRINCIPAL = "5f224b4d-9c1b-4190-bcbb-8e6a23b015eb"
DEFAULT_JOB_GUID = "1a03de52-b9c3-4e2c-a1e3-9145aaa8e530"
DEFAULT_IDENTITY_HEADER = "simulated-identity-header"
DEFAULT_APP_PRINCIPAL = "6b7c9c4e-6a0f-4a55-9d0c-0c6f3d4a8f10"
DEFAULT_ROLES = ("SynchronizationData-User.Upload", "ProvisioningLog.Read.All", "Synchronization.Read.All")

#: Members of the quarantineReason enumeration in the v1.0 metadata of Microsoft Graph.
QUARANTINE_REASONS = (
    "EncounteredBaseEscrowThreshold",
    "EncounteredTotalEscrowThreshold",
    "EncounteredEscrowProportionThreshold",
    "EncounteredQuarantineException",
    "Unknown",
    "QuarantinedOnDemand",
    "TooManyDeletes",
    "IngestionInterrupted",
)


def job_id_of(tenant_id: str) -> str:
    """The default job of a tenant, spelt as in Graph's reference: ``API2AAD.<32 hex digits>.<guid>``."""
    return f"API2AAD.{tenant_id.replace('-', '')}.{DEFAULT_JOB_GUID}"


@dataclass(frozen=True)
class Tenant:
    """The names by which the tenant, its first application and job are known, and how that job was set up.

    Attributes:
        app_principal_id: Object id of the managed identity that asks for tokens.
        renames: Whether the job maps the user name always, and not only when it creates an account.
    """

    tenant_id: str = DEFAULT_TENANT
    service_principal_id: str = DEFAULT_SERVICE_PRINCIPAL
    job_id: str = job_id_of(DEFAULT_TENANT)
    identity_header: str = DEFAULT_IDENTITY_HEADER
    app_principal_id: str = DEFAULT_APP_PRINCIPAL
    renames: bool = True


@dataclass(frozen=True)
class Settings:
    """How the simulator behaves. The JSON names at the control endpoint are these in camelCase.

    Attributes:
        processing_seconds: From the 202 to the change in the directory.
        log_seconds: From the change in the directory to its entry in the provisioning log.
        roles: Application roles in tokens for Graph issued from now on.
        token_seconds: Life of a token issued from now on.
        burst_limit: bulkUpload calls in any 5 seconds; None lifts the limit.
        daily_limit: bulkUpload calls in any 24 hours; None lifts the limit.
        logs_limit: Log requests in any 10 seconds; None lifts the limit.
        retry_after: What a 429 of bulkUpload carries in Retry-After: ``none``, ``seconds`` or ``date``.
        max_staged: Operations that may wait for processing; None means without end.
        flow_null_values: Whether null, empty and missing values clear the target.
        verified_domains: Domains of the tenant; the first completes user names that have none.
        quarantine: Reason of the job's quarantine; None means it has none.
        scopes: Delegated permissions: tokens issued from now on are a user's, with these; None: they are the app's.
        directory_roles: Of that user, by their names in the Entra admin center.
        agents: Status of each provisioning agent.
        refusal: The status with which synchronization calls answer whoever lacks a permission: 403 or 401.
        appears_seconds: How long a new service principal cannot be found yet.
    """

    processing_seconds: float = 1.0
    log_seconds: float = 1.0
    roles: tuple[str, ...] = DEFAULT_ROLES
    token_seconds: int = 86_400
    burst_limit: int | None = 40
    daily_limit: int | None = 2_000
    logs_limit: int | None = 5
    retry_after: str = "seconds"
    max_staged: int | None = None
    flow_null_values: bool = False
    verified_domains: tuple[str, ...] = ("example.com",)
    quarantine: str | None = None
    scopes: tuple[str, ...] | None = None
    directory_roles: tuple[str, ...] = ()
    agents: tuple[str, ...] = ("active",)
    refusal: int = 403
    appears_seconds: float = 0.0


def kind_of(tenant: Tenant) -> str:
    """The template of the tenant's job, with which its id begins: ``API2AAD`` or ``API2AD``."""
    return "API2AD" if tenant.job_id.upper().startswith("API2AD.") else "API2AAD"


def as_json(settings: Settings) -> dict[str, object]:
    """The settings under their JSON names."""
    return {_camel(field.name): getattr(settings, field.name) for field in fields(settings)}


def patched(settings: Settings, changes: object) -> Settings:
    """The settings with some replaced.

    Args:
        settings: What was.
        changes: Parsed JSON: an object of camelCase names.

    Raises:
        ControlError: Something in the changes is unknown or unfit; the message lists every fault.
    """
    if not isinstance(changes, dict):
        raise ControlError("settings must be a JSON object")
    names = {_camel(field.name): field.name for field in fields(settings)}
    faults = []
    values: dict[str, object] = {}
    for key, value in changes.items():
        if key not in names:
            faults.append(f"{key}: no such setting")
            continue
        accepts, wish = _RULES[names[key]]
        if not accepts(value):
            faults.append(f"{key}: must be {wish}")
            continue
        values[names[key]] = tuple(value) if isinstance(value, list) else value
    if faults:
        raise ControlError("; ".join(faults))
    return replace(settings, **values)  # type: ignore[arg-type]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _is_limit(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


_SECONDS = (_is_number, "a number of seconds, 0 or more")
_LIMIT = (_is_limit, "a whole number, 0 or more, or null for no limit")

_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "processing_seconds": _SECONDS,
    "log_seconds": _SECONDS,
    "roles": (_is_words, "a list of role names"),
    "token_seconds": (lambda value: value is not None and _is_limit(value), "a whole number of seconds, 0 or more"),
    "burst_limit": _LIMIT,
    "daily_limit": _LIMIT,
    "logs_limit": _LIMIT,
    "retry_after": (lambda value: value in ("none", "seconds", "date"), "none, seconds or date"),
    "max_staged": _LIMIT,
    "flow_null_values": (lambda value: isinstance(value, bool), "true or false"),
    "verified_domains": (lambda value: _is_words(value) and bool(value), "a list of at least one domain"),
    "quarantine": (
        lambda value: value is None or value in QUARANTINE_REASONS,
        f"null or one of {', '.join(QUARANTINE_REASONS)}",
    ),
    "scopes": (lambda value: value is None or _is_words(value), "null or a list of permissions"),
    "directory_roles": (_is_words, "a list of roles"),
    "agents": (
        lambda value: _is_words(value) and set(value) <= {"active", "inactive"},  # type: ignore[call-overload]
        "a list of active and inactive",
    ),
    "refusal": (lambda value: value in (401, 403), "401 or 403"),
    "appears_seconds": _SECONDS,
}
