"""User names beside the domains of the tenant, which Entra ID wants them to be in."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable

from shared.model import ScimUser
from shared.wording.numbers import counted

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_SHOWN = 3


def add_domains(parser: argparse.ArgumentParser) -> None:
    """The argument that names the tenant's domains."""
    parser.add_argument(
        "--domains",
        type=_domains,
        default=(),
        metavar="DOMAIN,...",
        help="the verified domains of the tenant: how many user names are in none of them is said",
    )


def outside(users: Iterable[ScimUser], domains: Iterable[str]) -> str:
    """How many user names are in none of some domains, in a sentence that says what to do; empty if all are in one.

    Args:
        users: the records that would be sent.
        domains: in small letters; without any nothing is said.
    """
    wanted = set(domains)
    if not wanted:
        return ""
    names = [str(user["userName"]) for user in users if user.get("userName")]
    others = Counter(name.rpartition("@")[2].lower() if "@" in name else "" for name in names)
    for domain in wanted:
        del others[domain]
    if not (count := others.total()):
        return ""
    found = [
        f"{number:,} in {domain}" if domain else f"{number:,} without one" for domain, number in others.most_common()
    ]
    more = [f"{len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
    everybody = (
        "None of the user names is"
        if count == len(names)
        else f"{count:,} of {counted(len(names), 'user name')} are not"
    )
    return (
        f"{everybody} in {' or '.join(sorted(wanted))}: {', '.join([*found[:_SHOWN], *more])}. Entra ID refuses "
        "accounts outside the tenant's verified domains: have the domain verified, or the mapping make names in these."
    )


def _domains(text: str) -> tuple[str, ...]:
    found = tuple(part.strip().lower().removeprefix("@") for part in text.split(",") if part.strip())
    wrong = next((one for one in found if not _DOMAIN.fullmatch(one)), "")
    if wrong or not found:
        raise argparse.ArgumentTypeError(f"'{wrong or text}' is not a domain; write them as contoso.com,fabrikam.com")
    return found
