"""gzip and zip: bytes in, bytes out, or a sentence why not."""

from __future__ import annotations

import gzip
import io
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator

import pytest
import pyzipper  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ExtractRefused, RollcallError
from shared.mapping.format import FormatHints
from shared.readers.unpack import Unpacked, open_layers
from shared.readers.unpack.limits import UnpackLimits

CSV = b"Id,Name\r\n1,Ada\r\n2,Bob\r\n"
NO_HINTS = FormatHints()
PASSWORD = FormatHints(password="zip-password")


def vault(name: str) -> str:
    return {"zip-password": "geheim ü", "wrong": "nope"}[name]


def pieces(data: bytes, size: int = 65536) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def opened(data: bytes, hints: FormatHints = NO_HINTS, size: int = 65536) -> tuple[Unpacked, bytes]:
    unpacked = open_layers(pieces(data, size), hints, vault)
    return unpacked, b"".join(unpacked.chunks)


def refusal(data: bytes, hints: FormatHints = NO_HINTS, limits: UnpackLimits | None = None) -> str:
    with pytest.raises(ExtractRefused) as refused:
        b"".join(open_layers(pieces(data), hints, vault, limits=limits).chunks)
    return str(refused.value)


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def cut_off(*names: str) -> bytes:
    """The first half of an archive: without its directory."""
    return zipped(*((name, random.Random(7).randbytes(400)) for name in names), method=zipfile.ZIP_STORED)[:900]


@pytest.mark.parametrize(
    "names",
    [
        ("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
        ("docProps/app.xml", "docProps/core.xml", "xl/worksheets/sheet1.xml"),
        ("xl/_rels/workbook.xml.rels", "xl/workbook.xml", "[Content_Types].xml"),
    ],
)
def test_half_a_workbook_is_called_a_workbook(names: tuple[str, ...]) -> None:
    assert refusal(cut_off(*names)) == "The workbook is damaged (cut off?). Save it again and drop it."


@pytest.mark.parametrize("names", [("people.csv", "xl/workbook.xml"), ("_rels/.rels", "word/document.xml", "x")])
def test_half_an_archive_of_something_else_is_called_an_archive(names: tuple[str, ...]) -> None:
    assert refusal(cut_off(*names)) == (
        "The zip archive is damaged or the upload was cut off. Make it again and drop it again."
    )


def locked(content: bytes, password: str = "geheim ü") -> bytes:
    target = io.BytesIO()
    with pyzipper.AESZipFile(target, "w", zipfile.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        archive.writestr("workers.csv", content)
    return target.getvalue()


def classic(content: bytes, password: bytes) -> bytes:
    """A zip archive in the old way of encryption, which the standard library reads but does not write."""
    table = [0] * 256
    for number in range(256):
        value = number
        for _ in range(8):
            value = (value >> 1) ^ 0xEDB88320 if value & 1 else value >> 1
        table[number] = value
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = (keys[0] >> 8) ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = (keys[2] >> 8) ^ table[(keys[2] ^ (keys[1] >> 24)) & 0xFF]

    for byte in password:
        update(byte)
    crc = zlib.crc32(content)
    encrypted = bytearray()
    for byte in bytes(11) + bytes([crc >> 24]) + content:
        key = keys[2] | 2
        encrypted.append(byte ^ ((key * (key ^ 1)) >> 8 & 0xFF))
        update(byte)
    common = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 33, crc, len(encrypted), len(content), 5, 0)
    local = b"PK\x03\x04" + common + b"a.csv" + bytes(encrypted)
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"a.csv"
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


@given(content=st.binary(max_size=3000), size=st.integers(1, 700), level=st.sampled_from([0, 1, 9]))
@settings(max_examples=60, deadline=None)
def test_gzip_is_unpacked_whatever_the_chunks(content: bytes, size: int, level: int) -> None:
    content = b"Id," + content
    unpacked, data = opened(gzip.compress(content, level), size=size)
    assert (unpacked.layers, data) == (("gzip",), content)


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_members_of_a_gzip_archive_follow_each_other_and_padding_is_no_matter(size: int) -> None:
    data = gzip.compress(CSV) + gzip.compress(b"") + gzip.compress(b"3,Cy\r\n") + bytes(50)
    assert opened(data, size=size)[1] == CSV + b"3,Cy\r\n"


def test_a_gzip_archive_bigger_than_a_chunk_is_complete() -> None:
    content = random.Random(1).randbytes(300_000) + bytes(200_000)
    assert opened(gzip.compress(b"Id," + content))[1] == b"Id," + content


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 20, 30])
def test_a_gzip_archive_that_was_cut_off_is_refused(cut: int) -> None:
    assert "cut off" in refusal(gzip.compress(CSV)[:-cut])


