"""What a file is, from its first bytes."""

from __future__ import annotations

import codecs
import re
from enum import Enum, auto

from shared.errors import ExtractRefused
from shared.readers.unpack.other_texts import SAVE, other_text

FIRST_BYTES = 4096


class FileKind(Enum):
    """What can be taken off, or is for a reader."""

    GZIP = auto()
    ZIP = auto()
    OLE = auto()
    PGP = auto()
    PLAIN = auto()


OPEN_DOCUMENT = "an OpenDocument file, as LibreOffice makes them"
_ZIP = "Drop the list as it is, or in a zip or gzip archive."

_WRAPPED = (
    (b"\x1f\x8b", FileKind.GZIP),
    (b"PK\x03\x04", FileKind.ZIP),
    (b"PK\x05\x06", FileKind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLE),
    (b"-----BEGIN PGP MESSAGE-----", FileKind.PGP),
)
_FOREIGN = (
    (b"%PDF-", "a PDF document", SAVE),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)", SAVE),
    (b"\xff\xd8\xff", "a picture (JPEG)", SAVE),
    (b"GIF8", "a picture (GIF)", SAVE),
    (b"II*\x00", "a picture (TIFF)", SAVE),
    (b"MM\x00*", "a picture (TIFF)", SAVE),
    (b"{\\rtf", "a text document (RTF)", SAVE),
    (b"PAR1", "a Parquet file", SAVE),
    (b"SQLite format 3\x00", "a database (SQLite)", SAVE),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _ZIP),
    (b"Rar!\x1a\x07", "a RAR archive", _ZIP),
    (b"\xfd7zXZ\x00", "an xz archive", _ZIP),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _ZIP),
    (b"\x78\x9c", "packed with zlib (deflate)", _ZIP),
    (b"\x78\xda", "packed with zlib (deflate)", _ZIP),
    (b"\x78\x01", "packed with zlib (deflate)", _ZIP),
    (b"\x1f\x9d", "an archive made by compress (.Z)", _ZIP),
    (b"MSCF\x00", "a cabinet archive", _ZIP),
    (b"PK\x07\x08", "one part of a zip archive that was split", "Make one archive that is not split and drop that."),
    (
        b"-----BEGIN PGP SIGNED MESSAGE-----",
        "a text that is signed with PGP but not encrypted",
        "Drop the list itself, or encrypt it.",
    ),
    (b"-----BEGIN PGP", "a PGP key or signature and holds no list", "Drop the encrypted list."),
    (b"-----BEGIN PKCS7", "encrypted or signed with S/MIME", "Encrypt it with PGP instead, or drop it as it is."),
    (b"age-encryption.org/", "encrypted with age", "Encrypt it with PGP instead, or drop it as it is."),
    (b"-----BEGIN AGE ENCRYPTED FILE", "encrypted with age", "Encrypt it with PGP instead, or drop it as it is."),
)
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)")
# Tag octet of a PGP packet, its length, and a version or algorithm below 0x10: text has no such control character.
_PGP_ENCRYPTED = re.compile(
    rb"\x84.[\x02-\x06]|\x85..[\x02-\x06]|\x86....[\x02-\x06]|\x8c.[\x04-\x06]|\x8d..[\x04-\x06]"
    rb"|[\xc1\xc3](?:[\x00-\xbf]|[\xc0-\xdf].|\xff....)[\x02-\x06]",
    re.DOTALL,
)
_PGP_OTHER = re.compile(
    rb"\xa3[\x01-\x03]|\x90.[\x03\x06]|[\xc8][\x00-\xfe][\x00-\x03]|[\xd2\xc9][\xe0-\xfe][\x01\x02]|\xd2.[\x01\x02]",
    re.DOTALL,
)
# A list that was packed, or signed, but not encrypted: a literal, with its format and the length of its name, and what
# may be around it.
_PGP_LITERAL = re.compile(
    rb"(?:\xac.|\xad..|\xae....|\xaf|\xcb(?:[\x00-\xbf]|[\xc0-\xdf].|\xff....|[\xe0-\xfe]))[btul1m][\x00-\x7f]",
    re.DOTALL,
)
_ARMOUR = re.compile(rb"(?:\A|(?<=[\r\n]))(?P<before>[ \t>|]*)-----BEGIN PGP MESSAGE-----[ \t]*\r?\n")
_NOT_ENCRYPTED = ("made by PGP but not encrypted for anybody", "Encrypt it, or drop the list itself.")
_BEHIND = ((b"PK\x03\x04", "a zip archive (or an Excel workbook)"), (b"\x1f\x8b\x08", "a gzip archive"))
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]{40,}\"?\s*")
_CMS = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_HTML = re.compile(r"(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|meta|body|style|table)\b", re.DOTALL)
_TAG = re.compile(r"<([a-z][\w.:-]*)")
_AMBIGUOUS = frozenset({"table", "body", "head", "meta", "style"})  # other XML may use these names, too
_OF_HTML = re.compile(
    r"a|abbr|address|area|article|aside|b|base|blockquote|body|br|button|caption|center|cite|code|col|colgroup|div|dl|em|"
    r"font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|label|li|link|main|map|meta|nav|noscript|o:p|ol|p|"
    r"pre|script|section|small|span|strike|strong|style|sub|sup|svg|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul"
)
_DBASE = b"\x03\x83\x8b\xcb\xf5"  # the versions that no text begins with


