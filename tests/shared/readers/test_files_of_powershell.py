"""Files as PowerShell writes them: whole files in, whole answers out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.files import infer, preview
from cli.files.dry_run import dry_run
from shared.errors import ExtractRefused
from shared.extract.reading import read_extract
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER
from shared.readers.open_extract import Reading

DEPARTMENT = f"{ENTERPRISE_USER}:department"
MAPPING = MappingFile.model_validate(
    {
        "version": 1,
        "key": "WorkerID",
        "status": {"column": "Status", "values": {"Active": True, "Left": False}},
        "attributes": {"userName": "UserID", "displayName": "Name", "title": "Title", DEPARTMENT: "Dept"},
    }
)
HEADER = "WorkerID,UserID,Status,Name,Title,Dept\r\n"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
Row = tuple[str, str, str, str]


def answer(data: str | bytes) -> dict[str, Any]:
    """Everything that comes of a file."""
    chunks = [data.encode() if isinstance(data, str) else data]
    try:
        with read_extract(chunks, MAPPING, Reading(today=date(2026, 11, 28))) as extract:
            users = [one.worker.user for one in extract.everybody()]
            return {
                "people": [
                    (user["externalId"], user["displayName"], user["title"], user[ENTERPRISE_USER]["department"])
                    for user in users
                ],
                "rejects": [(one.row, one.tentative_id or one.worker_id, one.reason) for one in extract.rejects],
                "notes": extract.notes,
                "doubts": extract.doubts,
            }
    except ExtractRefused as refused:
        return {"refused": str(refused)}


def sent(
    *people: Row, rejects: list[tuple[int, str, str]] | None = None, notes: list[str] | None = None
) -> dict[str, Any]:
    return {"people": list(people), "rejects": rejects or [], "notes": notes or [], "doubts": ""}


ANN, BO = ("001", "Ann", "x", "y"), ("002", 'Bo, "B"', "x\ny", "z")


@pytest.mark.parametrize(
    "text",
    [
        f'{HEADER}001,a@x.example,Active,"Ann" ,"x" , "y" \r\n',
        f'{HEADER}001,a@x.example,Active,"Ann"\t,"x"\t,"y"\t\r\n',
        '"WorkerID" ,"UserID" ,"Status" ,"Name" ,"Title" ,"Dept" \r\n001,"a@x.example" ,Active,"Ann" ,"x" ,"y" \r\n',
        f'{HEADER}001,a@x.example,Active,"Ann" ,"x" ,"y" '.replace(",", ";"),
        'WorkerID\tUserID\tStatus\tName\tTitle\tDept\n001\ta@x.example\tActive\t"Ann" \t"x"  \ty\n',
    ],
)
def test_a_blank_behind_a_closing_quotation_mark_is_no_damage(text: str) -> None:
    assert answer(text) == sent(ANN)


def test_cells_that_are_lined_up_may_have_line_breaks_and_quotation_marks() -> None:
    rows = '001,a@x.example,Active,"Ann" ,x,y\r\n002,b@x.example,Active,"Bo, ""B""" ,"x\ny" ,z\r\n'
    assert answer(HEADER + rows) == sent(ANN, ("002", 'Bo, "B"', "x y", "z"))


def test_a_quotation_mark_with_letters_behind_it_is_damage_and_one_that_is_never_closed_refuses_the_file() -> None:
    assert answer(f'{HEADER}001,a@x.example,Active,Ann,x,y\n002,b@x.example,Active,"Bo"by ,x,y\n') == sent(
        ANN, rejects=[(3, "", "a cell has a quotation mark in the wrong place.")]
    )
    assert answer(f'{HEADER}001,a@x.example,Active,"Ann" ,"x,y\n002,b@x.example,Active,Bo,x,y\n') == {
        "refused": "A quotation mark that opens on line 2 is never properly closed, so everything after it cannot be "
        "told apart. Correct that line and drop the file again."
    }


GOES_ON = (
    "the last cell seems to go on in the next line, and nothing shows where it ends: cells with a line break have to "
    "be in quotes (in PowerShell: Export-Csv without -UseQuotes Never)."
)


def test_half_a_cell_is_not_sent() -> None:
    bo = "002,b@x.example,Active,Bo,x,Night\nshift, late, at times\n"
    text = f"{HEADER}001,a@x.example,Active,Ann,x,y\n{bo}003,c@x.example,Active,Cy,x,Day\nshift\n"
    short = [(4, "shift", "the row has 3 of 6 columns."), (6, "", "the row has 1 of 6 columns.")]
    rejects = [(3, "002", GOES_ON), short[0], (5, "003", GOES_ON), short[1]]
    assert answer(text) == sent(ANN, rejects=rejects)


