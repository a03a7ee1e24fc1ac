"""Turn an AttributeMapping.psd1 of CSV2SCIM into a mapping file: `python -m cli import-psd1 FILE`.

Nothing in the file is run. What cannot be carried over stands in the mapping as a comment, and on stderr.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.files.offline import OK, REFUSED, guarded, read_file, say, write_result
from cli.plain_tables import counted
from cli.powershell.data import decode, parse_psd1
from cli.powershell.expressions import read_block
from cli.powershell.nodes import NotCarriedOver
from cli.powershell.rules import Carried, RuleText, keeps_blanks, rule_of, status_of, with_blanks
from cli.powershell.scanner import Block, Constant, Entry, Hashtable, Items, Scanner, Value
from cli.proposals.draft import Draft
from shared.errors import MappingError
from shared.mapping.cells.values import MAIL, NAMES, PLACEHOLDER_NAMES, USER_NAME
from shared.mapping.model import PLACEHOLDERS
from shared.mapping.paths import KNOWN_PATHS, parse_path
from shared.model import CORE_USER, ENTERPRISE_USER

_LISTS = ("addresses", "emails", "phoneNumbers")
_NAMES = {name.casefold(): name for name in ("externalId", "active", "schemas", "name", *_LISTS)}
_NEVER_SENT = {"type", "primary", "display"}
_CLEANED = (
    "Cells are read in another way than CSV2SCIM read them: blanks at their ends are dropped and several side by side "
    f"are one, and {', '.join(PLACEHOLDERS[:-1])} and {PLACEHOLDERS[-1]} are empty."
)
_KEPT = "What the scripts put together was sent with the blanks that were left; without this line they are tidied up."
_EMPTY = "Empty if all of its columns are."
_NEEDED = "Without one of its columns the row is rejected."
_FAILS = "Where a text is too short for the script, the script failed; nothing is sent then."
_NO_DATE = "A cell that is no date rejects the row; the script sent nothing then. A time or an offset moves no day."


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, 1 if the file cannot be read or what was made of it needs a decision before it can be used, 2 if the tool was
        called wrongly.
    """
    parser = argparse.ArgumentParser("python -m cli import-psd1", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="the AttributeMapping.psd1")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="a new file for the mapping (default: the terminal)"
    )
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(given: argparse.Namespace) -> int:
    try:
        made = import_psd1(read_file(given.file), given.file.name)
    except MappingError as error:
        return say(str(error), REFUSED)
    write_result(made.draft.text(), given.output)
    for sentence in (*made.left_out, *made.told):
        print(sentence, file=sys.stderr)
    if fault := made.draft.fault("the mapping"):
        return say(f"The mapping cannot be used before this is decided:\n{fault}", REFUSED)
    return OK


@dataclass
class Imported:
    """What became of an attribute mapping.

    Attributes:
        draft: the mapping.
        left_out: a sentence for each thing that was not carried over.
        told: a sentence for each thing that comes out differently, because cells are read differently.
    """

    draft: Draft = field(default_factory=Draft)
    left_out: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def import_psd1(data: bytes, name: str) -> Imported:
    """The mapping that an attribute mapping of CSV2SCIM comes to.

    Args:
        data: the file.
        name: what to call it.

    Raises:
        MappingError: it is no PowerShell data file, with line and column.
    """
    text = decode(data, name).replace("\r\n", "\n")
    return _Import(text, name).run(parse_psd1(text, name))


