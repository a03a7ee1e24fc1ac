"""XML: where the records are, and what refuses a file."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.documents import open_xml
from shared.readers.open_extract import Reading, open_extract
from shared.readers.table import BadRow, Form
from tests.shared.readers.documents.opening import XML

REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<wd:Report_Data xmlns:wd="urn:com.workday.report/People">
<wd:Report_Entry><wd:Employee_ID>007</wd:Employee_ID><wd:Name>Jürgen &amp; Söhne</wd:Name>
<wd:Manager wd:Descriptor="A. Boss"><wd:ID wd:type="WID">f00</wd:ID><wd:ID wd:type="Employee_ID">001</wd:ID>
</wd:Manager><wd:Hired>2013-01-01-08:00</wd:Hired></wd:Report_Entry>
<wd:Report_Entry><wd:Employee_ID>001</wd:Employee_ID><wd:Name><![CDATA[<Boss>]]></wd:Name><wd:Hired/></wd:Report_Entry>
</wd:Report_Data>
"""
WANTED = ["Employee_ID", "Name", "Manager/ID[type=Employee_ID]", "Manager@Descriptor", "Hired"]
PEOPLE: list[tuple[str, ...] | str] = [
    ("007", "Jürgen & Söhne", "001", "A. Boss", "2013-01-01-08:00"),
    ("001", "<Boss>", "", "", ""),
]
CUT_OFF = "the upload was cut off. Drop the complete file again."
NAMED = ("nr", "name", "mail", "status")
TWO = "<id>1</id></P><P><id>2</id>"


@pytest.mark.parametrize("size", [1, 7, 65536])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_report_is_read_whatever_its_bytes_and_chunks(encoding: str, size: int) -> None:
    assert XML.cells(REPORT.encode(encoding), WANTED, size=size) == PEOPLE


def test_another_prefix_or_none_makes_no_difference() -> None:
    assert XML.cells(REPORT.replace("wd:", "r:").replace("xmlns:wd", "xmlns:r"), WANTED) == PEOPLE
    assert XML.cells(REPORT.replace("<wd:", "<").replace("</wd:", "</"), WANTED) == PEOPLE


def test_a_table_of_postgresql_is_read() -> None:
    rows = "".join(
        f'<row>\n  <id>{id_}</id>\n  <name>{name}</name>\n  <left xsi:nil="true"/>\n</row>\n\n'
        for id_, name in [("1", "Ann"), ("2", "Bob")]
    )
    text = f'<table xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n\n{rows}</table>\n'
    table = open_extract([text.encode()], ["id", "name", "left"], Reading())
    assert [row.cells for row in table.rows] == [("1", "Ann", ""), ("2", "Bob", "")]


def test_records_are_counted_from_one_and_keep_their_line_and_form() -> None:
    table = XML.open(REPORT.replace("\n", "\r\n"), ["Employee_ID"])
    assert table.form == Form("xml", "utf-8", bom=False, delimiter="", quote="", escape="")
    assert list(table.rows) == [Row(1, 3, ("007",)), Row(2, 6, ("001",))]


@pytest.mark.parametrize(
    ("document", "hints"),
    [
        (f"<Ps><P>{TWO}</P></Ps>", {}),
        (f"<DATA_DS><P_DATE>x</P_DATE><G_1>{TWO.replace('P>', 'G_1>')}</G_1></DATA_DS>", {}),
        (f"<D><LIST_G_1><G_1>{TWO.replace('P>', 'G_1>')}</G_1></LIST_G_1></D>", {}),
        (f"<A><B><C/><Ps><P>{TWO}</P></Ps></B></A>", {}),
        (f"<A><tag>a</tag><tag>b</tag><P>{TWO}</P></A>", {}),
        ('<A><P id="1"/><P id="2"/></A>', {}),
        (f"<A><Q><id>x</id></Q><Q><id>y</id></Q><P>{TWO}</P></A>", {"path": "A/P"}),
        (f"<A><Q><id>x</id></Q><Q><id>y</id></Q><P>{TWO}</P></A>", {"path": "p"}),
        (f"<A><Q><P>{TWO}</P></Q></A>", {"path": "Q.P"}),
        ("<A><Q><P><id>1</id></P></Q><Q><P><id>2</id></P></Q></A>", {"path": "/A/Q/P"}),
    ],
)
def test_the_records_are_found(document: str, hints: dict[str, str]) -> None:
    wanted = "@id" if "id=" in document else "id"
    assert XML.cells(document, [wanted], size=3, **hints) == [("1",), ("2",)]


