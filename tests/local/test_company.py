"""The fictitious company: what its extracts hold, and that what was planted is all that differs."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from local.company import HEADER, BrokenRow, Extract, Reason, day_one, day_three, day_two, main

first, second, third = cache(day_one), cache(day_two), cache(day_three)


def lines(extract: Extract) -> list[list[str]]:
    return list(csv.reader(io.StringIO(extract.content.decode(), newline="")))


def people(extract: Extract) -> dict[str, dict[str, str]]:
    """The rows that are not broken, by id."""
    broken = {row.row_number for row in extract.broken}
    good = [line for number, line in enumerate(lines(extract)[1:], 2) if number not in broken]
    rows = [dict(zip(HEADER, line, strict=True)) for line in good]
    by_id = {row["WorkerID"]: row for row in rows}
    assert len(by_id) == len(rows)
    return by_id


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_company() -> None:
    assert (day_one(), day_two()) == (first(), second())
    assert day_one(seed=1).content != first().content
    assert day_two(seed=1).content != second().content


def test_on_day_three_nothing_is_broken_and_a_third_left_by_mistake() -> None:
    before, after = people(second()), people(third())
    whole = people(first()) | before
    assert (third().rows, third().joiners, third().leavers, third().broken) == (len(whole), (), (), ())
    assert len(third().mistaken) == int(0.3 * len(whole))
    changed = {
        worker: row | {"WorkerStatus": "Terminated"} for worker, row in whole.items() if worker in third().mistaken
    }
    changed |= {
        worker: row | {"JobTitle": f"Senior {row['JobTitle']}"}
        for worker, row in whole.items()
        if worker in third().movers
    }
    assert after == whole | changed
    assert len(changed) == len(third().movers) + len(third().mistaken)


def test_day_one_has_everybody_active_and_nothing_planted() -> None:
    assert (first().rows, first().joiners, first().movers, first().leavers, first().broken) == (1200, (), (), (), ())
    assert lines(first())[0] == list(HEADER)
    assert len(people(first())) == 1200
    assert Counter(row["WorkerStatus"] for row in people(first()).values()) == {"Active": 1200}


def test_the_size_is_as_asked() -> None:
    assert [len(lines(day_one(size))) - 1 for size in (41, 500, 3000)] == [41, 500, 3000]


def test_a_company_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^40 people are too few; 41 are enough$"):
        day_one(40)
    with pytest.raises(ValueError, match=r"^\d+ people who manage nobody are too few for 60 movers and 15 leavers$"):
        day_two(90)


@pytest.mark.parametrize("day", [first, second], ids=["day one", "day two"])
def test_ids_are_digits_and_user_names_are_plain_and_unique(day: Callable[[], Extract]) -> None:
    extract = day()
    by_id = people(extract)
    user_names = [row["UserID"] for row in by_id.values()]

    assert all(id_.isdecimal() and len(id_) == 5 for id_ in by_id)
    assert 0 < sum(id_.startswith("0") for id_ in by_id) < len(by_id) / 5
    assert len(set(user_names)) == len(user_names)
    assert [name for name in user_names if not name.isascii() or "." not in name or name != name.lower()] == []
    assert [name for name in user_names if name.startswith(".") or name.endswith(".")] == []


@pytest.mark.parametrize("day", [first, second], ids=["day one", "day two"])
def test_everybody_but_the_chief_reports_to_somebody_and_in_the_end_to_the_chief(day: Callable[[], Extract]) -> None:
    extract = day()
    managers = {id_: row["ManagerID"] for id_, row in people(first()).items()}
    managers |= {id_: row["ManagerID"] for id_, row in people(extract).items()}
    chiefs = [id_ for id_, manager in managers.items() if not manager]

    def top(id_: str) -> str:
        for _ in range(10):
            if not managers[id_]:
                return id_
            id_ = managers[id_]
        return "nobody"

    assert len(chiefs) == 1
    assert {top(id_) for id_ in managers} == set(chiefs)


def test_managers_stand_before_and_after_the_people_who_report_to_them() -> None:
    place = {id_: number for number, id_ in enumerate(people(first()))}
    before = sum(place[row["ManagerID"]] < place[id_] for id_, row in people(first()).items() if row["ManagerID"])

    assert 400 < before < 800


def test_names_come_in_several_scripts() -> None:
    letters = {letter for row in people(first()).values() for letter in row["FullName"] if letter.isalpha()}
    scripts = {unicodedata.name(letter).split()[0] for letter in letters}

    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "DEVANAGARI", "TAMIL", "CJK", "HANGUL", "HIRAGANA"} <= scripts


def test_some_values_need_quotes() -> None:
    assert {row["JobTitle"] for row in people(first()).values()} >= {"Director, Finance", "Vice President, Products"}
    assert any("," in row["StreetAddress"] for row in people(first()).values())


def test_on_day_two_exactly_what_was_planted_differs() -> None:
    before, after = people(first()), people(second())
    changed = {
        id_: {column for column in HEADER if before[id_][column] != row[column]}
        for id_, row in after.items()
        if id_ in before and before[id_] != row
    }
    moves = {column for id_ in second().movers for column in changed[id_]}

    assert (len(second().joiners), len(second().movers), len(second().leavers)) == (25, 60, 15)
    assert after.keys() - before.keys() == set(second().joiners)
    assert changed.keys() == {*second().movers, *second().leavers}
    assert moves == {"Department", "Division", "CostCenter", "JobTitle", "ManagerID"}
    assert {id_: changed[id_] for id_ in second().leavers} == {id_: {"WorkerStatus"} for id_ in second().leavers}
    assert {after[id_]["WorkerStatus"] for id_ in second().leavers} == {"Terminated"}
    assert before.keys() - after.keys() == {row.worker_id for row in second().broken if row.worker_id}


def test_movers_change_department_title_or_manager_in_equal_parts() -> None:
    before, after = people(first()), people(second())

    def kind(id_: str) -> str:
        columns = ("Department", "JobTitle", "ManagerID")
        return next(column for column in columns if before[id_][column] != after[id_][column])

    assert Counter(kind(id_) for id_ in second().movers) == {"Department": 20, "JobTitle": 20, "ManagerID": 20}


def test_nobody_whom_others_report_to_leaves_or_has_a_broken_row() -> None:
    managing = {row["ManagerID"] for day in (first(), second()) for row in people(day).values()} - {""}

    assert managing.isdisjoint(second().leavers)
    assert managing.isdisjoint(row.worker_id for row in second().broken)


def test_some_joiners_report_to_a_joiner() -> None:
    after = people(second())
    managers = {after[id_]["ManagerID"] for id_ in second().joiners}

    assert managers & set(second().joiners) == {second().joiners[0]}


def test_broken_rows_are_broken_as_they_say() -> None:
    rows = lines(second())

    def faults(broken: BrokenRow) -> Reason:
        line = rows[broken.row_number - 1]
        assert line[0] == broken.worker_id
        if len(line) != len(HEADER):
            return Reason.TOO_MANY_FIELDS if len(line) > len(HEADER) else Reason.TOO_FEW_FIELDS
        if not line[0]:
            return Reason.NO_ID
        if not line[1]:
            return Reason.NO_STATUS
        return Reason.UNKNOWN_STATUS if line[1] == "Retired?" else Reason.SAME_ID_TWICE

    assert [broken.reason_kind for broken in second().broken] == [faults(broken) for broken in second().broken]
    assert Counter(broken.reason_kind for broken in second().broken) == {
        Reason.NO_ID: 2,
        Reason.NO_STATUS: 2,
        Reason.UNKNOWN_STATUS: 1,
        Reason.TOO_MANY_FIELDS: 1,
        Reason.TOO_FEW_FIELDS: 1,
        Reason.SAME_ID_TWICE: 2,
    }
    one, other = (
        rows[broken.row_number - 1] for broken in second().broken if broken.reason_kind is Reason.SAME_ID_TWICE
    )
    assert one[0] == other[0]
    assert one != other


def test_every_row_of_day_two_is_accounted_for() -> None:
    before = people(first())
    unchanged = sum(before.get(id_) == row for id_, row in people(second()).items())
    planted = sum(map(len, (second().joiners, second().movers, second().leavers, second().broken)))

    assert second().rows == len(lines(second())) - 1 == second().content.count(b"\n") - 1 == unchanged + planted == 1228


def test_the_files_are_written_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    main([str(folder)])

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "workers-day-1.csv": first().content,
        "workers-day-2.csv": second().content,
        "workers-day-3.csv": third().content,
    }
    none = "0 broken rows, 0 people gone by mistake"
    assert capsys.readouterr().out == (
        f"{folder}/workers-day-1.csv: 1200 rows, 0 joiners, 0 movers, 0 leavers, {none}\n"
        f"{folder}/workers-day-2.csv: 1228 rows, 25 joiners, 60 movers, 15 leavers, 9 broken rows, "
        "0 people gone by mistake\n"
        f"{folder}/workers-day-3.csv: 1225 rows, 0 joiners, 8 movers, 0 leavers, 0 broken rows, "
        "367 people gone by mistake\n"
    )
