"""Gather the sentences that people read, and bring the catalogues up to date: `python -m cli.sentences`.

A sentence is a text in the code, or in a template of the support page. What an f-string fills in is a place: `{row}`;
conditional words ("is" or "are") make two entries; `counted` and `people` make one with singular and plural. What
nobody reads but whoever sets Rollcall up (settings, keys of mapping files, commands) is left out, and stays English.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from shared.model import Actor, ChangeKind
from shared.readers.text.rows_of_cells import MARK
from shared.tables.extracts import OUTCOMES
from shared.wording.languages import ENGLISH, LANGUAGES, Language
from shared.wording.templates import PLACE
from shared.wording.translation import CATALOGUES, LABEL

ROOT = Path(__file__).parent.parent
_TEMPLATES = ROOT / "shared" / "support" / "site" / "templates"
_MORE = (ROOT / "cli" / "files" / "template.py",)

_NOT_READ = (
    # settings, secrets, commands and the set-up: for whoever deploys the app
    "settings", "secrets", "schedules", "context", "transport", "identity", "checkup/", "retention/", "storage/",
    "entra/", "holds/holds_file", "holds/orders", "holds/hold_rows", "intake/recovering", "planning/orders",
    "records/known", "records/snapshots", "records/orphan_rows", "records/pages", "records/due", "support/site/",
    # keys of mapping files, which are English themselves
    "mapping/faults", "mapping/file_time", "mapping/guard_limits", "mapping/load", "mapping/model", "mapping/paths",
    "mapping/rules", "mapping/schema", "mapping/format", "mapping/pieces", "mapping/cells/datetext",
    # notes go to a channel that has no language of its own
    "notices/",
    # nothing in it is said to anybody
    "extract/row_index", "extract/people_index", "extract/profile", "planning/plan_run", "readers/unpack/pgp_process",
    "readers/returned", "errors", "model", "readers/text/own_rejects", "readers/text/spreadsheets", "wording/languages",
    "wording/numbers", "wording/pages", "wording/templates", "wording/translation",
)  # fmt: skip
_PAGES = (
    "hr_outbox/", "intake/trial_answer", "support/", "wording/worker_status", "wording/count_labels", "tables/extracts",
    "tables/workers",
)  # fmt: skip
"""Where words and headings are, which are not looked for within sentences."""
_NOISE = re.compile(
    r"^(?:SELECT|INSERT|CREATE|UPDATE|DELETE|DROP|PRAGMA) |PartitionKey|RowKey|\b(?:eq|gt|ne|le|ge) [@'{]|\bgt 0$"
    r"|charset=|^attachment;|^[a-z]+[/|]|</?(?:t[dhr]|table|ul|li|details|html|meta|main)\b|\\u|^python -m|^\w+\["
    r"|^\{\w+\} and \{\w+\}$|^-----|\(\?:|^(?!.* (?:the|that|a|an|is) )[a-z]+(?: [a-z_]+){9,}$|^:root|^#"
    r"|\beq true|\[type eq|%[sd]|ORDER BY|AND id = \?"
)
_BLOCK = re.compile(r"^\s*<(p|h[1-6]|li)(?: [^>]*)?>(.*)</\1>\s*$", re.DOTALL)
_LABEL = re.compile(r"[A-Z][a-z']*(?:-[a-z]+)?(?: [A-Za-z'-]+){0,3}|[a-z]+")
_STATES = (
    "wording/worker_status", "wording/count_labels", "tables/extracts", "tables/workers", "support/files",
    "support/account", "support/sent",
)  # fmt: skip
"""Where single words are states, and not names of columns and the like."""
_WEAK = {"The", "the", "an", "of", "in", "to", "on"}  # by which no sentence is found again
_WORDS = (
    "and", "of", "then", "is", "are", "row", "rows", *MARK.values(), *Actor, *ChangeKind, *OUTCOMES,
    *(f"{kind}s" for kind in (ChangeKind.JOINER, ChangeKind.MOVER, ChangeKind.LEAVER, ChangeKind.REHIRE)),
)  # fmt: skip
"""Single words that sentences are put together with."""
_OPEN = re.compile(r"(?<=:)$|(?<= by itself at)$")
"""What is said by others follows these, or a time."""
_COUNTS = {"counted", "people", "counted_people"}
_MARKS = re.compile(r"</?b>")


@dataclass(frozen=True, order=True)
class Sentence:
    """What is translated.

    Attributes:
        english: with its places.
        many: the same for more than one; empty if nothing is counted.
        label: whether it is a word or heading rather than a sentence or a part of one.
    """

    english: str
    many: str = ""
    label: bool = False

    @property
    def id(self) -> str | tuple[str, str]:
        """As a catalogue has it."""
        return (self.english, self.many) if self.many else self.english

    @property
    def context(self) -> str | None:
        """As a catalogue has it."""
        return LABEL if self.label else None


@dataclass(frozen=True)
class _Text:
    """A text in the making, in its singular and its plural; they differ if something is counted in it."""

    one: str = ""
    many: str = ""

    def __add__(self, other: _Text) -> _Text:
        return _Text(self.one + other.one, self.many + other.many)


def gathered() -> dict[Sentence, list[str]]:
    """All sentences, with the files that they are in."""
    found: dict[Sentence, list[str]] = {}
    seen: dict[tuple[str, str, bool], Sentence] = {}
    for path in [*sorted((ROOT / "shared").rglob("*.py")), *_MORE, *sorted(_TEMPLATES.glob("*.html"))]:
        name = path.relative_to(ROOT).as_posix()
        if name.removeprefix("shared/").startswith(_NOT_READ) and path.suffix == ".py":
            continue
        text = path.read_text(encoding="utf-8")
        is_page = name.removeprefix("shared/").startswith(_PAGES)
        sentences = of_template(text) if path.suffix == ".html" else of_code(text, words=is_page)
        if path.suffix == ".py" and not name.removeprefix("shared/").startswith(_STATES):
            sentences = [one for one in sentences if not (one.label and one.english.islower())]
        for sentence in sentences:
            # The same words with other names of places are one entry.
            bare = (PLACE.sub("{}", sentence.english), PLACE.sub("{}", sentence.many), sentence.label)
            places = found.setdefault(seen.setdefault(bare, sentence), [])
            if name not in places:
                places.append(name)
    for word in _WORDS:
        found.setdefault(Sentence(word, label=True), ["shared/model.py"])
    return found


def of_code(text: str, *, words: bool = False) -> list[Sentence]:
    """The sentences of a module.

    Args:
        text: of the module.
        words: whether single words and headings are wanted too.
    """
    tree = ast.parse(text)
    left_out = set(_left_out(tree))
    found = []
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Call) and _is_count(node):
            found += [Sentence(f"{{number}} {one}", f"{{number}} {many}") for one, many in _nouns(node)]
        for one in _texts(node):
            found += _kept(_opened(one), words=words)
    return found


def of_template(text: str) -> list[Sentence]:
    """The sentences of a template of the support page: between its tags, and in attributes that are read."""
    text = re.sub(r"\{#.*?#\}|<style.*?</style>", "", text, flags=re.DOTALL)
    found = [
        Sentence(f"{{number}} person {one}", f"{{number}} people {many}")
        for one, many in re.findall(r"\|people\(\"([^\"]*)\", \"([^\"]*)\"\)", text)
    ]
    text = re.sub(r"\|people\([^)]*\"\)", "|people", text)
    shown = re.findall(r"(?:data-label|aria-label|placeholder|title|caption)=\"([^\"]*)\"", text)
    texts = re.findall(r"\{\{[^}]*?\"([^\"]*)\"", text) + re.findall(r"else \"([^\"]*)\"", text)
    texts += [
        one for call in re.findall(r"parts\.\w+\((.*?)\) \}\}", text) for one in re.findall(r"\"([^\"]*)\"", call)
    ]
    marked = re.sub(r"<(bdi|time|span|strong)\b[^>]*>\s*(\{\{[^{}]*\}\})\s*</\1>", r"\2", text)
    marked = re.sub(r"\{\{(.*?)\}\}", lambda one: f"{{{_in_template(one[1])}}}", marked, flags=re.DOTALL)
    marked = re.sub(r"\{%.*?%\}", "\0", marked, flags=re.DOTALL)
    shown += re.split(r"<[^>]*>|\0", marked)
    for one in (*shown, *texts):
        plain = " ".join(re.sub(r"\{\{(.*?)\}\}", lambda place: f"{{{_in_template(place[1])}}}", one).split())
        plain = plain.replace("&amp;", "&").strip()
        found += list(_kept(_Text(plain, plain), words=True))
    return found


def _in_template(text: str) -> str:
    names: list[str] = re.findall(r"[A-Za-z_]\w*", text.partition("|")[0]) or ["value"]
    return names[-1]


def _left_out(tree: ast.AST) -> Iterator[int]:
    """The texts that nobody reads: docstrings, logs, patterns, descriptions; and those within another one."""
    for node in ast.walk(tree):
        inner: Iterable[ast.AST] = ()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner = (node.value,)
        elif (isinstance(node, ast.Call) and _called(node) in _SILENT) or (
            isinstance(node, ast.keyword) and node.arg in ("description", "title", "select")
        ):
            inner = ast.walk(node)
        elif isinstance(node, ast.Subscript):
            inner = ast.walk(node.slice)
        elif isinstance(node, ast.Call) and _called(node) == "get" and node.args:
            inner = ast.walk(node.args[0])
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            inner = [key for key, value in pairs if key is not None and isinstance(value, ast.Constant | ast.BinOp)]
        elif isinstance(node, ast.Compare):
            inner = [*ast.walk(node.left), *(one for other in node.comparators for one in ast.walk(other))]
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            inner = ast.walk(node.format_spec)
        elif isinstance(node, ast.JoinedStr):
            inner = [one for value in node.values for one in _within(value)]
        yield from (id(one) for one in inner)


_SILENT = {
    "debug", "info", "warning", "exception", "compile", "startswith", "endswith", "query", "Literal", "getattr",
    "removesuffix", "removeprefix", "partition", "list_rows", "fullmatch", "finditer", "read_rows", "set_column",
}  # fmt: skip


def _within(node: ast.expr) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.IfExp):
        yield node.value.body
        yield node.value.orelse


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_count(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in _COUNTS


def _nouns(node: ast.Call) -> list[tuple[str, str]]:
    """The words of a counted noun, singular and plural; none if they are not known here."""
    words = [one.value for one in node.args[1:] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if len(words) != len(node.args) - 1:
        return []
    if isinstance(node.func, ast.Name) and node.func.id == "counted":
        return [(words[0], words[1] if len(words) > 1 else f"{words[0]}s")]
    return [(f"person {''.join(words[:1])}".rstrip(), f"people {''.join(words[1:])}".rstrip())]


def _texts(node: ast.AST) -> list[_Text]:
    """What a text of the code can come to."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [_Text(node.value, node.value)]
    if not isinstance(node, ast.JoinedStr):
        return []
    counts = [one for one in node.values if isinstance(one, ast.FormattedValue) and _counts_something(one.value)]
    whole = [_Text()]
    names: dict[str, str] = {}
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            options = _place(value.value, names, alone=len(counts) == 1)
        else:
            options = _texts(value)
        whole = [start + option for start in whole for option in options]
    return whole