@pytest.mark.parametrize(
    "document",
    [
        "<Report_Data><Report_Entry><id>1</id></Report_Entry></Report_Data>",
        "<Ps><P><id>1</id><Job><x/></Job></P></Ps>",
        "<A><Header><x>1</x></Header><P><id>1</id></P></A>",
        "<A><Ps><P><id>1</id></P></Ps></A>",
        "<P><id>1</id><Job><x/></Job></P>",
    ],
)
def test_one_record_may_stand_alone(document: str) -> None:
    assert XML.cells(document, ["id", "name"], optional=["name"]) == [("1", "")]


@pytest.mark.parametrize("document", ["<Report_Data/>", "<A><date>x</date></A>", '<A xmlns="urn:x">\n</A>'])
def test_a_report_may_be_empty(document: str) -> None:
    assert XML.cells(document, ["id"]) == []


def test_several_values_become_one_text() -> None:
    document = "<A><P><id>1</id><m>a</m><m>b</m><m>a</m><m/></P><P><id>2</id><m>a</m><m>a</m></P></A>"
    assert XML.cells(document, ["id", "m", "m[0]"]) == [("1", "a; b", "a"), ("2", "a", "a")]


def test_values_are_not_changed() -> None:
    document = "<A><P><id> 1 </id><n> </n><x a='1'> t </x><y>p<b>q</b>r</y><z xsi:nil='true'/></P><P/></A>"
    assert XML.cells(document, ["id", "n", "x", "x@a", "y", "y/b", "z"])[0] == (" 1 ", " ", " t ", "1", "pr", "q", "")


def test_parts_are_no_value() -> None:
    parts = "'Manager' is not a value but has parts (@Descriptor, ID), and the mapping names none of them."
    assert list(XML.open(REPORT, ["Employee_ID", "Manager"], optional=["Manager"]).rows) == [
        BadRow(1, 3, ("007", ""), parts, ((1, parts),)),
        Row(2, 6, ("001", "")),
    ]


def test_the_declared_encoding_counts_unless_the_bytes_prove_another() -> None:
    latin = REPORT.replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert XML.cells(latin, WANTED, size=3) == PEOPLE
    assert XML.cells(REPORT.replace("UTF-8", "windows-1252").encode("cp1252"), WANTED) == PEOPLE
    assert XML.cells(REPORT.replace("UTF-8", "ISO-8859-1").encode("utf-16"), WANTED) == PEOPLE
    assert XML.cells(REPORT.replace("UTF-8", "UTF-16").encode(), WANTED) == PEOPLE
    assert XML.cells(REPORT.encode("cp1252"), WANTED, encoding="windows-1252") == PEOPLE
    assert XML.refusal(REPORT.encode("cp1252"))[1] == 3
    assert "encoding 'EBCDIC-9'" in XML.refusal(REPORT.replace("UTF-8", "EBCDIC-9"))[0]
    assert "encoding 'zip'" in XML.refusal(REPORT.replace("UTF-8", "zip"))[0]


@pytest.mark.parametrize("cut", range(60, len(REPORT) - 4, 11))
def test_wherever_a_report_is_cut_it_is_refused(cut: int) -> None:
    sentence, line = XML.refusal(REPORT.encode()[:cut], ["Employee_ID"])
    assert sentence.endswith(CUT_OFF)
    assert line == REPORT.encode()[:cut].count(b"\n") + 1


@pytest.mark.parametrize(
    ("document", "words", "line"),
    [
        ("<A>\n<B></A>", "on line 2 an element is closed that is not the one that is open", 2),
        ("<A>&nbsp;</A>", "a name between & and ; that XML does not have", 1),
        ("<A/>\n<B/>", "something after the end of the document", 2),
        ("<A/> x", "something after the end of the document", 1),
        ("<A a='1' a='2'/>", "an element has an attribute twice", 1),
        ("<A>\n\x01</A>", "a character that cannot stand there", 2),
        ("<A>a & b</A>", "a character that cannot stand there", 1),
        ("\n<?xml version='1.0'?><A/>", "the XML declaration is not at the very beginning", 2),
        ("id,name\n1,Ada\n", "it does not begin as XML does", 1),
    ],
)
def test_what_is_not_xml_is_refused(document: str, words: str, line: int) -> None:
    sentence, at = XML.refusal(document)
    assert words in sentence
    assert at == line


def test_web_pages_are_named() -> None:
    for page in ("<!DOCTYPE html>\n<html><body>Sign in</body></html>", "<html><body/></html>"):
        assert XML.refusal(page)[0].startswith("This is a web page, not an XML document")
    assert XML.refusal(b"")[0].startswith("The file is empty (0 bytes).")
    assert XML.refusal(" \n ")[0].endswith(CUT_OFF)


