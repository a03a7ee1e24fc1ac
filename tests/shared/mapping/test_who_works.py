"""Who works by a row: the word of its status, be it of several columns, its days, or both."""

from __future__ import annotations

from datetime import date

import pytest

from shared.errors import ExtractRefused, MappingError
from shared.mapping.apply import Applied, Applier, although
from shared.mapping.cells.user_names import NOBODY, Known
from shared.mapping.load import parse_mapping
from shared.mapping.model import MappingFile
from shared.model import Record, Reject
from tests.support.known import People

TODAY = date(2026, 11, 21)
WORD = "column: State, values: {Active: true, Left: false}"
DATES = "dates: {format: iso}\n"


def mapping(status: str, more: str = DATES) -> MappingFile:
    text = f"version: 1\nkey: Id\nstatus: {{{status}}}\nattributes: {{displayName: Name}}\n{more}"
    return parse_mapping(text.encode(), "a.yaml").mapping


def fault_of(status: str, more: str = DATES) -> str:
    with pytest.raises(MappingError) as wrong:
        mapping(status, more)
    return str(wrong.value)


def applied(status: str, known: Known = NOBODY, **cells: str) -> Applied | Reject:
    said = mapping(status)
    plain = dict.fromkeys(said.columns, "") | {"Id": "1", "Name": "Ann"}
    return Applier(said, known=known, today=TODAY).apply(Record(2, 2, plain | cells))


def works(made: Applied | Reject) -> tuple[bool, date | None, date | None]:
    assert isinstance(made, Applied), made
    return made.worker.user["active"], made.first_day, made.last_day


def reason(made: Applied | Reject) -> str:
    assert isinstance(made, Reject), made
    return made.reason


BY_DAYS = "first_day: Hire, last_day: End"


@pytest.mark.parametrize(
    ("hire", "end", "active"),
    [
        ("2020-01-01", "", True),
        ("2020-01-01", "2026-11-21", True),  # the last day counts in full
        ("2020-01-01", "2026-11-20", False),
        ("", "2026-11-20", False),
        ("2026-12-01", "", True),  # to come; the day itself sees to that
        ("2026-01-01", "2025-12-31", True),  # hired again
        ("2020-01-01", "9999-12-31", True),
    ],
)
def test_without_a_status_the_days_alone_decide(hire: str, end: str, *, active: bool) -> None:
    assert works(applied(BY_DAYS, Hire=hire, End=end))[0] is active


def test_without_a_status_a_row_without_a_first_day_tells_nothing() -> None:
    text = "Hire is empty, so nobody can tell whether the person may work: nothing but the days says it."
    for end in ("", "2026-11-21"):
        assert reason(applied(BY_DAYS, Hire="", End=end)) == text
    assert works(applied("last_day: End", End="2026-11-21")) == (True, None, date(2026, 11, 21))


def test_without_a_status_a_day_that_is_none_rejects_the_row_and_two_that_contradict_each_other_too() -> None:
    assert reason(applied(BY_DAYS, Hire="2020-01-01", End="soon")) == "End 'soon' is not a date written as yyyy-mm-dd."
    assert reason(applied(BY_DAYS, Hire="2027-01-01", End="2026-12-01")) == (
        "The person is to work, though End 2026-12-01 is to come and Hire 2027-01-01 is later still; one of the days "
        "is wrong, or two employments are in one row."
    )


def test_of_somebody_who_has_left_by_the_day_only_the_id_and_the_days_must_be_right() -> None:
    made = applied(BY_DAYS, Hire="2020-01-01", End="2026-11-20", Name="=1+1")
    assert works(made)[0] is False
    assert isinstance(made, Applied)
    assert made.warnings == (although("Name looks like a formula; enter the name itself."),)
    assert isinstance(applied(BY_DAYS, Hire="2020-01-01", End="2026-11-21", Name="=1+1"), Reject)


TWO = 'column: {columns: [suspended, deleted], join: "/"}, values: {0/0: true, 1/0: false, 0/1: false}'