def _refuse_text_round_armour(text: bytes) -> None:
    """Refuse a PGP message that was copied out of something with text in front of it, or of its lines."""
    armour = _ARMOUR.search(text)
    if armour and (armour["before"] or text[: armour.start()].strip()):
        lines = text.count(b"\n", 0, armour.start())
        what = (
            "blanks or other signs in front of its lines"
            if armour["before"]
            else f"{lines} {'line' if lines == 1 else 'lines'} of other text in front of it"
        )
        raise ExtractRefused(
            f"The file is a PGP message with {what}, as when it was copied out of a mail. Drop a file that begins with "
            "-----BEGIN PGP MESSAGE----- and ends with -----END PGP MESSAGE-----."
        )


def recognise(first: bytes) -> FileKind:
    """What a file is that begins with `first` (its first `FIRST_BYTES` bytes, or all of it).

    Raises:
        ExtractRefused: something that is known and that nobody can read a list of people from.
    """
    _refuse_text_round_armour(first.removeprefix(codecs.BOM_UTF8))
    start = first.removeprefix(codecs.BOM_UTF8).lstrip()
    for signature, kind in _WRAPPED:
        if start.startswith(signature) if signature.startswith(b"-") else first.startswith(signature):
            return kind
    for signature, what, advice in _FOREIGN:
        if start.startswith(signature):
            raise _refused(what, advice)
    if _BZIP2.match(first):
        raise _refused("a bzip2 archive", _ZIP)
    if first[257:262] == b"ustar":
        raise _refused("a tar archive", _ZIP)
    if first[4:12] in {b"ftypheic", b"ftypmif1", b"ftypavif"} or (first[:4] == b"RIFF" and first[8:12] == b"WEBP"):
        raise _refused("a picture", SAVE)
    if _PGP_ENCRYPTED.match(first):
        return FileKind.PGP
    if _PGP_OTHER.match(first) or _PGP_LITERAL.match(first):
        raise _refused(*_NOT_ENCRYPTED)
    if first[:1] == b"0" and _CMS in first[:40]:
        raise _refused("encrypted or signed with S/MIME", "Encrypt it with PGP instead, or drop it as it is.")
    if first[4:19] in {b"Standard Jet DB", b"Standard ACE DB"}:
        raise _refused("a database (Access)", SAVE)
    if _is_dbase(first):
        raise _refused("a database (dBASE)", SAVE)
    _refuse_base64(first)
    _refuse_what_stands_before(first)
    _refuse_text(first)
    return FileKind.PLAIN