@pytest.mark.parametrize("last", ["002", "002,b@x.example", "Total: many"])
def test_a_row_that_lacks_cells_says_nothing_of_the_one_before_it(last: str) -> None:
    count = last.count(",") + 1
    reject = (3, "002" if count > 1 else "", f"the row has {count} of 6 columns.")
    assert answer(f"{HEADER}001,a@x.example,Active,Ann,x,y\n{last}\n") == sent(ANN, rejects=[reject])


DAMAGED = [
    ("001", "Zo? ?berg", "Leiter B?ro", "K?ln"),
    ("002", "Ann Lee", "System.Object[]", "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"),
    ("003", "Bo Lee", "@{Name=Clerk; Id=7}", "Who?"),
    ("004", "Cy Lee", "Deserialized.System.Collections.Hashtable", "https://x.example/?id=1"),
    ("005", "Di Lee", "System. Administrator", "?? ??"),
]
LOST = "holds question marks, as programs write them for letters that they lack"
MARKS = (
    "Outside of names they are sent as they are. A program wrote the list in an encoding that lacks these letters; "
    "export it again in UTF-8 (in PowerShell: Export-Csv -Encoding UTF8)."
)
TYPES = (
    "Outside of names they are sent as they are. Have the export write the values themselves (in PowerShell: "
    "Select-Object with an expression for each of these columns, such as @{n='Title';e={$_.Title -join '; '}})."
)


def damaged(rows: list[Row]) -> str:
    lines = [f'{worker},{worker}@x.example,Active,"{name}","{title}","{dept}"\n' for worker, name, title, dept in rows]
    return HEADER + "".join(lines)


def test_lost_letters_and_names_of_types_are_told_by_column_and_count() -> None:
    assert answer(damaged(DAMAGED)) == sent(
        *DAMAGED[1:],
        rejects=[(2, "001", f"Name {LOST}; somebody of that name would be created.")],
        notes=[
            (
                "Question marks stand in the place of letters: Name in 1 cell (row 2); Title in 1 cell (row 2); Dept "
                f"in 2 cells (rows 2, 6). {MARKS}"
            ),
            (
                "Cells hold the name of a .NET type, or an object, in the place of a value: Title in 3 cells (rows "
                f"3, 4, 5); Dept in 1 cell (row 3). {TYPES}"
            ),
        ],
    )


def test_signs_of_html_are_told_and_name_nobody() -> None:
    rows = [
        ("001", "Ren&eacute; Gray", "Clerk", "R&amp;D"),
        ("002", "O&#39;Neil", "AT&T; and others", "Ops &copyright"),
        ("003", "Procter & Gamble; Ltd", "&nosuchname;", "x"),
    ]
    html = "holds signs of HTML in the place of letters, as in &eacute;; somebody of that name would be created."
    assert answer(damaged(rows)) == sent(
        rows[2],
        rejects=[(2, "001", f"Name {html}"), (3, "002", f"Name {html}")],
        notes=[
            (
                "Signs of HTML stand in the place of letters, as in &eacute;: Name in 2 cells (rows 2, 3); Dept in 1 "
                "cell (row 2). Outside of names they are sent as they are. Export the list as plain text."
            )
        ],
    )


@pytest.mark.parametrize(
    "cell",
    [
        "[object Object]",
        "[object Object],[object Object]",
        "[object Map]",
        '{"richText":[{"text":"Cl"},{"font":{"bold":true},"text":"erk"}]}',
        "b'Clerk'",
        'b"Bo\'s"',
        "['Clerk', 'Cook']",
        "{'title': 'Clerk'}",
    ],
)
def test_what_javascript_and_python_call_an_object_is_told_too(cell: str) -> None:
    [note] = answer(damaged([("001", "Ann Lee", cell.replace('"', '""'), "[object lesson] Ltd")]))["notes"]
    where = "in the place of a value: Title in 1 cell (row 2)."
    assert note == f"Cells hold the name of a .NET type, or an object, {where} {TYPES}"