@pytest.mark.parametrize(("cells", "active"), [("00", True), ("10", False), ("01", False)])
def test_the_status_may_be_made_of_two_columns(cells: str, *, active: bool) -> None:
    assert works(applied(TWO, suspended=cells[0], deleted=cells[1]))[0] is active


JOINED = 'column: {columns: [State, Leave], join: "/"}, values: {"1": true, 1/1: true}'


def test_a_word_that_comes_from_either_of_two_columns_refuses_the_file() -> None:
    said = mapping(JOINED)
    applier = Applier(said, today=TODAY)

    def row(state: str, leave: str) -> Record:
        return Record(2, 2, {"Id": "1", "Name": "Ann", "State": state, "Leave": leave})

    assert [works(applier.apply(row(*cells)))[0] for cells in (("1", ""), ("1", "1"), ("1", ""))] == [True] * 3
    with pytest.raises(ExtractRefused) as refused:
        applier.apply(row("", "1"))  # left, and on leave
    assert str(refused.value) == (
        "The status '1' is made of State in one row, and of Leave in another, where the rest is empty, so nobody can "
        "tell who works. Have IT write a template in the mapping in place of columns with join: it keeps the place of "
        "each."
    )


def test_a_template_keeps_the_place_of_a_word() -> None:
    status = 'column: {template: "{State}/{Leave}"}, values: {1/: true, 1/1: true, /1: false}'
    assert works(applied(status, State="1"))[0] is True
    assert works(applied(status, Leave="1"))[0] is False


def test_a_word_of_two_columns_that_was_not_agreed_is_told_by_both() -> None:
    assert reason(applied(TWO, suspended="1", deleted="1")) == (
        "suspended and deleted '1/1' is not one of the agreed words (0/0, 1/0, 0/1); correct it, or have IT map it."
    )
    assert reason(applied(TWO)) == "suspended and deleted are empty, so nobody can tell whether the person may work."
    assert reason(applied(TWO, suspended="0", deleted="#REF!")) == (
        "deleted holds the error #REF! of a spreadsheet; enter the value itself there, or correct the formula."
    )


CHOSEN = (
    "column: {choose: [{when: {Worker_Status: Terminated}, constant: Terminated}, {when: {On_Leave: '1'}, constant: On "
    "leave}, {column: Worker_Status}]}, values: {Active: true, Terminated: false}, leave: On leave, leave_policy: "
)


@pytest.mark.parametrize(
    ("policy", "status", "leave", "active"),
    [
        ("enabled", "Active", "1", True),
        ("disabled", "Active", "1", False),
        ("disabled", "Active", "0", True),
        ("enabled", "Terminated", "1", False),
    ],
)
def test_a_leave_in_a_column_of_its_own_keeps_or_ends_the_access(
    policy: str, status: str, leave: str, *, active: bool
) -> None:
    assert works(applied(CHOSEN + policy, Worker_Status=status, On_Leave=leave))[0] is active


def with_days(rule: str) -> str:
    return f"{WORD}, past_last_day: day, last_day: {{{rule}: [Worked, Term]}}"


@pytest.mark.parametrize(
    ("rule", "worked", "term", "last"),
    [
        ("first", "2026-11-25", "2027-02-28", date(2026, 11, 25)),
        ("first", "", "2026-12-31", date(2026, 12, 31)),
        ("first", "0000-00-00", "2026-12-31", date(2026, 12, 31)),
        ("first", "2026-12-31", "2026-11-25", date(2026, 12, 31)),
        ("earliest", "2026-12-31", "2026-11-25", date(2026, 11, 25)),
        ("latest", "2026-12-31", "2026-11-25", date(2026, 12, 31)),
        ("earliest", "", "", None),
    ],
)
def test_of_several_days_the_rule_says_which_counts(rule: str, worked: str, term: str, last: date | None) -> None:
    assert works(applied(with_days(rule), State="Active", Worked=worked, Term=term)) == (True, None, last)


