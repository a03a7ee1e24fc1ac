"""OLE containers: workbooks with a password, and what else comes in that form."""

from __future__ import annotations

import io
import struct
import xml.parsers.expat
from collections.abc import Callable, Iterator

import msoffcrypto.exceptions  # type: ignore[import-untyped]
import olefile  # type: ignore[import-untyped]
from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped]

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.readers.unpack.limits import CHUNK, Meter, attempt, spool
from shared.readers.unpack.secret import secret

_SAVE = "Save the list as XLSX or CSV and drop that file."
_DAMAGED = f"The file is an Office document that is damaged or was cut off. {_SAVE}"
_SPINS = 2_000_000  # rounds of hashing; Excel uses 100,000
_KNOWN = (
    ("Workbook", "a workbook in the old format (XLS)"),
    ("Book", "a workbook in the old format (XLS)"),
    ("WordDocument", "a Word document"),
    ("PowerPoint Document", "a PowerPoint presentation"),
    ("__properties_version1.0", "a mail saved from Outlook"),
    ("VisioDocument", "a Visio drawing"),
)
_BROKEN = (
    msoffcrypto.exceptions.FileFormatError,
    msoffcrypto.exceptions.ParseError,
    msoffcrypto.exceptions.DecryptionError,
    msoffcrypto.exceptions.InvalidKeyError,
    xml.parsers.expat.ExpatError,
    struct.error,
    OSError,  # olefile's own errors are of this kind
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
    MemoryError,
)


def open_ole(
    stream: Iterator[bytes], hints: FormatHints, read_secret: Callable[[str], str] | None, meter: Meter
) -> Iterator[bytes]:
    """The workbook in a password-protected one. The library holds it in memory, so its size is limited.

    Raises:
        ExtractRefused: it is something else, no password is set or it is the wrong one.
    """
    with spool(stream, meter.limits.locked) as file:
        container = attempt(lambda: olefile.OleFileIO(file), _BROKEN, _DAMAGED)
        with container:
            if not attempt(lambda: container.exists("EncryptedPackage"), _BROKEN, _DAMAGED):
                what = next((what for name, what in _KNOWN if container.exists(name)), "an old Office document")
                raise ExtractRefused(f"The file is {what}. {_SAVE}")
            if not container.exists("EncryptionInfo"):
                raise ExtractRefused(
                    "The workbook is protected by a sensitivity label or rights management, so only Office can open "
                    "it. Save it without that protection and drop that file."
                )
        password = secret(hints.password, read_secret)
        if password is None:
            raise ExtractRefused(
                "The workbook is protected with a password and no password is set: ask IT to put it into the vault and "
                "to name it in the mapping (format, password), or save the workbook without."
            )
        file.seek(0)
        plain = attempt(
            lambda: _decrypt(OOXMLFile(file), password.decode()),
            _BROKEN,
            "The workbook cannot be opened: the password in the vault is not the one it was saved with, or it is "
            "damaged.",
        )
    return iter(lambda: plain.read(CHUNK), b"")


def _decrypt(document: OOXMLFile, password: str) -> io.BytesIO:
    if document.type == "agile" and document.info["spinValue"] > _SPINS:
        raise ValueError
    document.load_key(password=password, verify_password=True)
    plain = io.BytesIO()
    document.decrypt(plain, verify_integrity=document.type == "agile")
    plain.seek(0)
    return plain