def test_a_damaged_gzip_archive_is_refused() -> None:
    data = bytearray(gzip.compress(CSV))
    data[-6] ^= 1
    assert "damaged" in refusal(bytes(data))
    assert "damaged" in refusal(gzip.compress(CSV) + b"and more")


@given(content=st.binary(max_size=3000), size=st.integers(1, 700), stored=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_zip_archive_with_one_file_is_unpacked(content: bytes, size: int, stored: bool) -> None:
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    unpacked, data = opened(zipped(("out/workers.csv", b"Id," + content), method=method), size=size)
    assert (unpacked.layers, unpacked.name, data) == (("zip",), "workers.csv", b"Id," + content)


def test_leftovers_of_other_systems_are_ignored() -> None:
    data = zipped(
        ("out/", b""),
        ("out/workers.csv", CSV),
        ("__MACOSX/out/._workers.csv", b"x"),
        ("out/._workers.csv", b"x"),
        ("out/.DS_Store", b"x"),
        ("Thumbs.db", b"x"),
        ("desktop.ini", b"x"),
        ("out/~$workers.csv", b"x"),
        ("out/.~lock.workers.csv#", b"x"),
    )
    assert opened(data)[1] == CSV


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("workers.trg", b""),
        ("out/DONE", b""),
        ("workers.csv.md5", b"d41d8cd98f00b204e9800998ecf8427e  workers.csv\n"),
        ("workers.sha256", b"x"),
        ("SHA256SUMS", b"x"),
        ("checksums.txt", b"x"),
        ("manifest.json", b'{"files": ["workers.csv"]}'),
        ("META-INF/MANIFEST.MF", b"x"),
        ("workers_manifest.xml", b"<x/>"),
    ],
)
def test_what_programs_put_beside_a_list_is_passed_over(name: str, content: bytes) -> None:
    for files in ([(name, content), ("workers.csv", CSV)], [("workers.csv", CSV), (name, content)]):
        unpacked, data = opened(zipped(*files))
        assert (unpacked.name, data, list(unpacked.notes)) == ("workers.csv", CSV, [])


def test_an_empty_list_beside_a_list_is_not_passed_over() -> None:
    assert "2 files" in refusal(zipped(("workers.csv", CSV), ("more.csv", b"")))
    assert opened(zipped(("workers.csv", b"")))[1] == b""


def test_a_list_with_the_name_of_a_manifest_is_read_where_there_is_no_other() -> None:
    assert opened(zipped(("manifest.json", b"[]"), ("done.trg", b"")))[1] == b"[]"


@pytest.mark.parametrize("name", ["../workers.csv", "a/../../b.csv", "/etc/x.csv", "C:/x.csv", "C:x.csv", "..\\x.csv"])
def test_names_that_point_outside_are_refused(name: str) -> None:
    assert "points outside" in refusal(zipped(("workers.csv", CSV), (name, CSV)))


def of_mode(mode: int, name: str = "workers.csv", content: bytes = CSV) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.create_system = 3  # Unix
        info.external_attr = mode << 16
        archive.writestr(info, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("mode", "what"),
    [(0o120777, "a link"), (0o020600, "a device"), (0o060600, "a device"), (0o140600, "a socket")],
)
def test_links_and_devices_are_refused(mode: int, what: str) -> None:
    assert refusal(of_mode(mode, content=b"/etc/passwd")) == (
        f"The zip archive holds {what} instead of a file. Put the list itself into it and drop it again."
    )


# As Info-ZIP does of what comes through a pipe, with the name `-`; as 7-Zip does; as archives have it from elsewhere.
@pytest.mark.parametrize("mode", [0o010600, 0o010660, 0o100644, 0o644, 0])
@pytest.mark.parametrize("name", ["-", "workers.csv"])
def test_what_came_through_a_pipe_is_read(mode: int, name: str) -> None:
    unpacked, content = opened(of_mode(mode, name))
    assert (content, unpacked.layers, unpacked.name) == (CSV, ("zip",), name)


