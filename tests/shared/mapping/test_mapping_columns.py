"""Rows mapped a column at a time become what they become one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.mapping import pieces
from shared.mapping.apply import Applied, Applier
from shared.mapping.cells import remembered
from shared.mapping.cells.limits import address_fault, are_fine_addresses, are_fine_user_names, user_name_fault
from shared.mapping.cells.text import are_plain, clean, holds_control, looks_broken
from shared.mapping.cells.user_names import NOBODY
from shared.mapping.columns import NO_DAY, Batch, ColumnMapper
from shared.mapping.model import MappingFile, Status
from shared.model import ENTERPRISE_USER, Reject
from tests.support.known import People

TODAY = date(2026, 11, 21)
EXTENSION = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"
OTHER = "urn:ietf:params:scim:schemas:extension:other:2.0:User"
MAIL = 'emails[type eq "work"].value'
COLUMNS = ("Id", "State", "First", "Last", "Nick", "Boss", "Start", "End", "Country", "Phone", "Zone")
MAPPING = MappingFile.model_validate(
    {
        "version": 1,
        "key": {"column": "Id", "width": 4},
        "required": ["Last"],
        "status": {
            "column": "State",
            "values": {"Active": True, "Left": False},
            "first_day": "Start",
            "last_day": "End",
            "zone": "Zone",
        },
        "dates": {"format": ["iso", "dd.mm.yyyy", "dd.mm.yy"], "pivot": 30},
        "attributes": {
            "userName": {
                "template": "{Nick|First}.{Last}@contoso.example",
                "transliterate": "german",
                "case": "lower",
                "unique": True,
            },
            # The parts of an object do not stand together, and the first of them may be missing.
            "name.middleName": {"column": "Nick", "cut": 8},
            "displayName": {"template": "{Nick|First} {Last}"},
            "name.givenName": "First",
            f"{EXTENSION}:country": {"column": "Country", "country": "omit"},
            f"{OTHER}:nick": "Nick",
            "name.familyName": "Last",
            "title": {"columns": ["Nick", "Country"], "join": " / ", "default": "None"},
            f"{EXTENSION}:start": {"column": "Start", "date": {"time": "08:00"}, "empty": "null"},
            f"{EXTENSION}:manager": {"column": "Phone", "empty": "null"},
            'phoneNumbers[type eq "work"].value': {"column": "Phone", "phone": "49"},
            f"{ENTERPRISE_USER}:manager": {"column": "Boss", "empty": "null"},
            f"{ENTERPRISE_USER}:employeeNumber": "Id",
            f"{ENTERPRISE_USER}:department": {
                "choose": [{"when": {"Country": "D*"}, "constant": "Home"}, {"column": "Country", "case": "upper"}]
            },
            MAIL: {"copy": "userName", "cut": 40},
        },
    }
)
KNOWN = People(
    {"0007": "ann.lee3@contoso.example", "0012": "", "00044": "", "w7": ""},
    {"0099": "bo.lee@contoso.example"},
    last_days={"0007": "2026-11-20", "0012": "2019-01-01", "0013": "2026-11-20", "0014": ""},
)

MAPPING_WITH_CLAIMS = MAPPING.model_copy(
    update={
        "attributes": {
            **{path: rule for path, rule in MAPPING.attributes.items() if path != MAIL},
            "userName": MAPPING.attributes["userName"].model_copy(update={"unique": False}),
            MAIL: MAPPING.attributes["title"],
        }
    }
)


def with_status(**said: object) -> MappingFile:
    return MAPPING.model_copy(update={"status": Status.model_validate({"zone": "Zone", **said})})


WORDS = {"column": "State", "values": {"Active": True, "Left": False}}
MAPPINGS = {
    "numbered": MAPPING,
    "claims": MAPPING_WITH_CLAIMS,
    "dates alone": with_status(first_day="Start", last_day="End"),
    "the day decides": with_status(**WORDS, first_day="Start", last_day="End", past_last_day="day"),
    "the status decides": with_status(**WORDS, first_day="Start", last_day="End", past_last_day="status"),
    "the earlier day": with_status(**WORDS, last_day={"earliest": ["End", "Start"]}),
    "the later day": with_status(**WORDS, last_day={"latest": ["End", "Start"]}, past_last_day="day"),
    "the first day that is there": with_status(**WORDS, last_day={"first": ["Start", "End"]}),
    "two columns": with_status(
        column={"columns": ["State", "Country"], "join": "/"},
        values={"Active/DE": True, "Active": True, "Left/DE": False},
        leave=["Active/Germany"],
        leave_policy="disabled",
    ),
    "a word that is chosen": with_status(
        column={"choose": [{"when": {"Nick": "Bo"}, "constant": "Gone"}, {"column": "State", "case": "upper"}]},
        values={"ACTIVE": True, "LEFT": False, "Gone": False},
        first_day={"latest": ["Start", "End"]},
    ),
}

NAMES = (
    *(
        "Bo",
        "O'Neil",
        "  Ann ",
        "A  B",
        "line\nbreak",
        "",
        "-",
        "\u0394",
        "=1",
        "Ann?",
        "Ä" * 70,
        "J\u00c3\u00bcrgen",
        "50%",
    ),
    *("e\u0301", "\u200bBo", "bell\x07", "unknown", 'quo"te\\', "+x", "a@b", "..", "\u00a0x", "\u00c3\u00a0"),
    *("#REF!", "#BEZUG!", "####", "#1", "#N/A"),
    *(
        "Jos\u00bf",
        "\u00bf\u00bf",
        "Jos\u201a",
        "e\u0301\u201e",
        "J\u201erg",
        "M\u221a\u00baller",
        "=\u00bfx",
        "\u201eBo\u201d",
    ),
    *("None", "N.N.", "--", "0"),
    *('",', ",", '","', "+SUM(1)", "@x|y", "-2!", "(+1)"),
)
ODD = {
    "Id": ("", "12E3", "'7", "N/A", "a b", "\u00e97", "44", "7", "W7", "w7", "w 7", "#REF!", "\uff17"),
    "State": ("active ", "Left", "", "Sabbatical", "Act\u00adive", "ACT\u0130VE", "\u0410ctive"),
    "First": NAMES,
    "Last": NAMES,
    "Nick": NAMES,
    "Boss": ("", "1", "7", "NONE", "1.0", "x" * 20),
    "Start": ("", "31.01.2020", "9999-12-31", "2020-02-30", "2027-05-01", "01.01.31", "01.06.26", "1930-01-01"),
    "End": (
        *("2026-11-21", "2026-11-20", "2019-01-01", "never", "31.12.31", "31.12.70", "31.05.24", "1930-12-31"),
        *("2099-12-31", "2030-01-31", "2028-11-21"),
    ),
    "Country": ("", "Germany", "Atlantis"),
    "Phone": ("", "+49 (0)30 99 99 99", "soon"),
    "Zone": ("Europe/Berlin", "Mars/Phobos", "EST", "europe/berlin", "W. Europe Standard Time", "+02:00", "CST"),
}
PLAIN = {
    "State": "Active", "First": "J\u00fcrgen", "Last": "Lee", "Nick": "", "Boss": "99", "Start": "2020-01-31",
    "End": "", "Country": "DE", "Phone": "030 123456", "Zone": "",
}  # fmt: skip
odd_cells = st.sampled_from([(column, cell) for column, several in ODD.items() for cell in several])
# Most of a row is plain, so that one odd cell shows whether it is seen.
cells = st.builds(
    lambda worker_id, odd: PLAIN | {"Id": str(worker_id)} | dict(odd),
    st.integers(1, 60),
    st.lists(odd_cells, max_size=3),
)
Rows = Sequence[dict[str, str]]


# Few rows go the ways of many: columns that are not worth remembering, and a memory that is full.
WAYS = {"at once": (0, 0, 100, 50_000), "in turns": (1, 0, 1, 3), "remembered": (100, 2, 60, 50_000)}


def batches(rows: Rows, size: int) -> Iterator[Batch]:
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        numbers = range(start + 2, start + 2 + len(some))
        yield Batch(numbers, numbers, {column: [row[column] for row in some] for column in COLUMNS})


def made_of(applied: Applied | Reject) -> object:
    """What is said of a row: all of it if there is something to tell, else what is kept."""
    if isinstance(applied, Reject) or applied.warnings:
        return applied
    worker = applied.worker
    days = [day.isoformat() if day else NO_DAY for day in (applied.first_day, applied.last_day)]
    user = json.dumps(worker.user, ensure_ascii=False, separators=(",", ":"))
    return (worker.worker_id, user, *days, applied.zone, worker.manager_id, applied.claims)


def finished(applier: Applier) -> object:
    try:
        return applier.lost_zeros, applier.finish()
    except ExtractRefused as refused:
        return str(refused)


def one_by_one(mapping: MappingFile, rows: Rows) -> list[object]:
    applier = Applier(mapping, known=KNOWN, today=TODAY)
    return [*(made_of(applier.apply(batch.record(0))) for batch in batches(rows, 1)), finished(applier)]


def in_columns(mapping: MappingFile, rows: Rows, size: int) -> list[object]:
    applier = Applier(mapping, known=KNOWN, today=TODAY)
    mapper = ColumnMapper(applier)
    made: list[object] = []
    for batch in batches(rows, size):
        mapped = mapper.map(batch)
        assert {len(column) for column in mapped.users} == {len(batch)}
        for place in range(len(batch)):
            if place in mapped.careful:
                made.append(made_of(mapped.careful[place]))
                continue
            user = b"".join(column[place] for column in mapped.users).decode()
            assert json.loads(user)["active"] == (mapped.active[place] == "true")
            days = (mapped.first_days[place], mapped.last_days[place], mapped.zones[place])
            claims = tuple((kind, column[place]) for kind, column in mapped.claims if column[place])
            made.append((mapped.ids[place], user, *days, mapped.managers[place], claims))
    return [*made, finished(applier)]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@given(
    rows=st.lists(cells, min_size=1, max_size=30), size=st.sampled_from([1, 4, 10]), said=st.sampled_from([*MAPPINGS])
)
def test_a_row_in_columns_becomes_what_it_becomes_alone(
    way: tuple[int, int, int, int], rows: Rows, size: int, said: str
) -> None:
    mapping = MAPPINGS[said]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(("_TRIES", "_FIRST_TRY", "_TIMES", "_MOST"), way, strict=True):
            patch.setattr(remembered, name, value)
        assert in_columns(mapping, rows, size) == one_by_one(mapping, rows)


@pytest.mark.parametrize("size", [1, 4])
def test_an_empty_cell_among_new_ones_gives_nobody_the_value_of_somebody_else(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extension's manager without a value is left to the applier, by a mark that no other attribute has."""
    monkeypatch.setattr(remembered, "_TRIES", 0)
    monkeypatch.setattr(remembered, "_FIRST_TRY", 0)
    rows = [PLAIN | {"Id": str(number), "Phone": f"030 12345{number}"} for number in range(1, 17)]
    rows[9]["Phone"] = ""
    mapping = MAPPINGS["claims"]
    assert in_columns(mapping, rows, size) == one_by_one(mapping, rows)


