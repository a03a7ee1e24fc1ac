"""What `holds.yaml` may say, and what is said about its faults."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.holds.holds_file import HoldsFileError, parse_holds
from shared.holds.listed import Hold, Holds, ProtectedPerson, parse_until, until_in_words

GOOD = """\
version: 1
holds:
  - worker: 00042            # stays as it is written
    source: employees
    reason: Case 17
    until: 2026-12-31
    by: Sam (Security)
  - {worker: "9", reason: "Banned", by: Sam}
protected:
  - worker: "1"
    reason: Break-glass
  - {worker: "2", source: employees}
"""


PAGE = Path(__file__).parents[3] / "docs" / "operating.md"


def faults(text: str) -> list[str]:
    with pytest.raises(HoldsFileError) as caught:
        parse_holds(text.encode(), "holds.yaml")
    return str(caught.value).splitlines()


def test_people_are_read_as_they_are_written() -> None:
    found = parse_holds(GOOD.encode(), "holds.yaml")
    place = "hr-config/holds.yaml line"
    assert found.holds == (
        Hold("00042", "employees", "Sam (Security)", "Case 17", datetime(2027, 1, 1, tzinfo=UTC), f"{place} 3"),
        Hold("9", "", "Sam", "Banned", None, f"{place} 8"),
    )
    assert found.protected == (ProtectedPerson("1", "", "Break-glass"), ProtectedPerson("2", "employees"))


def test_the_example_of_the_page_for_operators_is_right() -> None:
    [example] = re.findall(r"```yaml\n( *version: 1\n *holds:.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    found = parse_holds(textwrap.dedent(example).encode())
    assert [(hold.worker, hold.source, hold.by) for hold in found.holds] == [("1222", "employees", "Sam, Security")]
    assert [one.worker for one in found.protected] == ["0001"]


def test_nobody_is_said_by_an_empty_list() -> None:
    found = parse_holds(b"version: 1\nholds: []\n")
    assert (found.holds, found.protected) == ((), ())


ENTRY = "version: 1\nholds:\n- {worker: 1, by: S, reason: R}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": it begins with 'version: 1', and lists people under 'holds'"),
        ("- 1", ": it begins with 'version: 1', and lists people under 'holds'"),
        ("holds: []", " line 1: 'version: 1' is missing"),
        ("version: 2\nholds: []", " line 1: 'version: 1' is missing"),
        ("version: 1", " line 1: neither 'holds' nor 'protected' is there; 'holds: []' says that nobody is on hold"),
        ("version: 1\nhold: []\nholds: []", " line 2: there is no key 'hold'; did you mean 'holds'?"),
        ("version: 1\nholds: []\nholds: []", " line 3: key 'holds' appears twice"),
        (
            "version: 1\nholds:",
            " line 2: holds: a list is wanted, one '- worker: ...' for each person; [] for nobody",
        ),
        (
            f"{ENTRY}- 1222",
            " line 4: holds: entry 2: 'worker: ID' is wanted, with source, reason, until, by below it",
        ),
        (f"{ENTRY}- {{worker: 2, by: S}}", " line 4: holds: entry 2: 'reason' is missing"),
        (f"{ENTRY}- {{worker: , by: S, reason: R}}", " line 4: holds: entry 2: worker: a text is wanted"),
        (
            f"{ENTRY}- {{worker: 2, by: S, reason: R, source: A b}}",
            " line 4: holds: entry 2: source: a source has small letters, digits and hyphens",
        ),
        (f"{ENTRY}- {{worker: 1, by: S, reason: R}}", " line 4: holds: worker 1 is there twice, in line 3 too"),
        (
            "version: 1\nprotected:\n- {worker: 1, by: S}",
            " line 3: protected: entry 1: there is no key 'by'; known: worker, source, reason",
        ),
        (
            "version: 1\nholds: [",
            " line 2: not valid YAML: expected the node content, but found '<stream end>'",
        ),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, said: str) -> None:
    assert faults(text) == [f"holds.yaml{said}"]


def test_an_end_that_is_no_day_and_an_id_in_other_letters_are_told() -> None:
    text = f"{ENTRY}- {{worker: a, by: S, reason: R}}\n- {{worker: A, by: S, reason: R, until: 31.12.2026}}\n"
    [said] = faults(text)
    assert said == (
        "holds.yaml line 5: holds: entry 3: until: '31.12.2026' is neither a day such as 2026-12-31 nor a time with "
        "its zone such as 2026-12-31T17:00Z"
    )
    assert faults(text.replace(", until: 31.12.2026", "")) == [
        "holds.yaml line 5: holds: worker A is there twice, in line 4 too"
    ]


def test_all_faults_are_told_together_and_a_bomb_of_them_is_cut() -> None:
    text = "version: 1\nholds:\n" + "- {worker: 1}\n" * 30
    told = faults(text)
    assert (len(told), told[-1]) == (21, "... and 40 more")


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a: &a [*a]", b"[" * 3000, b"x: !!python/object:os.system {}"])
def test_whatever_is_in_the_file_it_is_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(HoldsFileError):
        parse_holds(data, "holds.yaml")


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("2026-12-31", "2027-01-01T00:00:00+00:00", "the end of 2026-12-31 (UTC)"),
        ("2026-12-31T17:00+01:00", "2026-12-31T16:00:00+00:00", "2026-12-31T16:00:00Z"),
        ("2026-12-31T17:00:00.5Z", "2026-12-31T17:00:00+00:00", "2026-12-31T17:00:00Z"),
    ],
)
def test_an_end_is_a_day_that_counts_in_full_or_a_moment(text: str, at: str, words: str) -> None:
    until = parse_until(text)
    assert (until.isoformat(), until_in_words(until)) == (at, words)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "2026-12-31T17:00", "9999-12-31", "20261231"])
def test_what_is_no_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a day"):
        parse_until(text)


def test_the_hold_that_lasts_longest_counts_and_ids_are_folded() -> None:
    day = datetime(2026, 12, 31, tzinfo=UTC)
    short, long, other = (
        Hold("AB1", "", "S", "R", day, "x"),
        Hold("ab1", "employees", "S", "R", None, "y"),
        Hold("ab1", "interns", "S", "R", None, "z"),
    )
    holds = Holds([short, long, other], [ProtectedPerson("AB1", "employees")])
    assert holds.of("aB1", {"employees"}) == long
    assert holds.of("aB1", {"elsewhere"}) == short
    assert holds.of("2", {"employees"}) is None
    assert (holds.protects("ab1", {"employees"}), holds.protects("ab1", {"interns"})) == (True, False)