def _counts_something(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _is_count(node) and bool(_nouns(node))


def _place(node: ast.expr, names: dict[str, str], *, alone: bool) -> list[_Text]:
    """What a place comes to: conditional words as they are, a counted noun if it is the only one, else its name."""
    if isinstance(node, ast.Call) and alone and _counts_something(node):
        return [_Text(f"{{number}} {one}", f"{{number}} {many}") for one, many in _nouns(node)]
    if isinstance(node, ast.IfExp) and (options := _conditional(node)) is not None:
        return options
    name = _name_of(node)
    source = ast.unparse(node)
    while names.setdefault(name, source) != source:
        name += "_2"
    return [_Text(f"{{{name}}}", f"{{{name}}}")]


def _conditional(node: ast.expr) -> list[_Text] | None:
    if isinstance(node, ast.IfExp):
        one, other = _conditional(node.body), _conditional(node.orelse)
        return None if one is None or other is None else one + other
    return _texts(node) or None


def _name_of(node: ast.expr) -> str:
    """A name for a place: of the variable, the attribute or the key that stands in it."""
    if isinstance(node, ast.Name):
        return node.id.strip("_").lower()
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_").lower()
    if isinstance(node, ast.Subscript):
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.value).lower()
        return _name_of(node.value)
    if isinstance(node, ast.Call):
        return _name_of(node.args[0]) if node.args else _name_of(node.func)
    if isinstance(node, ast.BoolOp):
        return _name_of(node.values[0])
    if isinstance(node, ast.BinOp):
        return "number"
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        return _name_of(node.elt)
    return "value"


