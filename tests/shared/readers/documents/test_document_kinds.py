"""What a file is, from its first bytes; and that no bytes at all make a reader stumble."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.model import Row
from shared.readers.documents import looks_like_hdl, looks_like_json, looks_like_xml
from shared.readers.table import BadRow
from tests.shared.readers.documents.opening import HDL, JSON, XML, Reader


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ('{"a": 1}', "json"),
        ("\n [1]", "json"),
        ("<?xml version='1.0'?>", "xml"),
        ("\r\n<html>", "xml"),
        ("METADATA|Worker|PersonNumber\n", "hdl"),
        ("MERGE|Worker|1\n", "hdl"),
        ("\r\nSET PURGE_FUTURE_CHANGES N\r\nCOMMENT x\r\n\r\nMETADATA|Worker|A", "hdl"),
        ("COMMENT people of today\n", "hdl"),
        ("COMMENT,Name\n1,2\n", ""),
        ("SET Id\nMETADATA\n", ""),
        ("Id,Name\n", ""),
        ("", ""),
    ],
)
def test_the_first_bytes_tell_what_it_is(head: str, kind: str, encoding: str) -> None:
    data = head.encode(encoding)
    looks = {"json": looks_like_json(data), "xml": looks_like_xml(data), "hdl": looks_like_hdl(data)}
    assert [name for name, so in looks.items() if so] == ([kind] if kind else [])


PARTS = [
    *'{}[]":,\\ \n\r\t<>/&;|=',
    *["id", "a", "1", "null", "true", "NaN", '"id":', '{"id": 1}', '[{"id":', "d", "results", "\\u", "\\ud800"],
    *["<P>", "</P>", "<id>", "</id>", "<!DOCTYPE", "<![CDATA[", "]]>", "<!--", "-->", "&#0;", "<?xml", "xmlns:x='y'"],
    *["METADATA|", "MERGE|", "DELETE|", "Worker|", "PersonNumber", "\\|", "SET FILE_DELIMITER "],
    *["\x00", "é", "\ufeff", "\u2028", "😀"],
]


@pytest.mark.parametrize("reader", [JSON, XML, HDL], ids=lambda reader: reader.kind)
@settings(max_examples=250, deadline=None)
@given(
    data=st.binary(max_size=60)
    | st.lists(st.sampled_from(PARTS), max_size=40).map("".join).map(str.encode)
    | st.lists(st.sampled_from(PARTS), max_size=20).map("".join).map(lambda text: text.encode("utf-16")),
    encoding=st.sampled_from([None, "windows-1252", "shift_jis"]),
    path=st.sampled_from([None, "$", "d.results", "P"]),
    size=st.integers(1, 9),
)
@example(data=b"\xff\xfe", encoding=None, path=None, size=1)
@example(data=b"\xef\xbb\xbf", encoding=None, path=None, size=1)
@example(data=b"\xff\xfe\x00\x00", encoding=None, path=None, size=1)
def test_no_bytes_make_a_reader_stumble(
    reader: Reader, data: bytes, encoding: str | None, path: str | None, size: int
) -> None:
    hints = {name: value for name, value in (("encoding", encoding), ("path", path)) if value is not None}
    with suppress(ExtractRefused):
        for number, row in enumerate(reader.open(data, ["id", "a.id"], optional=["a.id"], size=size, **hints).rows, 1):
            assert isinstance(row, Row | BadRow)
            assert row.number == number
            assert len(row.cells) == 2