def _refuse_base64(first: bytes) -> None:
    """Refuse an archive or a workbook that was written as text."""
    text = first.removeprefix(codecs.BOM_UTF8).lstrip(b'" \r\n')
    if text.startswith((b"UEsDB", b"H4sIA")) and _BASE64.fullmatch(text):
        raise ExtractRefused(
            "The file is an archive or a workbook that was written as Base64 text. Let the program write its bytes "
            "themselves and drop that file."
        )


def _refuse_what_stands_before(first: bytes) -> None:
    """Refuse what could be opened if nothing stood in front of it."""
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if "-----BEGIN PGP" in first[:2000].decode("utf-16", "ignore"):
            raise ExtractRefused(
                "The file is a PGP message that was written as text in UTF-16, as Windows PowerShell's > does it. Let "
                "the program write the file itself (GnuPG: --output FILE) and drop that."
            )
        return
    if first.startswith(b"MZ") and b"\x00" in first[:64]:
        raise _refused("a program, perhaps an archive that unpacks itself", _ZIP)
    for signature, what in _BEHIND:
        at = first.find(signature)
        if at > 0 and b"\x00" in first[at : at + 64]:
            raise ExtractRefused(
                f"The file is {what} with {at} {'byte' if at == 1 else 'bytes'} of something else in front of it, so a "
                "program has put text (such as a byte order mark or an empty line) where only the archive should be. "
                "Let it write the bytes of the archive and nothing else, then drop the file again."
            )


def _is_dbase(first: bytes) -> bool:
    """Whether a table of dBASE begins: its version, day, and a header of 32 bytes a field that ends in a CR."""
    if len(first) < 12 or first[0] not in _DBASE or not (0 < first[2] <= 12 and 0 < first[3] <= 31):
        return False
    size = int.from_bytes(first[8:10], "little")
    return size % 32 in (1, 8) and (size > len(first) or b"\r" in first[32:size])


def _refuse_text(first: bytes) -> None:
    """Refuse a text that holds no list, or one that only a program opens."""
    utf16 = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = first.decode("utf-16" if utf16 else "latin-1", "ignore")
    text = text.removeprefix("\u00ef\u00bb\u00bf").lstrip()
    if other := other_text(text.replace("\r\n", "\n")):
        raise _refused(*other)
    _refuse_markup(text.lower())


def _refuse_markup(text: str) -> None:
    if _HTML.match(text) and _is_html(text):
        raise _refused(
            "a web page (HTML) with a table, as some systems give it for Excel under a name such as .xls",
            "Let the system export CSV; or open it in Excel, look whether leading zeros are still there, save it as "
            "XLSX and drop that file.",
        )
    if text.startswith("<") and (
        "urn:schemas-microsoft-com:office:spreadsheet" in text
        or ('<?mso-application progid="excel.sheet"' in text and "xmlpackage" not in text)
    ):
        raise _refused(
            "a workbook in the XML form of Excel 2003", "Open it in Excel, save it as XLSX and drop that file."
        )
    if text.startswith("<") and "http://schemas.microsoft.com/office/2006/xmlpackage" in text:
        raise _refused(
            "an Office document in one piece of XML (Flat OPC)", "Open it in Excel, save it as XLSX and drop that file."
        )
    if text.startswith("<") and "http://schemas.microsoft.com/office/word/2003/wordml" in text:
        raise _refused("a Word document in the XML form of Word 2003", SAVE)
    if text.startswith("<") and "http://schemas.microsoft.com/powershell/2004/04" in text:
        raise _refused(
            "PowerShell's own form of objects (Export-Clixml)",
            "Write the list with Export-Csv -NoTypeInformation -Encoding UTF8 and drop that file.",
        )
    if text.startswith("<") and "urn:oasis:names:tc:opendocument" in text and "office:document" in text:
        raise _refused(OPEN_DOCUMENT, SAVE)


def _is_html(text: str) -> bool:
    """Whether the first element is HTML's: databases write XML whose outermost element is called `table`, too."""
    names = _TAG.findall(text)
    return len(names) < 2 or names[0] not in _AMBIGUOUS or _OF_HTML.fullmatch(names[1]) is not None


def _refused(what: str, advice: str) -> ExtractRefused:
    return ExtractRefused(f"The file is {what}. {advice}")