def test_folders_are_passed_over_whatever_their_names() -> None:
    assert "holds no file" in refusal(of_mode(0o040755, "out", b""))


def test_an_archive_without_a_file_is_refused() -> None:
    assert "holds no file" in refusal(zipped(("out/", b""), ("__MACOSX/._x", b"")))
    assert "holds no file" in refusal(zipped())


@pytest.mark.parametrize("cut", [1, 10, 30, 100])
def test_a_zip_archive_that_was_cut_off_is_refused(cut: int) -> None:
    assert "damaged" in refusal(zipped(("workers.csv", CSV))[:-cut])


def test_a_zip_archive_with_a_wrong_checksum_is_refused() -> None:
    data = zipped(("workers.csv", CSV), method=zipfile.ZIP_STORED).replace(b"Ada", b"Ida")
    assert "damaged" in refusal(data)


def test_methods_that_could_grow_without_bounds_are_refused() -> None:
    assert "unusual way" in refusal(zipped(("workers.csv", CSV), method=zipfile.ZIP_BZIP2))
    assert "unusual way" in refusal(zipped(("workers.csv", CSV), method=zipfile.ZIP_LZMA))


@pytest.mark.parametrize("last", [b"2,Bob\r\n", b"2,Bob"])
def test_numbered_parts_with_one_header_are_one_list(last: bytes) -> None:
    first = b"\xef\xbb\xbfId,Name\r\n1,Ada\r\n"
    data = zipped(("w_part2.csv", b"Id,Name\r\n10,Cy\r\n"), ("w_part1.csv", first + last), ("__MACOSX/._x", b"\0"))
    unpacked, content = opened(data)
    assert content == first + b"2,Bob\r\n10,Cy\r\n"
    assert unpacked.name == "w_part1.csv"
    assert "w_part1.csv, then w_part2.csv" in unpacked.notes[0]


def test_parts_are_ordered_by_number() -> None:
    files = [(f"2026-11-02/w{number}.csv", b"Id\n%d\n" % number) for number in (10, 9, 1, 2, 3, 8, 7, 4, 6, 5)]
    assert opened(zipped(*files))[1] == b"Id\n" + b"".join(b"%d\n" % number for number in range(1, 11))


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ((("w1.csv", CSV), ("w3.csv", CSV)), "gap"),
        ((("w2.csv", CSV), ("w3.csv", CSV)), "gap"),
        ((("a.csv", CSV), ("b.csv", CSV)), "which one counts"),
        ((("w1.csv", CSV), ("w2.txt", CSV)), "which one counts"),
        ((("w1-1.csv", CSV), ("w2-2.csv", CSV)), "which one counts"),
        ((("w1.csv", CSV), ("w2.csv", b"Id,Surname\r\n3,Cy\r\n")), "same header"),
        ((("w1.csv", b'{"Id": 1}'), ("w2.csv", b'{"Id": 1}')), "same header"),
        ((("w1.csv", "Id\r\n".encode("utf-16")), ("w2.csv", "Id\r\n".encode("utf-16"))), "same header"),
        ((("w1.csv", b'Id\n"1\n'), ("w2.csv", b"Id\n2\n")), "within quotation marks"),
    ],
)
def test_other_files_in_one_archive_are_refused(files: tuple[tuple[str, bytes], ...], why: str) -> None:
    assert why in refusal(zipped(*files))


def test_two_lists_in_one_archive_are_to_become_one_and_not_two_files() -> None:
    assert refusal(zipped(("employees.csv", CSV), ("leavers.csv", CSV))) == (
        "The archive holds 2 files (employees.csv, leavers.csv) and nobody can tell which one counts. Put everybody "
        "into one file, leavers too, and drop that; or, if one of them is the whole list, drop it alone. Only files "
        "with nothing but changes are dropped one by one, the oldest first."
    )


def test_parts_with_a_trailer_are_refused() -> None:
    data = zipped(("w1.csv", CSV), ("w2.csv", CSV))
    assert "trailer" in refusal(data, FormatHints(trailer="TRL"))


@pytest.mark.parametrize("size", [1, 65536])
def test_header_lines_of_parts_may_end_at_the_end_of_a_chunk(size: int) -> None:
    data = zipped(("w1.csv", b"Id\r\n1\r\n"), ("w2.csv", b"Id\r\n"), ("w3.csv", b"Id\r\n2\r\n"), ("w4.csv", b"Id"))
    assert opened(data, size=size)[1] == b"Id\r\n1\r\n2\r\n"