@pytest.mark.parametrize(
    ("rule", "worked", "term", "last"),
    [
        ("latest", "2026-03-31", "9999-12-31", None),
        ("latest", "4712-12-31", "2026-12-31", None),
        ("latest", "2026-03-31", "31/12/9999", None),
        ("latest", "2026-03-31", "9999-12-31T00:00:00Z", None),
        ("latest", "2026-03-31", "/Date(253402214400000)/", None),
        ("latest", "2026-03-31", "2030-12-31", None),  # which the mapping counts as none
        ("latest", "2099-12-31", "2030-12-31", None),
        ("latest", "2026-12-31", "0000-00-00", date(2026, 12, 31)),
        ("latest", "2026-12-31", "1900-01-00", date(2026, 12, 31)),
        ("latest", "2026-12-31", "2001-01-01", date(2026, 12, 31)),
        ("latest", "2026-12-31", "open", date(2026, 12, 31)),
        ("earliest", "2026-12-31", "9999-12-31", date(2026, 12, 31)),
        ("first", "9999-12-31", "2026-12-31", date(2026, 12, 31)),
    ],
)
def test_an_end_that_never_comes_outlasts_every_other_where_the_latest_counts(
    rule: str, worked: str, term: str, last: date | None
) -> None:
    said = mapping(with_days(rule), "dates: {format: iso, none: [2030-12-31, 2001-01-01, open]}")
    record = Record(2, 2, {"Id": "1", "Name": "Ann", "State": "Active", "Worked": worked, "Term": term})
    assert works(Applier(said, today=TODAY).apply(record)) == (True, None, last)


def test_a_first_day_that_never_comes_says_nothing() -> None:
    made = applied(
        f"{WORD}, first_day: {{latest: [Hire, Again]}}", State="Active", Hire="2020-01-01", Again="9999-12-31"
    )
    assert works(made) == (True, date(2020, 1, 1), None)


def test_a_cell_that_is_no_day_rejects_the_row_beside_an_end_that_never_comes() -> None:
    assert reason(applied(with_days("latest"), State="Active", Worked="9999-12-31", Term="soon")) == (
        "Term 'soon' is not a date written as yyyy-mm-dd."
    )


def test_a_cell_of_several_days_that_is_no_day_rejects_the_row_unless_another_goes_before_it() -> None:
    assert reason(applied(with_days("earliest"), State="Active", Worked="2026-12-31", Term="soon")) == (
        "Term 'soon' is not a date written as yyyy-mm-dd."
    )
    made = applied(with_days("first"), State="Active", Worked="2026-12-31", Term="soon")
    assert works(made) == (True, None, date(2026, 12, 31))


def test_on_garden_leave_the_status_is_active_until_the_later_of_two_last_days() -> None:
    status = f"{WORD}, last_day: {{first: [Worked, Term]}}"
    left = applied(status, State="Active", Worked="2026-11-20", Term="2026-11-21")
    assert works(left) == (False, None, date(2026, 11, 20))
    assert reason(applied(status, State="Active", Worked="2026-11-19", Term="2026-11-20")) == (
        "State is 'Active', but Worked 2026-11-19 has passed; one of them is wrong."
    )


@pytest.mark.parametrize(("rule", "active", "last"), [("day", False, date(2026, 11, 20)), ("status", True, None)])
def test_active_though_the_last_day_has_passed_is_what_the_mapping_says(
    rule: str, last: date | None, *, active: bool
) -> None:
    status = f"{WORD}, last_day: End, past_last_day: {rule}"
    assert works(applied(status, State="Active", End="2026-11-20")) == (active, None, last)
    assert works(applied(status, State="Active", End="2026-11-21")) == (True, None, date(2026, 11, 21))
    assert works(applied(status, State="Left", End="2026-11-20")) == (False, None, date(2026, 11, 20))


