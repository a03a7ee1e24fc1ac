"""What the target holds at most, so that a value that cannot be stored is found before it is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.letters import fold, fold_many
from shared.mapping.cells.text import count_values, first_hidden, odd_character
from shared.model import ENTERPRISE_USER

# Graph reference of the user resource. Attributes that are not here have no published limit of their own.
_ENTRA = {
    "displayName": ("displayName", 256),
    "name.givenName": ("givenName", 64),
    "name.familyName": ("surname", 64),
    "title": ("jobTitle", 128),
    'phoneNumbers[type eq "work"].value': ("businessPhones", 64),
    'addresses[type eq "work"].streetAddress': ("streetAddress", 1024),
    'addresses[type eq "work"].locality': ("city", 128),
    'addresses[type eq "work"].region': ("state", 128),
    'addresses[type eq "work"].postalCode': ("postalCode", 40),
    'addresses[type eq "work"].country': ("country", 128),
    f"{ENTERPRISE_USER}:department": ("department", 64),
    f"{ENTERPRISE_USER}:organization": ("companyName", 64),
}
# The upper ranges of the same attributes in the schema of Active Directory.
_AD = {
    **{path: limit for path, limit in _ENTRA.items() if path != 'phoneNumbers[type eq "work"].value'},
    'phoneNumbers[type eq "work"].value': ("telephoneNumber", 64),
    "name.familyName": ("sn", 64),
    "title": ("title", 128),
    'addresses[type eq "work"].locality': ("l", 128),
    'addresses[type eq "work"].region': ("st", 128),
    f"{ENTERPRISE_USER}:organization": ("company", 64),
}
_LIMITS = {"entra": ("Entra ID", _ENTRA), "ad": ("Active Directory", _AD)}
MAX_EMPLOYEE_ID = 16

_UPN = re.compile(r"[A-Za-z0-9'.\-_!#^~@]*")
_UPN_LOCAL, _UPN_DOMAIN = 64, 48
_ANY, _NO_DOT = r"[A-Za-z0-9'.\-_!#^~]", r"[A-Za-z0-9'\-_!#^~]"
_LETTERS_OF_UPN = re.compile(f"{_ANY}*")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*@{_LABEL}(?:\.{_LABEL})*")
_LETTERS_OF_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*")
_ADDRESS_LETTER = re.compile(r"[!-~ ]")
# What people write where there is no name. Of addresses also words by which some people are called.
_NO_NAMES = frozenset(
    {"none", "null", "keine", "kein", "nomail", "noemail", "no-mail", "no-email", "unknown", "tbd", "tba"}
)
_MADE_UP = _NO_NAMES | {
    "no",
    "na",
    "n.a",
    "nil",
    "nan",
    "noreply",
    "no-reply",
    "nobody",
    "dummy",
    "test",
    "xxx",
}
_FINE_UPN = re.compile(
    rf"{_NO_DOT}(?:{_ANY}{{0,{_UPN_LOCAL - 2}}}{_NO_DOT})?@{_NO_DOT}(?:{_ANY}{{0,{_UPN_DOMAIN - 2}}}{_NO_DOT})?"
)


def limit_of(path: str, target: str) -> tuple[str, int] | None:
    """What holds an attribute in a target (`entra`, `ad`), in words, and how many characters; None if unknown."""
    if target not in _LIMITS:
        return None
    whose, limits = _LIMITS[target]
    if path not in limits:
        return None
    name, most = limits[path]
    return f"{whose}'s {name}", most


def are_fine_user_names(names: Sequence[str]) -> bool:
    """Whether it is certain at a glance that nothing is wrong with any of some user names, as far as they are there."""
    filled = list(filter(None, names))
    if found := _halves(filled):
        locals_, domains = found
        return (
            _no_dots_apart(locals_, _LETTERS_OF_UPN)
            and max(map(len, locals_)) <= _UPN_LOCAL
            and all(_FINE_UPN.fullmatch(f"a@{domain}") and ".." not in domain for domain in domains)
        )
    return (
        ".." not in "\n".join(filled)
        and all(map(_FINE_UPN.fullmatch, filled))
        and _NO_NAMES.isdisjoint(fold_many(filled))
    )


def _halves(texts: Sequence[str]) -> tuple[list[str], set[str]] | None:
    """What is before the @ of each text, and what is behind them, each once; None if one has more than one, or none."""
    joined = "\n".join(texts)
    if joined.count("@") != len(texts) or not all("@" in text for text in texts):
        return None
    halves = joined.replace("@", "\n").split("\n")
    return (halves[::2], set(halves[1::2])) if len(halves) == 2 * len(texts) else None


def _no_dots_apart(texts: Sequence[str], letters: re.Pattern[str]) -> bool:
    """Whether texts have nothing but some letters, and dots between them, one at a time."""
    joined = ".".join(texts)
    return letters.fullmatch(joined) is not None and ".." not in f".{joined}."


def user_name_fault(name: str) -> str:
    """What is wrong with a user name, to follow the name of its column; an empty text if nothing is."""
    if fold(name) in _NO_NAMES:
        return f"'{name}' stands for no user name; enter the name itself"
    if not _UPN.fullmatch(name):
        if (count := count_values(name)) > 1:
            return f"has {count} values, and a user name is one: have only the one that counts exported"
        place = next(place for place, letter in enumerate(name) if not _UPN.fullmatch(letter))
        shown = f"'{name[place]}'" if name.isascii() else odd_character(name, place)
        shown = "a blank" if name[place] == " " else shown
        return f"holds {shown}; a user name may have A-Z, a-z, 0-9 and ' . - _ ! # ^ ~ only"
    local, at, domain = name.partition("@")
    if "@" in domain or (at and not (local and domain)):
        return "is not a user name: it needs something before and after its only @"
    if ".." in name or any(part[:1] == "." or part[-1:] == "." for part in (local, domain)):
        return "has a dot at the start or end, or two dots together; a user name may not"
    if len(local) > _UPN_LOCAL or len(domain) > _UPN_DOMAIN:
        return f"is too long for a user name: at most {_UPN_LOCAL} characters before the @ and {_UPN_DOMAIN} after it"
    return ""


def hidden_fault(name: str) -> str:
    """What nobody sees in a user name, to follow the name of its column; an empty text if nothing is hidden."""
    place = first_hidden(name)
    return "" if place is None else f"holds {odd_character(name, place)}"


def are_fine_addresses(addresses: Sequence[str]) -> bool:
    """Whether nothing is wrong with any of some mail addresses, as far as they are there."""
    filled = list(filter(None, addresses))
    if found := _halves(filled):
        locals_, domains = found
        return _no_dots_apart(locals_, _LETTERS_OF_LOCAL) and all(_ADDRESS.fullmatch(f"a@{one}") for one in domains)
    return all(map(_ADDRESS.fullmatch, filled))


def address_fault(address: str) -> str:
    """Why a text is no mail address, to follow the name of its column; an empty text if it is one.

    The letters are those that Entra's mail takes: it may have no accents (Graph reference of the user resource).
    """
    if _ADDRESS.fullmatch(address):
        return ""
    place = next((place for place, letter in enumerate(address) if not _ADDRESS_LETTER.fullmatch(letter)), None)
    if place is not None:
        return f"holds {odd_character(address, place)}, which no mail address has"
    if address.lower().startswith("mailto:"):
        return "begins with 'mailto:', which is of a link and not of a mail address"
    if address.count("@") > 1:
        return "holds more than one @, so it is no mail address or several"
    if "@" not in address:
        return "is no mail address: it has no @"
    return "is no mail address: something other than letters, digits and dots stands around, before or behind it"


def may_be_made_up(name: str) -> bool:
    """Whether a user name or mail address may be what people write where there is none."""
    return fold(name.partition("@")[0]) in _MADE_UP
