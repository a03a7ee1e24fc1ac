"""`import-psd1` over scripts that nobody has written yet, against a small model of what PowerShell does with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.letters import lower, upper
from tests.support.psd1 import OWN, imported, sent


class RaisedError(Exception):
    """PowerShell fails."""


@dataclass(frozen=True)
class Value:
    """What PowerShell has: a text or nothing, and whether anything in it comes from the row."""

    text: str | None
    from_row: bool = True


CELLS = ["", "Active", "ACTIVE", "inactive", "Ann", "Bo", "Straße", "A B", "x, y", "0", "00", "0012", "7", "07"]
CELLS += ["a-b_c", "@", "ann.lee@contoso.com", "Öz", "n", "Sales - EU", "N/A"]
WORDS = ["Active", "active", "inactive", "Ann", "", "0", "7", "Sales - EU", "Öz", "N", "a"]
COLUMNS = ["City", "Lang", "Company"]
Row = dict[str, str]
Script = tuple[str, Any]


def of_row(row: Row, name: str) -> Value:
    return Value("" if row[name] == "N/A" else row[name])


def needed(value: Value) -> str:
    """The text of which a method is called."""
    if value.text is None:
        raise RaisedError
    return value.text


@st.composite
def texts(draw: st.DrawFn, depth: int = 2) -> Script:
    kind = draw(st.sampled_from(["cell"] if not depth else KINDS))
    column = draw(st.sampled_from(COLUMNS))
    if kind == "cell":
        return f"$_.{column}", lambda row: of_row(row, column)
    inner, value = draw(texts(depth - 1))
    sign = draw(st.sampled_from("0a -@_N"))
    number = draw(st.integers(0, 3))
    if kind == "constant":
        word = draw(st.sampled_from(WORDS))
        return f"'{word}'", lambda _: Value(word, from_row=False)
    if kind == "added":
        other, value_2 = draw(texts(depth - 1))

        def add(row: Row) -> Value:
            one, two = value(row), value_2(row)
            both = (one.text or "") + (two.text or "")
            return Value(both, any(side.from_row and side.text for side in (one, two)))

        return f"({inner} + {other})", add
    table = {
        "lower": ("({}).ToLower()", lower),
        "upper": ("({}).ToUpper()", upper),
        "trim": (f"({{}}).Trim('{sign}')", lambda text: text.strip(sign)),
        "blanks": ("({}).Trim()", lambda text: text.strip()),
        "start": (f"({{}}).TrimStart('{sign}')", lambda text: text.lstrip(sign)),
        "replaced": (f"({{}}).Replace('{sign}', 'x')", lambda text: text.replace(sign, "x")),
        "taken": (f"({{}}).Replace('{sign}', '')", lambda text: text.replace(sign, "")),
        "pad": (f"({{}}).PadLeft({number + 1}, '0')", lambda text: text.rjust(number + 1, "0")),
    }
    if kind in table:
        form, change = table[kind]
        return form.format(inner), lambda row: Value(change(needed(value(row))), value(row).from_row)
    if kind == "pattern":
        change = lambda text: "".join("-" if one.lower() == sign.lower() else one for one in text)  # noqa: E731
        return f"(({inner}) -replace '{sign}', '-')", lambda row: Value(change(value(row).text or ""))
    if kind == "character":
        return (
            f"({inner})[{number}]",
            lambda row: Value((value(row).text or "")[number : number + 1] or None),
        )
    if kind == "split":
        take = draw(st.sampled_from([0, 1, -1, -2]))

        def part(row: Row) -> Value:
            parts = (value(row).text or "").split(sign)
            return Value(parts[take] if -len(parts) <= take < len(parts) else None)

        if sign.isalpha():
            return f"({inner}).Split('{sign}')[{take}]", lambda row: part({**row, "": needed(value(row))})
        return f"(({inner}) -split '{sign}')[{take}]", part

    def substring(row: Row) -> Value:
        text = needed(value(row))
        if len(text) < number + 1:
            raise RaisedError
        return Value(text[number : number + 1])

    return f"({inner}).Substring({number}, 1)", substring


KINDS = ["cell", "constant", "added", "lower", "upper", "trim", "blanks", "start", "replaced", "taken", "pad"]
KINDS += ["pattern", "character", "split", "substring"]


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> Script:
    if depth and draw(st.booleans()):
        one, holds = draw(conditions(depth - 1))
        other, holds_2 = draw(conditions(depth - 1))
        kind = draw(st.sampled_from(["and", "or", "not"]))
        if kind == "not":
            return f"-not ({one})", lambda row: not holds(row)
        if kind == "and":
            return f"(({one}) -and ({other}))", lambda row: holds(row) and holds_2(row)
        return f"(({one}) -or ({other}))", lambda row: holds(row) or holds_2(row)
    subject, value = draw(texts(1))
    word = draw(st.sampled_from(WORDS))
    kind = draw(st.sampled_from(["eq", "ne", "ceq", "in", "filled", "like", "match", "starts"]))

    def same(row: Row, word: str) -> bool:
        found = value(row).text
        return found is not None and found.lower() == word.lower()

    plain = word.replace(" ", "").replace("-", "") or "e"
    table: dict[str, Script] = {
        "eq": (f"{subject} -eq '{word}'", lambda row: same(row, word)),
        "ne": (f"'{word}' -ne {subject}", lambda row: not same(row, word)),
        "ceq": (f"{subject} -ceq '{word}'", lambda row: value(row).text == word),
        "in": (f"{subject} -in '{word}', 'Bo'", lambda row: same(row, word) or same(row, "Bo")),
        "filled": (f"[bool]({subject})", lambda row: bool(value(row).text)),
        "like": (f"{subject} -like '{word}*'", lambda row: (value(row).text or "").lower().startswith(word.lower())),
        "match": (f"{subject} -match '{plain}'", lambda row: plain.lower() in (value(row).text or "").lower()),
        "starts": (f"({subject}).StartsWith('{word}')", lambda row: needed(value(row)).startswith(word)),
    }  # fmt: skip
    return table[kind]


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    kind = draw(st.sampled_from(["text", "if", "if", "elseif", "switch", "?:"]))
    one, value = draw(texts())
    other, value_2 = draw(texts(1))
    third, value_3 = draw(texts(1))
    asked, holds = draw(conditions())
    if kind == "text":
        return one, value
    if kind == "?:":
        return f"({asked}) ? {one} : {other}", lambda row: value(row) if holds(row) else value_2(row)
    if kind == "if":
        return f"if ({asked}) {{ {one} }}", lambda row: value(row) if holds(row) else Value(None)
    if kind == "elseif":
        again, holds_2 = draw(conditions())
        return (
            f"if ({asked}) {{ {one} }} elseif ({again}) {{ {other} }} else {{ {third} }}",
            lambda row: value(row) if holds(row) else value_2(row) if holds_2(row) else value_3(row),
        )
    column = draw(st.sampled_from(COLUMNS))
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
    wildcard = draw(st.booleans())
    ends = draw(st.booleans())
    body = " ".join(
        f"'{word}{'*' if wildcard else ''}' {{ 'is {number}'{'; break' if ends else ''} }}"
        for number, word in enumerate(words)
    )

    def switched(row: Row) -> Value:
        cell = (of_row(row, column).text or "").lower()
        fit = [
            number
            for number, word in enumerate(words)
            if (cell.startswith(word.lower()) if wildcard else cell == word.lower())
        ]
        if not fit:
            return Value("none")
        return Value(f"is {fit[0]}") if ends or len(fit) == 1 else Value("two values, which is never sent")

    flag = " -Wildcard" if wildcard else ""
    return f"switch{flag} ($_.{column}) {{ {body} default {{ 'none' }} }}", switched


def fits(found: Any, script: Script, row: Row) -> bool:
    """Whether what is sent is what the model of PowerShell says."""
    try:
        value = script[1](row)
    except RaisedError:
        return found is None
    if isinstance(value, bool):
        return found is value
    if found is None and not value.from_row:
        return True  # without anything of the row, what a script puts around it is not sent
    return (found or None) == (value.text or None)


@settings(max_examples=200, deadline=None)
@given(st.one_of(scripts(), conditions()), st.lists(st.sampled_from(CELLS), min_size=24, max_size=24))
def test_whatever_is_written_comes_out_as_powershell_has_it_or_is_refused(script: Script, cells: list[str]) -> None:
    people = [
        {"WorkerID": str(number), "UID": "u1", **dict(zip(COLUMNS, cells[at : at + 3], strict=True))}
        for number, at in enumerate(range(0, 24, 3), 10)
    ]
    found = sent(imported(script[0], "own"), "own", people)
    if isinstance(found, list):
        wrong = [(people[at], value) for at, value in enumerate(found) if not fits(value, script, people[at])]
        assert wrong == [], (script[0], imported(script[0], "own").draft.attributes[f"{OWN}:x"])