@pytest.mark.parametrize("data", [locked(CSV), classic(CSV, "geheim ü".encode())], ids=["aes", "classic"])
def test_a_protected_archive_is_opened_with_the_password_of_the_vault(data: bytes) -> None:
    assert opened(data, PASSWORD)[1] == CSV
    assert "no password is set" in refusal(data)
    assert "the password in the vault is not the one" in refusal(data, FormatHints(password="wrong"))
    with pytest.raises(ExtractRefused, match="no password is set"):
        open_layers([data], PASSWORD, None)


def test_the_vault_is_only_asked_if_the_archive_is_protected() -> None:
    assert opened(zipped(("a.csv", CSV)), FormatHints(password="unknown"))[1] == CSV


def test_two_archives_within_each_other_are_opened_and_three_are_not() -> None:
    inner = zipped(("workers.csv", CSV))
    assert opened(gzip.compress(inner))[0].layers == ("gzip", "zip")
    assert opened(zipped(("a.zip", inner)))[1] == CSV
    assert "archive within an archive" in refusal(zipped(("b.zip", zipped(("a.zip", inner)))))


def test_an_archive_that_grows_too_much_is_refused_early() -> None:
    # Before a single row of it is worked on.
    for bomb in (gzip.compress(bytes(30_000_000)), zipped(("workers.csv", bytes(30_000_000)))):
        with pytest.raises(ExtractRefused, match="200 times"):
            open_layers(pieces(bomb, 512), NO_HINTS, vault)
    assert "200 times" in refusal(zipped(("a.zip", zipped(("workers.csv", bytes(30_000_000))))))


def test_the_ratio_counts_over_all_layers() -> None:
    content = bytes(50_000)
    once = gzip.compress(content)
    twice = gzip.compress(once)
    assert len(content) / len(once) < 700 < len(content) / len(twice)
    assert opened(once)[1] == content  # within the bytes that are free
    limits = UnpackLimits(free=0, ratio=700)
    assert b"".join(open_layers([once], NO_HINTS, vault, limits=limits).chunks) == content
    assert "700 times" in refusal(twice, limits=limits)


def test_the_total_and_the_number_of_files_are_limited() -> None:
    small = UnpackLimits(total=1000, entries=3)
    assert "1,000 bytes" in refusal(gzip.compress(CSV * 100), limits=small)
    assert "1,000 bytes" in refusal(zipped(("w.csv", random.Random(1).randbytes(2000))), limits=small)
    assert "at most 3" in refusal(zipped(*((f"{number}.csv", b"") for number in range(4))), limits=small)


def test_a_directory_that_claims_to_be_huge_is_not_read() -> None:
    names = [(f"{number:0200}", b"") for number in range(5000)]
    assert "far too many files" in refusal(zipped(*names))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_gives_sentences_and_nothing_else(data: st.DataObject) -> None:
    samples = [
        gzip.compress(CSV, mtime=0),
        zipped(("workers.csv", CSV)),
        zipped(("w1.csv", CSV), ("w2.csv", CSV)),
        locked(CSV),
        classic(CSV, b"x"),
    ]
    sample = bytearray(data.draw(st.sampled_from(samples)))
    for _ in range(data.draw(st.integers(1, 4))):
        sample[data.draw(st.integers(0, len(sample) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(sample)))
    said = None
    try:
        unpacked = open_layers(pieces(bytes(sample[:cut])), PASSWORD, vault)
        assert sum(map(len, unpacked.chunks)) < 10_000
    except RollcallError as error:
        said = error
    if said:
        assert "Ada" not in str(said)
        assert said.__context__ is None  # a library's complaint may hold a piece of the file


def test_faults_of_the_source_are_not_taken_for_damage() -> None:
    def broken() -> Iterator[bytes]:
        yield zipped(("workers.csv", CSV))[:40]
        raise OSError("the connection went away")

    with pytest.raises(OSError, match="connection"):
        b"".join(open_layers(broken(), NO_HINTS, None).chunks)


def test_a_plain_file_is_read_without_what_opens_archives() -> None:
    code = (
        "import sys; from shared.readers.unpack import open_layers; from shared.mapping.format import FormatHints; "
        "print(*open_layers([b'Id'], FormatHints(), None).chunks, 'pyzipper' in sys.modules, 'olefile' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["b'Id'", "False", "False"]
