"""XML as HR systems write it, as a stream: bytes in, rows out.

Names are compared without their prefix, so that a namespace that contains the report's name does no harm. The record is
the element that `format.path` names (`Report_Data/Report_Entry`; the outermost element may be left out), else
`Report_Entry` (Workday) or `G_1` (Oracle BI Publisher), else the element with children or attributes that is repeated
and nearest to the outside, judged by the first MiB of the file; two that are equal are refused. A document without a
repeated element holds one record. People at another place refuse the file, unless `format.path` chooses; see `others`.

A record is one row: `number` counts records from 1 (there is no header row), `line` is the physical line on which its
start tag stands. How a wanted path finds its value in a record is in `paths`; values are not changed, dates keep their
offset. A repeated element gives one text, as a list in JSON does.

The bytes decide the encoding: a byte order mark before the XML declaration, the declaration before UTF-8. A document
type declaration is refused before anything in it is read: there is no entity to expand and no file to open. So are
records of more than 1 MiB, nesting deeper than 64 levels and everything that is not XML. Memory does not grow with the
file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.decoding import DecodedText, with_line_feeds
from shared.readers.documents.columns import Columns
from shared.readers.documents.others import Others
from shared.readers.documents.paging import Pages
from shared.readers.documents.paths import Value
from shared.readers.documents.xml_records import Records
from shared.readers.documents.xml_survey import Survey
from shared.readers.table import BadRow, Form, Table

_HEAD = 1024 * 1024  # characters that are read to find the record element
_BLOCK = 65536  # characters that go to the parser at a time; it starts again at a token that is not complete
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_SAFE = re.compile(r"iso8859-\d+|cp125\d|koi8-[rut]|gb18030|gbk|gb2312|shift_jis|cp932|euc_jp|euc_kr|cp949|big5")


# Many parameters: what the mapping says of the columns, each kind by itself.
def open_xml(
    chunks: Iterable[bytes],
    hints: FormatHints,
    wanted: Sequence[str],
    *,
    optional: Collection[str] = (),
    days: Collection[str] = (),
    names: Collection[str] = (),
) -> Table:
    """Opens an XML document.

    Args:
        chunks: the file's bytes, in pieces of any size.
        hints: `path` (names of elements with slashes or dots between them) and `encoding` are used.
        wanted: paths into a record; they are the header of the table.
        optional: those of them that may be missing in every record. Workday leaves empty fields out of XML, so a
            column that is often empty for everybody in the file belongs here.
        days: those of them that a reader of days looks at: `/Date(ms)/` stays as it is there, and is made
            ISO 8601 everywhere else.
        names: those of them by which somebody is called: several values are a fault there, which a known name mends.

    Returns:
        The table; its cells are in the order of `wanted`, empty where a record has nothing.

    Raises:
        ExtractRefused: now or while the rows are read, when the file as a whole cannot be used.
    """
    text = DecodedText(chunks, hints.encoding)
    _declare(text)
    blocks = _blocks(with_line_feeds(text.pieces()))
    columns, pages, notes = Columns(wanted, optional, days=days, names=names, xml=True), Pages(), text.notes
    others = Others(columns, notes, chosen_by_it=hints.path is not None, between="/")
    head, complete = _head(blocks)
    path = tuple(part for part in re.split(r"[./]", hints.path) if part) if hints.path else None
    survey = Survey()
    if path is None:
        survey.read(head, complete=complete)
        path = survey.place if survey.place or not complete else _single(head, columns)

    def rows() -> Iterator[Row | BadRow]:
        records = Records(path, pages, survey if survey.guessed else None, others)
        count = 0
        for block in chain(head, blocks, [None]):
            for line, record in records.feed(block):
                count += 1
                yield columns.row(record, count, line)
        records.check(count)
        others.check(path)
        pages.check(count)
        notes.extend(pages.notes(count))
        columns.check()
        table.renamed.update(columns.renamed())
        notes.extend(columns.notes())

    table = Table(Form("xml", text.encoding, text.bom, "", "", ""), tuple(wanted), rows(), notes)
    return table


def _declare(text: DecodedText) -> None:
    """Takes the encoding from the XML declaration, if the bytes leave a choice."""
    declared = _DECLARED.match(text.head)
    if not declared:
        return
    name = declared[1].decode("ascii")
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = ""
    if _SAFE.fullmatch(codec):
        text.use(codec)
    elif codec not in {"utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be", "utf-32"}:
        raise ExtractRefused(
            f"The document declares the encoding '{name}', which is not known here. Export it again in UTF-8.", line=1
        )


def _blocks(pieces: Iterator[str]) -> Iterator[str]:
    parts: list[str] = []
    size = 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield "".join(parts)
            parts, size = [], 0
    if parts:
        yield "".join(parts)


def _head(blocks: Iterator[str]) -> tuple[list[str], bool]:
    """The first MiB, and whether that is all. What is wrong with bytes behind it shows when they are read."""
    head: list[str] = []
    size = 0
    for block in blocks:
        head.append(block)
        size += len(block)
        if size > _HEAD:
            return head, False
    return head, True


def _single(head: Sequence[str], columns: Columns) -> tuple[str, ...]:
    """Where the only record of a complete document is; a place that does not exist if nobody is in it."""
    records = Records((), Pages(), None)
    tree: Value = None
    for block in [*head, None]:
        tree = next((record for _, record in records.feed(block)), tree)
    nodes = list(_elements(tree, (records.outermost,)))
    scores = [columns.seen(node) for _, node in nodes]
    if any(scores):
        return nodes[scores.index(max(scores))][0]
    children = [place for place, _ in nodes if len(place) == 2]
    if len(children) > 1:
        names = " and ".join(f"'{'/'.join(place)}'" for place in children[:5])
        raise ExtractRefused(
            f"The document has several parts that may be the record: {names}. Nothing of the file was used. Ask IT to "
            "choose one with `format.path`."
        )
    return children[0] if children else (records.outermost, "*")


def _elements(value: Value, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Value]]:
    if isinstance(value, dict):
        yield place, value
        for name, child in value.items():
            yield from _elements(child, (*place, name))
