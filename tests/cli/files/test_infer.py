"""`infer`: a mapping that the app can use, with every doubt as a comment and no guess about who may not work."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.files.dry_run import dry_run
from cli.files.infer import main, propose
from cli.files.offline import now_of
from cli.proposals.draft import Draft
from cli.proposals.header_words import all_names
from cli.proposals.sample import Source, take_sample
from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.mapping.load import parse_mapping
from shared.mapping.model import MappingFile
from shared.readers.open_extract import Reading

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = sorted(path.name for path in SAMPLES.iterdir() if path.is_file())
TODAY = date(2026, 11, 21)
URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

GERMAN = """\
Personal-Nr;Vorname;Nachname;E-Mail-Adresse;Beschäftigungsstatus;Eintritt;Austritt;Abteilung;Kostenstelle;Vorgesetzter;Land;Telefon;Gehalt;Hobby
00101;Lena;Vogt;Lena.Vogt@firma.example;aktiv;01.05.2012;;Entwurf;4711;;Schweiz;044 555 01 01;90000;Schach
00102;Tom;Maurer;tom.maurer@firma.example;aktiv;02.11.2021;;Entwurf;4711;00101;Schweiz;044 555 01 02;80000;
00103;Mia;Größ;mia.groess@firma.example;Elternzeit;15.02.2016;;Finanzen;4712;00101;Deutschland;044 555 01 03;70000;
00104;Jan;Ott;jan.ott@firma.example;ausgeschieden;13.03.2010;30.06.2026;Finanzen;4712;00101;Schweiz;044 555 01 04;1;
00105;Eva;Ruf;eva.ruf@firma.example;ruhend;14.03.2010;;Finanzen;4712;00103;Schweiz;044 555 01 05;1;
"""
GERMAN_MAPPING = f"""\
# Proposed from 5 rows of people.csv.
# Read it through before it is used; 3 places are marked with DECIDE.
version: 1
# Everybody is in each file; if only those who have changed: mode: delta.
mode: full

key: Personal-Nr
required: [E-Mail-Adresse, Vorname, Nachname]

status:
  column: Beschäftigungsstatus
  values:
    aktiv: true
    ausgeschieden: false
    # DECIDE: 'Elternzeit' (1 row). If they may work all the same: 'leave: [Elternzeit]' below `values`.
    # DECIDE: 'ruhend' (1 row): true if they may work, false if not. Until then they are rejected.
  first_day: Eintritt
  last_day: Austritt

# A day begins in UTC unless `zone` says where, such as zone: Europe/Berlin.
dates:
  format: dd.mm.yyyy

attributes:
  displayName: {{template: "{{Vorname}} {{Nachname}}"}}
  name.givenName: Vorname
  name.familyName: Nachname
  emails[type eq "work"].value: {{column: E-Mail-Adresse, case: lower}}
  # The mail address, because no column has user names.
  userName: {{column: E-Mail-Adresse, case: lower}}
  addresses[type eq "work"].country: {{column: Land, country: omit}}
  # DECIDE: 5 numbers without a calling code. Say which one is meant, such as phone: 49.
  phoneNumbers[type eq "work"].value: Telefon
  {URN}:department: Abteilung
  {URN}:costCenter: Kostenstelle
  {URN}:employeeNumber: Personal-Nr
  {URN}:manager: Vorgesetzter