def test_entities_are_never_expanded() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    laughs = f'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY l0 "lol">{levels}]><A><P><id>&l29;</id></P><P/></A>'
    started = time.process_time()
    sentence, line = XML.refusal(laughs)
    assert sentence.startswith("The document has a document type declaration (DOCTYPE) on line 2")
    assert line == 2
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "{uri}">]>',
        '<!DOCTYPE x SYSTEM "{uri}">',
        '<!DOCTYPE x PUBLIC "p" "{uri}">',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "{uri}"> %p;]>',
        "<!DOCTYPE x>",
    ],
)
def test_nothing_outside_the_document_is_read(declaration: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("top-secret", encoding="utf-8")
    document = declaration.format(uri=secret.as_uri()) + "<A><P><id>&e;</id></P><P><id>2</id></P></A>"
    for encoding in ("utf-8", "utf-16"):
        sentence, line = XML.refusal(document.encode(encoding))
        assert "DOCTYPE" in sentence
        assert "secret" not in sentence
        assert line == 1


def test_nesting_has_a_limit() -> None:
    for bomb in ("<a>" * 500_000, "<A><P><id>1</id></P><P>" + "<a>" * 500_000):
        sentence, line = XML.refusal(bomb)
        assert "more than 64 levels deep" in sentence
        assert line == 1


@pytest.mark.parametrize(
    "document",
    [
        "<A><P><id>1</id></P><P><id>{0}</id></P></A>",
        "<A><P><id>1</id></P><P/><P id='{0}'/></A>",
        "<A><P><id>1</id></P><P/><!--{0}--></A>",
        "<A><P><id>1</id></P><P/><{0}/></A>",
        "<A><P><id>1</id></P><P><![CDATA[{0}]]></P></A>",
    ],
)
def test_ten_megabytes_in_one_value_are_bounded(document: str) -> None:
    data = document.format("x" * 10_000_000).encode()
    tracemalloc.start()
    started = time.process_time()
    try:
        sentence, line = XML.refusal(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "more than 1,048,576 characters" in sentence
    assert line == 1
    assert peak < 16_000_000
    assert time.process_time() - started < 5


def test_too_many_kinds_of_elements_are_refused() -> None:
    assert "more than 10,000 kinds of elements" in XML.refusal("<A>" + "".join(f"<b{n}/>" for n in range(20_000)))[0]


def test_two_repeated_elements_are_refused() -> None:
    sentence = (
        "The document has several repeated elements that may be the people: {}. Nothing of the file was used. Ask "
        "IT to choose one with `format.path`."
    )
    document = "<A><P><id>1</id></P><P><id>2</id></P><Q><id>1</id></Q><Q><id>2</id></Q></A>"
    assert XML.refusal(document) == (sentence.format("'A/P' and 'A/Q'"), None)
    late = f"<A>{'<P><id>1</id></P>' * 100_000}<Q><id>1</id></Q><Q><id>2</id></Q></A>"
    assert XML.refusal(late) == (sentence.format("'A/P' and 'A/Q'"), None)
    assert "'A/P' and 'A/Q'" in XML.refusal("<A><P><x/></P><Q><x/></Q></A>")[0]


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ("<A><Ps>{}</Ps><Gone><L>{}</L></Gone></A>", "'A/Ps/P' and 'A/Gone/L'"),
        ("<A><Ps>{}</Ps><Gone><P>{}</P></Gone></A>", "'A/Ps/P' and 'A/Gone/P'"),
        ("<A><Gone>{1}</Gone>{0}</A>", "'A/P' and 'A/Gone'"),
        ("<A>{}<L>{}</L></A>", "'A/P' and 'A/L'"),
    ],
)
def test_people_beside_the_records_refuse_the_file_unless_the_mapping_chooses_a_place(
    document: str, places: str
) -> None:
    people = "<P><id>1</id><name>Ada</name></P><P><id>2</id><name>Bob</name></P>"
    whole = document.format(people, "<id>3</id><name>Cy</name>")
    assert XML.refusal(whole, ["id", "name"], size=3)[0] == (
        f"The document has people in several places: {places}. Nothing of the file was used. Have everybody exported "
        "into one list, leavers too, or ask IT to choose one place with `format.path`, so that the others are not read."
    )
    own, _, other = places.replace("'", "").partition(" and ")
    chosen = XML.open(whole, ["id", "name"], path=own)
    assert [row.cells for row in chosen.rows] == [("1", "Ada"), ("2", "Bob")]
    assert chosen.notes == [
        (
            f"There are people at '{other}' too, who were not read, because the mapping chooses another place "
            "(`format.path`). If they count, have everybody exported into one list."
        )
    ]