@pytest.mark.parametrize(
    "name",
    ["[object Object]", '{"richText":[{"text":"Ann"}]}', "b'Ann'", "System.Object[]", "@{First=Ann; Last=Lee}"],
)
def test_an_object_names_nobody(name: str) -> None:
    bo = ("002", "Bo [B] Lee", "Clerk", "Ops")
    found = answer(damaged([("001", name.replace('"', '""'), "Clerk", "Ops"), bo]))
    reason = (
        "Name holds an object of a program, or the name of a type, in the place of a name; somebody of that name would "
        "be created."
    )
    where = "in the place of a value: Name in 1 cell (row 2)."
    note = f"Cells hold the name of a .NET type, or an object, {where} {TYPES}"
    assert found == sent(bo, rejects=[(2, "001", reason)], notes=[note])


def test_numbers_that_a_spreadsheet_has_cut_short_are_told() -> None:
    rows = [("001", "Ann", "Clerk", "4.93056E+11"), ("002", "Bo", "4E5", "1,2E+05"), ("003", "Cy", "C", "E+05")]
    note = (
        "A spreadsheet has cut numbers short, as in 4.93E+11: Dept in 2 cells (rows 2, 3). Their last digits are lost. "
        "They are sent so, unless a rule leaves them out; format the column as text, enter the numbers again and "
        "export the list."
    )
    assert answer(damaged(rows)) == sent(*rows, notes=[note])


def test_more_rows_than_are_named_are_counted() -> None:
    rows = [(f"{number:03}", "Ann Lee", "B?ro", "Ops") for number in range(1, 1_205)]
    assert answer(damaged(rows))["notes"] == [
        f"Question marks stand in the place of letters: Title in 1,204 cells (first in rows 2, 3, 4). {MARKS}"
    ]


@pytest.mark.parametrize(
    ("names", "doubts"),
    [
        (
            ["Zo?", "????", "Ann"],
            "2 of 3 cells of Name hold question marks in the place of letters, so people would get wrong",
        ),
        (
            ["System.Object[]", "System.String[]"],
            "2 of 2 cells of Name hold the name of a .NET type, or an object, in the place of a name",
        ),
        (
            ["b'Ann Lee'", "b'Bo'"],
            "2 of 2 cells of Name hold the name of a .NET type, or an object, in the place of a name",
        ),
        (["Zo?", "Ann"], ""),
        (["Zo?"], ""),
        (["Zo?", "J?rg", "Ann", "Bo"], ""),
    ],
)
def test_a_name_column_full_of_them_holds_the_file(names: list[str], doubts: str) -> None:
    text = damaged([(f"{number:03}", name, "x", "y") for number, name in enumerate(names, 1)])
    found = answer(text)
    assert found["doubts"].startswith(doubts)
    assert bool(found["doubts"]) is bool(doubts)
    # It can be processed all the same; but nobody is created under a name that has lost letters, or is none.
    assert [name for _, name, _, _ in found["people"]] == [name for name in names if name in ("Ann", "Bo")]
    if doubts:
        with pytest.raises(ExtractRefused) as refused:
            dry_run([text.encode()], MAPPING, Reading(today=NOW.date()), NOW)
        assert str(refused.value).endswith(
            "If it is meant, IT has this file processed all the same: python -m cli process EXTRACT --force --by NAME "
            "--reason TEXT."
        )