def _opened(text: _Text) -> _Text:
    """A text that ends where others' words, or a time, are put behind it, with a place for them."""
    one, many = (_OPEN.sub(_put_behind, part.strip()) for part in (text.one, text.many))
    return _Text(one, many)


def _put_behind(end: re.Match[str]) -> str:
    return " {quoted}" if end.string.endswith(":") else " {moment}"


def _kept(text: _Text, *, words: bool) -> Iterator[Sentence]:
    one, many = (_BLOCK.sub(r"\2", part).strip() for part in (text.one, text.many))
    plain = _MARKS.sub("", PLACE.sub(" ", one))
    if _NOISE.search(one) or "\n" in one or not re.search(r"[A-Za-z]{2}", plain):
        return
    if words and one == many and _LABEL.fullmatch(one):
        if " " in one or one.islower() or one[1:].islower():
            yield Sentence(one, label=True)
        if " " not in one or one[0].isupper():
            return
    said = [word for word in re.findall(r"[A-Za-z']{2,}", plain) if word not in _WEAK]
    has_place = PLACE.search(one) is not None
    if " " in one and (len(said) >= 2 or (has_place and said and (max(map(len, said)) > 2 or " is '" in one))):
        yield Sentence(one, many if many != one else "")


def updated(language: Language, sentences: dict[Sentence, list[str]]) -> bytes:
    """A catalogue with all sentences: what was translated stays, what is new has none, what nobody says is gone."""
    path = CATALOGUES / f"{language}.po"
    old = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as file:
            old = read_po(file, locale=language)
    new = Catalog(locale=language, project="Rollcall", fuzzy=False, header_comment=_HEADER, charset="utf-8")
    for sentence, files in sentences.items():
        known = old.get(sentence.english, sentence.context)
        string = known.string if known is not None and known.id == sentence.id else None
        new.add(sentence.id, string or (("",) * new.num_plurals if sentence.many else ""), context=sentence.context,
                locations=[(name, 0) for name in files])  # fmt: skip
    target = io.BytesIO()
    write_po(target, new, width=120, omit_header=False, include_lineno=False)
    return re.sub(rb'"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To|'
                  rb'Generated-By): [^"]*"\n', b"", target.getvalue())  # fmt: skip


_HEADER = """\
# What HR and the support desk read, in another language.
# A place in braces, such as {row}, has to stand in the translation too; where it stands is up to you. Words such as
# cells and ids are put into the places as they are. Quotes around a place stay straight: '{cell}'.
# After a change of the code: python -m cli.sentences"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser("python -m cli.sentences", description=(__doc__ or "").partition("\n")[0])
    parser.parse_args(arguments)
    sentences = gathered()
    for language in LANGUAGES:
        if language != ENGLISH:
            (CATALOGUES / f"{language}.po").write_bytes(updated(language, sentences))
    print(f"{len(sentences)} sentences")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
