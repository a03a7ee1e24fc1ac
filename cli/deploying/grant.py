"""Give the app its three roles in Microsoft Graph: `python -m cli grant --principal ID [--dry-run]`.

The same as infra/graph.bicep does. What is there already stays; nothing is ever taken away.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from cli.connecting import FAILED
from cli.setting_up.rights import ASSIGN, READ, needing
from cli.setting_up.signing_in import add_sign_in, attempt, signed_in
from cli.setting_up.telling import Teller
from shared.entra.management import CallRefused, Management
from shared.entra.roles import PURPOSES, held_roles, read_offer
from shared.errors import TerminalError

_PRINCIPAL = "APP_PRINCIPAL_ID"
_SCOPES = ("Application.Read.All", "AppRoleAssignment.ReadWrite.All")
_ALREADY = "already exists"  # Graph says so in words only: its code is that of any bad request


class UnknownPrincipal(TerminalError):  # noqa: N818
    """There is no such identity; the sentence says what may be meant."""


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed.
    """
    parser = argparse.ArgumentParser("python -m cli grant", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--principal",
        default=os.environ.get(_PRINCIPAL, ""),
        metavar="ID",
        help=f"object id of the app's managed identity; default: {_PRINCIPAL} of the environment, as azd has it",
    )
    add_sign_in(parser)
    given = parser.parse_args(arguments)
    if not given.principal:
        parser.error(f'say --principal "$(azd env get-value {_PRINCIPAL})"')
    return attempt(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    tell = Teller(given.dry_run)
    with signed_in(given, _SCOPES) as management:
        grant(management, given.principal, tell)
    return FAILED if tell.left else 0


def grant(management: Management, principal: str, tell: Teller) -> None:
    """Give an identity the roles that it lacks.

    Args:
        management: the way to Graph.
        principal: object id of the identity.
        tell: hears of each role.

    Raises:
        UnknownPrincipal: there is no such identity.
        NotAllowed: a right is missing.
        CallRefused: Graph refused something else.
    """
    with needing(management, READ, "to read applications"):
        offer = read_offer(management)
        name = _name_of(management, principal)
        held = held_roles(management, principal, offer)
    tell.step(f"Roles of {name} ({principal}) in Microsoft Graph:")
    for role, purpose in PURPOSES.items():
        if role in held:
            tell.is_so(f"{role} is given")
        elif role not in offer.roles:
            tell.leaves(f"{role}: this cloud's Graph has no such role ({purpose})")
        elif tell.will(f"give {role}, {purpose}"):
            _assign(management, principal, offer.principal, offer.roles[role])
            tell.did(role)
    for other in held:
        if other not in PURPOSES:
            tell.note(f"It also has {other}, which Rollcall does not use.")
    if tell.planned == 0:
        tell.note("A managed identity's token is kept for up to a day: a new role can take that long to arrive.")


def _assign(management: Management, principal: str, graph: str, role: str) -> None:
    body = {"principalId": principal, "resourceId": graph, "appRoleId": role}
    try:
        with needing(management, ASSIGN, "to give roles in Microsoft Graph"):
            management.post(f"servicePrincipals/{graph}/appRoleAssignedTo", body)
    except CallRefused as error:
        if error.status != 400 or _ALREADY not in error.words:  # somebody was quicker
            raise


def _name_of(management: Management, principal: str) -> str:
    try:
        return str(management.get(f"servicePrincipals/{principal}", select="id,displayName")["displayName"])
    except CallRefused as error:
        if not error.is_absent:
            raise
    try:
        other = management.get(f"servicePrincipals(appId='{principal}')", select="id,displayName")
    except CallRefused as error:
        if not error.is_absent:
            raise
        raise UnknownPrincipal(
            f"There is no identity with the object id {principal} in this directory. It is the output APP_PRINCIPAL_ID "
            "of the deployment; a new identity can take a minute to be found."
        ) from error
    raise UnknownPrincipal(
        f"{principal} is the client id of {other['displayName']}; its object id is {other['id']}: use that."
    )
