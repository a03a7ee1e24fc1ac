"""The languages that people are spoken to, and which one a browser asks for."""

from __future__ import annotations

from typing import Literal, get_args

Language = Literal["en", "de", "fr", "es"]
ENGLISH: Language = "en"
LANGUAGES: tuple[Language, ...] = get_args(Language)


def language_of(text: str) -> Language:
    """One of our languages by its name, such as `de`; English for anything else."""
    return next((language for language in LANGUAGES if language == text), ENGLISH)


def asked_for(accepted: str) -> Language:
    """The first of our languages that a browser asks for; English if it asks for none of them.

    Args:
        accepted: the header `Accept-Language`, such as `de-CH, fr;q=0.8, *;q=0.1` (RFC 9110, 12.5.4).
    """
    wanted: list[tuple[float, Language]] = []
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        quality = _quality(weight)
        primary = name.strip().lower().partition("-")[0]
        wanted += [(quality, language) for language in LANGUAGES if language == primary and quality > 0]
    return max(wanted, key=lambda one: one[0])[1] if wanted else ENGLISH


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
