"""Files as .NET's libraries write them: whole files in, whole answers out."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from shared.errors import ExtractRefused
from shared.extract.reading import read_extract
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER
from shared.readers.open_extract import Reading

TODAY = date(2026, 11, 28)
HIRED = "urn:contoso:hr:User:hired"
MANAGER = f"{ENTERPRISE_USER}:manager"
DAYS = {"0007": date(2019, 2, 28), "0012": date(2024, 12, 31), "0101": date(2001, 2, 3)}
LAST = {"0012": date(2031, 10, 1)}
Day = Callable[[date], str]


def mapping(attributes: dict[str, Any] | None = None, **more: Any) -> MappingFile:
    plain = {
        "version": 1,
        "key": "WorkerID",
        "status": {"column": "State", "values": {"Active": True, "Left": False}},
        "limits": "none",
        "attributes": {"userName": "Login", "displayName": "Name", **(attributes or {})},
    }
    return MappingFile.model_validate(plain | more)


def with_days(
    written: str | list[str] = "", attributes: Mapping[str, Any] = MappingProxyType({}), **more: Any
) -> MappingFile:
    """A mapping that reads days as an attribute and as first and last day."""
    dates = {"dates": {"format": written}} if written else {}
    status = {"column": "State", "values": {"Active": True}, "first_day": "Hired", "last_day": "Ended"}
    rule = {"column": "Hired", "date": {"to": "date"}}
    return mapping({HIRED: rule, **attributes}, status=status, **dates, **more)


def answer(data: str | bytes, said: MappingFile) -> dict[str, Any]:
    """Everything that comes of a file."""
    chunks = [data.encode() if isinstance(data, str) else data]
    try:
        with read_extract(chunks, said, Reading(said.format, None, said.optional, TODAY)) as extract:
            people = {
                one.worker.worker_id: (one.worker.user, one.first_day, one.last_day) for one in extract.everybody()
            }
            return {
                "people": people,
                "rejects": [(one.row, one.worker_id, one.reason) for one in extract.rejects],
                "notes": extract.notes,
            }
    except ExtractRefused as refused:
        return {"refused": str(refused)}


def people(*more: dict[str, Any], days: bool = True) -> dict[str, Any]:
    """The answer in which everybody of `DAYS` is sent, with what is said of each besides."""
    extension = "urn:contoso:hr:User"
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_USER]
    found = {}
    for place, (worker, day) in enumerate(DAYS.items()):
        user: dict[str, Any] = {
            "schemas": [*schemas, extension] if days else schemas,
            "externalId": worker,
            "active": True,
            "userName": f"{worker}@contoso.example",
            "displayName": f"N{worker}",
        }
        if days:
            user[extension] = {"hired": day.isoformat()}
        user.update(more[place] if more else {})
        found[worker] = (user, day if days else None, LAST.get(worker) if days else None)
    return {"people": dict(sorted(found.items(), key=lambda one: (one[0][-2:], one[0]))), "rejects": [], "notes": []}


def as_csv(day: Day, delimiter: str = ";") -> str:
    rows = [
        [
            worker,
            "Active",
            f"{worker}@contoso.example",
            f"N{worker}",
            day(hired),
            day(LAST[worker]) if worker in LAST else "",
        ]
        for worker, hired in DAYS.items()
    ]
    header = ["WorkerID", "State", "Login", "Name", "Hired", "Ended"]
    return "".join(delimiter.join(f'"{cell}"' for cell in row) + "\r\n" for row in [header, *rows])


def as_json(day: Day) -> str:
    return json.dumps(
        [
            {
                "WorkerID": worker,
                "State": "Active",
                "Login": f"{worker}@contoso.example",
                "Name": f"N{worker}",
                "Hired": day(hired),
                "Ended": day(LAST[worker]) if worker in LAST else None,
            }
            for worker, hired in DAYS.items()
        ]
    ).replace("/", "\\/")


def milliseconds(day: date, zone: timezone = UTC) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


def offset(hours: float, text: str) -> Day:
    """As DataContractJsonSerializer, WCF and Newtonsoft write local times: milliseconds of UTC, and the offset."""
    return lambda day: f"/Date({milliseconds(day, timezone(timedelta(hours=hours)))}{text})/"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (offset(1, "+0100"), []),
        (offset(1, "+0100"), "odata"),
        (offset(1, "+0100"), "iso"),
        (offset(-5, "-0500"), []),
        (offset(5.5, "+0530"), "dd.mm.yyyy"),
        (offset(2, "+0120"), []),  # OData 2.0 has the minutes
        (offset(0, ""), "odata"),
        (offset(0, "-0000"), "odata"),  # ServiceStack
        (lambda day: f"{day}T00:00:00+01:00", "iso"),
        (lambda day: f"{day}T00:00:00.0000000Z", []),
    ],
)
@pytest.mark.parametrize("write", [as_json, as_csv])
def test_the_offset_of_a_date_says_which_day_it_is(
    write: Callable[[Day], str], day: Day, said: str | list[str]
) -> None:
    assert answer(write(day), with_days(said)) == people()


CULTURES: dict[str, tuple[Day, str]] = {
    "fi": (lambda day: f"{day.day}.{day.month}.{day.year} 0.00.00", "dd.mm.yyyy"),
    "da": (lambda day: f"{day:%d.%m.%Y} 00.00.00", "dd.mm.yyyy"),
    "id": (lambda day: f"{day:%d/%m/%Y} 00.00.00", "dd/mm/yyyy"),
    "en-US": (lambda day: f"{day.month}/{day.day}/{day.year} 12:00:00 AM", "mm/dd/yyyy"),
    "es-MX": (lambda day: f"{day:%d/%m/%Y} 12:00:00 a.\u00a0m.", "dd/mm/yyyy"),
    "el": (lambda day: f"{day.day}/{day.month}/{day.year} 12:00:00 π.μ.", "dd/mm/yyyy"),
    "ar-EG": (lambda day: f"{day.day}\u200f/{day.month}\u200f/{day.year} 12:00:00 ص", "dd/mm/yyyy"),
    "ko": (lambda day: f"{day.year}. {day.month}. {day.day}. 오전 12:00:00", "yyyy.mm.dd"),
    "zh-TW": (lambda day: f"{day.year}/{day.month}/{day.day} 上午12:00:00", "yyyy/mm/dd"),
    "ta": (lambda day: f"{day.day}-{day.month}-{day.year} முற்பகல் 12:00:00", "dd-mm-yyyy"),
    "fr-CA": (lambda day: f"{day} 00 h 00 min 00 s", "iso"),
    "bg": (lambda day: f"{day:%d.%m.%Y} г. 0:00:00 ч.", "dd.mm.yyyy"),  # noqa: RUF001
    "hr": (lambda day: f"{day:%d. %m. %Y}. 00:00:00", "dd.mm.yyyy"),
    "hu": (lambda day: f"{day:%Y. %m. %d}. 0:00:00", "yyyy.mm.dd"),
    "sk": (lambda day: f"{day.day}. {day.month}. {day.year} 0:00:00", "dd.mm.yyyy"),
    "invariant, with an offset": (lambda day: f"{day:%m/%d/%Y} 00:00:00 +01:00", "mm/dd/yyyy"),
}


@pytest.mark.parametrize("culture", CULTURES)
def test_a_day_with_its_time_is_read_in_every_culture(culture: str) -> None:
    day, pattern = CULTURES[culture]
    assert answer(as_csv(day), with_days(pattern)) == people()
    assert answer(as_json(day), with_days(["iso", pattern])) == people()


def test_a_time_that_is_no_midnight_is_no_matter_but_midnight_of_another_zone_refuses_the_file() -> None:
    times = iter(["13.45.30", "0.00.00", "2.30.00", "17.00.00"])
    assert answer(as_csv(lambda day: f"{day:%d.%m.%Y} {next(times)}"), with_days("dd.mm.yyyy")) == people()
    refused = answer(as_csv(lambda day: f"{day - timedelta(days=1):%d.%m.%Y} 11.00.00 PM"), with_days("dd.mm.yyyy"))
    assert "'27.02.2019 11.00.00 PM' would be read as 2019-02-27. If it means 2019-02-28, " in refused["refused"]


def rejected(reasons: dict[str, str]) -> list[tuple[int, str, str]]:
    return [(row, worker, reasons[worker]) for row, worker in enumerate(DAYS, 2)]


def test_years_of_another_calendar_reject_rows_in_words() -> None:
    def thai(day: date) -> str:
        return f"{day.day}/{day.month}/{day.year + 543} 0:00:00"

    assert answer(as_csv(thai), with_days("dd/mm/yyyy")) == {
        "people": {},
        "rejects": rejected(
            {
                worker: f"Hired '{thai(day)}' cannot be right: it is a day of the year {day.year + 543}, which is "
                f"{day} by the calendar of Thailand. Export the days with years such as {day.year} (in .NET: "
                "CultureInfo.InvariantCulture)."
                for worker, day in DAYS.items()
            }
        ),
        "notes": [],
    }
    hijri = answer(as_csv(lambda _: "23/06/1440 12:00:00 ص"), with_days("dd/mm/yyyy"))["rejects"]
    assert hijri == rejected(
        dict.fromkeys(
            DAYS,
            "Hired '23/06/1440 12:00:00 ص' cannot be right: it is a day of the year 1440, which is of our time by the "
            "calendars of Saudi Arabia and Iran only; export years such as 2026.",
        )
    )


def test_days_further_ahead_than_a_working_life_are_doubted() -> None:
    text = as_csv(str).replace("2031-10-01", "2126-10-01").replace("2001-02-03", "2099-12-31")
    far = "further ahead than a working life. If it stands for no day at all, ask IT to say so in the mapping"
    assert answer(text, with_days())["rejects"] == [
        (
            3,
            "0012",
            f"Ended '2126-10-01' cannot be right: it is a day of the year 2126, {far} (dates: none: [\"2126-10-01\"]).",
        ),
        (
            4,
            "0101",
            f"Hired '2099-12-31' cannot be right: it is a day of the year 2099, {far} (dates: none: [\"2099-12-31\"]).",
        ),
    ]
    open_end = answer(as_csv(str).replace("2031-10-01", "2099-12-31"), with_days())
    note = (
        "Ended holds days that are further ahead than a working life, such as '2099-12-31'; they count as days, but "
        "not of those who have left by the status. If they stand for none, ask IT to say so in the mapping (dates: "
        'none: ["2099-12-31"]).'
    )
    assert (open_end["rejects"], open_end["people"]["0012"][2]) == ([], date(2099, 12, 31))
    assert open_end["notes"] == [note]


def test_the_first_and_the_last_day_of_dotnet_are_none() -> None:
    for none in ["1/1/0001 0:00:00", "31/12/9999 23:59:59", "1/1/0544 0:00:00", "31/12/10542 23:59:59"]:
        text = as_csv(lambda day: f"{day:%d/%m/%Y}").replace(f"{LAST['0012']:%d/%m/%Y}", none)
        found = answer(text, with_days("dd/mm/yyyy"))
        assert (found["people"]["0012"][2], found["rejects"], found["notes"]) == (None, [], [])
    never = "/Date(-62135596800000+0100)/"
    found = answer(
        as_json(offset(1, "+0100")).replace(offset(1, "+0100")(LAST["0012"]).replace("/", "\\/"), never), with_days()
    )
    assert (found["people"]["0012"][2], found["rejects"]) == (None, [])


def test_what_is_no_day_in_the_mapping_is_sent_as_iso_and_no_sentence_quotes_what_the_file_does_not_hold() -> None:
    said = mapping({"title": "Hired", "nickName": {"column": "Ended", "date": {"format": "dd.mm.yyyy", "to": "date"}}})
    text = as_json(lambda day: f"/Date({milliseconds(day)}+0100)/").replace('"Ended": null', '"Ended": "/Date(x)/"')
    found = answer(text, said)
    assert [user["title"] for user, _, _ in found["people"].values()] == ["2024-12-31T01:00:00+01:00"]
    both = {"title": "Hired", HIRED: {"column": "Hired", "date": {"format": "odata", "to": "date"}}}
    users = answer(as_json(offset(0, "")), mapping(both))["people"]
    assert [(user["title"], user["urn:contoso:hr:User"]["hired"]) for user, _, _ in users.values()] == [
        (str(DAYS[worker]), str(DAYS[worker])) for worker in users
    ]
    assert found["rejects"] == [
        (row, worker, "Ended '/Date(x)/' is not a date written as dd.mm.yyyy.")
        for row, worker in ((1, "0007"), (3, "0101"))
    ]


def test_a_column_that_is_a_day_and_a_text_is_quoted_as_the_file_has_it_and_sent_as_iso() -> None:
    texts = {"title": "Ended", "nickName": {"template": "until {Ended}"}, "userType": {"first": ["Ended", "State"]}}
    never, write = date(2099, 12, 31), offset(0, "")
    text = as_json(lambda day: write(never if day == LAST["0012"] else day))
    found = answer(text, with_days(attributes=texts))
    assert [found["people"]["0012"][0][name] for name in texts] == ["2099-12-31", "until 2099-12-31", "2099-12-31"]
    [note] = found["notes"]
    assert note.startswith(f"Ended holds days that are further ahead than a working life, such as '{write(never)}';")


GUARDED = (
    "WorkerID,State,Login,Name,Title,Phone\r\n"
    '0007,Active,0007@contoso.example,N0007,"\'-1 ""level""","\'+49 30 5550199"\r\n'
    '0012,Active,0012@contoso.example,N0012,"\'@home",030 5550198\r\n'
    "0101,Active,0101@contoso.example,N0101,'s-Graveland,\"'@work, '+1\"\r\n"
)