def test_repeated_elements_with_ids_and_little_else_further_in_are_told() -> None:
    people = "".join(f"<P><nr>{nr}</nr><name>A</name><mail>a</mail><status>A</status></P>" for nr in (1, 2))
    table = XML.open(f"<A>{people}<Of><nr>9</nr></Of><X><L><nr>3</nr></L><L><nr>4</nr></L></X></A>", [*NAMED])
    assert len(list(table.rows)) == 2
    assert table.notes == [
        (
            "What is listed at 'A/X/L' has 'nr' too and was not read. If these are people who have left, have "
            "everybody exported into one list; otherwise nothing needs to be done."
        )
    ]


def test_a_place_that_does_not_exist_is_refused() -> None:
    assert XML.refusal(REPORT, path="Report_Data/Worker")[0].startswith(
        "There is no element at 'report_data/worker' in the document."
    )
    assert XML.refusal("<DATA><G_0><G_1><ID>1</ID></G_1></G_0></DATA>", path="G_1")[0] == (
        "There is no element at 'g_1' in the document. Was another report exported? If not, ask IT to correct "
        "`format.path`. An element of that name is at 'DATA/G_0/G_1'."
    )
    long = "<A>" + "".join(f"<a{n}>{'x' * 1000}</a{n}>" for n in range(2000)) + "</A>"
    assert XML.refusal(long)[0].startswith("No element is repeated in the first MiB of the document")


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("<Response><Total_Pages>3</Total_Pages></Response>", "'Total_Pages' says that more follows after these 2"),
        ("<link rel='next' href='https://x'/>", "'next' says that more follows after these 2 records"),
        ("<link rel='previous' href='https://x'/>", "'previous' says that there are people before these 2 records"),
        ("<hasPreviousPage>true</hasPreviousPage>", "'hasPreviousPage' says that there are people before these 2"),
        ("<next/><previous>?page=9</previous>", "'previous' says that there are people before these 2 records"),
        ("<hasMore>true</hasMore>", "'hasMore' says that more follows"),
        ("<IsTruncated>true</IsTruncated>", "'IsTruncated' says that more follows"),
        ("<Success>false</Success>", "'Success' beside the people says false, so the program"),
        ("<Page>2</Page><Page_Size>2</Page_Size>", "'Page' says 2, so there are people before these 2 records"),
        ("<Total_Results>500</Total_Results>", "'Total_Results' says 500, but the file holds 2 records"),
    ],
)
def test_one_page_of_a_longer_export_is_refused(extra: str, words: str) -> None:
    document = f"<A>{extra}<P>{TWO}</P></A>"
    assert words in XML.refusal(document)[0]


def test_a_wanted_path_that_is_in_no_record_refuses_the_file() -> None:
    assert XML.refusal(REPORT, ["Employee_ID", "Phone", "Manager/ID[type=X]"])[0].startswith(
        "2 of 3 columns are missing in all 2 records: Phone, Manager/ID[type=X]."
    )
    assert XML.cells(REPORT, ["Employee_ID", "Phone"], optional=["Phone"]) == [("007", ""), ("001", "")]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file() -> None:
    def document(count: int) -> Iterator[bytes]:
        yield b"<A>"
        for number in range(count):
            yield f"<P><id>{number:06}</id><name>{'x' * 500}</name></P>".encode()
        yield b"</A>"

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            rows = open_xml(document(count), FormatHints(), ["id", "name"]).rows
            assert sum(isinstance(row, Row) for row in rows) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(10_000) < peak(3_000) * 1.2 + 100_000


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\r"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    people=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=2, max_size=6),
    prefix=st.sampled_from(["", "wd:", "ns-1:"]),
    indent=st.sampled_from(["", "\n  ", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    size=st.integers(1, 60),
)
def test_whatever_is_written_is_read_back(
    people: list[tuple[str, str, str]], prefix: str, indent: str, encoding: str, size: int
) -> None:
    rows = "".join(
        f"{indent}<{prefix}P {prefix}kind={quoteattr(kind)}>{indent}<{prefix}id>{escape(number)}</{prefix}id>"
        f"<{prefix}in><{prefix}name>{escape(name)}</{prefix}name></{prefix}in></{prefix}P>"
        for number, name, kind in people
    )
    document = f"<{prefix}A>{rows}{indent}</{prefix}A>"
    assert XML.cells(document.encode(encoding), ["id", "in/name", "@kind"], size=size) == people