@given(
    st.lists(st.text(st.characters() | st.sampled_from('",\\\n\0:{}'), max_size=4), max_size=6),
    st.sampled_from(["", "\0"]),
)
def test_texts_become_json_in_one_go_as_one_by_one(texts: list[str], absent: str) -> None:
    for before, after in ((',"title":', ""), (',"manager":{"value":', "}")):
        one_by_one = [f"{before}{json.dumps(text, ensure_ascii=False)}{after}" if text else absent for text in texts]
        made = pieces.as_json(texts, before.encode(), after.encode(), absent.encode())
        assert [piece.decode("utf-8", "surrogatepass") for piece in made] == one_by_one


def test_only_rows_with_something_to_tell_are_left_to_the_applier() -> None:
    rows = [PLAIN | {"Id": str(number), "First": f"  J\u00fcrgen\n{number}"} for number in range(1, 40)]
    rows[7]["Country"] = "Atlantis"
    rows[9]["Boss"] = "1.2E+10"
    [batch] = batches(rows, 40)
    mapped = ColumnMapper(Applier(MAPPING, known=NOBODY, today=TODAY)).map(batch)
    assert sorted(mapped.careful) == [7, 9]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_MOST", 10)
    room = remembered.Room()
    one, other = (remembered.Remembered[str, str](str.upper, room, few=True) for _ in range(2))
    held = []
    for number in range(100):
        assert one.column([f"a{number}", "x" * 10_000]) == [f"A{number}", "X" * 10_000]
        assert other.column(["b"]) == ["B"]
        held.append((len(one) + len(other), "x" * 10_000 in one))
    assert (max(size for size, _ in held), any(long for _, long in held)) == (10, False)


@given(
    st.lists(
        st.text("aZ \u00e4\u0301\u0627\u0928\uae40\u200b\u00a0\n\x07\u00c3\u00bc\ufffd\u3000") | st.text(max_size=5)
    )
)
def test_what_is_plain_at_a_glance_needs_no_cleaning(texts: list[str]) -> None:
    if texts and are_plain(texts):
        assert list(map(clean, texts)) == texts
        assert not any(map(looks_broken, texts))
        assert not any(map(holds_control, texts))


ADDRESSES = st.lists(
    st.text("aZ9.-@_#' \n\u00e9", max_size=7)
    | st.sampled_from(
        ["", "ann.lee@contoso.com", "a@b", "a@b.c", "x" * 64 + "@b", "x" * 65 + "@b", "a@" + "b" * 48, "a@" + "b" * 49]
    ),
    max_size=5,
)


@given(ADDRESSES)
def test_addresses_and_user_names_that_are_fine_at_a_glance_have_no_fault(texts: list[str]) -> None:
    filled = list(filter(None, texts))
    assert are_fine_addresses(texts) == (not any(map(address_fault, filled)))
    with_at = [text for text in filled if "@" in text]
    assert are_fine_user_names(with_at) == (not any(map(user_name_fault, with_at)))
