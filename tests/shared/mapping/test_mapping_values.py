"""What is accepted, told and rejected of the values of a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.mapping.apply import Applied, Applier, apply
from shared.mapping.cells.ids import id_warnings, read_id
from shared.mapping.cells.user_names import NOBODY, Known
from shared.mapping.model import KeyRule, MappingFile
from shared.model import CORE_USER, ENTERPRISE_USER, Record, Reject, Worker
from tests.support.known import People

TODAY = date(2026, 11, 21)
MANAGER = f"{ENTERPRISE_USER}:manager"


def mapping(key: Any = "Id", **more: Any) -> MappingFile:
    return MappingFile.model_validate(
        {
            "version": 1,
            "key": key,
            "required": ["Last"],
            "status": {"column": "State", "values": {"Active": True, "Left": False}, "last_day": "End"},
            "dates": {"format": "dd.mm.yyyy"},
            "attributes": {"name.familyName": "Last", "title": "Title", MANAGER: "Boss"},
            **more,
        }
    )


PLAIN = {"Id": "7", "Last": "Lee", "State": "Active", "End": "", "Title": "", "Boss": ""}


def applied(cells: dict[str, str], key: Any = "Id", known: Known = NOBODY, **more: Any) -> Applied | Reject:
    return Applier(mapping(key, **more), known=known, today=TODAY).apply(Record(2, 3, PLAIN | cells))


def worker(cells: dict[str, str], key: Any = "Id", **more: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    made = applied(cells, key, **more)
    assert isinstance(made, Applied)
    return made.worker.user, made.warnings


def rejected(worker_id: str, reason: str) -> Reject:
    return Reject(2, 3, worker_id, reason)


LEE = {"schemas": [CORE_USER, ENTERPRISE_USER], "externalId": "7", "active": True, "name": {"familyName": "Lee"}}


CUT = "is a number that a spreadsheet has cut short; the id is lost. Export the list again."
LOOK_ALIKE = "Id holds an invisible character ({}) in place 3, so that two ids would look the same."
THOUSANDS = (
    "Id holds an invisible character ({}) in place 2, as a mark of thousands may be. Format the column as text, "
    "without such marks, and export the list again."
)
GUARDED = (
    "Id is guarded by signs that keep a spreadsheet from changing it; export it without them, or ask IT to allow them "
    "in the mapping (key: text_guard)."
)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1.23457E+11", f"Id '1.23457E+11' {CUT}"),
        ("0.1222e4", f"Id '0.1222e4' {CUT}"),
        (
            "1222.0",
            (
                "Id '1222.0' is a number with decimals; format the column as text, or ask IT to allow it in the "
                "mapping (key: strip_decimal)."
            ),
        ),
        (
            "9007199254740993",
            (
                "Id is a number of 16 digits; many programs cannot keep the last ones. Format the column as text, and "
                "ask IT to allow it in the mapping (key: long_numbers)."
            ),
        ),
        ("'00012", GUARDED),
        ('="00012"', GUARDED),
        (
            "12\u200b22",
            LOOK_ALIKE.format("ZERO WIDTH SPACE, U+200B"),
        ),
        (
            "12\u00a022",
            LOOK_ALIKE.format("NO-BREAK SPACE, U+00A0"),
        ),
        ("1\u00a0222", THOUSANDS.format("NO-BREAK SPACE, U+00A0")),
        (" 1\u202f222", THOUSANDS.format("NARROW NO-BREAK SPACE, U+202F")),
        ("A" * 17, "Id has 17 characters; employeeId, which it is matched with, holds at most 16."),
    ],
)
def test_an_id_that_was_damaged_is_rejected(cell: str, reason: str) -> None:
    made = applied({"Id": cell})
    assert isinstance(made, Reject)
    assert made.reason == reason


@pytest.mark.parametrize("cell", ["1.000", "12,000", "999,000"])
@pytest.mark.parametrize("key", ["Id", {"column": "Id", "strip_decimal": True}])
def test_three_zeros_behind_a_mark_may_be_thousands_so_the_id_is_rejected(cell: str, key: Any) -> None:
    number = cell[:-4]
    assert applied({"Id": cell}, key) == rejected(
        cell,
        (
            f"Id '{cell}' may be {number} with decimals, or {number}000 with a mark of thousands, who would be "
            "somebody else. Format the column as text, without such marks, and export the list again."
        ),
    )
    assert worker({"Id": "1222.000"}, {"column": "Id", "strip_decimal": True})[0]["externalId"] == "1222"


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (["1,100", "1,101", "1,102", "7"], "1,100: 3 of 4"),
        (["1.100", "12.101", "1.234.567"], "1.100: 3 of 3"),
        (["1 100", "12 101", "1 234 567"], "1 100: 3 of 3"),
        (["1\u2019100", "12\u2019101", "1\u2019234\u2019567"], "1\u2019100: 3 of 3"),
        (["1,100", "1,101"], ""),
        (["1,100", "1,101", "1,102", "A1", "A2", "A3"], ""),
        (["1,10", "1,101x", "1,1000", "1.100,200"], ""),
        (["5,100", "5,101", "5,102"], ""),
    ],
)
def test_ids_that_are_numbers_with_marks_of_thousands_are_told_unless_somebody_has_them(
    ids: list[str], told: str
) -> None:
    known = People({"5,100": "", "5,101": "", "5,102": ""})
    applier = Applier(mapping(), known=known, today=TODAY)
    for number, worker_id in enumerate(ids, 1):
        assert isinstance(applier.apply(Record(number, number, {**PLAIN, "Id": worker_id})), Applied)
    note = (
        f"Id looks like numbers with marks of thousands, such as {told} ids. They were taken as they are. If HR's "
        "system has them without the marks, format the column as text and export the list again, before people get "
        "accounts under wrong ids."
    )
    assert applier.finish() == ((note,) if told else ())


@pytest.mark.parametrize("cell", ["12E3", "1E05", "1e5", "73928e05"])
def test_an_id_that_may_be_a_number_cut_short_is_rejected_unless_somebody_has_it(cell: str) -> None:
    fault = (
        f"Id '{cell}' may be a number that a program has cut short, as spreadsheets do, and nobody by this id is "
        "known. Format the column as text and export the list again; or, if ids look so, ask IT to allow it in the "
        "mapping (key: letter_e)."
    )
    assert applied({"Id": cell}) == rejected(cell, fault)
    made = applied({"Id": cell}, known=People({cell: ""}))
    assert isinstance(made, Applied)
    assert made.worker.worker_id == cell
    assert worker({"Boss": cell})[0][ENTERPRISE_USER] == {"manager": {"value": cell}}


@pytest.mark.parametrize(
    ("rule", "cell", "worker_id"),
    [
        ({"letter_e": True}, "73928e05", "73928e05"),
        ({"letter_e": True}, "12E3", "12E3"),
        ({}, "E12", "E12"),
        ({}, "1E05A", "1E05A"),
        ({}, "00012", "00012"),
        ({}, "O\u2019N1", "O\u2019N1"),
        ({"text_guard": True}, "'00012", "00012"),
        ({"text_guard": True}, '="00012"', "00012"),
        ({"strip_decimal": True}, "1222.0", "1222"),
        ({"strip_decimal": True}, "1222.50", "1222.50"),
        ({"width": 8}, "1222", "00001222"),
        ({"width": 8}, "C1222", "C1222"),
        ({"width": 6, "strip_decimal": True, "text_guard": True}, "'1222,00", "001222"),
        ({"long_numbers": True}, "9007199254740993", "9007199254740993"),
    ],
)
def test_a_declared_rule_reads_ids_and_manager_ids_alike(rule: dict[str, Any], cell: str, worker_id: str) -> None:
    user, _ = worker({"Id": cell}, {"column": "Id", **rule}, attributes={f"{ENTERPRISE_USER}:employeeNumber": "Id"})
    assert user["externalId"] == user[ENTERPRISE_USER]["employeeNumber"] == worker_id
    report, _ = worker({"Boss": cell}, {"column": "Id", **rule})
    assert report[ENTERPRISE_USER]["manager"] == {"value": worker_id}


def test_ids_may_be_longer_where_they_do_not_go_to_employee_id() -> None:
    assert worker({"Id": "A" * 128}, limits="none")[0]["externalId"] == "A" * 128


@pytest.mark.parametrize(
    ("cell", "warning"),
    [
        ("\u200b7\u00a0", "Id had invisible characters around it; they were dropped."),
        ("O'7", "Id holds ', with which Entra may not find the account again."),
        (" 7 ", ""),
    ],
)
def test_ids_that_may_surprise_are_told(cell: str, warning: str) -> None:
    assert worker({"Id": cell})[1] == ((warning,) if warning else ())


@pytest.mark.parametrize(
    ("boss", "warnings"),
    [
        ("NO_MANAGER", ()),
        ("no_mgr", ()),
        ("None", ()),
        ("N/A", ()),
        ("1.2E+10", ((f"Boss '1.2E+10' {CUT[:-1]}; the person is sent without a manager."),)),
        ("8; 9", ("Boss has 2 values, so nobody can tell who it is; the person is sent without a manager.",)),
    ],
)
def test_nobody_is_left_without_an_account_because_of_a_manager(boss: str, warnings: tuple[str, ...]) -> None:
    assert worker({"Boss": boss}) == (LEE, warnings)


def test_a_required_cell_with_a_fault_is_told_by_the_fault_and_not_as_empty() -> None:
    differ = "2 lines of PersonName for this person differ (lines 7, 8), and none is marked as the one that counts."
    record = Record(2, 3, {**PLAIN, "Last": ""}, {"Last": differ})
    applier = Applier(mapping(required=["Last", "Title"]), today=TODAY)
    assert applier.apply(replace(record, values={**record.values, "Title": "x"})) == rejected("7", differ)
    assert applier.apply(record) == rejected("7", "Title is empty but required.")
    gone = applier.apply(replace(record, values={**record.values, "Title": "x", "State": "Left"}))
    assert isinstance(gone, Applied)
    assert gone.warnings == (
        f"{differ} The row counts all the same: of somebody who may not work, only id and status are needed.",
    )


def test_a_manager_of_ones_own_is_left_to_whoever_judges_managers() -> None:
    named = {**LEE, ENTERPRISE_USER: {"manager": {"value": "7"}}}
    assert worker({"Boss": "7"}) == (named, ())


@pytest.mark.parametrize(
    "cell", ["N/A", "n/a", "NULL", "null", "undefined", "nan", "NaN", "NaT", "<NA>", "-", ".", "  - ", "#N/A"]
)
def test_placeholders_mean_nothing(cell: str) -> None:
    assert worker({"Title": cell}) == (LEE, ())
    assert applied({"Last": cell}) == rejected("7", "Last is empty but required.")
    assert applied({"Id": cell}) == rejected("", "Id is empty, so nobody can tell whom the row is about.")
    assert applied({"State": cell}) == rejected("7", "State is empty, so nobody can tell whether the person may work.")


@pytest.mark.parametrize("name", ["Null", "None", "Nan", "Na", "No", "X"])
def test_people_may_be_called_like_this(name: str) -> None:
    assert worker({"Last": name})[0]["name"] == {"familyName": name}


@pytest.mark.parametrize(
    "name", ["UNKNOWN", "unbekannt", "TBD", "?", "(blank)", "(Leer)", "--", "*", "0", "N.N.", "k.A."]
)
def test_a_word_instead_of_a_name_rejects_the_row(name: str) -> None:
    assert applied({"Last": name}) == rejected("7", f"Last '{name}' stands in for a name; enter the name itself.")


@pytest.mark.parametrize("cells", [{"Last": "None"}, {"Title": "N.N."}])  # initials, as in India
def test_what_may_be_a_name_or_stand_in_for_one_is_sent_and_told(cells: dict[str, str]) -> None:
    [(column, name)] = cells.items()
    user, told = worker(cells, attributes={"name.familyName": "Last", "name.givenName": "Title"})
    assert name in user["name"].values()
    assert told == (f"{column} '{name}' may stand in for a name; it is sent as it is.",)


def test_placeholders_can_be_declared() -> None:
    assert worker({"Title": "555-555-5555"}, placeholders=["555-555-5555"]) == (LEE, ())
    assert worker({"Title": "-"}, placeholders=["555-555-5555"])[0]["title"] == "-"


BROKEN = "holds signs that look like letters in a wrong encoding"
MARKS = "holds question marks, as programs write them for letters that they lack"


@pytest.mark.parametrize(
    ("cells", "warning"),
    [
        ({"Last": "-Lee"}, "Last starts with -, like a formula; it is sent as it is."),
        ({"Last": "+1+1"}, "Last starts with +, like a formula; it is sent as it is."),
        ({"Last": "@SUM"}, "Last starts with @, like a formula; it is sent as it is."),
        ({"Title": "B\ufffdcker"}, f"Title {BROKEN}; it is sent as it is."),
    ],
)
def test_what_looks_wrong_is_sent_and_told(cells: dict[str, str], warning: str) -> None:
    user, warnings = worker(cells)
    assert (user["name"]["familyName"], user.get("title", "")) == (cells.get("Last", "Lee"), cells.get("Title", ""))
    assert warnings == (warning,)


READ_OTHERWISE = [
    *(name.encode().decode("mac_roman") for name in ("Renée", "Müller", "Öztürk", "Meißner", "O\u2019Brien")),
    *(name.encode().decode("cp437") for name in ("Jörg", "Müller", "Öztürk", "González", "O\u2019Brien")),
    *(name.encode().decode("cp850") for name in ("Nuñez", "Müller", "Éric", "O\u2019Brien")),
    *(name.encode("cp850").decode("cp1252") for name in (
        "Léger", "José", "José Luis", "Jäger", "Heikkilä", "Jörg", "François", "Helêne", "Zoë",
        "García", "Martón", "úbeda", "Nuñez", "NUÑEZ", "Håkan", "Moïse", "Søren", "KÖLN",
    )),
    *(name.encode("mac_roman").decode("cp1252") for name in (
        "Müller", "Gün", "Meißner", "Márquez", "Nicolàs", "Château", "Kær", "João", "Côté",
    )),
    *(name.encode("cp1250").decode("cp1252") for name in ("Łukasz", "Wałęsa", "Dąbrowska")),
]  # fmt: skip
"""Names in another encoding than the one in which they were read."""


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("J\u00c3\u00bcrgen", BROKEN),
        ("D\u00e2\u20ac\u2122Arcy", BROKEN),
        ("\u00d0\u0161\u00d0\u00be", BROKEN),
        ("M??ig", MARKS),
        ("?zil", MARKS),
        ("Andr?", MARKS),
        ("P\u00bfrez", MARKS),
        ("Jos\u00bf", MARKS),
        ("\u00bf\u00bf \u00bf", MARKS),
        *((name, BROKEN) for name in READ_OTHERWISE),
    ],
)
def test_nobody_new_gets_a_damaged_name(name: str, what: str) -> None:
    assert applied({"Last": name}) == rejected("7", f"Last {what}; somebody of that name would be created.")


@pytest.mark.parametrize(
    "name",
    [
        "\u0160koda Du\u017eek", "Mc\u0160koda", "Jan\u017di\u017eka", "L\u2019HA\u0178", "CRO\u0178", "Louÿs",
        "Ma. José M\u00aa", "Gal\u2022la", "Gal\u00b7la", "Johann \u201eHans\u201c Müller",
        "Johann\u201eHans\u201cMüller", "\u201aHans\u2018", "William \u201cBill\u201d Gates",
        "\u201dKalle\u201d Berg", "Zbigniew \u201eZbyszek\u201d Nowak", "Müller\u2020", "Lee\u2021",
        "Lee\u00b9 \u2020", "\u2020 Lee", "Hans \u203aMax\u2039 Lee", "Lee\u2122", "Muller\u2013Lee",
        "Anna\u2500Maria", "O\u2019Brien", "O\u00b4Brien", "O\u2018Brien", "\u201aAbd", "\u02bbOkina", "\u0192o",
        "A\u0192i", "\u0153uvre", "\u05d3\u201d\u05e8 \u05db\u05d4\u05df",
        "\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2", "ÔÇelik", "\u0152uf", "D\u017deko", "Åström", "Côté",
        "\u7ea6\u7ff0\u2022\u53f2",
    ],
)  # fmt: skip
def test_a_name_that_somebody_has_is_never_taken_for_a_damaged_one(name: str) -> None:
    assert worker({"Last": name}) == (LEE | {"name": {"familyName": name}}, ())


@pytest.mark.parametrize(
    "title",
    [
        "\u00bfQuién?", "\u00a1Hola!", "Team \u00a3", "\u00a7a", "\u201eBoss\u201d", "\u221a2", "\u221aÄrzte",
        "\u221a Lead", "\u251c\u2500 Sales", "\u251cÜbersicht", "\u2514\u2500Ärzte", "\u2248Äquator",
        "\u201aÄrger\u2018", "A\u2502B", "\u0393-Team",
    ],
)  # fmt: skip
def test_signs_that_other_texts_hold_are_sent_without_a_word(title: str) -> None:
    assert worker({"Title": title}) == (LEE | {"title": title}, ())


@pytest.mark.parametrize("title", ["K\u221a\u2202chin", "B\u251c\u00f1cker", "K\u251c\u2562chin", "B\u251c\u00f1r"])
def test_utf_8_in_another_encoding_is_told_in_every_text(title: str) -> None:
    assert worker({"Title": title}) == (
        LEE | {"title": title},
        (f"Title {BROKEN}; it is sent as it is.",),
    )


@pytest.mark.parametrize(
    "cells", [{"Last": "J\u00fcrgen \u00d8sterg\u00e5rd \u00c9\u2019s S\u00c3O"}, {"Title": "Who?"}]
)
def test_what_looks_right_is_sent_without_a_word(cells: dict[str, str]) -> None:
    assert worker(cells)[1] == ()


def test_a_formula_for_a_name_rejects_the_row() -> None:
    formula = '=HYPERLINK("http://x.example")'
    assert applied({"Last": formula}) == rejected("7", "Last looks like a formula; enter the name itself.")


@pytest.mark.parametrize("formula", ["=1+1", "=cmd|'/c calc'!A1", "=B2", '=HYPERLINK("x")'])
def test_a_formula_for_any_other_text_rejects_the_row(formula: str) -> None:
    assert applied({"Title": formula}) == rejected("7", "Title looks like a formula; enter the value itself.")


@pytest.mark.parametrize("formula", ["+cmd|'/c calc'!A1", "@SUM(A1)", "-HYPERLINK(x)"])
def test_what_only_begins_like_a_formula_is_sent_as_text_and_told(formula: str) -> None:
    user, warnings = worker({"Title": formula})
    assert user["title"] == formula
    assert warnings == (f"Title starts with {formula[0]}, like a formula; it is sent as text.",)


@pytest.mark.parametrize("text", ["+49 (30) 123-45", "-", "@home", "- Team A -", "1=1"])
def test_signs_that_run_nothing_are_no_formula(text: str) -> None:
    assert worker({"Title": text})[1] == ()


@pytest.mark.parametrize(
    ("worker_id", "fault", "warnings"),
    [
        ("=1+1", True, 0), ("=cmd|'/c calc'!A1", True, 0), ("+1+1", True, 0), ("@SUM(A1)", True, 0), ("-2*3", True, 0),
        ("@5", False, 1), ("-17", False, 1), ("A-17", False, 0),
    ],
)  # fmt: skip
def test_a_formula_is_no_id(worker_id: str, *, fault: bool, warnings: int) -> None:
    text, said = read_id(KeyRule(column="Id"), worker_id, "entra")
    assert (text, said.startswith("looks like a formula")) == (worker_id, fault)
    assert fault or len(id_warnings("Id", worker_id, text)) == warnings


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("20.11.2026", "State is 'Active', but End 2026-11-20 has passed; one of them is wrong."),
        ("31.02.2020", "End '31.02.2020' is not a date: there is no such day."),
        ("2026-11-20", "End '2026-11-20' is not a date written as dd.mm.yyyy."),
        (
            "41275",
            (
                "End '41275' is not a date written as dd.mm.yyyy; it is the number by which a spreadsheet means "
                "2013-01-01."
            ),
        ),
        ("1976-08-107", "End '1976-08-107' is not a date written as dd.mm.yyyy."),
    ],
)
def test_a_status_that_its_last_day_contradicts_rejects_the_row(end: str, reason: str) -> None:
    assert applied({"End": end}) == rejected("7", reason)


@pytest.mark.parametrize("end", ["21.11.2026", "22.11.2026", "31.12.9999", "4712-12-31", "0000-00-00", "01.01.1900"])
def test_the_last_day_itself_is_a_working_day(end: str) -> None:
    assert worker({"End": end}) == (LEE, ())


def test_somebody_who_was_hired_again_is_active() -> None:
    status = {"column": "State", "values": {"Active": True}, "first_day": "Start", "last_day": "End"}
    made = applied({"Start": "01.06.2026", "End": "31.01.2020"}, status=status)
    assert made == Applied(Worker("7", 2, LEE), (), date(2026, 6, 1), date(2020, 1, 31))


STAYS = {"column": "State", "values": {"Active": True, "Left": False}, "first_day": "Start", "last_day": "End"}


@pytest.mark.parametrize(("end", "iso"), [("31.12.2026", "2026-12-31"), ("21.11.2026", "2026-11-21")])
def test_two_employments_in_one_row_do_not_end_the_first_one_at_once(end: str, iso: str) -> None:
    assert applied({"Start": "01.02.2027", "End": end}, status=STAYS) == rejected(
        "7",
        f"State is 'Active', though End {iso} is to come and Start 2027-02-01 is later still; one of the days is "
        "wrong, or two employments are in one row.",
    )


@pytest.mark.parametrize(
    "cells",
    [
        {"Start": "01.02.2027", "End": "20.11.2026"},
        {"Start": "01.12.2026", "End": "01.12.2026"},
        {"State": "Left", "Start": "01.02.2027", "End": "31.12.2026"},
    ],
)
def test_other_days_that_are_to_come_reject_no_row(cells: dict[str, str]) -> None:
    assert isinstance(applied(cells, status=STAYS), Applied)


BUT = "The row counts all the same: of somebody who may not work, only id and status are needed."


@pytest.mark.parametrize(
    ("cells", "warning"),
    [
        ({"Last": ""}, "Last is empty but required."),
        ({"Last": "UNKNOWN"}, "Last 'UNKNOWN' stands in for a name; enter the name itself."),
        ({"Last": "x" * 65}, "Last has 65 characters; Entra ID's surname holds at most 64."),
        ({"Last": "x" * 2000}, "Last has 2000 characters; at most 1024 can be sent."),
        ({"Last": "a\x00b"}, "Last holds a control character."),
    ],
)
def test_a_leaver_is_never_kept_from_leaving(cells: dict[str, str], warning: str) -> None:
    gone = {"schemas": [CORE_USER, ENTERPRISE_USER], "externalId": "7", "active": False}
    assert worker({"State": "Left", **cells}) == (gone, (f"{warning} {BUT}",))


def test_a_leaver_needs_an_id_and_a_status() -> None:
    assert applied({"State": "Left", "Id": "1.2E+5"}) == rejected(
        "1.2E+5", "Id '1.2E+5' is a number that a spreadsheet has cut short; the id is lost. Export the list again."
    )
    assert isinstance(applied({"State": "Gone"}), Reject)


def test_a_leaver_whose_last_day_cannot_be_read_leaves() -> None:
    user, warnings = worker({"State": "Left", "End": "31.02.2020"})
    assert user == {**LEE, "active": False}
    assert warnings == (f"End '31.02.2020' is not a date: there is no such day. {BUT}",)


def test_optional_columns_may_be_missing() -> None:
    made = apply(
        mapping(optional=["Title", "End"]), Record(2, 3, {"Id": "7", "Last": "Lee", "State": "Active", "Boss": ""})
    )
    assert made == Worker("7", 2, LEE)


def finish_with(ids: list[str], known: Known) -> tuple[str, ...]:
    applier = Applier(mapping(), known=known, today=TODAY)
    for number, worker_id in enumerate(ids, 2):
        cells = {"Id": worker_id, "Last": "Lee", "State": "Active", "End": "", "Title": "", "Boss": ""}
        applier.apply(Record(number, number, cells))
    return applier.finish()


def test_a_file_whose_ids_have_lost_their_zeros_is_refused() -> None:
    known = People(dict.fromkeys(["0001", "0002", "0003", "0004", "77"], ""))
    with pytest.raises(ExtractRefused, match=r"^Id has lost the zeros in front: 4 of 6 ids are known only"):
        finish_with(["1", "2", "3", "4", "77", "9"], known)


@pytest.mark.parametrize("ids", [["1", "2"], ["1", "2", "3", "55", "56", "57"], ["a", "b", "c", "d", "e"]])
def test_a_file_with_few_or_new_ids_is_not_refused(ids: list[str]) -> None:
    assert finish_with(ids, People(dict.fromkeys(["0001", "0002", "0003"], ""))) == ()
    assert finish_with(ids, NOBODY) == ()


@given(st.text(max_size=20))
def test_any_id_is_sent_as_people_see_it_or_rejected(cell: str) -> None:
    made = applied({"Id": cell})
    if isinstance(made, Applied):
        assert made.worker.worker_id == made.worker.user["externalId"]
        assert made.worker.worker_id.isprintable()
        assert applied({"Id": made.worker.worker_id}) == Applied(made.worker, applied_warnings(made.worker.worker_id))


def applied_warnings(worker_id: str) -> tuple[str, ...]:
    made = applied({"Id": worker_id})
    assert isinstance(made, Applied)
    return made.warnings


MAIL = 'emails[type eq "work"].value'
AROUND = "is no mail address: something other than letters, digits and dots stands around, before or behind it"


def odd(what: str, place: int) -> str:
    return f"holds {what} in place {place}, which no mail address has"


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("none", "is no mail address: it has no @"),
        ("Ed Lee <ed@x.example>", AROUND),
        ("ed@x.example; el@x.example", "holds more than one @, so it is no mail address or several"),
        ("ed@@x.example", "holds more than one @, so it is no mail address or several"),
        ("mailto:ed@x.example", "begins with 'mailto:', which is of a link and not of a mail address"),
        ("ed@x.example.", AROUND),
        ("@x.example", AROUND),
        ("e\u200bd@x.example", odd("an invisible character (ZERO WIDTH SPACE, U+200B)", 2)),
        ("ed@x\u00ad.example", odd("an invisible character (SOFT HYPHEN, U+00AD)", 5)),
        ("\u0435d@x.example", odd("'\u0435' (CYRILLIC SMALL LETTER IE, U+0435)", 1)),
        ("\u00e9d@x.example", odd("'\u00e9' (LATIN SMALL LETTER E WITH ACUTE, U+00E9)", 1)),
    ],
)
def test_what_is_no_mail_address_is_left_out_and_told(cell: str, fault: str) -> None:
    user, warnings = worker({"Title": cell}, attributes={"name.familyName": "Last", MAIL: "Title"})
    assert (user, warnings) == (LEE, (f"Title {fault}; it is left out.",))


@pytest.mark.parametrize(
    "cell", ["ed@x.example", "e.d+a_b'c@sub.x-y.example", "ED@x", "1@2.example", "\u200bed@x.example "]
)
def test_a_mail_address_is_sent_as_it_is(cell: str) -> None:
    user, warnings = worker({"Title": cell}, attributes={"name.familyName": "Last", MAIL: "Title"})
    assert (user["emails"], warnings) == ([{"type": "work", "value": cell.strip("\u200b ")}], ())


def test_a_user_name_for_active_directory_hides_nothing_either() -> None:
    made = applied({"Title": "e\u200bd"}, attributes={"userName": "Title"}, limits="ad")
    assert made == rejected("7", "Title holds an invisible character (ZERO WIDTH SPACE, U+200B) in place 2.")
    assert isinstance(applied({"Title": "\u00e9d"}, attributes={"userName": "Title"}, limits="ad"), Applied)