def test_whoever_was_ended_by_the_very_day_that_the_row_names_is_no_reject() -> None:
    status = f"{WORD}, last_day: End"
    told = "State is 'Active', but End 2026-11-20 has passed; one of them is wrong."
    known = People({"1": ""}, last_days={"1": "2026-11-20"})
    assert works(applied(status, known, State="Active", End="2026-11-20")) == (True, None, date(2026, 11, 20))
    assert reason(applied(status, known, State="Active", End="2026-11-19")) == told.replace("-20", "-19")
    assert reason(applied(status, State="Active", End="2026-11-20")) == told


def test_a_day_that_was_carried_out_is_not_left_out_as_an_old_one_where_the_status_goes_first() -> None:
    status = f"{WORD}, last_day: End, past_last_day: status"
    known = People({"1": ""}, last_days={"1": "2026-11-20"})
    assert works(applied(status, known, State="Active", End="2026-11-20")) == (True, None, date(2026, 11, 20))
    assert works(applied(status, known, State="Active", End="2026-11-19")) == (True, None, None)


def test_those_who_were_ended_by_the_day_are_told_once_for_the_file() -> None:
    said = mapping(f"{WORD}, last_day: End")
    known = People({}, last_days={str(number): "2026-11-20" for number in range(12)})
    applier = Applier(said, known=known, today=TODAY)
    for number in range(11):
        applier.apply(Record(number, number, {"Id": str(number), "Name": "A", "State": "Active", "End": "2026-11-20"}))
    [note] = applier.finish()
    assert note == (
        "11 people have left by the last day, and State still says otherwise: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 1 more. "
        "Nothing is to be done, unless one of them works again: then HR corrects End."
    )


TOO_LITTLE = (
    "status: say in which 'column' the status stands, and what its 'values' mean; or 'last_day' alone, if nothing but "
    "days says who works"
)


@pytest.mark.parametrize(
    ("status", "more", "fault"),
    [
        ("values: {A: true}, last_day: End", "", TOO_LITTLE),
        ("first_day: Hire", "", TOO_LITTLE),
        ("column: State", "", "status: say under 'values' what the words of the status mean"),
        (
            "last_day: End, leave: Away",
            "",
            "status.leave: this goes with a 'column' for the status; without one the days decide",
        ),
        (f"{WORD}, past_last_day: day", "", "status.past_last_day: name the column with the last day under 'last_day'"),
        (f"{WORD}, last_day: {{}}", "", "status.last_day: a day comes from one of column, first, earliest, latest"),
        (
            f"{WORD}, last_day: {{first: [A], latest: [B]}}",
            "",
            "status.last_day: a day comes from one of column, first, earliest, latest",
        ),
        (
            "column: {column: State, unique: true}, values: {A: true}",
            "",
            "status.column: 'unique' is for attributes, not for the word of a status",
        ),
        (
            "last_day: End, first_day: Hire",
            "optional: [Hire]\n",
            "optional: 'Hire' is needed in every row and cannot be optional",
        ),
    ],
)
def test_a_status_that_says_too_little_or_too_much_is_told_with_its_place(status: str, more: str, fault: str) -> None:
    assert fault_of(status, more).partition(": ")[::2] == ("a.yaml line 3" if not more else "a.yaml line 5", fault)


FOR_EVER = (
    "State is 'Left', and End {day} is further ahead than a working life: it is no last day, and access ends at once."
)
FAR = (
    "State is 'Left', and End {day} is more than two years ahead: the account stays enabled until that day is over. "
    "If it is no last day, correct it, or ask IT to say in the mapping that it stands for none (dates: none), or that "
    "the status ends the access at once (status: end)."
)


@pytest.mark.parametrize("day", ["2099-12-31", "3000-01-01", "2199-12-31"])
def test_a_day_that_stands_for_ever_keeps_nobody_who_has_left_by_the_status(day: str) -> None:
    made = applied(f"{WORD}, last_day: End", State="Left", End=day)
    assert works(made) == (False, None, None)
    assert isinstance(made, Applied)
    assert made.warnings == (FOR_EVER.format(day=day),)