def test_a_guard_against_formulas_is_told_by_column_and_taken_off_for_the_whole_file() -> None:
    attributes = {"title": "Title", 'phoneNumbers[type eq "work"].value': {"column": "Phone", "phone": "49"}}
    told = answer(GUARDED, mapping(attributes))
    by_column = (
        "A program has guarded cells against spreadsheets, by an apostrophe in front of =, +, -, @ or a number or by "
        '="…" around the text: Title in 2 cells (rows 2, 3); Phone in 2 cells (rows 2, 4). They are sent so. Export '
        "them without it, or ask IT to have it taken off (format: text_guard: true)."
    )
    assert told["notes"] == [
        by_column,
        "Row 2: Phone is not a telephone number; it is left out.",
        "Row 4: Phone is not a telephone number; it is left out.",
    ]

    def number(value: str) -> list[dict[str, str]]:
        return [{"type": "work", "value": value}]

    expected = people(
        {"title": '-1 "level"', "phoneNumbers": number("+49305550199")},
        {"title": "@home", "phoneNumbers": number("+49305550198")},
        {"title": "'s-Graveland"},
        days=False,
    )
    expected["notes"] = ["Row 4: Phone is not a telephone number; it is left out."]
    assert answer(GUARDED, mapping(attributes, format={"text_guard": True})) == expected
    digits = GUARDED.replace("\n0007,", "\n'0007,").replace("\n0012,", '\n"=""0012""",')
    assert answer(digits, mapping(attributes, format={"text_guard": True})) == expected


