"""What each rule of a mapping file does to a value."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import MappingError
from shared.mapping.apply import Applied, Applier
from shared.mapping.cells.countries import country_code
from shared.mapping.cells.user_names import NOBODY
from shared.mapping.model import MappingFile
from shared.mapping.paths import parse_path
from shared.model import Record, Reject

CUSTOM = "urn:contoso:User:x"


def mapped(
    rule: str, cells: dict[str, str], path: str = CUSTOM, status: str = "Active", more: str = "{}"
) -> Applied | Reject:
    mapping = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "State", "values": {"Active": True, "Left": False}},
            "attributes": {path: yaml.load(rule, yaml.BaseLoader)},
            **yaml.load(more, yaml.BaseLoader),
        }
    )
    plain = dict.fromkeys(mapping.columns, "")
    return Applier(mapping, known=NOBODY).apply(Record(2, 2, plain | {"Id": "7", "State": status} | cells))


def in_digits(zero: str, number: str) -> str:
    """A number with the digits of another script, which begin with a zero."""
    return "".join(chr(ord(zero) + int(sign)) if sign in "0123456789" else sign for sign in number)


def value(made: Applied | Reject, path: str = CUSTOM) -> tuple[Any, tuple[str, ...]]:
    """What was sent, and the warnings; None if nothing was."""
    assert isinstance(made, Applied)
    place = parse_path(path)
    found: Any = made.worker.user
    for step in (place.schema, place.name, place.sub):
        found = found[0] if isinstance(found, list) else found
        found = found.get(step) if step and found is not None else found
    return found, made.warnings


@pytest.mark.parametrize(
    ("rule", "cells", "sent"),
    [
        ("A", {"A": "x"}, "x"),
        ("{column: A}", {"A": "x"}, "x"),
        ("{columns: [A, B, C]}", {"A": "x", "C": "z"}, "x z"),
        ("{columns: [A, B], join: ', '}", {"A": "x", "B": "y"}, "x, y"),
        ("{first: [A, B]}", {"B": "y"}, "y"),
        ("{first: [A, B]}", {"A": "x", "B": "y"}, "x"),
        ("{constant: Tessera}", {}, "Tessera"),
        ("{column: A, default: none}", {}, "none"),
        ("{column: A, default: none}", {"A": "x"}, "x"),
        ("{template: '{A} of {B}'}", {"A": "x", "B": "y"}, "x of y"),
        ("{template: '{A} {B}'}", {"B": "y"}, "y"),
        ("{template: '{A} of {B}'}", {}, None),
        ("{template: '{A|B}-{{{C}}}'}", {"B": "y", "C": "z"}, "y-{z}"),
        ("{column: A, map: {Full time: FT, part time: PT}}", {"A": " FULL  time "}, "FT"),
        ("{column: A, map: {x: y}, otherwise: other}", {"A": "z"}, "other"),
        ("{column: A, map: {x: y}, otherwise: '{value}!'}", {"A": "z"}, "z!"),
        ("{column: A, map: {x: ''}}", {"A": "x"}, None),
        ("{column: A, case: upper}", {"A": "straße"}, "STRAßE"),
        ("{column: A, case: lower}", {"A": "ALİ İBRAHİM ΓΙΆΝΝΗΣ"}, "ali ibrahim γιάννησ"),
        ("{column: A, case: title}", {"A": "ADÉṢỌ̀LÁ O'NEIL ﬁnn"}, "Adéṣọ̀lá O'Neil ﬁnn"),
        ("{column: A, map: {straße: y}, otherwise: n}", {"A": "STRASSE"}, "n"),
        ("{column: A, map: {straße: y}, otherwise: n}", {"A": "STRAßE"}, "y"),
        ("{column: A, map: {izmir: y}, otherwise: n}", {"A": "İZMIR"}, "n"),
        ("{column: A, trim: {start: '0'}}", {"A": "00120"}, "120"),
        ("{column: A, trim: {end: '.'}}", {"A": "Dept. ."}, "Dept"),
        ("{column: A, replace: [{from: 'ä', to: ae, any_case: true}]}", {"A": "Ärztin käm"}, "aerztin kaem"),
        ("{column: A, replace: [{from: '00', to: +, at: start}]}", {"A": "0049 00"}, "+49 00"),
        ("{column: A, replace: [{from: .com, to: .org, at: end}]}", {"A": "a.com.com"}, "a.com.org"),
        ("{column: A, replace: [{from: '@', to: '@x.org', rest: true}]}", {"A": "a@b@c"}, "a@x.org"),
        ("{column: A, keep: 'a-z0-9-'}", {"A": "Ab 0-9_é"}, "b0-9"),
        ('{column: A, keep: {letters: true, signs: "\'"}}', {"A": "O'Néil 3"}, "O'Néil"),
        ("{column: A, keep: {digits: true}}", {"A": "+49 (0) 12"}, "49012"),
        ("{column: A, part: {length: 2}}", {"A": "Ann"}, "An"),
        ("{column: A, part: {length: 4}}", {"A": "Ann"}, None),
        ("{column: A, part: {length: 4, short: keep}}", {"A": "Ann"}, "Ann"),
        ("{column: A, part: {from: 2}}", {"A": "Ann"}, "nn"),
        ("{column: A, part: {from: -2, length: 1}}", {"A": "Anm"}, "n"),
        ("{column: A, pad: {width: 5}}", {"A": "12"}, "00012"),
        ("{column: A, pad: {width: 5, with: x, at: end}}", {"A": "12"}, "12xxx"),
        ("{column: A, pad: {width: 5}}", {}, None),
        ("{column: A, split: {on: ',', take: 2}}", {"A": "x, y"}, "y"),
        ("{column: A, split: {on: ',', take: 2}, blanks: keep}", {"A": "x, y"}, " y"),
        ("{template: '{A} {B}', blanks: keep}", {"B": "y"}, " y"),
        ("{columns: [A, B], join: ' - ', blanks: keep}", {"A": "x", "B": "y"}, "x - y"),
        ("{template: '{i}{B}', pieces: {i: {column: A, part: {length: 1}}}}", {"A": "Ann", "B": "Lee"}, "ALee"),
        ("{first: [i, B], pieces: {i: {column: A, keep: {digits: true}}}}", {"A": "x", "B": "y"}, "y"),
        ("{column: i, pieces: {i: {column: A, case: upper}}, replace: [{from: A, to: b}]}", {"A": "aba"}, "bBb"),
        ("{choose: [{when: {A: x}, constant: 1}, {when: {A: [y, z*]}, column: B}, {constant: 3}]}", {"A": "X"}, "1"),
        ("{choose: [{when: {A: x}, constant: 1}, {when: {A: [y, z*]}, column: B}]}", {"A": "zz", "B": "b"}, "b"),
        ("{choose: [{when: {A: x}, constant: 1}, {constant: 3}]}", {}, "3"),
        ("{choose: [{when: {A: ''}}, {constant: 3}]}", {}, None),
        ("{choose: [{when: {A: '*'}, constant: 1}]}", {}, None),
        ("{choose: [{when: {A: '*', B: '*q*'}, constant: 1}, {constant: 2}]}", {"A": "x", "B": "aQa"}, "1"),
        ("{choose: [{when: {A: '*', B: '*q'}, constant: 1}, {constant: 2}]}", {"A": "x", "B": "aQa"}, "2"),
        ("{choose: [{when: {A: {words: [X*], case_sensitive: true}}, constant: 1}]}", {"A": "xx"}, None),
        ("{choose: [{when: {p: ab}, constant: 1}], pieces: {p: {column: A, part: {length: 2}}}}", {"A": "ABC"}, "1"),
        ("{type: boolean, choose: [{when: {A: ''}, constant: no}, {constant: yes}]}", {"A": "2026"}, True),
        ("{column: A, case: lower}", {"A": "ÄB"}, "äb"),
        ("{column: A, case: title}", {"A": "ANNE-MARIE o'neil"}, "Anne-Marie O'Neil"),
        ("{column: A, trim: '#*'}", {"A": "#* x *#"}, "x"),
        ("{column: A, replace: [{from: ' - ', to: ', '}, {from: '(old)'}]}", {"A": "a - b (old)"}, "a, b"),
        ("{column: A, split: {on: ',', take: 2}}", {"A": "Doe, Jane"}, "Jane"),
        ("{column: A, split: {on: '>', take: -1}}", {"A": "HQ > IT > Ops"}, "Ops"),
        ("{column: A, split: {on: ','}}", {"A": "Doe"}, "Doe"),
        ("{column: A, split: {on: ',', take: 2}}", {"A": "Doe"}, None),
        ("{column: A, type: boolean}", {"A": "Ja"}, True),
        ("{column: A, type: boolean, default: 'no'}", {}, False),
        ("{column: A, boolean: {true: [Remote], false: [Office]}}", {"A": "office"}, False),
        ("{column: A, type: integer}", {"A": "-0042"}, -42),
        ("{column: A, type: integer, default: 5}", {}, 5),
        ("{column: A, date: dd.mm.yyyy}", {"A": "1.2.2026"}, "2026-02-01T00:00:00Z"),
        ("{column: A, date: {format: iso, to: date}}", {"A": "2026-02-01"}, "2026-02-01"),
        (
            "{column: A, date: {format: iso, time: '23:59', zone: Europe/Berlin}}",
            {"A": "2026-07-01"},
            "2026-07-01T23:59:00+02:00",
        ),
        (
            "{column: A, date: {format: iso, to: ad, time: '00:30', zone: Europe/Berlin}}",
            {"A": "2026-07-01"},
            "20260630223000.0Z",
        ),
        ("{column: A, type: datetime}", {"A": "2026-02-01"}, "2026-02-01T00:00:00Z"),
        ("{column: A, date: iso}", {"A": "9999-12-31"}, None),
        ("{column: A, country: reject}", {"A": "UK"}, "GB"),
        ("{column: A, country: reject}", {"A": "Österreich"}, "AT"),
        ("{column: A, country: reject}", {"A": "deu"}, "DE"),
        ("{column: A, phone: 41}", {"A": "044 555 01 23"}, "+41445550123"),
        ("{column: A, phone: '+49'}", {"A": "0049 (0)30/555-0123"}, "+49305550123"),
        ("{column: A, phone: {code: 39, trunk: ''}}", {"A": "06 555 0123"}, "+39065550123"),
        ("{column: A, phone: {code: 39, trunk: ''}}", {"A": "+39 (0)6 555 0123"}, "+39065550123"),
        ("{column: A, phone: 39}", {"A": "+44 (0)20 5550 0123"}, "+442055500123"),
        ("{column: A, phone: 1}", {"A": "1-555-555-0123"}, "+15555550123"),
        ("{column: A, phone: 1}", {"A": "(555) 555-0123"}, "+15555550123"),
        ("{column: A, phone: 1}", {"A": "555.123.4567"}, "+15551234567"),
        ("{column: A, phone: 49}", {"A": "+1 (555) 123-4567"}, "+15551234567"),
        ("{column: A, phone: 1}", {"A": "011 49 30 5550123"}, "+49305550123"),
        ("{column: A, phone: 49}", {"A": "305550123.0"}, "+49305550123"),
        ("{column: A, phone: 49}", {"A": "030.5550.0"}, "+493055500"),
        ("{column: A, phone: 49}", {"A": "+49 (0)33701/55-0"}, "+4933701550"),
        ("{column: A, phone: 49}", {"A": "0491 / 555-012"}, "+49491555012"),
        ("{column: A, phone: 49}", {"A": "491 555012"}, "+49491555012"),
        ("{column: A, phone: 55}", {"A": "(55) 95555-0123"}, "+5555955550123"),
        ("{column: A, phone: 39}", {"A": "06 555 0123"}, "+39065550123"),
        ("{column: A, phone: {code: 39, trunk: '0'}}", {"A": "06 555 0123"}, "+3965550123"),
        ("{column: A, phone: 49}", {"A": "+49 030 5550123"}, "+49305550123"),
        ("{column: A, phone: 44}", {"A": "0044 (020) 5550 0123"}, "+442055500123"),
        ("{column: A, phone: 7}", {"A": "(812) 555-01-23"}, "+78125550123"),
        ("{column: A, phone: 7}", {"A": "861 555-01-23"}, "+78615550123"),
        ("{column: A, phone: 49}", {"A": "+52 1 55 5550 0123"}, "+5215555500123"),
        ("{column: A, phone: 49}", {"A": "0049 6221 / 54-0"}, "+496221540"),
        ("{column: A, phone: 43}", {"A": "+43 316 877/12"}, "+4331687712"),
        ("{column: A, phone: 45}", {"A": "45 55 01 23"}, "+4545550123"),
        ("{column: A, phone: 242}", {"A": "06 555 0123"}, "+242065550123"),
        ("{column: A, phone: 49}", {"A": "+39 06 555 0123"}, "+39065550123"),
        ("{column: A, phone: 36}", {"A": "06 1 555 0123"}, "+3615550123"),
        ("{column: A, phone: 7}", {"A": "8 (495) 555-01-23"}, "+74955550123"),
        ("{column: A, phone: 7}", {"A": "810 49 30 5550123"}, "+49305550123"),
        ("{column: A, phone: 375}", {"A": "8 017 555-01-23"}, "+375175550123"),
        ("{column: A, phone: 52}", {"A": "01 55 5550 0123"}, "+525555500123"),
        ("{column: A, phone: 61}", {"A": "0011 49 30 5550123"}, "+49305550123"),
        ("{column: A, phone: 61}", {"A": "0049 30 5550123"}, "+49305550123"),
        ("{column: A, phone: 81}", {"A": "010-49-30-5550123"}, "+49305550123"),
        ("{column: A, phone: 972}", {"A": "012 49 30 5550123"}, "+49305550123"),
        ("{column: A, phone: 49}", {"A": in_digits("\uff10", "030\uff0f555012")}, "+4930555012"),
        ("{column: A, phone: 20}", {"A": in_digits("\u0660", "02 55550123")}, "+20255550123"),
        ("{column: A, phone: 46}", {"A": "46 (0)8 555 012"}, "+468555012"),
        ("{column: A, phone: 39}", {"A": "39 (0)6 555 0123"}, "+39065550123"),
        ("{column: A, phone: 49}", {"A": "0621 60-0"}, "+49621600"),
        ("{column: A, phone: 598}", {"A": "02 555 0123"}, "+59825550123"),
        ("{column: A, transliterate: german}", {"A": "Jürgen Groß"}, "JuergenGross"),
        ("{column: A, transliterate: plain}", {"A": "Jürgen Sørby-Łuk"}, "JurgenSorby-Luk"),
        ("{column: A, cut: 3}", {"A": "abc"}, "abc"),
    ],
)
def test_a_rule_makes_the_value(rule: str, cells: dict[str, str], sent: object) -> None:
    assert value(mapped(rule, cells)) == (sent, ())


@pytest.mark.parametrize(
    ("rule", "cell", "reason"),
    [
        (
            "{column: A, map: {x: y, z: w}}",
            "q",
            "A 'q' is not one of the agreed words (x, z); correct it, or have IT map it.",
        ),
        ("{column: A, boolean: {true: [on], false: [off]}}", "q", "A 'q' is neither yes nor no (on, off)."),
        ("{column: A, type: integer}", "1.5", "A '1.5' is not a whole number."),
        (
            "{column: A, type: integer}",
            "3000000000",
            "A '3000000000' is too large a number; at most 2147483647 can be stored.",
        ),
        (
            "{column: A, country: reject}",
            "Atlantis",
            "A 'Atlantis' is not a country; write its name, or its two letters (ISO 3166).",
        ),
        (
            "{column: A, transliterate: plain}",
            "Иван",
            "A holds 'И', which cannot be written in the letters of a user name.",
        ),
        ("{column: A, date: dd.mm.yyyy}", "31.02.2020", "A '31.02.2020' is not a date: there is no such day."),
    ],
)
def test_a_value_that_a_rule_cannot_read_rejects_the_row(rule: str, cell: str, reason: str) -> None:
    assert mapped(rule, {"A": cell}) == Reject(2, 2, "7", reason)


NO_PLUS = "A seems to begin with the calling code, and has no + in front; it is left out."


def not_whole(code: int) -> str:
    return (
        f"A is not a whole telephone number of +{code}: its area may be missing, or it is, or has, an extension. It is "
        f"left out; write it whole, with +{code} in front."
    )


@pytest.mark.parametrize(
    ("rule", "cell", "sent", "warning"),
    [
        (
            "{column: A, country: omit}",
            "Atlantis",
            None,
            "A 'Atlantis' is not a country that is known; it is left out.",
        ),
        (
            "{column: A, country: keep}",
            "Atlantis",
            "Atlantis",
            "A 'Atlantis' is not a country that is known; it is sent as it is.",
        ),
        ("{column: A, phone: 41}", "ask Ann", None, "A is not a telephone number; it is left out."),
        ("{column: A, phone: 49}", "030 5550-12 / 13", None, "A is not a telephone number; it is left out."),
        ("{column: A, phone: 49}", "030/5550123/24", None, "A is not a telephone number; it is left out."),
        ("{column: A, phone: 49}", "493055550123", None, NO_PLUS),
        ("{column: A, phone: {code: 39, trunk: ''}}", "39 06 5550123", None, NO_PLUS),
        ("{column: A, phone: 45}", "4555501234", None, not_whole(45)),
        ("{column: A, phone: 49}", "-4711", None, not_whole(49)),
        ("{column: A, phone: 49}", "4711", None, not_whole(49)),
        ("{column: A, phone: 49}", "555012", None, not_whole(49)),
        ("{column: A, phone: 598}", "4711", None, not_whole(598)),
        ("{column: A, phone: 1}", "555-0123", None, not_whole(1)),
        ("{column: A, phone: 1}", "(555) 555-0123-12", None, not_whole(1)),
        ("{column: A, phone: 1}", "030 5550123", None, not_whole(1)),
        ("{column: A, phone: 33}", "01 55 55 01 23-12", None, not_whole(33)),
        ("{column: A, phone: 49}", "030 5550123 (12)", None, "A is not a telephone number; it is left out."),
        ("{column: A, phone: 65}", "001 49 30 5550123", None, "A is not a telephone number; it is left out."),
        (
            "{column: A, phone: 49}",
            in_digits("\u0be6", "030 5550123"),
            None,
            "A is not a telephone number; it is left out.",
        ),
        ("{column: A, cut: 3}", "ab cd", "ab", "A has 5 characters; it is cut to 3."),
    ],
)
def test_a_value_that_is_sent_in_part_or_not_at_all_is_told(rule: str, cell: str, sent: object, warning: str) -> None:
    assert value(mapped(rule, {"A": cell})) == (sent, (warning,))


@pytest.mark.parametrize(
    ("path", "most", "where"),
    [
        ("displayName", 256, "Entra ID's displayName"),
        ("name.givenName", 64, "Entra ID's givenName"),
        ("name.familyName", 64, "Entra ID's surname"),
        ("title", 128, "Entra ID's jobTitle"),
        ('addresses[type eq "work"].postalCode', 40, "Entra ID's postalCode"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", 64, "Entra ID's department"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization", 64, "Entra ID's companyName"),
    ],
)
def test_what_the_target_cannot_hold_is_rejected_before_it_is_sent(path: str, most: int, where: str) -> None:
    assert value(mapped("A", {"A": "x" * most}, path), path) == ("x" * most, ())
    reason = f"A has {most + 1} characters; {where} holds at most {most}."
    assert mapped("A", {"A": "x" * (most + 1)}, path) == Reject(2, 2, "7", reason)
    assert value(mapped("A", {"A": "x" * (most + 1)}, path, more="{limits: none}"), path)[0] == "x" * (most + 1)


@pytest.mark.parametrize("name", ["john.smith", "o'neil@contoso.com", "a-b_c!d#e^f~g@x.y", "EMP1222"])
def test_user_names_that_entra_takes_are_sent(name: str) -> None:
    assert value(mapped("A", {"A": name}, "userName"), "userName") == (name, ())


ALLOWED = "a user name may have A-Z, a-z, 0-9 and ' . - _ ! # ^ ~ only"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("jürgen", f"holds 'ü' (LATIN SMALL LETTER U WITH DIAERESIS, U+00FC) in place 2; {ALLOWED}"),
        ("j\u0435n@x", f"holds '\u0435' (CYRILLIC SMALL LETTER IE, U+0435) in place 2; {ALLOWED}"),
        ("jen\u200b@x", f"holds an invisible character (ZERO WIDTH SPACE, U+200B) in place 4; {ALLOWED}"),
        ("je\u00adn@x", f"holds an invisible character (SOFT HYPHEN, U+00AD) in place 3; {ALLOWED}"),
        ("je\u00a0n@x", f"holds a blank; {ALLOWED}"),
        ("Ed <ed@x.example>", f"holds a blank; {ALLOWED}"),
        ("mailto:ed@x.example", f"holds ':'; {ALLOWED}"),
        ("ed@x.example,ed@y.example", f"holds ','; {ALLOWED}"),
        (
            "ed@x.example; ed@y.example; e@x.example",
            "has 3 values, and a user name is one: have only the one that counts exported",
        ),
        ("ed@x.example.", "has a dot at the start or end, or two dots together; a user name may not"),
        ("ed@.x.example", "has a dot at the start or end, or two dots together; a user name may not"),
        ("None", "'None' stands for no user name; enter the name itself"),
        ("john smith", f"holds a blank; {ALLOWED}"),
        ("a@b@c", "is not a user name: it needs something before and after its only @"),
        ("@contoso.com", "is not a user name: it needs something before and after its only @"),
        ("john.@contoso.com", "has a dot at the start or end, or two dots together; a user name may not"),
        ("x" * 65, "is too long for a user name: at most 64 characters before the @ and 48 after it"),
    ],
)
def test_user_names_that_entra_would_refuse_are_rejected(name: str, fault: str) -> None:
    assert mapped("A", {"A": name}, "userName") == Reject(2, 2, "7", f"A {fault}.")


def test_a_user_name_needs_all_parts_of_its_template() -> None:
    rule = "{template: '{A}.{B}@contoso.com'}"
    assert mapped(rule, {"A": "x"}, "userName") == Reject(2, 2, "7", "B is empty, but the name needs it.")
    assert value(mapped(rule, {}, "userName"), "userName") == (None, ())


def test_an_attribute_may_have_its_own_rule_for_what_is_empty() -> None:
    made = mapped("{column: A, empty: 'null'}", {})
    assert isinstance(made, Applied)
    assert made.worker.user["urn:contoso:User"] == {"x": None}


@pytest.mark.parametrize("code", ["DE", "de", "DEU", "Germany", "ALLEMAGNE", "Alemania", "Deutschland"])
def test_a_country_is_known_by_any_of_its_names(code: str) -> None:
    assert country_code(code) == "DE"


@pytest.mark.parametrize("code", ["XK", "xk", "XKX", "Kosovo"])
def test_kosovo_has_the_code_that_is_in_general_use(code: str) -> None:
    assert country_code(code) == "XK"


@given(st.text(max_size=30))
def test_a_country_is_two_letters_or_nothing(text: str) -> None:
    code = country_code(text)
    assert code == "" or (len(code) == 2 and code.isupper() and country_code(code) == code)


DATES = st.sampled_from(["iso", "dd.mm.yyyy", "excel", "odata", "d-mon-yyyy", "yyyymmdd"])
KINDS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"date": DATES}),
    st.sampled_from(["boolean", "integer", "datetime"]).map(lambda kind: {"type": kind}),
    st.sampled_from(["reject", "omit", "keep"]).map(lambda unknown: {"country": unknown}),
    st.sampled_from(["1", "7", "36", "49", "65"]).map(lambda code: {"phone": code}),
)
PAIRS = st.fixed_dictionaries({"from": st.text(min_size=1, max_size=3), "to": st.text(max_size=3)})
PARTS = st.fixed_dictionaries({"on": st.text(min_size=1, max_size=2), "take": st.sampled_from([-2, -1, 1, 2])})
STEPS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"column": st.just("A")},
    optional={
        "trim": st.text(max_size=3),
        "replace": st.lists(PAIRS, max_size=2),
        "split": PARTS,
        "map": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        "case": st.sampled_from(["upper", "lower", "title"]),
        "transliterate": st.sampled_from(["german", "plain"]),
        "cut": st.integers(1, 5),
    },
)
TEXTS = st.text(max_size=12) | st.from_regex(r"[0-9./\-+() T:]{1,12}", fullmatch=True)
PATHS = st.sampled_from([CUSTOM, "userName", "name.familyName", "title"])


@settings(max_examples=500, deadline=None)
@given(STEPS, KINDS, TEXTS, PATHS, st.sampled_from(["Active", "Left"]))
def test_no_rule_and_no_text_make_anything_but_a_worker_or_a_reason(
    steps: dict[str, Any], kind: dict[str, str], text: str, path: str, status: str
) -> None:
    content = {
        "version": 1,
        "key": "Id",
        "status": {"column": "State", "values": {"Active": True, "Left": False}},
        "attributes": {CUSTOM if kind.get("type") else path: {**steps, **kind}},
    }
    mapping = MappingFile.model_validate(content)
    made = Applier(mapping, known=NOBODY).apply(Record(2, 2, {"Id": "7", "State": status, "A": text}))
    assert isinstance(made, Applied) or (status == "Active" and made.reason.endswith("."))


def test_numbered_user_names_need_to_know_the_names_that_are_given() -> None:
    mapping = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "State", "values": {"Active": True}},
            "attributes": {"userName": {"column": "A", "unique": True}},
        }
    )
    with pytest.raises(MappingError, match=r"^userName is 'unique', which needs the user names that are given already"):
        Applier(mapping)
