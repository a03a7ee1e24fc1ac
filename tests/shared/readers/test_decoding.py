"""Bytes to lines: which encoding, and where it does not fit."""

from __future__ import annotations

import codecs
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.readers.decoding import BLOCK
from shared.readers.physical_lines import PhysicalLines
from shared.readers.text import open_delimited

TEXT = "Id\tName\r\n1\tJürgen Groß\r\n2\tŁukasz 😀\r\n"


def lines_of(data: bytes, code_page: str | None = None, size: int = 65536) -> tuple[str, bool, list[str]]:
    lines = PhysicalLines((data[at : at + size] for at in range(0, len(data), size)), code_page)
    return lines.text.encoding, lines.text.bom, list(lines)


def refusal_of(data: bytes, code_page: str | None = None, size: int = 65536) -> tuple[str, int | None]:
    with pytest.raises(ExtractRefused) as refused:
        lines_of(data, code_page, size)
    return str(refused.value), refused.value.line


@pytest.mark.parametrize("size", [1, 3, 65536])
@pytest.mark.parametrize("code_page", [None, "windows-1252"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_unicode_is_recognised_whatever_the_mapping_says(
    mark: bytes, encoding: str, code_page: str | None, size: int
) -> None:
    assert lines_of(mark + TEXT.encode(encoding), code_page, size) == (
        encoding,
        bool(mark),
        TEXT.splitlines(keepends=True),
    )


@pytest.mark.parametrize(
    ("code_page", "name", "text"),
    [
        ("windows-1252", "cp1252", "Id;Name\r\n1;Zoë O\u2019Brien Groß\r\n"),
        ("ISO-8859-2", "iso8859-2", "Id;Name\n1;Łukasz\n"),
        ("cp850", "cp850", "Id;Name\n1;Müller\n"),
        ("shift_jis", "shift_jis", "Id;Name\n1;山田\n"),
        ("cp037", "cp037", "Id;Name\n1;Müller\n"),
        ("utf-16", "utf-16-le", "山田太郎\n"),
    ],
)
@pytest.mark.parametrize("size", [1, 65536])
def test_a_declared_code_page_is_used(code_page: str, name: str, text: str, size: int) -> None:
    assert lines_of(text.encode(name), code_page, size) == (name, False, text.splitlines(keepends=True))


@pytest.mark.parametrize(("last", "encoding"), [("Jürgen", "cp1252"), ("Jürgen", "utf-8")])
def test_the_first_letters_beyond_ascii_decide_however_far_down_they_are(last: str, encoding: str) -> None:
    ascii_lines = ["Id,Name\n", *[f"{number},Ann\n" for number in range(300_000)]]
    data = "".join(ascii_lines).encode() + f"x,{last}\n".encode(encoding)
    found, _, lines = lines_of(data, "windows-1252")
    assert (found, lines) == (encoding, [*ascii_lines, f"x,{last}\n"])


@pytest.mark.parametrize("last", ["Â", "é", "ð\x9f"])  # in UTF-8 their bytes would begin a character
@pytest.mark.parametrize("size", [1, 65536])
def test_a_file_in_the_declared_code_page_may_end_in_any_letter(last: str, size: int) -> None:
    data = b"Id,Name\n1," + last.encode("latin-1")
    assert lines_of(data, "latin-1", size) == ("iso8859-1", False, ["Id,Name\n", f"1,{last}"])


@pytest.mark.parametrize(("encoding", "name"), [("utf-8", "utf-8"), ("latin-1", "iso8859-1")])
def test_a_letter_that_goes_on_in_the_next_block_decides_too(encoding: str, name: str) -> None:
    begin = "x" * (BLOCK - 2) + "\n"
    assert lines_of((begin + "Âl\n").encode(encoding), "latin-1") == (name, False, [begin, "Âl\n"])


def test_only_ascii_is_the_declared_code_page() -> None:
    assert lines_of(b"a,b\n1,2\n", "windows-1252") == ("cp1252", False, ["a,b\n", "1,2\n"])


ADVICE = (
    "If the export is in a Windows code page, IT sets format.encoding in the mapping; otherwise export the list again "
    "in UTF-8 and drop that file."
)
CUT_OFF = "the upload was cut off. Drop the complete file again."


@pytest.mark.parametrize(
    ("data", "code_page", "sentence", "line"),
    [
        (
            b"",
            None,
            (
                "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; otherwise "
                "drop the complete file again."
            ),
            None,
        ),
        (
            b"a,b\n1,2\n\n3,J\xfcrgen\n",
            None,
            f"The file is not in UTF-8: line 4 holds the byte 0xFC. {ADVICE}",
            4,
        ),
        (
            codecs.BOM_UTF8 + b"a\r3,J\xfcrgen\n",
            "cp1252",
            f"The file is not in UTF-8: line 2 holds the byte 0xFC. {ADVICE}",
            2,
        ),
        (
            b"a,b\n1,\xc3\xbc\n3,J\xfcrgen\n" + b"x" * BLOCK + b"\n\xfc",
            "cp1252",
            "",
            None,
        ),
        (
            b"a,b\n1,\xc3\xbc\n" + (b"x" * 99 + b"\n") * 1000 + b"\xfc\n",
            "cp1252",
            (
                "The file begins in UTF-8, but line 1003 holds the byte 0xFC: two encodings are mixed in it. To mend "
                "it, export the list again in UTF-8 and drop that file."
            ),
            1003,
        ),
        (
            b"a,b\n1,\x81\xff\n",
            "windows-1252",
            (
                "The file is not in windows-1252, as the mapping says: line 2 holds the byte 0x81, which stands for "
                "nothing there. IT corrects format.encoding in the mapping."
            ),
            2,
        ),
        (
            b"\xff\xfea\x00\n\x00\x00\xdca\x00\n\x00",
            None,
            (
                "The file is in UTF-16-LE, but line 2 holds the byte 0x00, which does not fit: export the list again "
                "in UTF-8 and drop that file."
            ),
            2,
        ),
        (b"a,b\n1,J\xc3", None, f"The file ends in the middle of a character on line 2: {CUT_OFF}", 2),
        (b"\xff\xfea\x00\n\x00b", None, f"The file ends in the middle of a character on line 2: {CUT_OFF}", 2),
        (
            b"a,b\n",
            "windows-1525",
            (
                "The mapping says that the file's encoding is 'windows-1525', but there is no such encoding. IT "
                "corrects format.encoding in the mapping."
            ),
            None,
        ),
        (
            b"a,b\n",
            "rot13",
            (
                "The mapping says that the file's encoding is 'rot13', but there is no such encoding. IT "
                "corrects format.encoding in the mapping."
            ),
            None,
        ),
        (
            bytes(range(256)),
            "latin-1",
            (
                "This is not a text file. If it is meant to be one, export the list again as CSV in UTF-8 and drop "
                "that file."
            ),
            None,
        ),
    ],
)
def test_bytes_that_are_no_text_refuse_the_file(
    data: bytes, code_page: str | None, sentence: str, line: int | None
) -> None:
    if not sentence:  # the first block decides as a whole: it is no UTF-8, so it is the code page
        assert lines_of(data, code_page)[0] == "cp1252"
        return
    assert refusal_of(data, code_page) == (sentence, line)
    assert refusal_of(data, code_page, size=7) == (sentence, line)


@settings(max_examples=40, deadline=None)
@given(before=st.integers(1, 4000), end=st.sampled_from([b"\n", b"\r\n", b"\r"]), size=st.integers(1, 9000))
def test_the_line_of_a_byte_that_is_not_utf_8_is_exact(before: int, end: bytes, size: int) -> None:
    data = b"Id,Name" + end + (b"1,Ann" + end) * (before - 1) + b"2,J\xfcrgen" + end + b"3,Bob" + end
    assert refusal_of(data, size=size)[1] == before + 1


@settings(max_examples=100, deadline=None)
@given(
    text=st.text(st.sampled_from("ab\r\n\x85\u2028ü😀"), max_size=40),
    encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_lines_are_the_text_in_any_chunking(text: str, encoding: str, sizes: list[int]) -> None:
    data = ("\ufeff" + "Id\n" + text).encode(encoding)
    ends = list(itertools.accumulate(itertools.islice(itertools.cycle(sizes), len(data))))
    lines = list(PhysicalLines(data[start:end] for start, end in itertools.pairwise([0, *ends])))
    assert "".join(lines) == "Id\n" + text
    assert all(line.rstrip("\r\n") == line.replace("\r", "").replace("\n", "") for line in lines)


def test_a_look_ahead_takes_nothing_away() -> None:
    lines = PhysicalLines([b"a\nb\nc\n"])
    assert (lines.peek(2), lines.peek(9), list(lines)) == (["a\n", "b\n"], ["a\n", "b\n", "c\n"], ["a\n", "b\n", "c\n"])


def test_a_file_in_another_encoding_than_the_mapping_says_is_noted() -> None:
    table = open_delimited([("\ufeffId,Name\n1,ü\n").encode("utf-16-le")], FormatHints(encoding="cp1252"), ["Id"])
    assert table.notes == ["The file is in UTF-16-LE, not in cp1252 as the mapping says."]


def test_a_file_that_turns_into_utf_16_further_down_is_refused() -> None:
    data = b"Id,Name\n" + b"1,Ann\n" * 999 + "".join(f"{number},Bob\n" for number in range(99)).encode("utf-16-le")
    with pytest.raises(ExtractRefused, match="From line 1001 on the file is no text, or in UTF-16") as refused:
        list(PhysicalLines([data]))
    assert refused.value.line == 1001