def person(worker: str, **more: Any) -> dict[str, Any]:
    return {"WorkerID": worker, "State": "Active", "Login": f"{worker}@contoso.example", "Name": f"N{worker}", **more}


def managers(found: dict[str, Any]) -> dict[str, str]:
    return {
        worker: user.get(ENTERPRISE_USER, {}).get("manager", {}).get("value", "")
        for worker, (user, _, _) in found["people"].items()
    }


def test_an_object_that_is_written_once_is_found_where_it_is_pointed_to() -> None:
    said = mapping({MANAGER: "Manager.WorkerID"}, optional=["Manager.WorkerID"])
    boss = {"$id": "4", **person("0101", Level=0, Share=0.5, Reports={"$id": "9", "$values": []})}
    preserved = {
        "$id": "1",
        "$values": [
            {"$id": "2", **person("0007", Manager=boss)},
            {"$id": "3", **person("0012", Manager={"$ref": "2"})},
            {"$ref": "4"},
        ],
    }
    found = answer(json.dumps(preserved), said)
    assert (managers(found), found["rejects"]) == ({"0101": "", "0007": "0101", "0012": "0007"}, [])
    newtonsoft = [{"$id": "1", **person("0007")}, {"$id": "2", **person("0012", Manager={"$ref": "1"})}]
    assert managers(answer(json.dumps(newtonsoft), said)) == {"0007": "", "0012": "0007"}
    contract = (
        '<P z:Id="i1" xmlns:z="urn:z"><WorkerID>0007</WorkerID><State>Active</State><Login>a</Login><Name>n</Name></P>'
        '<P z:Id="i2" xmlns:z="urn:z"><WorkerID>0012</WorkerID><State>Active</State><Login>b</Login><Name>n</Name>'
        '<Manager z:Ref="i1"/></P>'
    )
    assert managers(answer(f"<A>{contract}</A>", said)) == {"0007": "", "0012": "0007"}


