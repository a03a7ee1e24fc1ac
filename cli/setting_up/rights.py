"""Who may set things up, and in words what is missing to whoever may not.

Names and ids of the roles: https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.entra.management import CallRefused, Management
from shared.entra.token import Claims
from shared.errors import TerminalError

_IDS = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
}
_GLOBAL = "Global Administrator"  # may everything, and is nobody's advice


@dataclass(frozen=True)
class Right:
    """What it takes to do something; any one of each is enough.

    Attributes:
        roles: directory roles, of whoever is signed in.
        scopes: delegated permissions, of the program through which the sign-in goes; each may be several, with a `+`.
        app_roles: app roles of an app that is signed in for itself; likewise.
    """

    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    app_roles: tuple[str, ...]


APPLICATION = Right(
    ("Application Administrator", "Cloud Application Administrator"),
    ("Application.ReadWrite.All",),
    ("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"),
)
# The scopes of applications do too, for whoever has the directory role: that is how the Azure CLI may.
JOB = Right(
    ("Application Administrator", "Cloud Application Administrator"),
    ("Synchronization.ReadWrite.All", "Application.ReadWrite.All"),
    ("Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"),
)
READ = Right(
    (),
    ("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.AccessAsUser.All"),
    ("Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All"),
)
ASSIGN = Right(
    ("Privileged Role Administrator",),
    (
        "AppRoleAssignment.ReadWrite.All+Application.Read.All",
        "AppRoleAssignment.ReadWrite.All+Application.ReadWrite.All",
    ),
    ("AppRoleAssignment.ReadWrite.All+Application.Read.All",),
)


class NotAllowed(TerminalError):  # noqa: N818
    """Entra refused; the sentence names the directory role or the permission that is missing."""


@contextmanager
def needing(management: Management, right: Right, what: str) -> Iterator[None]:
    """Put a refusal for want of rights into words.

    Args:
        management: whose token it was.
        right: what it takes.
        what: is done, such as `to create the application`.

    Raises:
        NotAllowed: a right is missing.
    """
    try:
        yield
    except CallRefused as error:
        if not error.is_for_want_of_rights:
            raise
        said = " ".join([f"Entra refuses {what} ({error.status}).", *missing(management.claims(), right)])
        raise NotAllowed(said) from error


def missing(claims: Claims | None, right: Right) -> list[str]:
    """What a token lacks, in sentences."""
    if claims is None:
        return [f"It takes {_roles(right)} and the permission {_one_of(right.scopes)}."]
    if not claims.is_user:
        if _holds(right.app_roles, claims.roles):
            return ["The app that is signed in has the app role for it; a role that was just given can take a day."]
        return [f"The app that is signed in lacks the Microsoft Graph app role {_one_of(right.app_roles)}."]
    found = []
    if not _holds(right.scopes, claims.scopes):
        found.append(
            f"The sign-in lacks the permission {_one_of(right.scopes)}. az login cannot get another one: use "
            "--sign-in browser or --sign-in device, and consent."
        )
    held = claims.directory_roles
    if right.roles and (held is None or not held & {_IDS[role] for role in (*right.roles, _GLOBAL)}):
        found.append(
            f"Whoever is signed in lacks {_roles(right)}. If it is eligible in Privileged Identity Management, "
            "activate it and sign in anew."
        )
    return found or ["Both the permission and the directory role are there; ask whoever administers the directory."]


def _holds(sufficient: tuple[str, ...], held: frozenset[str]) -> bool:
    return any(set(one.split("+")) <= held for one in sufficient)


def _one_of(names: tuple[str, ...]) -> str:
    return " or ".join(name.replace("+", " with ") for name in names)


def _roles(right: Right) -> str:
    return f"the directory role {' or '.join(right.roles)}" if right.roles else "no directory role"