def test_of_somebody_who_works_it_counts_as_a_day() -> None:
    made = applied(f"{WORD}, last_day: End", State="Active", End="2099-12-31")
    assert (works(made), isinstance(made, Applied) and made.warnings) == ((True, None, date(2099, 12, 31)), ())


def test_a_leaver_whose_row_is_wrong_elsewhere_leaves_at_once_if_the_last_day_stands_for_ever() -> None:
    made = applied(f"{WORD}, last_day: End", State="Left", End="2099-12-31", Name="=1")
    assert works(made) == (False, None, None)


@pytest.mark.parametrize(
    ("day", "told"), [("2028-11-21", ()), ("2028-11-22", (FAR.format(day="2028-11-22"),)), ("2086-12-31", None)]
)
def test_a_leaver_stays_until_a_last_day_far_ahead_which_is_told(day: str, told: tuple[str, ...] | None) -> None:
    made = applied(f"{WORD}, last_day: End", State="Left", End=day)
    assert works(made) == (False, None, date.fromisoformat(day))
    assert isinstance(made, Applied)
    assert made.warnings == (told if told is not None else (FAR.format(day=day),))


def test_where_the_status_ends_the_access_at_once_a_last_day_far_ahead_is_not_told() -> None:
    made = applied(f"{WORD}, last_day: End, end: at_once", State="Left", End="2099-12-31")
    assert isinstance(made, Applied)
    assert made.warnings == ()


TURKISH = "column: State, values: {aktif: true, pasif: false, Ayr\u0131ld\u0131: false}"


@pytest.mark.parametrize(
    ("word", "active"),
    [
        ("PAS\u0130F", False),
        ("PASIF", False),
        ("AKT\u0130F", True),
        ("Aktif", True),
        ("akti\u0307f", True),
        ("AYRILDI", False),
        ("ayr\u0131ld\u0131", False),
    ],
)
def test_a_status_is_compared_by_turkish_capitals_too(word: str, *, active: bool) -> None:
    assert works(applied(TURKISH, State=word))[0] is active


def test_words_that_only_a_dot_tells_apart_stay_two() -> None:
    status = "column: State, values: {ik: true, \u0131k: false}"
    assert [works(applied(status, State=word))[0] for word in ("IK", "ik", "\u0131k")] == [True, True, False]
    assert isinstance(applied(status, State="\u0130K"), Reject)


@pytest.mark.parametrize("word", ["Act\u00adive", "Act\u200bive", "\u200bACTI\u00adVE"])
def test_what_nobody_sees_in_a_status_word_is_no_part_of_it(word: str) -> None:
    assert works(applied(WORD, State=word))[0] is True
    leave = f"{WORD}, leave: [Leave], leave_policy: disabled"
    made = applied(leave, State="Lea\u00adve")
    assert isinstance(made, Applied)
    assert (made.worker.user["active"], made.on_leave) == (False, True)


@pytest.mark.parametrize(
    ("word", "sign"),
    [
        ("\u0410ctive", "'\u0410' (CYRILLIC CAPITAL LETTER A, U+0410) in place 1"),
        ("On\u2013leave", "'\u2013' (EN DASH, U+2013) in place 3"),
        ("Act\u2060ive", "an invisible character (WORD JOINER, U+2060) in place 4"),
    ],
)
def test_a_sign_that_makes_another_word_of_an_agreed_one_is_named(word: str, sign: str) -> None:
    status = "column: State, values: {Active: true, Left: false, On-leave: true}"
    assert reason(applied(status, State=word)) == (
        f"State '{word}' is not one of the agreed words (Active, Left, On-leave): it holds {sign}. Correct it, or "
        "have IT map it."
    )


def test_of_a_word_in_another_language_no_sign_is_named() -> None:
    assert reason(applied(WORD, State="\u0410\u043a\u0442\u0438\u0432")) == (
        "State '\u0410\u043a\u0442\u0438\u0432' is not one of the agreed words (Active, Left); correct it, or have IT "
        "map it."
    )
