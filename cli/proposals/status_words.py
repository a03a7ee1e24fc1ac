"""Status words that mean one thing wherever they are used. Every other word is for a person to decide."""

from __future__ import annotations

from functools import cache

from cli.proposals.header_words import fold

# A word is in here only if no system is known that uses it for anything else. Not in here on purpose: Inactive (in some
# systems everybody on leave), Suspended, Retired, Pre-Hire, Onboarding, D, S, T, Baja (also sick leave), Gekündigt.
_WORKS = """
    active|active employee|employed|active process|currently employed|working
    aktiv|beschäftigt|angestellt|actif|active f|en poste|en activité|activo|activa|actief|in dienst|attivo|attiva
    in forza|in servizio|ativo|ativa|aktywny|aktywna|zatrudniony|aktiv anställd
"""
_LEFT = """
    terminated|dismissed|deceased|resigned|left|leaver|former employee|no longer employed
    ausgeschieden|ausgetreten|verstorben|sorti|parti|décédé|cesado|uit dienst|overleden|cessato|dimesso|deceduto
    desligado|demitido|zwolniony|avslutad|fratrådt
"""
_LEAVE = """
    leave|on leave|leave of absence|paid leave|unpaid leave|parental leave|maternity leave|sick leave|garden leave
    Elternzeit|Mutterschutz|beurlaubt|krank|en congé|congé parental|congé maternité|de permiso|excedencia|met verlof
    zwangerschapsverlof|in aspettativa|maternità|föräldraledig|orlov
"""
_YES = "true|yes|y|1|x|ja|j|oui|o|si|sí|s|sim|tak"
_NO = "false|no|n|0|nein|non|nee|não|nie"
_ASKS_FOR_WORK = (
    "active|is active|enabled|account enabled|aktiv|Aktiv ja/nein|actif|activo|actief|attivo|ativo|aktywny|in dienst"
)
_ASKS_FOR_END = "terminated|inactive|is terminated|disabled|left|deleted|is deleted|account disabled|is disabled"
_ASKS_FOR_LEAVE = """
    on leave|is on leave|leave|on leave of absence|loa|leave flag|long term leave|beurlaubt|abwesend|en congé|met verlof
"""
_ASKS_IN_DOUBT = "suspended|is suspended|locked|blocked|gesperrt|suspendu|suspendido|bloqueado|geblokkeerd|sospeso"
_OF_SYSTEMS = {"a": True}


def meaning(word: str, column: str) -> bool | None:
    """Whether somebody of whom a column says a word may work; None if that is for a person to decide.

    Args:
        word: of the column.
        column: its name; a yes means one thing under `Active`, another under `Terminated`, and nothing under `Status`.
    """
    said, asked = fold(word), fold(column)
    if said in _folded(_WORKS):
        return True
    if said in _folded(_LEFT):
        return False
    if asked in _folded(_ASKS_FOR_WORK) | _folded(_ASKS_FOR_END):
        yes = asked in _folded(_ASKS_FOR_WORK)
        if said in _folded(_YES):
            return yes
        if said in _folded(_NO):
            return not yes
        return None
    return _OF_SYSTEMS.get(said)


END, LEAVE, DOUBT = "end", "leave", "doubt"
"""What a yes means in a column that is asked for nothing else: an end, a leave, or something that a person decides."""


def asks_for(column: str) -> str:
    """What a column is asked for, by its name alone: END, LEAVE or DOUBT; else an empty text."""
    asked = fold(column)
    kinds = ((_ASKS_FOR_END, END), (_ASKS_FOR_LEAVE, LEAVE), (_ASKS_IN_DOUBT, DOUBT))
    return next((kind for names, kind in kinds if asked in _folded(names)), "")


def yes_or_no(word: str) -> bool | None:
    """What a word of a yes-or-no column says; None if it says neither."""
    said = fold(word)
    return True if said in _folded(_YES) else False if said in _folded(_NO) else None


def is_leave(word: str) -> bool:
    """Whether a word says that somebody is on leave."""
    return fold(word) in _folded(_LEAVE)


def is_known(word: str) -> bool:
    """Whether a word is one that status columns are known for."""
    return (
        meaning(word, "") is not None or is_leave(word) or fold(word) in _folded("inactive|suspended|retired|inaktiv")
    )


@cache
def _folded(text: str) -> frozenset[str]:
    return frozenset(fold(word) for line in text.split("\n") for word in line.split("|") if word.strip())