def test_a_reference_to_nothing_rejects_the_row() -> None:
    said = mapping({MANAGER: "Manager.WorkerID"}, optional=["Manager.WorkerID"])
    found = answer(json.dumps([person("0007", Manager={"$ref": "8"}), {"$ref": "9"}, person("0012")]), said)
    which = "does not stand before it. Export the list without references (in .NET: ReferenceHandler.IgnoreCycles, or"
    lost = "PreserveReferencesHandling.None)."
    manager = f"'Manager.WorkerID' is a reference ($ref) to another object, which {which} {lost}"
    record = f"The record is only a reference to another one ($ref), which {which} {lost}"
    assert (list(found["people"]), found["rejects"]) == (["0012"], [(1, "0007", manager), (2, "", record)])


MISSING = "4 of 4 columns are missing in all 2 records: WorkerID, State, Login, Name. The records have "
SO = (
    ", and the mapping can name them so. Nothing of the file was used. Correct the report, or ask IT to change the "
    "mapping."
)


def twice(record: str, around: str = "List") -> str:
    return f"<{around}>{record}{record.replace('0007', '0012')}</{around}>"


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (twice('<P WorkerID="0007" State="Active" Login="a" Name="n"/>'), "@{}"),
        (
            twice(
                "".join(f'<Property Name="{name}">0007</Property>' for name in ("WorkerID", "State", "Login", "Name")),
                "R",
            )
            .replace("<R>", "<Objects><Object>")
            .replace("</R>", "</Object></Objects>")
            .replace('</Property><Property Name="WorkerID">', '</Property></Object><Object><Property Name="WorkerID">'),
            "Property[Name={}]",
        ),
        (json.dumps([{"Person": person("0007")}, {"Person": person("0012")}]), "Person.{}"),
        (
            json.dumps([{"Fields": [{"Key": key, "Value": value} for key, value in person("0007").items()]}] * 2),
            "Fields[Key={}].Value",
        ),
    ],
)
def test_where_the_columns_are_is_said_as_a_mapping_names_them(data: str, names: str) -> None:
    columns = ("WorkerID", "State", "Login", "Name")
    shown = ", ".join(f"'{names.format(column)}' for '{column}'" for column in columns)
    assert answer(data, mapping()) == {"refused": f"{MISSING}{shown}{SO}"}
    paths = {column: names.format(column) for column in columns}
    values = {"Active": True, "0007": True, "0012": True}
    said = mapping(
        {"userName": paths["Login"], "displayName": paths["Name"]},
        key=paths["WorkerID"],
        status={"column": paths["State"], "values": values},
    )
    assert set(answer(data, said)["people"]) <= {"0007", "0012"} != set()


