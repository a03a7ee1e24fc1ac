"""PGP, protected workbooks, and what is only named: bytes in, bytes or a sentence out."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from base64 import b64decode
from functools import cache

import pysequoia
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped]

from shared.errors import ExtractRefused, RollcallError, SecretMissing
from shared.mapping.format import FormatHints
from shared.readers.unpack import open_layers
from shared.readers.unpack.limits import UnpackLimits

pytestmark = pytest.mark.slow

CSV = b"Id,Name\r\n1,Ada\r\n2,Bob\r\n"
KEY = FormatHints(key="key")
LOCKED_KEY = FormatHints(key="locked-key", passphrase="phrase")
PASSWORD = FormatHints(password="password")
NO_HINTS = FormatHints()

# Made with GnuPG: a key that is protected with the passphrase "open sesame".
LOCKED = """-----BEGIN PGP PRIVATE KEY BLOCK-----

lIYEawEyRxYJKwYBBAHaRw8BAQdA+dJm0YA2wTU41KlZDMbP+MWouzx269WtdBBT
WWnWpmD+BwMCosydcdFicsr/9uRu7LEFQORYHlu4AWhgnjl7R+W8eCSJmB3ZoIoX
96SJRHXjNE9q9L+LeV7xlpJ7LrZ1GR5BtViZh1kVjQtYVnbTdoW8J7QeUm9sbGNh
bGwgdGVzdCA8aHJAZXhhbXBsZS5jb20+iJAEExYIADgWIQR8aU7rwog6GpJaojVP
i0Fy/AGyPgUCawEyRwIbAQULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRBPi0Fy
/AGyPnoaAQCsGQknB9JNWYBiOZHiAh8WxNPNNhILXXVKVHk+u0kD6gD+OL0Mocra
kkdOQrIBcI4qSTu5pBZm/B9fv92G+m7hzwyciwRrATJJEgorBgEEAZdVAQUBAQdA
rAaVWzzWLD09WYxn4F0hzPBST8OiGl9KjGnUA6Hj41MDAQgH/gcDAjgAN8OJB593
/1Oraf3cAit0cNOW3vj19NZG4zASG+JVCmp0mXuCcXO41iTUzIenU4AOuTaEyPAZ
dQmiPSrfRZqm+xrppEgftLtP+Sg1TIyIeAQYFggAIBYhBHxpTuvCiDoaklqiNU+L
QXL8AbI+BQJrATJJAhsMAAoJEE+LQXL8AbI+xxoA/Rt54z43fEh4fATHB83UV2O+
g/1spN6IxPsnOPrg+qjoAPwMEyaQCIyuYoih1EOPSlDZnWrJX6ffNHmExL3wXvbm
Cg==
=79b1
-----END PGP PRIVATE KEY BLOCK-----
"""


# Made with GnuPG of `CSV`, for the password "test": packed with bzip2; with old ciphers; without integrity protection.
BZIP2 = b64decode(
    "jA0ECQMCtsDBs6K8sXj/0n8BdelqRDiyvsVWAH2dyN4IYUnR/ttVgOm0iWcLgygJXmGwB4GO0Rv3bLO2yl9plvNPjFIfrczSoC42"
    "038XNaWU2cT5IUh85wZpVpGy6VZDwj8qWI4KfxQGPg8ldQzKZgbxw0kuxEvncbqICdc0Fh/+Q0Xpt1S19uKCoQx74xAn"
)
TRIPLE_DES = b64decode(
    "jA0EAgMCeMJlAJSxaXn/0kkBh2O1NZR/O8g1iB0T7sp/e4RfEdpANPNk0TEgYsWzQCmBP2NcT+GCz14rnwjq0zUb6DaqmUIj8vmh"
    "IUcZSICX7hw3a59Cuw6A"
)
BLOWFISH = b64decode(
    "jA0EBAMCcQtNBsaXneD/0kkBJ5mrHk0ss/MLWjJttIJHSitKKWz3vN3xgJHLXZ6ipi+pb1PPGtiaK/5z2TPjHDllIX12OJsmaW8L"
    "5pH5JNTCl3upcOviTYQD"
)
NO_CHECK = b64decode(
    "jA0EBwMCvuQnAiBnq1D/yTqiiToTyfalJVakrpzAs/Vul2mPJHYpdP7ivosrkckTdtQzTM7XUevcCjdBDTL75SCcKKfMtMmhDjwK"
)


@cache
def key() -> pysequoia.Tsk:
    return pysequoia.Tsk.generate(user_id="Rollcall <hr@example.com>")


def vault(name: str) -> str:
    values = {"password": "test", "wrong": "nope", "key": str(key()), "locked-key": LOCKED, "phrase": "open sesame"}
    values["other-key"] = str(pysequoia.Tsk.generate(user_id="Somebody <x@example.com>"))
    if name not in values:
        raise SecretMissing(f"There is no secret '{name}'.")
    return values[name]


def read(data: bytes, hints: FormatHints) -> tuple[tuple[str, ...], bytes]:
    unpacked = open_layers([data], hints, vault)
    return unpacked.layers, b"".join(unpacked.chunks)


def refusal(data: bytes, hints: FormatHints = NO_HINTS, limits: UnpackLimits | None = None) -> str:
    with pytest.raises(ExtractRefused) as refused:
        b"".join(open_layers([data], hints, vault, limits=limits).chunks)
    return str(refused.value)


def for_key(content: bytes, *, armor: bool = False) -> bytes:
    return pysequoia.encrypt(content, recipients=[key().extract_certificate()], armor=armor)


def for_password(content: bytes, *, armor: bool = False) -> bytes:
    return pysequoia.encrypt(content, passwords=["test"], armor=armor)


@pytest.mark.parametrize("armor", [True, False])
def test_a_message_for_a_key_is_decrypted(armor: bool) -> None:
    assert read(for_key(CSV, armor=armor), KEY) == (("pgp",), CSV)


def test_a_key_may_have_a_passphrase() -> None:
    certificate = pysequoia.Tsk.from_bytes(LOCKED.encode()).extract_certificate()
    message = pysequoia.encrypt(CSV, recipients=[certificate])
    assert read(message, LOCKED_KEY) == (("pgp",), CSV)
    assert "passphrase is missing or wrong" in refusal(message, FormatHints(key="locked-key", passphrase="wrong"))
    assert "passphrase is missing or wrong" in refusal(message, FormatHints(key="locked-key"))


@pytest.mark.parametrize("armor", [True, False])
@pytest.mark.parametrize("hints", [PASSWORD, FormatHints(passphrase="password")])
def test_a_message_for_a_password_is_decrypted(armor: bool, hints: FormatHints) -> None:
    assert read(for_password(CSV, armor=armor), hints) == (("pgp",), CSV)


@pytest.mark.parametrize("armor", [True, False])
@pytest.mark.parametrize(
    "hints",
    [KEY, PASSWORD, FormatHints(key="other-key", password="password"), FormatHints(key="key", password="wrong")],
)
def test_a_message_for_a_key_and_a_password_is_opened_with_whatever_is_set(armor: bool, hints: FormatHints) -> None:
    keys = [pysequoia.Tsk.generate(user_id=f"{number} <x@example.com>") for number in range(3)] + [key()]
    certificates = [each.extract_certificate() for each in keys]
    message = pysequoia.encrypt(CSV, recipients=certificates, passwords=["test"], armor=armor)
    assert read(message, hints) == (("pgp",), CSV)


def draft(*, password: bool) -> bytes:
    """The beginning of a message as a draft of the standard had it: packet 20 in the place of packet 18."""
    message = for_password(CSV) if password else for_key(CSV)
    at = 2 + message[1]  # behind the packet that opens it
    return message[:at] + b"\xd4" + bytes([60, 1, 9, 2, 16]) + bytes(56)


@pytest.mark.parametrize(
    ("message", "hints", "what"),
    [
        (BZIP2, PASSWORD, "packed in a way that is not read here: most likely with bzip2"),
        (TRIPLE_DES, PASSWORD, "with a cipher that is not safe any more"),
        (BLOWFISH, PASSWORD, "with a cipher that is not safe any more"),
        (NO_CHECK, PASSWORD, "lacks what shows that nobody has changed it"),
        (draft(password=True), PASSWORD, "a form that never became part of the standard"),
        (draft(password=False), KEY, "a form that never became part of the standard"),
    ],
)
def test_what_is_not_opened_is_called_what_it_is_with_what_to_do(message: bytes, hints: FormatHints, what: str) -> None:
    said = refusal(message, hints)
    assert what in said
    assert "Encrypt the list again" in said
    assert "GnuPG: " in said
    assert "damaged" not in said


def test_archives_in_a_message_and_messages_in_an_archive_are_opened() -> None:
    assert read(for_key(gzip.compress(CSV)), KEY) == (("pgp", "gzip"), CSV)
    assert read(gzip.compress(for_key(CSV)), KEY) == (("gzip", "pgp"), CSV)
    assert "twice over" in refusal(for_key(for_key(CSV)), KEY)


def test_without_a_key_the_refusal_says_so() -> None:
    for message in (for_key(CSV), for_key(CSV, armor=True), for_password(CSV)):
        assert refusal(message).startswith("The file is PGP-encrypted and no key is set")
    with pytest.raises(ExtractRefused, match="no key is set"):
        open_layers([for_key(CSV)], KEY, None)
    assert "only a password is set" in refusal(for_key(CSV), PASSWORD)
    assert "with a password, not for" in refusal(for_password(CSV), KEY)


def test_the_wrong_key_or_password_is_named_as_such() -> None:
    assert "not for the key" in refusal(for_key(CSV), FormatHints(key="other-key"))
    assert "not for the key" in refusal(for_password(CSV), FormatHints(password="wrong"))
    assert "cannot be used" in refusal(for_key(CSV), FormatHints(key="password"))


def test_a_secret_that_is_not_in_the_vault_is_said_by_the_vault() -> None:
    with pytest.raises(SecretMissing):
        open_layers([for_key(CSV)], FormatHints(key="unknown"), vault)


def test_a_damaged_or_cut_message_gives_nothing() -> None:
    message = bytearray(for_key(CSV * 100))
    assert "damaged" in refusal(bytes(message[:-40]), KEY) or "not for the key" in refusal(bytes(message[:-40]), KEY)
    message[-100] ^= 1
    assert "PGP-encrypted" in refusal(bytes(message), KEY)


def test_a_message_that_grows_too_much_is_refused() -> None:
    # A compressed message cannot be made with the library that reads them, so the limit is set low instead.
    small = UnpackLimits(total=100_000, encrypted=1_000_000)
    assert "was not unpacked" in refusal(for_password(bytes(300_000)), PASSWORD, small)
    assert "was not unpacked" in refusal(for_password(bytes(3000)), PASSWORD, UnpackLimits(encrypted=2000))


def protected_workbook(password: str = "test") -> bytes:
    plain = io.BytesIO(workbook())
    target = io.BytesIO()
    OOXMLFile(plain).encrypt(password, target)
    return target.getvalue()


@cache
def workbook() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(
            "[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
        )
        archive.writestr("_rels/.rels", '<Relationships xmlns="x"/>')
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/filler.bin", bytes(5000))
    return target.getvalue()


def test_a_workbook_is_handed_on_as_it_is() -> None:
    assert read(workbook(), NO_HINTS) == ((), workbook())
    assert read(gzip.compress(workbook()), NO_HINTS) == (("gzip",), workbook())


def test_a_protected_workbook_is_opened() -> None:
    data = protected_workbook()
    assert read(data, PASSWORD) == (("password",), workbook())
    assert "no password is set" in refusal(data)
    assert "is not the one it was saved with" in refusal(data, FormatHints(password="wrong"))
    assert "was not unpacked" in refusal(data, PASSWORD, UnpackLimits(locked=1000))
    broken = bytearray(data)
    broken[len(data) // 2] ^= 0xFF
    assert "workbook" in refusal(bytes(broken), PASSWORD).lower()


def office(*parts: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for part in parts:
            archive.writestr(part, "x")
    return target.getvalue()


def ole(*names: str) -> bytes:
    """An OLE container with nothing but a directory that names these streams."""
    sector = 512
    entries = [("Root Entry", 5, 0xFFFFFFFF if not names else 1), *((name, 2, 0xFFFFFFFF) for name in names)]
    directory = b""
    for place, (name, kind, child) in enumerate(entries):
        text = name.encode("utf-16-le") + b"\0\0"
        right = place + 1 if 0 < place < len(names) else 0xFFFFFFFF
        directory += text.ljust(64, b"\0") + len(text).to_bytes(2, "little") + bytes([kind, 1])
        directory += (
            b"\xff" * 4 + right.to_bytes(4, "little") + (child if kind == 5 else 0xFFFFFFFF).to_bytes(4, "little")
        )
        directory += bytes(16 + 4 + 16) + (0xFFFFFFFE).to_bytes(4, "little") + bytes(8)
    directory = directory.ljust(sector, b"\0")
    table = b"".join(each.to_bytes(4, "little") for each in (0xFFFFFFFD, 0xFFFFFFFE)).ljust(sector, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += b"".join(each.to_bytes(2, "little") for each in (0x3E, 3, 0xFFFE, 9, 6)) + bytes(6)
    header += b"".join(each.to_bytes(4, "little") for each in (0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0))
    header += (0).to_bytes(4, "little")
    return header.ljust(sector, b"\xff") + table + directory


FLAT = "an OpenDocument file, as LibreOffice makes them. Save or export the list as XLSX or CSV and drop that file."


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (ole("Workbook"), "a workbook in the old format (XLS)"),
        (ole("Book"), "a workbook in the old format (XLS)"),
        (ole("WordDocument"), "a Word document"),
        (ole("Something"), "an old Office document"),
        (ole("EncryptedPackage"), "sensitivity label"),
        (ole()[:300], "damaged"),
        (office("[Content_Types].xml", "word/document.xml"), "a Word document"),
        (office("[Content_Types].xml", "ppt/presentation.xml"), "a PowerPoint presentation"),
        (office("[Content_Types].xml", "xl/workbook.bin"), "XLSB"),
        (office("mimetype", "content.xml"), "OpenDocument"),
        (office("Index/Document.iwa"), "Apple Numbers"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\nxxxx", "a picture"),
        (b"\xff\xd8\xff\xe0xxxx", "a picture"),
        (b"RIFF\x00\x00\x00\x00WEBPxxxx", "a picture"),
        (b"{\\rtf1\\ansi", "a text document (RTF)"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7-Zip"),
        (b"Rar!\x1a\x07\x00", "RAR"),
        (b"BZh91AY&SYxxxx", "bzip2"),
        (b"x" * 257 + b"ustar\x0000", "tar"),
        (b"PK\x07\x08PK\x03\x04", "split"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n", "a PGP key"),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nId,Name\n", "not encrypted"),
        (b"\xa3\x01" + zlib.compress(b"x")[2:-4], "not encrypted"),
        (b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03xx", "S/MIME"),
        (b"age-encryption.org/v1\n-> X25519", "age"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "a web page (HTML)"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML PUBLIC>", "a web page (HTML)"),
        ("<table><tr>".encode("utf-16"), "a web page (HTML)"),
        (b"<!-- saved -->\n<Table border=1>", "a web page (HTML)"),
        (b"<table><!-- x --><row></table>"[:7], "a web page (HTML)"),
        (b"<body><o:p>x</o:p></body>", "a web page (HTML)"),
        (b'<?xml version="1.0"?>\n\n<office:document xmlns:office="urn:oasis:names:tc:opendocument:x">', FLAT),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>', "Excel 2003"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; x", "a web archive"),
        (b"dn: CN=Jane Doe,OU=HR,DC=example,DC=com\r\nchangetype: add\r\n", "LDIF"),
        (b"version: 1\n# people\n\ndn:: Q049SsO8cmdlbg==\nobjectClass: person\n", "LDIF"),
        (b"dn: CN=Jane Doe,OU=A very long name,\n DC=example\nmail: j@example.com\n", "LDIF"),
        ("dn: CN=Jane\r\nmail: j@example.com\r\n".encode("utf-16"), "LDIF"),
        (b"INSERT INTO `workers` (`WorkerID`) VALUES ('00017');\n", "a script of a database"),
        (b"-- PostgreSQL database dump\n--\n\nSET x = 0;\nCOPY hr.worker (id, name) FROM stdin;\n", "a script"),
        (b"/* made by hand */\nCREATE TABLE worker (id int);\n", "a script of a database"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "a list of contacts (vCard)"),
        (b"BEGIN:VCALENDAR\r\n", "a calendar"),
        (b"Received: from a by b; Mon\r\n\tid 1\r\nFrom: HR <hr@example.com>\r\n", "an e-mail message"),
        (b"X-Sender: hr@example.com\nSubject: List\nTo: it@example.com\n\nHello\n", "an e-mail message"),
        (b"From hr@example.com Mon Nov 02 06:00:00 2026\nSubject: List\nDate: Mon\n", "an e-mail message"),
        (b"ISA*00*          *00*          *ZZ*SENDER", "an EDI message (X12"),
        (b"UNA:+.? 'UNB+UNOC:3+SENDER", "an EDI message (EDIFACT)"),
        (b"UNB+UNOC:3+SENDER", "an EDI message (EDIFACT)"),
        (b"EDI_DC40  100000000000012345", "an IDoc of SAP"),
        (b"ID;PWXL;N;E\r\nP;PGeneral\r\n", "a sheet in SYLK"),
        (b'TABLE\r\n0,1\r\n"EXCEL"\r\n', "a sheet in DIF"),
        (b'{| class="wikitable"\n! WorkerId !! Name\n|-\n| 1 || Jane\n|}\n', "a table of a wiki page"),
        (b"% people\n\\begin{tabular}{l|l}\nId & ZipCode \\\\\n", "a document in LaTeX"),
        (b"// people\n[\n  {WorkerID: '00017'},\n]\n", "JSON with comments (JSON5 or JSONC)"),
        (b'/* of * today */ // all\n{"people": [{"WorkerID": "00017"}]}', "JSON with comments (JSON5 or JSONC)"),
        (b'# people\n[[worker]]\nid = "00017"\n', "a file of settings (TOML or INI)"),
        (b"[people]\n[worker.00017] # Jane\r\n; her name\r\nName=Jane\r\n", "a file of settings (TOML or INI)"),
        (b"\x00\x01\x00\x00Standard ACE DB\x00\x02", "a database (Access)"),
        (b"\x03\x7e\x0b\x1d\x01\x00\x00\x00\x41\x00\x20\x00" + bytes(20) + b"ID" + bytes(30) + b"\r", "(dBASE)"),
    ],
)
def test_what_holds_no_list_is_named(data: bytes, what: str) -> None:
    assert what in refusal(data, PASSWORD)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        CSV,
        "Ärzte;Übung\n1;2\n".encode("cp1252"),
        "Ãxternal,Ánother\n".encode("cp1252"),
        "£pay,x\n".encode("cp1252"),
        "Id\tName\r\n".encode("utf-16"),
        "£d\tName\r\n".encode("utf-16-le"),
        b'{"Report_Entry": []}',
        b'<?xml version="1.0"?><wd:Report_Data xmlns:wd="x"/>',
        b"<Tables/>",
        b'<table xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n\n<row>\n  <id>1</id>\n</row>\n\n</table>',
        b"<body><employee><id>1</id></employee></body>",
        b"METADATA|Worker|PersonNumber\n",
        b"BZh,MZ,PK\n",
        b'DN,objectClass,sAMAccountName\n"CN=Jane",user,jane\n',
        b"dn: ,name\n",
        b'Set,Name\n1,"insert into"\n',
        b"-- Workers --\nId,Name\n",
        b"From,To,Subject\n1,2,3\n",
        b"Date: 2026-11-01\nId,Name\n1,Jane\n",
        b"Begin,End\n",
        b"ID;Personal;Name\n1;P;Jane\n",
        b"Table\n0,17\n",
        b"ISA,Name\n",
        b'[{"Id": "1"}]\n',
        b"[1]\n[2]\n",
        b"[Id]\t[Name]\n1\ta=b\n",
        b"[Workers]\nId;Name\n1;a=b\n",
        b"{|}Id|Name\n1|Jane\n",
        b"# people\nsep=;\n[Id];[Name]\n1;Jane\n",
        b"# people\nDate=2026-11-30\nId,Name\n1,Jane\n[end]\n",
        b"[Header]\nDate=2026-11-30\n\nId,Name\n1,Jane\n",
    ],
)
def test_text_is_handed_on_as_it_is(data: bytes) -> None:
    assert read(data, NO_HINTS) == ((), data)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_damaged_office_files_give_sentences_and_nothing_else(data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from([_PROTECTED, ole("Workbook"), ole("EncryptedPackage")])))
    for _ in range(data.draw(st.integers(1, 4))):
        sample[data.draw(st.integers(0, min(len(sample) - 1, 4000)))] = data.draw(st.integers(0, 255))
    assert_bytes_or_a_sentence(bytes(sample[: data.draw(st.integers(0, len(sample)))]))


_PROTECTED = protected_workbook()


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_bytes_or_a_sentence(data: bytes) -> None:
    assert_bytes_or_a_sentence(data)


def assert_bytes_or_a_sentence(data: bytes) -> None:
    said = None
    try:
        read(data, NO_HINTS)
    except RollcallError as error:
        said = error
    assert said is None or said.__context__ is None  # a library's complaint may hold a piece of the file