SCREEN = (
    "Nothing of the file was used. In PowerShell, leave Format-Table and Format-List out and write the list with "
    "Export-Csv -NoTypeInformation -Encoding UTF8."
)
PROPERTIES = (
    "The file holds the properties of a list, a table or texts (such as Length and Count) in the place of people. "
    "Nothing of it was used. In PowerShell, hand the people themselves to Export-Csv, one object for each (… | "
    "Export-Csv, not -InputObject), with the columns as their properties."
)
NO_HEADER = (
    "The file seems to have no header: its first line is about somebody. Nothing of it was used. Have the names of the "
    "columns written on the first line (in PowerShell: Export-Csv without -NoHeader) and drop the file again."
)
CLIXML = (
    '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><MS>'
    '<S N="WorkerID">001</S></MS></Obj></Objs>'
)
EXPORTED = (
    "The file is PowerShell's own form of objects (Export-Clixml). Write the list with Export-Csv -NoTypeInformation "
    "-Encoding UTF8 and drop that file."
)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ('"001","a@x.example","Active","Ann Lee","x","y"\n"002","b@x.example","Active","Bo","x","y"\n', NO_HEADER),
        ("001,12.11.2019,Ann Lee,Clerk,Ops,x\n", NO_HEADER),
        (
            ('"ClassId2e4f51ef21dd47e99d3c952918aff9cd","pageHeaderEntry","pageFooterEntry","autosizeInfo","shapeInfo"\n'
            '"033ecb2bc07a4d43b5ef94ed5a35d280",,,,"Microsoft.PowerShell.Commands.Internal.Format.TableHeaderInfo"\n'),
            ("The file holds what PowerShell's Format-Table makes for the screen, and nobody's data: it stands in "
            f"front of Export-Csv. {SCREEN}"),
        ),
        (
            ("\nWorkerID UserID      Status Name    Title Dept\n-------- ------      ------ ----    ----- ----\n"
            "001      a@x.example Active Ann Lee Clerk Ops\n002      b@x.example Active Bo Lee  Clerk Ops\n\n"),
            ("The columns stand side by side with blanks between them, as a program shows a table on the screen; "
            f"cells that do not fit are cut there. {SCREEN} If the columns have a fixed width, ask IT to say it in "
            "the mapping (format: columns)."),
        ),
        (
            "\n\nWorkerID : 001\nUserID   : a\nStatus   : Active\n\nWorkerID : 002\nUserID   : b\nStatus   : Left\n",
            f"The file has a line for each value, as PowerShell's Format-List shows people on the screen. {SCREEN}",
        ),
        (
            "- WorkerID: 001\n  UserID: a@x.example\n  Status: Active\n- WorkerID: 002\n  UserID: b@x.example\n",
            ("The file is YAML: it has a line for each value, and a dash where the next person begins. Nothing of it "
            "was used. Export the list as CSV, XLSX or JSON and drop that file."),
        ),
        ('"Length"\n"40"\n"41"\n', PROPERTIES),
        ('"Length","LongLength","SyncRoot","IsFixedSize"\n"8","8","System.Object[]","True"\n', PROPERTIES),
        ('"IsReadOnly","IsFixedSize","Keys","Values","Count"\n"False","False","x","x","4"\n', PROPERTIES),
        (CLIXML, EXPORTED),
        (b"\xff\xfe" + CLIXML.encode("utf-16-le"), EXPORTED),
    ],
)  # fmt: skip
def test_what_is_no_list_of_people_is_called_what_it_is_with_what_to_change(data: str | bytes, sentence: str) -> None:
    assert answer(data) == {"refused": sentence}


def test_a_line_with_the_type_above_the_header_is_left_out() -> None:
    text = f"#TYPE System.Management.Automation.PSCustomObject\r\n{HEADER}001,a@x.example,Active,Ann,x,y\r\n"
    assert answer(text) == sent(ANN, notes=["The header is on line 2; what stands above it (1 row) was left out."])


@pytest.mark.parametrize(
    "text",
    [
        "001,a@x.example,Ann Lee,Manager\n002,b@x.example,Bo Lee,Clerk\n",
        "001,01.02.2019,Ann,Manager\n002,03.02.2019,Bo,Clerk\n",
        "Ann,Lee,Manager,Sales\nBo,Lo,Clerk,Sales\n",
    ],
)
def test_infer_takes_nobody_for_the_header(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.csv"
    file.write_text(text, encoding="utf-8")
    assert infer.main([str(file)]) == 1
    told = capsys.readouterr()
    assert "The file seems to have no header: its first line is about somebody." in told.out + told.err
    assert "Ann" not in told.out + told.err


def test_infer_does_not_take_somebody_for_the_header_whose_job_is_called_like_a_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Numero;Nomi;Toimi\n001;Ann Lee;Manager\n002;Bo Li;Clerk\n003;Cy Ito;Manager\n", encoding="utf-8")
    infer.main([str(file)])
    told = capsys.readouterr().out
    assert "# Proposed from 3 rows of people.csv." in told
    assert "key: Numero" in told


def test_infer_proposes_that_guards_are_taken_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}001,a@x.example,Active,Ann,'-1,y\n002,b@x.example,Left,Bo,'+x,y\n", encoding="utf-8")
    infer.main([str(file), "--output", str(tmp_path / "people.yaml")])
    assert "format:\n  text_guard: true\n" in (tmp_path / "people.yaml").read_text(encoding="utf-8")
    capsys.readouterr()
    assert preview.main([str(file), "--mapping", str(tmp_path / "people.yaml"), "--today", "2026-11-28"]) == 0
    assert '"title": "+x"' in capsys.readouterr().out