def test_what_may_be_missing_is_named_too_where_the_rest_is_called_otherwise() -> None:
    data = twice('<P WorkerID="0007" State="Active" Login="a" Name="n" Title="t"/>')
    shown = ", ".join(f"'@{column}' for '{column}'" for column in ("WorkerID", "State", "Login", "Name", "Title"))
    said = mapping({"title": "Title", "nickName": "Nick"}, optional=["Title", "Nick"])
    assert answer(data, said) == {"refused": f"{MISSING.replace('4 of 4', '4 of 6')}{shown}{SO}"}


def test_names_that_xml_cannot_hold_are_said_as_they_are_written() -> None:
    data = twice(
        "<P><Worker_x0020_ID>0007</Worker_x0020_ID><State>Active</State><Login>a</Login><Full_x0020_Name>n</Full_x0020_Name></P>"
    )
    said = mapping({"displayName": "Full Name"}, key="Worker ID")
    assert answer(data, said) == {
        "refused": "2 of 4 columns are missing in all 2 records: Worker ID, Full Name. The records have "
        f"'Worker_x0020_ID' for 'Worker ID', 'Full_x0020_Name' for 'Full Name'{SO}"
    }


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("people.csv", as_csv(str))
    return data.getvalue()


ARMOUR = b"-----BEGIN PGP MESSAGE-----\n\nhQEMA0000000000000AQf/abcd\n=abcd\n-----END PGP MESSAGE-----\n"
LITERAL = b"\xcb\x2eb\x05a.csv\x00\x00\x00\x00WorkerID,State,Login,Name\n1,Active,a,n\n"
COPIED = (
    "as when it was copied out of a mail. Drop a file that begins with -----BEGIN PGP MESSAGE----- and ends with "
    "-----END PGP MESSAGE-----."
)
OPEN = "The file is made by PGP but not encrypted for anybody. Encrypt it, or drop the list itself."
IN_FRONT = (
    "of something else in front of it, so a program has put text (such as a byte order mark or an empty line) where "
    "only the archive should be. Let it write the bytes of the archive and nothing else, then drop the file again."
)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            b"Hello,\nhere is the list.\n\n" + ARMOUR,
            f"The file is a PGP message with 3 lines of other text in front of it, {COPIED}",
        ),
        (
            b"> " + ARMOUR.replace(b"\n", b"\n> "),
            f"The file is a PGP message with blanks or other signs in front of its lines, {COPIED}",
        ),
        (
            b"\xff\xfe" + ARMOUR.decode().encode("utf-16-le"),
            (
                "The file is a PGP message that was written as text in UTF-16, as Windows PowerShell's > does it. "
                "Let the program write the file itself (GnuPG: --output FILE) and drop that."
            ),
        ),
        (
            base64.encodebytes(zipped()),
            (
                "The file is an archive or a workbook that was written as Base64 text. Let the program write its bytes "
                "themselves and drop that file."
            ),
        ),
        (
            (
                b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument '
                b'xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>'
            ),
            (
                "The file is a Word document in the XML form of Word 2003. Save or export the list as XLSX or CSV and "
                "drop that file."
            ),
        ),
        (LITERAL, OPEN),
        (b"\xac" + LITERAL[1:], OPEN),
        (
            b"-----BEGIN PGP MESSAGE-----\n\n" + base64.encodebytes(LITERAL) + b"=abcd\n-----END PGP MESSAGE-----\n",
            OPEN,
        ),
        (b"\xef\xbb\xbf" + zipped(), f"The file is a zip archive (or an Excel workbook) with 3 bytes {IN_FRONT}"),
        (b"\n" + zipped(), f"The file is a zip archive (or an Excel workbook) with 1 byte {IN_FRONT}"),
        (
            b"MZ\x90\x00" + bytes(200) + zipped(),
            (
                "The file is a program, perhaps an archive that unpacks itself. Drop the list as it is, or in a zip or "
                "gzip archive."
            ),
        ),
        (
            (
                b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><pkg:package '
                b'xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part/></pkg:package>'
            ),
            (
                "The file is an Office document in one piece of XML (Flat OPC). Open it in Excel, save it as XLSX "
                "and drop that file."
            ),
        ),
        (
            json.dumps([person("0007", Hired="@")]).replace('"@"', "new Date(1551312000000)").encode(),
            (
                "Record 1 is not valid JSON: on line 1 there is new Date(…), which is JavaScript and not JSON (in "
                "Newtonsoft.Json: leave JavaScriptDateTimeConverter out, so that dates are written as ISO 8601). "
                "Export the list again as JSON and drop the complete file."
            ),
        ),
    ],
)
def test_what_is_not_read_is_called_what_it_is_with_what_to_change(data: bytes, sentence: str) -> None:
    assert answer(data, mapping()) == {"refused": sentence}
