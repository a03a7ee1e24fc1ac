"""Whose rights the set-up uses: those of whoever is signed in on this machine."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError
from azure.identity import DeviceCodeCredential, InteractiveBrowserCredential

from cli.connecting import FAILED
from shared.clock import SYSTEM_CLOCK
from shared.entra.management import CallRefused, GraphRoot, Management, root_at
from shared.errors import NoToken, RollcallError
from shared.identity import Identity, app_identity
from shared.settings import AZURE_CLIENT_ID

_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"  # Microsoft Graph Command Line Tools, the app of Connect-MgGraph
_SIGN_IN = {  # https://learn.microsoft.com/graph/deployments
    "https://graph.microsoft.us": "login.microsoftonline.us",
    "https://dod-graph.microsoft.us": "login.microsoftonline.us",
    "https://microsoftgraph.chinacloudapi.cn": "login.partner.microsoftonline.cn",
}


def add_sign_in(parser: argparse.ArgumentParser) -> None:
    """Let somebody say which Graph it is, and how to sign in."""
    parser.add_argument(
        "--graph", type=_root, default="https://graph.microsoft.com", metavar="URL", help="default: %(default)s"
    )
    parser.add_argument(
        "--sign-in",
        choices=("az", "browser", "device"),
        default="az",
        help="az (default): who is signed in already, with az login or as an app; browser or device: sign in now, "
        "through Microsoft Graph Command Line Tools, with just the permissions that this takes",
    )
    parser.add_argument("--tenant", default="", metavar="ID", help="tenant to sign in to, with browser or device")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


@contextmanager
def signed_in(given: argparse.Namespace, scopes: tuple[str, ...]) -> Iterator[Management]:
    """The way to Graph for whoever is signed in.

    Args:
        given: the arguments of `add_sign_in`.
        scopes: permissions to ask for, if somebody signs in now.
    """
    root: GraphRoot = given.graph
    if given.sign_in == "az":
        management = Management(root, app_identity(os.environ.get(AZURE_CLIENT_ID, "")), SYSTEM_CLOCK)
    else:
        wanted = tuple(f"{root.scope.removesuffix('.default')}{scope}" for scope in scopes)
        management = Management(root, Identity(_credential(given.sign_in, given.tenant, root)), SYSTEM_CLOCK, wanted)
    try:
        yield management
    finally:
        management.close()
        management.identity.close()


def _credential(how: str, tenant: str, root: GraphRoot) -> Callable[[], InteractiveBrowserCredential]:
    kind = InteractiveBrowserCredential if how == "browser" else DeviceCodeCredential
    authority = _SIGN_IN.get(root.origin, "login.microsoftonline.com")
    return lambda: kind(client_id=_TOOLS, tenant_id=tenant or "organizations", authority=authority)  # type: ignore[return-value]


def attempt(work: Callable[[], int]) -> int:
    """Do the work of a command that calls Graph; what keeps it from that is said in a sentence.

    Returns:
        What the work returns; 1 if it failed.
    """
    try:
        return work()
    except NoToken:
        print(
            "Nobody is signed in on this machine: sign in with az login, or use --sign-in browser or --sign-in device.",
            file=sys.stderr,
        )
    except CallRefused as error:
        told = ": ".join(filter(None, (error.code, error.words)))
        print(f"{error}. {told}".rstrip(), file=sys.stderr)
    except (RollcallError, AzureError) as error:
        print(error, file=sys.stderr)
    return FAILED


def _root(text: str) -> GraphRoot:
    try:
        return root_at(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
