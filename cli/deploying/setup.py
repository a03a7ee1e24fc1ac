"""Set up the provisioning job in Entra: `python -m cli setup --notify MAIL [--mapping FILE] [--start] [--dry-run]`.

Creates the enterprise application and its job, sets whom it tells and when it stops, turns Delete off, has user names
written at creation only, adds the attributes that mappings send, and prints the endpoint. It can be run again at any
time: what is there stays, and so does what somebody has set by hand, unless --force is given.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.connecting import FAILED
from cli.files.offline import at_least
from cli.setting_up.application import ACTIVE_DIRECTORY, ENTRA, Wanted, application, job
from cli.setting_up.mail import notify
from cli.setting_up.mappings import Safe, endpoint_of, mend_schema, own_attributes
from cli.setting_up.signing_in import add_sign_in, attempt, signed_in
from cli.setting_up.starting import AGENT, start
from cli.setting_up.telling import Teller
from shared.clock import SYSTEM_CLOCK, Clock
from shared.entra.management import Management
from shared.entra.notification import Notification
from shared.mapping.load import parse_mapping
from shared.mapping.model import MappingFile

_SCOPES = ("Application.ReadWrite.All", "Synchronization.ReadWrite.All")
_USUAL_NAMES = {ENTRA: "HR to Microsoft Entra ID", ACTIVE_DIRECTORY: "HR to Active Directory"}


@dataclass(frozen=True)
class Order:
    """What is to be set up.

    Attributes:
        wanted: which application.
        notification: whom the job tells, and when it stops.
        mappings: whose own attributes the job is to know.
        starts: whether the job is started.
        force: whether what was set by hand is overwritten.
    """

    wanted: Wanted
    notification: Notification
    mappings: tuple[MappingFile, ...] = ()
    starts: bool = False
    force: bool = False


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0 if all is as it should be, or would be; 1 if something failed, or is left because it was set by hand.
    """
    given = _parser().parse_args(arguments)
    return attempt(lambda: _run(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m cli setup", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--to", choices=(ENTRA, ACTIVE_DIRECTORY), default=ENTRA, help="default: %(default)s")
    parser.add_argument("--name", default="", help=f"of the application; default: {_USUAL_NAMES[ENTRA]}")
    parser.add_argument("--service-principal", default="", metavar="ID", help="object id of one that is there already")
    parser.add_argument(
        "--notify", default="", metavar="MAIL", help="who is told of a quarantine; a shared mailbox, say"
    )
    parser.add_argument(
        "--stop-at",
        type=at_least(1),
        default=None,
        metavar="ACCOUNTS",
        help="the job stops when it is to disable so many accounts in one run",
    )
    parser.add_argument(
        "--mapping", type=Path, action="append", default=[], metavar="FILE", help="whose own attributes the job gets"
    )
    parser.add_argument("--start", action="store_true", help="start the job; without it, it is only set up")
    parser.add_argument("--force", action="store_true", help="overwrite what somebody has set by hand")
    add_sign_in(parser)
    return parser


def _run(given: argparse.Namespace) -> int:
    mappings = tuple(parse_mapping(path.read_bytes(), str(path)).mapping for path in given.mapping)
    recipients = (given.notify,) if given.notify else ()
    order = Order(
        Wanted(given.to, given.name or _USUAL_NAMES[given.to], given.service_principal),
        Notification(recipients, given.stop_at or 0),
        mappings,
        given.start,
        given.force,
    )
    with signed_in(given, _SCOPES) as management:
        return set_up(management, order, Teller(given.dry_run))


def set_up(management: Management, order: Order, tell: Teller, clock: Clock = SYSTEM_CLOCK) -> int:
    """Take the steps.

    Args:
        management: the way to Graph.
        order: what is to be set up.
        tell: hears of each step.
        clock: for waits.

    Returns:
        0, or 1 if something is left that should be otherwise.

    Raises:
        RollcallError: a step failed; what was done before it stays, and the next run goes on from there.
    """
    principal = application(management, order.wanted, tell, clock)
    made = job(management, principal, order.wanted.target, tell)
    is_told = notify(management, made, order.notification, tell, force=order.force)
    safe = mend_schema(management, made, own_attributes(order.mappings), tell, force=order.force)
    if order.wanted.target == ACTIVE_DIRECTORY:
        tell.step("Provisioning agent")
        for line in AGENT:
            tell.note(line)
    start(management, made, _against(is_told, safe, tell), tell, wanted=order.starts, force=order.force)
    if made:
        endpoint = endpoint_of(management.root.origin, made)
        tell.step("The app sends to")
        tell.note(endpoint)
        tell.note(f'azd env set PROVISIONING_ENDPOINT "{endpoint}"')
    if tell.left:
        tell.step(f"{len(tell.left)} left as {'it is' if len(tell.left) == 1 else 'they are'}, see above.")
    return FAILED if tell.left else 0


def _against(is_told: bool, safe: Safe, tell: Teller) -> str:
    """Why the job must not be started."""
    if tell.dry_run:
        return ""
    reasons = [] if is_told else ["nobody would be told of a quarantine"]
    reasons += [] if safe.keeps_accounts else ["it could delete accounts"]
    reasons += [] if safe.keeps_names else ["it could rename accounts"]
    return ", and ".join(reasons)
