"""Changes of one person that somebody has to decide about: that person alone is held, and the question says why.

Each would be right if HR meant it and hurt somebody if not: an id that somebody else seems to have now, a first day of
somebody who works that lies ahead, a first day that is gone before the person has started, and a start that the newest
file does not confirm. Nobody is released together with the rest of a file then, only by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from difflib import SequenceMatcher

from shared.changes.claims import Claim, Desired
from shared.changes.kinds import Before
from shared.letters import bare, fold
from shared.model import ScimUser

_WORD = re.compile(r"[^\W\d_]{2,}|[\u3400-\u9fff\uac00-\ud7af]")
_ASIDE = re.compile(r"\([^)]*\)|\[[^]]*\]")
# Words that people of different families have in their names, and titles; alone they make no two people the same.
_SHARED_WORDS = frozenset(
    (  # noqa: SIM905 (a list of forty would hide what it is about)
        "van von der den del della di da dos das de la le las los el al bin ben ibn abu mac mc san st zu zur ter ten "
        "dr mr mrs ms prof ext jr sr"
    ).split()
)
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ł": "l", "Ł": "L"})
_ALIKE = 0.75  # of the letters of a word, for two spellings of one name


def question(draft_id: str, before: Before | None, desired: Desired, old: Claim | None, now: datetime) -> str:
    """What somebody has to say before anything new of a person is sent; an empty text if there is nothing to ask.

    Args:
        draft_id: the person's externalId.
        before: what was planned for the account before.
        desired: what Entra should have now.
        old: what the same source said before.
        now: the time.
    """
    if before is not None and before.record and is_somebody_else(before, desired):
        return _another_person(draft_id, before, desired, now)
    winner = desired.winner
    if before is not None and before.enabled and winner.awaits(now) and not _ends_before(winner):
        return (
            f"{draft_id} works, and the file names a first day that is to come, {winner.first_day}, and no end before "
            "it: does the person work on until then? Released, the account is disabled until that day; if not, HR "
            "corrects the first day, or lists the contract of today too (duplicates: current)."
        )
    was_to_start = old is not None and old.awaits(now) and not (before is not None and before.ever_enabled)
    if was_to_start and desired.active and winner.starts is None and winner.works:
        return (
            f"{draft_id} was to start on {old.first_day if old else ''}, and the file names no first day any more: has "
            "the person started, or is the day missing? Released, the account is enabled at once; if the day is "
            "missing, HR fills it in."
        )
    return ""


def somebody_new(new: str, old: str, source: str) -> str:
    """What is asked about somebody new who is to get a name that somebody else of the same name has."""
    return (
        f"{_same_or_new(new, old)} {_how_the_same(new, old, source)} If it is somebody new, HR gives that person a "
        f"user name and a mail address of their own. Released, an account of its own is made for {new}, which Entra "
        f"refuses as long as that of {old} has the name."
    )


def goes_on(old: str, new: str, source: str) -> str:
    """What is asked about somebody who is to end, while somebody new of the same name is to get the user name."""
    return (
        f"{old} is to end. {_same_or_new(new, old)} {_how_the_same(new, old, source)} If it is somebody new, this one "
        f"is released: then the account of {old} is disabled."
    )


def _same_or_new(new: str, old: str) -> str:
    return (
        f"{new} is new, and is to get the user name or mail address of {old}, who is called alike: is it the same "
        "person under a new id, or somebody new?"
    )


def _how_the_same(new: str, old: str, source: str) -> str:
    return (
        f"If it is the same, IT says so, and the account goes on: python -m cli same-person {old} {new} --source "
        f"{source} --by NAME --reason TEXT."
    )


def _ends_before(claim: Claim) -> bool:
    """Whether the row names the end of an employment before the one that is to begin."""
    return bool(claim.last_day and claim.first_day and claim.last_day < claim.first_day)


def is_somebody_else(before: Before, desired: Desired) -> bool:
    """Whether a record seems to be about somebody else than the one before, under the same id.

    No word of the name is the same, be it spelled otherwise, and the user name or the mail address is another one, not
    only at another domain. Of somebody who has left before, and is to be enabled again, the name is enough: the user
    name may be made of the id. Marriage, a rebranded domain and a corrected spelling leave one or the other.
    """
    if not other_name(before.record, desired.record):
        return False
    back = desired.active and not before.enabled and before.ever_enabled and not before.was_on_leave
    return back or _other_address(before.record, desired.record)


def other_name(old: ScimUser, new: ScimUser) -> bool:
    """Whether no word of a name is the same, be it spelled otherwise; not if one of them has no name."""
    one, other = _words(old), _words(new)
    if not one or not other or one & other:
        return False
    fewer, more = sorted((one, other), key=len)
    return not all(any(_alike(word, another) for another in more) for word in fewer)


def _words(user: ScimUser) -> set[str]:
    """The words of a name, folded: of given and family name if both are there, else of the display name."""
    name = user.get("name") or {}
    parts = [str(name.get(part) or "") for part in ("givenName", "familyName")]
    text = " ".join(parts) if all(parts) else str(user.get("displayName") or name.get("formatted") or "")
    plain = bare(_ASIDE.sub(" ", text).translate(_PLAIN))
    words = {fold(word) for word in _WORD.findall(unicodedata.normalize("NFC", plain))}
    return words - _SHARED_WORDS or words


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE


def _other_address(old: ScimUser, new: ScimUser) -> bool:
    pairs = list(zip(_addresses(old), _addresses(new), strict=True))
    return any(one and other and one != other for one, other in pairs)


def _addresses(user: ScimUser) -> Iterator[str]:
    """User name and mail address, without their domains."""
    mails = user.get("emails") or [{}]
    for text in (str(user.get("userName") or ""), str(mails[0].get("value") or "")):
        yield fold(text.partition("@")[0])


def _another_person(draft_id: str, before: Before, desired: Desired, now: datetime) -> str:
    winner = before.winner
    left = winner is not None and winner.last_day and not winner.employs(now)
    until = f"until {winner.last_day}" if winner and left else "until now"
    return (
        f"{draft_id} had another name {until}: is it the same person? It was {_called(before.record)}, and is "
        f"{_called(desired.record)} now. Released, the account of the first, with mailbox and memberships, gets the "
        "new name. If it is somebody else, HR gives an id of its own to whoever is new."
    )


def _called(user: ScimUser) -> str:
    name = str(user.get("displayName") or " ".join(filter(None, map(str, (user.get("name") or {}).values()))))
    login = str(user.get("userName") or next(_addresses(user)))
    return f"'{name}' ({login})" if login else f"'{name}'"