# Not mapped: Hobby.
# Left out because they are private: Gehalt.
"""


def source_of(data: bytes, **hints: str) -> Source:
    return Source(lambda: [data], FormatHints.model_validate(hints), TODAY)


def inferred(data: bytes | str, **hints: str) -> Draft:
    source = source_of(data if isinstance(data, bytes) else data.encode(), **hints)
    return propose(source, take_sample(source), "people.csv")


def loaded(draft: Draft) -> MappingFile:
    return parse_mapping(draft.text().encode(), "proposal").mapping


def people(mapping: MappingFile, data: bytes) -> dict[str, object]:
    run = dry_run([data], mapping, Reading(mapping.format, None, mapping.optional, TODAY), now_of(mapping, TODAY))
    assert run.rejects == ()
    return {planned.worker.worker_id: planned.worker.user for planned in run.sent}


def test_a_german_list_gives_this_mapping() -> None:
    assert inferred(GERMAN).text() == GERMAN_MAPPING


def test_the_tool_prints_the_mapping_and_ends_well_if_it_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(GERMAN, encoding="utf-8")
    assert main([str(file)]) == 0
    shown = capsys.readouterr()
    assert shown.out == GERMAN_MAPPING
    assert shown.err == ""


def test_the_tool_writes_a_new_file_and_never_over_an_old_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, target = tmp_path / "people.csv", tmp_path / "people.yaml"
    file.write_text(GERMAN, encoding="utf-8")
    assert main([str(file), "--output", str(target)]) == 0
    assert target.read_bytes() == GERMAN_MAPPING.encode()
    assert main([str(file), "--output", str(target)]) == 2
    assert capsys.readouterr().err == f"{target} is there already; name another file, or remove it.\n"


def test_what_must_be_decided_first_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Id,First Name,Last Name\n1,Lena,Vogt\n2,Tom,Maurer\n", encoding="utf-8")
    assert main([str(file)]) == 1
    shown = capsys.readouterr()
    assert "# DECIDE: which column says who may work, and with which words?\n" in shown.out
    assert shown.err.splitlines()[0] == "The proposal cannot be used before what is marked DECIDE is decided:"


@pytest.mark.parametrize("file", FILES)
def test_a_proposal_for_a_known_system_sends_what_its_shipped_mapping_sends(file: str) -> None:
    data = (SAMPLES / file).read_bytes()
    stem = file.rpartition(".")[0]
    mapping = loaded(inferred(data))
    if file == "five-people.csv":
        assert len(people(mapping, data)) == 5
        return
    expected = json.loads((SAMPLES / "expected" / f"{stem}.json").read_text(encoding="utf-8"))
    sent = people(mapping, data)
    assert {user["externalId"]: user for user in expected if user["externalId"] in sent} == sent
    assert sent != {}


HEADERS = {
    "english": "Employee ID,First Name,Last Name,Email,Status,Department,Manager ID,Hire Date",
    "french": "Matricule,Prénom,Nom,Courriel,Statut,Service,Matricule responsable,Date d'entrée",
    "spanish": "Número de empleado,Nombre,Apellidos,Correo electrónico,Estado,Departamento,Jefe,Fecha de alta",
    "dutch": "Personeelsnummer,Voornaam,Achternaam,E-mailadres,Dienststatus,Afdeling,Leidinggevende,Datum in dienst",
    "italian": "Matricola,Nome,Cognome,Email aziendale,Stato,Reparto,Responsabile,Data di assunzione",
    "portuguese": "Número de funcionário,Nome,Sobrenome,E-mail corporativo,Situação,Setor,Gestor,Data de admissão",
    "polish": "Nr pracownika,Imię,Nazwisko,Adres e-mail,Stan zatrudnienia,Dział,Przełożony,Data zatrudnienia",
    "underscores": "WORKER_ID,FIRST_NAME,LAST_NAME,WORK_EMAIL,WORKER_STATUS,DEPARTMENT,MANAGER_ID,HIRE_DATE",
    "camel case": "employeeNumber,givenName,familyName,workEmail,employmentStatus,department,managerId,startDate",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers_of_many_languages_are_known(header: str) -> None:
    rows = (
        "A-001,Lena,Vogt,lena@x.example,Active,Design,,2012-05-01\nA-002,Tom,Okafor,tom@x.example,Active,Sales,A-001,"
    )
    mapping = loaded(inferred(f"{header}\n{rows}2021-11-02\n"))
    key, given_name, family, mail, status, department, manager, hired = header.split(",")
    assert (mapping.key, mapping.status.reads, mapping.status.days) == (key, (status,), (hired,))
    columns = {path: rule.reads for path, rule in mapping.attributes.items()}
    assert columns == {
        "displayName": (given_name, family),
        "name.givenName": (given_name,),
        "name.familyName": (family,),
        'emails[type eq "work"].value': (mail,),
        "userName": (mail,),
        f"{URN}:department": (department,),
        f"{URN}:employeeNumber": (key,),
        f"{URN}:manager": (manager,),
    }


@pytest.mark.parametrize(
    "word", ["Inactive", "Suspended", "Retired", "Pre-Hire", "T", "D", "0", "baja", "gekündigt", "?"]
)
def test_a_word_that_may_mean_several_things_is_left_to_decide(word: str) -> None:
    draft = inferred(f"Id,Status\nA1,Active\nA2,{word}\n")
    assert draft.words == {"Active": True}
    assert draft.undecided["words"] == [
        f"DECIDE: '{word}' (1 row): true if they may work, false if not. Until then they are rejected."
    ]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("Active", {"yes": True, "no": False}),
        ("Aktiv", {"J": True, "N": False}),
        ("Terminated", {"true": False, "false": True}),
        ("Enabled", {"1": True, "0": False}),
    ],
)
def test_a_yes_means_what_its_column_asks(column: str, words: dict[str, bool]) -> None:
    rows = "".join(f"A{number},{word}\n" for number, word in enumerate([*words] * 2))
    assert inferred(f"Id,{column}\n{rows}").words == words


def test_the_status_of_an_account_that_is_locked_is_not_taken_for_who_may_work() -> None:
    draft = inferred("Id,Account_Locked\nA1,0\nA2,1\n")
    assert (draft.status, draft.words) == ("", {})


def test_a_column_is_the_manager_only_if_its_cells_are_ids_of_the_file() -> None:
    header = "Id,Name,Status,Mail,Manager\n"
    by_id = inferred(f"{header}A1,Lena Vogt,Active,l@x.example,\nA2,Tom Okafor,Active,t@x.example,A1\n")
    by_mail = inferred(f"{header}A1,Lena Vogt,Active,l@x.example,\nA2,Tom Okafor,Active,t@x.example,L@x.example\n")
    by_name = inferred(f"{header}A1,Lena Vogt,Active,l@x.example,\nA2,Tom Okafor,Active,t@x.example,Lena Vogt\n")
    strangers = inferred(f"{header}A1,Lena Vogt,Active,l@x.example,\nA2,Tom Okafor,Active,t@x.example,Vogt (Lena)\n")
    assert by_id.attributes[f"{URN}:manager"] == "Manager"
    assert by_mail.attributes[f"{URN}:manager"] == {"column": "Manager", "by": "mail"}
    assert by_name.attributes[f"{URN}:manager"] == {"column": "Manager", "by": "name"}
    assert f"{URN}:manager" not in strangers.attributes
    assert any(
        "'Manager' names 1 manager, of whom 0 can be found" in text for text in strangers.undecided["attributes"]
    )


def test_ids_that_a_spreadsheet_has_changed_are_told() -> None:
    guarded = inferred("Id,Status\n'00012,Active\n'00013,Active\n")
    assert guarded.key == {"column": "Id", "text_guard": True}
    decimals = inferred("Id,Status\n1222.0,Active\n1223.0,Active\n")
    assert decimals.key == "Id"
    assert any("strip_decimal: true" in text for text in decimals.remarks["key"])


def test_ids_in_several_rows_are_told() -> None:
    assert any("1 id in several rows" in text for text in inferred("Id,Status\nA1,Active\nA1,Left\n").remarks["key"])


def test_dates_that_can_be_read_two_ways_are_left_to_decide() -> None:
    draft = inferred("Id,Status,Hire Date\nA1,Active,02/11/2026\nA2,Active,03/11/2026\n")
    assert draft.dates == {}
    assert "\n".join(draft.undecided["dates"]) == (
        "DECIDE: Hire Date: is it 'format: dd/mm/yyyy' or 'format: mm/dd/yyyy'? The dates of this file do not tell, "
        "and until it is said such rows, or the file, are rejected."
    )
    assert draft.fault("proposal") == ""


def test_days_that_are_midnights_of_another_zone_are_left_to_decide() -> None:
    rows = "1,Active,2026-10-31T23:00:00.000Z,a@b.example\n2,Active,2026-06-30T22:00:00.000Z,c@b.example\n"
    text = inferred(f"Employee ID,Status,Hire Date,Email\n{rows}").text()
    assert "# DECIDE: Hire Date: '2026-10-31T23:00:00.000Z' looks like midnight of another time zone" in text
    assert "'midnight: Europe/Berlin', or 'midnight: UTC'" in " ".join(text.replace("#", "").split())


def test_text_in_a_code_page_is_read_and_the_guess_is_told() -> None:
    draft = inferred(GERMAN.encode("windows-1252"))
    assert draft.format == {"encoding": "windows-1252"}
    assert draft.remarks["format"][0].startswith("DECIDE: the text is neither UTF-8 nor UTF-16")
    assert people(
        loaded(inferred("Id,Status,Name\nA1,Active,Größ\n".encode("windows-1252"))),
        "Id,Status,Name\nA1,Active,Größ\n".encode("windows-1252"),
    )


def test_a_list_below_a_title_and_in_a_workbook_is_found() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["Staff, 21 November 2026"], [], *csv.reader(io.StringIO(GERMAN), delimiter=";")):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    draft = inferred(file.getvalue())
    assert (draft.key, draft.status) == ("Personal-Nr", "Beschäftigungsstatus")


def test_documents_of_unknown_form_are_mapped_by_the_ends_of_their_paths() -> None:
    people_of = [
        {
            "employeeId": "A1",
            "name": {"first": "Lena"},
            "job": {"jobTitle": "Head"},
            "employment": {"status": "Active"},
        },
        {
            "employeeId": "A2",
            "job": {"jobTitle": "Clerk"},
            "employment": {"status": "Left"},
            "contact": {"workEmail": "t@x.example"},
        },
    ]
    data = json.dumps({"meta": {"tags": [{"id": 1}]}, "staff": {"list": people_of}}).encode()
    draft = inferred(data)
    mapping = loaded(draft)
    assert draft.format == {"path": "staff.list"}
    assert (mapping.key, mapping.status.reads) == ("employeeId", ("employment.status",))
    assert mapping.attributes["title"].reads == ("job.jobTitle",)
    assert mapping.optional == ("contact.workEmail",)
    assert set(people(mapping, data)) == {"A1", "A2"}


def test_private_columns_are_never_mapped() -> None:
    draft = inferred(
        "Id,Status,Salary,Date of birth,IBAN,Home phone\nA1,Active,1,1980-01-01,X,1\nA2,Active,2,1981-01-01,Y,2\n"
    )
    assert draft.tail == ["Left out because they are private: Salary, Date of birth, IBAN, Home phone."]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty (0 bytes)."),
        (b"Id,Status\n", "There is nobody in it of whom a mapping could be made."),
        (b"12345Lena      Vogt\n12346Tom       Okafor\n", "It has only one column."),
        (b"[]", "There is nobody in it"),
        (b'{"a": 1}x', "This is not JSON"),
        (b"<!DOCTYPE x []><x><p>1</p></x>", ""),
        (b"[" * 5000, ""),
        (b'{"a":' * 5000, ""),
    ],
)
def test_what_nobody_can_read_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(ExtractRefused, match="^" + sentence.replace("(", r"\(").replace(")", r"\)")):
        inferred(data)


def test_a_wrong_hint_is_a_wrong_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.csv"
    file.write_text(GERMAN, encoding="utf-8")
    assert main([str(file), "--format", "delimeter=;", "--format", "encoding=", "--format", "header_rows=9"]) == 2
    assert capsys.readouterr().err == (
        "--format: encoding: must not be empty; header_rows: must not be more than 5; delimeter: no such key; did you "
        "mean 'delimiter'?.\n"
    )


NAMES = st.one_of(
    st.sampled_from(sorted(all_names())),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12),
    st.sampled_from(
        ["a: b", "# x", "- x", "'q'", '"q"', "{a|b}", "%TAG", "a\nb", "null", "true", "&a", "*a", "!x", "?"]
    ),
)
CELLS = st.one_of(
    st.sampled_from(
        ["", "Active", "Left", "1", "0", "A1", "00012", "2026-11-02", "02/11/2026", "x@y.example", "N/A", "=1"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12),
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_a_file_holds_the_proposal_is_a_mapping_or_says_what_is_missing(data: st.DataObject) -> None:
    header = data.draw(st.lists(NAMES, min_size=2, max_size=6))
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), min_size=1, max_size=8))
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    try:
        draft = inferred(text.getvalue())
    except ExtractRefused:
        return
    content = draft.text()
    assert yaml.compose(content) is not None
    assert "\x1b" not in content
    for fault in filter(None, draft.fault("p").split("\n")):
        assert fault.endswith(
            (
                "key: is missing",
                "status.values: must say of each word whether people with it may work, such as Active: true",
            )
        ), fault


@pytest.mark.parametrize(
    ("header", "row", "template"),
    [
        ("Id,Status,First name,Surname", "{0},Active,Ann,Lee", "{First name}.{Surname}@example.com"),
        ("Id,Status,Name", "{0},Active,Ann Lee", "{Id}@example.com"),
    ],
)
def test_a_hint_at_a_user_name_is_made_of_columns_that_the_file_has(
    header: str, row: str, template: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("\n".join([header, *(row.format(number) for number in range(1, 4))]) + "\n", encoding="utf-8")
    main([str(file)])
    said = " ".join(line.strip(" #") for line in capsys.readouterr().out.splitlines())
    hint = said.partition("such as userName: ")[2].partition("unique: true}")[0] + "unique: true}"
    assert yaml.safe_load(hint) == {"template": template, "transliterate": "plain", "case": "lower", "unique": True}


def test_without_a_status_the_days_alone_are_proposed() -> None:
    rows = "W1,a@x.example,2020-01-01,\nW2,b@x.example,2020-01-01,2026-11-20\n"
    text = f"Employee ID,Email,Hire Date,Termination Date\n{rows}"
    draft = inferred(text)
    mapping = loaded(draft)
    assert (mapping.status.column, mapping.status.days) == (None, ("Hire Date", "Termination Date"))
    run = dry_run([text.encode()], mapping, Reading(today=TODAY), now_of(mapping, TODAY))
    assert {one.worker.worker_id: one.worker.user["active"] for one in run.sent} == {"W1": True, "W2": False}
    assert "# DECIDE: no column says who may work, so the days alone do" in draft.text()


def test_columns_that_say_yes_or_no_to_an_end_are_one_status_together() -> None:
    rows = "W1,a@x.example,0,0\nW2,b@x.example,1,0\nW3,c@x.example,0,1\nW4,d@x.example,1,1\n"
    text = f"idnumber,email,suspended,deleted\n{rows}"
    draft = inferred(text)
    assert draft.status == {"columns": ["suspended", "deleted"], "join": "/"}
    assert draft.words == {"0/0": True, "0/1": False, "1/1": False}
    assert draft.undecided["words"] == [
        "DECIDE: '1/0' (1 row): true if they may work, false if not. Until then they are rejected."
    ]


def test_where_a_word_could_come_from_either_column_its_place_is_kept() -> None:
    rows = "W1,a@x.example,1,\nW2,b@x.example,1,1\nW3,c@x.example,,1\n"
    draft = inferred(f"Employee ID,Email,Worker_Status,On_Leave\n{rows}")
    assert draft.status == {"template": "{Worker_Status}/{On_Leave}"}
    assert [one.split(":")[1].split("(")[0].strip() for one in draft.undecided["words"]] == ["'1/'", "'1/1'", "'/1'"]


def test_a_leave_in_a_column_of_its_own_is_for_a_person_to_decide() -> None:
    rows = "W1,a@x.example,Active,No\nW2,b@x.example,Active,Yes\nW3,c@x.example,Terminated,Yes\n"
    draft = inferred(f"Employee ID,Email,Worker_Status,On_Leave\n{rows}")
    assert draft.status == {"columns": ["Worker_Status", "On_Leave"], "join": "/"}
    assert draft.words == {"Active/No": True, "Terminated/Yes": False}
    assert draft.undecided["words"] == [
        (
            "DECIDE: 'Active/Yes' (1 row). If they may work all the same: 'leave: [Active/Yes]' below `values`; if "
            "not, add 'leave_policy: disabled'."
        )
    ]


def test_of_two_last_days_the_earliest_is_proposed_and_asked_about() -> None:
    head = "Id,Email,Status,Last Day of Work,Termination Date\n"
    draft = inferred(f"{head}W1,a@x.example,Active,2026-11-25,2027-02-28\nW2,b@x.example,Terminated,,2026-10-31\n")
    assert draft.days == {"last_day": {"earliest": ["Termination Date", "Last Day of Work"]}}
    assert draft.remarks["last_day"] == [
        (
            "DECIDE: the earliest of Termination Date and Last Day of Work ends the access. If only one of them "
            "counts: last_day: Termination Date"
        )
    ]


def test_a_column_of_days_with_an_unknown_name_is_asked_about_where_a_day_is_missing() -> None:
    rows = "W1,a@x.example,Active,2020-01-01,2026-12-31\nW2,b@x.example,Left,2020-01-01,2026-10-31\n"
    draft = inferred(f"Id,Email,Status,Hire Date,Gone\n{rows}")
    assert draft.undecided["status"] == [
        "DECIDE: Gone: nothing here uses these days. If that is where the last day stands: last_day: Gone."
    ]
    assert "status" not in inferred(f"Id,Email,Status,Hire Date,End Date\n{rows}").undecided


def test_another_column_settles_where_day_and_month_stand() -> None:
    head, rows = (
        "Id,Email,Status,Hire Date,Review",
        "W1,a@x.example,Active,03/04/2020,{}\nW2,b@x.example,Left,05/06/2020,\n",
    )
    settled = inferred(f"{head}\n{rows.format('25/12/2026')}")
    assert settled.dates == {"format": "dd/mm/yyyy"}
    assert settled.remarks["dates"][0] == "Hire Date: written as in Review, whose days can be read in one way only."
    assert "is it 'format: dd/mm/yyyy' or 'format: mm/dd/yyyy'?" in inferred(f"{head}\n{rows.format('')}").text()


def test_years_of_two_digits_get_a_pivot_by_a_working_life() -> None:
    draft = inferred("Id,Email,Status,Hire Date\nW1,a@x.example,Active,31.12.66\nW2,b@x.example,Left,13.01.26\n")
    assert draft.dates == {"pivot": 65, "format": "dd.mm.yy"}
    assert (
        "# DECIDE: Hire Date: the years have two digits; as it is said here, 65 is 2065 and 66 is 1966." in draft.text()
    )


def test_a_byte_order_mark_is_no_part_of_a_column_s_name() -> None:
    text = '\ufeff"\ufeffEmployee ID",Email,Status\nW1,a@x.example,Active\nW2,b@x.example,Left\n'
    draft = inferred(text.encode())
    assert (draft.key, "\ufeff" in draft.text()) == ("Employee ID", False)


def test_a_column_of_zones_says_where_the_day_begins() -> None:
    rows = "W1,a@x.example,Active,2026-12-31,AEST\nW2,b@x.example,Left,2026-10-31,+02:00\nW3,c@x.example,Left,,CST\n"
    draft = inferred(f"Id,Email,Status,End Date,Time Zone\n{rows}")
    assert (draft.zone, "timezone" in draft.attributes) == ("Time Zone", False)
    assert draft.undecided["status"] == [
        (
            "DECIDE: 'CST' may be America/Chicago or Asia/Shanghai; write the IANA name, or ask IT to say in the "
            "mapping which (zone: map). Until then such rows are rejected."
        )
    ]
    assert loaded(draft).status.zone is not None
    areas = rows.replace("AEST", "North").replace("+02:00", "South").replace("CST", "East")
    assert inferred(f"Id,Email,Status,End Date,Zone\n{areas}").zone == ""
