"""The directory: people, how records match them, and who reports to whom. No HTTP, no time."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from local.entra.errors import ControlError
from local.entra.tenant.mapping import ATTRIBUTES, MAX_LENGTHS, Value, flow, is_valid_local_part

#: Never changed in place: whoever holds one holds what was true then. The manager is an object id.
Attributes = Mapping[str, Value]


class Action(StrEnum):
    """Members of the provisioningAction enumeration that this engine logs."""

    CREATE = "create"
    UPDATE = "update"
    DISABLE = "disable"
    OTHER = "other"


class Status(StrEnum):
    """Members of the provisioningResult enumeration that this engine logs."""

    SUCCESS = "success"
    FAILURE = "failure"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record was not written: an error code of the provisioning log's reference and a sentence."""

    code: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What became of one record.

    Attributes:
        external_id: The person in the source.
        action: What was done, or would have been.
        status: Whether it was.
        target_id: Object id of the account, empty if there is none.
        before: The account before, None for a new one.
        after: The account after; of a failure, what was tried.
        problem: Why not, for failures and skips.
        unresolved_manager: externalId of a manager the job does not know.
    """

    external_id: str
    action: Action
    status: Status
    target_id: str
    before: Attributes | None
    after: Attributes
    problem: Problem | None = None
    unresolved_manager: str | None = None


@dataclass(slots=True)
class _User:
    object_id: str
    attributes: Attributes


UNCHANGED = Problem(
    "EntrySynchronizationSkipped", "The entry has no changes to export: source and target are the same."
)


class Directory:
    """The accounts of one tenant and what one job has linked to them."""

    def __init__(self, tenant_id: str) -> None:
        self._namespace = uuid.UUID(tenant_id)
        self._users: dict[str, _User] = {}
        self._by_employee_id: dict[str, list[_User]] = {}
        self._by_upn: dict[str, _User] = {}
        self._links: dict[str, _User] = {}

    def __len__(self) -> int:
        return len(self._users)

    def seed(self, people: object) -> None:
        """Put accounts there that no job knows, as a tenant has them on the first day.

        Args:
            people: Parsed JSON: a list of objects with attributes of a user; userPrincipalName is required.

        Raises:
            ControlError: Something is unfit; nobody was added.
        """
        if not isinstance(people, list):
            raise ControlError("people must be a JSON list")
        added: dict[str, dict[str, Value]] = {}
        for index, person in enumerate(people):
            if not isinstance(person, dict) or not person.keys() <= set(ATTRIBUTES[:-1]):
                raise ControlError(f"[{index}]: must be an object of attributes of a user (without manager)")
            upn = person.get("userPrincipalName")
            if not isinstance(upn, str) or not upn:
                raise ControlError(f"[{index}]: userPrincipalName is required")
            if upn.lower() in self._by_upn or upn.lower() in added:
                raise ControlError(f"[{index}]: userPrincipalName is taken")
            if not all(isinstance(value, bool if name == "accountEnabled" else str) for name, value in person.items()):
                raise ControlError(f"[{index}]: accountEnabled must be true or false, all else strings")
            added[upn.lower()] = {"accountEnabled": True, **person}
        for attributes in added.values():
            self._add(attributes)

    def apply(
        self,
        records: Iterable[Mapping[str, object]],
        domains: Sequence[str],
        *,
        flow_null_values: bool = False,
        renames: bool = True,
    ) -> list[Outcome]:
        """Process the records of one request.

        All accounts are written before any manager is looked up, so that a manager may come anywhere in the request
        (design article on manager updates: processed before, or in the same upload).

        Args:
            records: Checked SCIM users.
            domains: Verified domains of the tenant, the default one first.
            flow_null_values: Whether null, empty and missing values clear.
            renames: Whether the user name flows to an account that exists.

        Returns:
            One outcome for each record, in their order.
        """
        verified = frozenset(domain.lower() for domain in domains)
        drafts = []
        for record in records:
            values = flow(record, domains[0], flow_null_values=flow_null_values)
            has_manager = "manager" in values
            manager = values.pop("manager", None)
            drafts.append((self._write(values, verified, renames=renames), has_manager, manager))
        return [self._finish(outcome, has_manager, manager) for outcome, has_manager, manager in drafts]

    def people(self, at_most: int | None = None) -> list[dict[str, Value]]:
        """Everybody, or the first of them, ordered by employeeId; the manager is given by employeeId too."""
        ordered = sorted(self._users.values(), key=lambda user: str(user.attributes.get("employeeId", "")))
        return [self._view(user) for user in ordered[:at_most]]

    def _view(self, user: _User) -> dict[str, Value]:
        view: dict[str, Value] = {"id": user.object_id}
        for name in ATTRIBUTES:
            view[name] = user.attributes.get(name, "" if name == "employeeId" else None)
        manager = user.attributes.get("manager")
        if isinstance(manager, str):
            view["manager"] = self._users[manager].attributes.get("employeeId")
        return view

    def _write(self, values: dict[str, Value], verified: frozenset[str], *, renames: bool) -> Outcome:
        """Everything but the manager. A record is written whole or not at all."""
        external_id = str(values["employeeId"])
        user = self._links.get(external_id)
        if user is None:
            matches = self._by_employee_id.get(external_id, [])
            if len(matches) > 1:
                problem = Problem("DuplicateTargetEntries", "More than one account has this employeeId.")
                return Outcome(external_id, Action.OTHER, Status.FAILURE, "", None, values, problem)
            user = matches[0] if matches else None
        if user is None:
            return self._create(external_id, values, verified)
        before = user.attributes
        if not renames:
            values = {name: value for name, value in values.items() if name != "userPrincipalName"}
        changes = {name: value for name, value in values.items() if before.get(name) != value}
        after = {name: value for name, value in {**before, **changes}.items() if value is not None}
        action = Action.DISABLE if changes.get("accountEnabled") is False else Action.UPDATE
        problem_found = self._problem(changes, verified, user)
        if problem_found:
            return Outcome(external_id, action, Status.FAILURE, user.object_id, before, after, problem_found)
        self._links[external_id] = user
        if changes:
            self._replace(user, after)
        return Outcome(external_id, action, Status.SUCCESS, user.object_id, before, user.attributes)

    def _create(self, external_id: str, values: dict[str, Value], verified: frozenset[str]) -> Outcome:
        # One report says that a record without active is read as False.
        attributes = {name: value for name, value in {"accountEnabled": False, **values}.items() if value is not None}
        missing = [name for name in ("userPrincipalName", "displayName") if name not in attributes]
        if missing:
            problem: Problem | None = Problem("MandatoryFieldsMissing", f"A new user needs {' and '.join(missing)}.")
        else:
            problem = self._problem(attributes, verified, None)
        if problem:
            return Outcome(external_id, Action.CREATE, Status.FAILURE, "", None, attributes, problem)
        user = self._add(attributes)
        self._links[external_id] = user
        return Outcome(external_id, Action.CREATE, Status.SUCCESS, user.object_id, None, attributes)

    def _finish(self, outcome: Outcome, has_manager: bool, manager: Value) -> Outcome:
        """Resolve the manager, then say what it all amounts to."""
        if outcome.status is Status.FAILURE:
            return outcome
        if has_manager:
            known = self._links.get(manager) if isinstance(manager, str) else None
            if known is None and manager is not None:
                outcome.unresolved_manager = str(manager)
            else:
                link = known.object_id if known else None
                user = self._users[outcome.target_id]
                if user.attributes.get("manager") != link:
                    self._replace(user, _with_manager(user.attributes, link))
                    outcome.after = _with_manager(outcome.after, link)
        if outcome.action is Action.UPDATE and outcome.before == outcome.after:
            outcome.action, outcome.status, outcome.problem = Action.OTHER, Status.SKIPPED, UNCHANGED
        return outcome

    def _problem(self, changes: Mapping[str, Value], verified: frozenset[str], user: _User | None) -> Problem | None:
        for name, value in changes.items():
            limit = MAX_LENGTHS.get(name)
            if limit is not None and isinstance(value, str) and len(value) > limit:
                return Problem("UnprocessableEntity", f"{name} is longer than {limit} characters.")
        upn = changes.get("userPrincipalName")
        if not isinstance(upn, str):
            return None
        if not is_valid_local_part(upn):
            return Problem(
                "AzureActiveDirectoryInvalidUserPrincipalName",
                "userPrincipalName has characters other than A-Z a-z 0-9 ' . - _ ! # ^ ~ before the domain.",
            )
        if upn.rpartition("@")[2].lower() not in verified:
            return Problem("InvalidDomain", "The domain of userPrincipalName does not exist in the tenant.")
        if self._by_upn.get(upn.lower(), user) is not user:
            return Problem("Conflict", "Another user has the same userPrincipalName.")
        return None

    def _add(self, attributes: Attributes) -> _User:
        object_id = str(uuid.uuid5(self._namespace, f"user {len(self._users)}"))
        user = self._users[object_id] = _User(object_id, attributes)
        self._by_upn[str(attributes["userPrincipalName"]).lower()] = user
        employee_id = attributes.get("employeeId")
        if isinstance(employee_id, str):
            self._by_employee_id.setdefault(employee_id, []).append(user)
        return user

    def _replace(self, user: _User, attributes: Attributes) -> None:
        """New attributes for a user; employeeId, the matching attribute, stays."""
        del self._by_upn[str(user.attributes["userPrincipalName"]).lower()]
        user.attributes = attributes
        self._by_upn[str(attributes["userPrincipalName"]).lower()] = user


def _with_manager(attributes: Attributes, manager: str | None) -> Attributes:
    if manager is None:
        return {name: value for name, value in attributes.items() if name != "manager"}
    return {**attributes, "manager": manager}