class _Import:
    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._scanner = Scanner(text, name)
        self._made = Imported()

    def run(self, table: Hashtable) -> Imported:
        """Carries over entry by entry."""
        made, draft = self._made, self._made.draft
        for entry in table.entries:
            name = _NAMES.get(entry.key.casefold(), entry.key)
            if name == "externalId":
                self._key(entry)
            elif name == "active":
                self._active(entry)
            elif name in _LISTS:
                self._elements(name, entry)
            elif name.casefold().startswith("urn:"):
                self._extension(entry)
            elif name != "schemas":
                self._attribute(name, entry)
        draft.head += (f"Made from {self._name} of CSV2SCIM.", _CLEANED)
        rules = [rule for rule in draft.attributes.values() if isinstance(rule, dict)]
        if any(map(keeps_blanks, rules)):
            draft.blanks = "keep"
            draft.remark("blanks", _KEPT)
        for path, rule in draft.attributes.items():
            draft.attributes[path] = with_blanks(rule, draft.blanks or "tidy") if isinstance(rule, dict) else rule
        if not draft.key:
            draft.remark(
                "key", "which column holds the worker's id? There was no externalId to carry over.", decide=True
            )
        if not draft.status:
            draft.remark("status", "which column says who may work, and with which words?", decide=True)
        if made.left_out:
            number = counted(len(made.left_out), "thing was", "things were")
            draft.tail += (f"{number} not carried over:", *made.left_out)
        if made.told:
            number = counted(len(made.told), "thing comes", "things come")
            draft.tail += (f"{number} out differently:", *made.told)
        return made

    def _key(self, entry: Entry) -> None:
        rule = self._rule("externalId", entry.value)
        if rule is None:
            return
        if set(rule) != {"column"}:
            self._leave_out("externalId", entry.at, "the worker's id must be a column as it is")
            return
        self._made.draft.key = rule["column"]

    def _active(self, entry: Entry) -> None:
        draft = self._made.draft
        value = entry.value
        if isinstance(value, Constant) and isinstance(value.value, str) and value.value.strip():
            self._as_it_is(value.value.strip())
            return
        if not isinstance(value, Block):
            self._leave_out("active", entry.at, "it is neither a column nor a script")
            return
        try:
            found = status_of(read_block(self._text, self._name, value))
        except NotCarriedOver as error:
            self._leave_out("active", entry.at, str(error))
            return
        if found.words == {"true": True, "false": False} and found.rest is None:
            self._as_it_is(found.column)
            return
        draft.status, draft.words = found.column, found.words
        self._tell_of_words("active", entry.at, list(found.words))
        word = next(iter(found.words))
        draft.remark("status", f"'{word} ' with a blank is {word} here; to the script it was another word.")
        if found.rest is not None:
            means = "may work" if found.rest else "may not work"
            draft.decide(
                "words",
                f"to the script every other word meant: {means}. The words must be listed here; a row with any other "
                f"one is rejected. Add each of them as '<word>: {str(found.rest).lower()}'.",
            )

    def _as_it_is(self, column: str) -> None:
        """The column of `active` was sent as it is."""
        draft = self._made.draft
        draft.status, draft.words = column, {"true": True, "false": False}
        draft.decide("words", "the column was sent as it is; any other word than these two is rejected now.")

    def _tell_of_words(self, what: str, at: int, words: Sequence[str]) -> None:
        """Tell of words that a cell never is, because it is taken for an empty one."""
        if met := [word for word in words if word in PLACEHOLDERS]:
            self._made.told.append(
                f"{self._name} {self._scanner.place(at)}: {what}: the script asks for {' and '.join(met)}, which is an "
                "empty cell here; 'placeholders' says which words are."
            )

    def _attribute(self, path: str, entry: Entry) -> None:
        """An attribute of the core schema, or one with parts."""
        if isinstance(entry.value, Hashtable):
            for part in entry.value.entries:
                self._put(f"{path}.{part.key}", part.value, part.at)
        else:
            self._put(path, entry.value, entry.at)

    def _elements(self, name: str, entry: Entry) -> None:
        """Addresses, telephone numbers or mail addresses, of which Entra reads the one of type work."""
        elements = entry.value.items if isinstance(entry.value, Items) else (entry.value,)
        for element in elements:
            if not isinstance(element, Hashtable):
                self._leave_out(name, element.at, "it is no hashtable with a type and a value")
                continue
            kind = self._kind(element)
            if kind not in ("", "work"):
                self._leave_out(f"{name} of type {kind}", element.at, "Entra reads only the type work")
                continue
            if not kind and len(elements) > 1:
                self._leave_out(name, element.at, "it has no type, and Entra reads only the type work")
                continue
            for part in element.entries:
                if part.key.casefold() not in _NEVER_SENT:
                    self._put(f'{name}[type eq "work"].{part.key}', part.value, part.at)

    def _kind(self, element: Hashtable) -> str:
        """The type of an element, in small letters; empty if it says none, a question mark if nobody can tell."""
        value = next((part.value for part in element.entries if part.key.casefold() == "type"), None)
        if value is None:
            return ""
        rule = self._try(value)
        constant = rule.get("constant", "?") if rule else "?"
        return str(constant).casefold()

    def _extension(self, entry: Entry) -> None:
        schema = entry.key
        if not isinstance(entry.value, Hashtable):
            self._leave_out(schema, entry.at, "an extension must be a hashtable")
            return
        prefix = "" if schema == CORE_USER else f"{schema}:"
        for part in entry.value.entries:
            if schema == ENTERPRISE_USER and part.key.casefold() == "manager":
                self._manager(part)
            elif isinstance(part.value, Hashtable) and prefix:
                self._leave_out(f"{prefix}{part.key}", part.at, "an attribute of an extension has no parts here")
            else:
                self._attribute(f"{prefix}{part.key}", part)

    def _manager(self, entry: Entry) -> None:
        value: Value = entry.value
        if isinstance(value, Hashtable):
            found = next((part.value for part in value.entries if part.key.casefold() == "value"), None)
            if found is None:
                self._leave_out("manager", entry.at, "it has no value")
                return
            value = found
        self._put(f"{ENTERPRISE_USER}:manager", value, entry.at)

    def _put(self, path: str, value: Value, at: int) -> None:
        draft = self._made.draft
        path = _spelt(path)
        try:
            parse_path(path)
        except ValueError as error:
            self._leave_out(path, at, str(error))
            return
        rule = self._rule(path, value)
        if rule is None:
            return
        said: str | RuleText = rule["column"] if set(rule) == {"column"} else rule
        before = draft.attributes.get(path)
        if before is not None and before != said:
            self._leave_out(path, at, "the attribute was there before")
            return
        draft.attributes[path] = said
        if fault := self._fault(path):
            del draft.attributes[path]
            self._leave_out(path, at, fault)
            return
        for remark in _remarks(path, rule):
            draft.remark(path, remark)

    def _fault(self, path: str) -> str:
        """Why an attribute cannot have the rule that it got, or an empty text."""
        trial = Draft(key="Id", status="Status", words={"Active": True})
        trial.attributes[path] = self._made.draft.attributes[path]
        fault = trial.fault("")
        # Only for what is printed: without the name of the file, which nobody has yet.
        return fault.partition(f"{path}")[2].lstrip(".: ").partition("\n")[0] if fault else ""

    def _rule(self, path: str, value: Value) -> RuleText | None:
        """The rule for a value; what cannot be carried over is noted down."""
        try:
            carried = self._told(value)
        except NotCarriedOver as error:
            self._leave_out(path, value.at, str(error))
            return None
        self._tell_of_words(path, value.at, carried.words)
        if carried.fails:
            self._made.draft.remark(path, _FAILS)
        return carried.rule

    def _try(self, value: Value) -> RuleText | None:
        try:
            return self._told(value).rule
        except NotCarriedOver:
            return None

    def _told(self, value: Value) -> Carried:
        if isinstance(value, Block):
            return rule_of(read_block(self._text, self._name, value))
        if isinstance(value, Constant) and isinstance(value.value, str) and value.value.strip():
            return Carried({"column": value.value.strip()})
        raise NotCarriedOver("it is neither the name of a column nor a script")

    def _leave_out(self, what: str, at: int, why: str) -> None:
        """Note down what is not carried over, with its place."""
        place = f"{self._name} {self._scanner.place(at)}"
        # Only for what is printed: otherwise both places are named.
        if why.startswith(f"{self._name} line "):  # a script block names the place inside it
            place, _, why = why.partition(": ")
        self._made.left_out.append(f"{place}: {what}: {why.rstrip('.')}.")


def _remarks(path: str, rule: RuleText) -> Iterator[str]:
    """What to know about a rule, that it does not say itself."""
    inner = [rule, *rule.get("choose", ()), *(one for one in rule.get("pieces", {}).values() if isinstance(one, dict))]
    if any("template" in one or "columns" in one for one in inner):
        yield _NEEDED if path in (USER_NAME, MAIL) else _EMPTY
    if any("date" in one for one in inner):
        yield _NO_DATE
    texts = [text for one in inner for text in (one.get("constant"), one.get("default"), *one.get("map", {}).values())]
    if path in NAMES and (met := [text for text in texts if text and text.casefold() in PLACEHOLDER_NAMES]):
        yield f"'{met[0]}' stands in for a name; the row of somebody who would get it is rejected."


def _spelt(path: str) -> str:
    """A path as Entra spells it: PowerShell disregards case."""
    return next((known for known in KNOWN_PATHS if known.casefold() == path.casefold()), path)
