"""Texts that are no list but something else that programs write, told by their first lines."""

from __future__ import annotations

import re
from typing import NamedTuple

SAVE = "Save or export the list as XLSX or CSV and drop that file."


class _Form(NamedTuple):
    begins: re.Pattern[str]
    also: re.Pattern[str] | None  # is among the first lines too, where the beginning alone could be a list's
    what: str
    advice: str


def _form(begins: str, what: str, advice: str = SAVE, also: str = "") -> _Form:
    flags = re.IGNORECASE | re.MULTILINE
    return _Form(re.compile(begins, flags), re.compile(also, flags) if also else None, what, advice)


_HEADER_FIELDS = r"(?:received|from|to|date|subject|message-id|mime-version|content-type|return-path|delivered-to)"
_FORMS = (
    # RFC 2849: comments and a version may stand before the first entry.
    _form(
        r"(?:#[^\n]*\n|version:[^\n]*\n|\s)*dn::?[ \t]*\S[^\n]*\n(?: [^\n]*\n)*[a-z][\w.;-]*::?[ \t]",
        "a directory in LDIF, as ldifde writes it",
        "Export the people with Export-Csv (PowerShell) or csvde and drop that file.",
    ),
    _form(
        r"(?=/)(?:\s|//[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)+[\[{]",
        "JSON with comments (JSON5 or JSONC), which is not JSON",
        "Export the list as JSON without comments, with keys and texts in double quotes, and drop that file.",
    ),
    _form(
        r"(?:--|/\*|insert\s|create\s|set\s|use\s|drop\s|begin\b|lock\s|delimiter\s|go\b)",
        "a script of a database (SQL)",
        "Let the database write the result of a query as CSV and drop that file.",
        also=r"^\s*(?:insert\s+into\s|replace\s+into\s|create\s+table\s|copy\s[^\n]*\sfrom\s+stdin\b)",
    ),
    _form(r"begin:vcard\b", "a list of contacts (vCard), which has no ids of workers"),
    _form(r"begin:vcalendar\b", "a calendar (iCalendar)", "Export the list of people and drop that file."),
    _form(r"mime-version:[^\0]*multipart/related", "a web archive (MHT)"),
    # RFC 5322, and what a mailbox file has in front of each message.
    _form(
        rf"(?:from \S+ [^\n]*\n)?(?:{_HEADER_FIELDS}|[a-z][a-z-]*-[\w-]+):[ \t]",
        "an e-mail message",
        "Save what is attached to it and drop that file.",
        also=rf"^{_HEADER_FIELDS}:[ \t][^\0]*\n{_HEADER_FIELDS}:[ \t]",
    ),
    # ASC X12 and UN/EDIFACT name their separators first: the US enrolment file 834 is the former.
    _form(r"isa([^\w\s])\d\d\1", "an EDI message (X12, such as 834)"),
    _form(r"una[^\w\s]{2}.[^\w\s].[^\w\s]\s*unb\b|unb\+un", "an EDI message (EDIFACT)"),
    _form(r"edi_dc(?:40)?\s", "an IDoc of SAP (such as HRMD_A)"),
    # Excel takes what begins with ID;P for one.
    _form(r"id;p[^\r\n]*\r?\n[bcfop];", "a sheet in SYLK"),
    _form(r"table\r?\n0,1\r?\n", "a sheet in DIF"),
    _form(r"\{\|[^\n]*\n\s*[!|]", "a table of a wiki page (MediaWiki)"),
    _form(r"(?:%[^\n]*\n|\s)*\\(?:begin|documentclass|usepackage)\b", "a document in LaTeX"),
    # Headers of sections and lines with a sign of equality: of a list in JSON neither could be, and above a delimited
    # one there may be such lines, but below them are rows.
    _form(
        r"(?![^\0]*\n[^#;\[=\n][^=\n]*[;,|\t])"
        r"(?:[#;][^\n]*\n|\s|\[{1,2}[\w.\"' -]+\]{1,2}[ \t]*(?:#[^\n]*)?\n)+[\w.\"' -]+=",
        "a file of settings (TOML or INI)",
        also=r"^\[{1,2}[\w.\"' -]+\]{1,2}[ \t]*(?:#[^\n]*)?$",
    ),
)


def other_text(start: str) -> tuple[str, str] | None:
    """What a text is that is no list, and what to do; None if it may be one.

    Args:
        start: the first characters of the file, or all of them, without byte order mark and blanks in front.
    """
    for form in _FORMS:
        if form.begins.match(start) and (form.also is None or form.also.search(start)):
            return form.what, form.advice
    return None
