"""`holds.yaml`: read, and every fault of it named with its line.

Written by hand and read node by node, so that an id stays as it is written (00042 is no number) and each sentence can
say where. Nothing of what it says goes into a sentence but keys and ids.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import yaml

from shared.errors import TerminalError
from shared.holds.listed import HOLDS_FILE, Hold, ProtectedPerson, parse_until
from shared.letters import fold
from shared.storage.names import CONFIG

HOLDS_PATH = f"{CONFIG}/{HOLDS_FILE}"
_LARGEST = 4 << 20  # bytes; some ten thousand people
_MOST_FAULTS = 20
_LONGEST_ID = 256
_SOURCE = re.compile(r"[a-z0-9-]+")
_LISTS: Mapping[str, tuple[str, ...]] = {
    "holds": ("worker", "source", "reason", "until", "by"),
    "protected": ("worker", "source", "reason"),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {"holds": ("worker", "reason", "by"), "protected": ("worker",)}


class HoldsFileError(TerminalError):
    """`holds.yaml` is wrong; a line for every fault says where and what."""


@dataclass(frozen=True)
class HoldsFile:
    """What `holds.yaml` says.

    Attributes:
        holds: all of them, also those that are over.
        protected: the people who are protected.
    """

    holds: tuple[Hold, ...] = ()
    protected: tuple[ProtectedPerson, ...] = ()


@lru_cache(maxsize=4)  # it is read before every request, and seldom changes
def parse_holds(data: bytes, name: str = HOLDS_PATH) -> HoldsFile:
    """Read the file.

    Args:
        data: its bytes.
        name: what to call it.

    Raises:
        HoldsFileError: something of it is wrong; then none of it is used.
    """
    if len(data) > _LARGEST:
        raise HoldsFileError(f"{name}: larger than {_LARGEST >> 20} MB, so it is no list that somebody has written")
    try:
        tree = yaml.compose(data.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise HoldsFileError(f"{name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise HoldsFileError(f"{name}{where}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    reading = _Reading(name)
    found = reading.file(tree)
    if reading.faults:
        more = len(reading.faults) - _MOST_FAULTS
        told = [*reading.faults[:_MOST_FAULTS], *([f"... and {more} more"] if more > 0 else [])]
        raise HoldsFileError("\n".join(told))
    return found


class _Reading:
    """A walk through the file, which collects faults."""

    def __init__(self, name: str) -> None:
        self.faults: list[str] = []
        self._name = name

    def file(self, tree: yaml.Node | None) -> HoldsFile:
        if not isinstance(tree, yaml.MappingNode):
            self.faults.append(f"{self._name}: it begins with 'version: 1', and lists people under 'holds'")
            return HoldsFile()
        top = self._keys(tree, ("version", *_LISTS), "")
        version = top.get("version")
        if version is None or getattr(version, "value", None) != "1":
            self._fault(version or tree, "'version: 1' is missing")
        if not any(key in top for key in _LISTS):
            self._fault(tree, "neither 'holds' nor 'protected' is there; 'holds: []' says that nobody is on hold")
        holds = [
            Hold(
                *(said["worker"], said.get("source", ""), said["by"], said["reason"]),
                parse_until(said["until"]) if "until" in said else None,
                f"{HOLDS_PATH} line {line}",
            )
            for line, said in self._entries(top, "holds")
        ]
        protected = [
            ProtectedPerson(said["worker"], said.get("source", ""), said.get("reason", ""))
            for _, said in self._entries(top, "protected")
        ]
        return HoldsFile(tuple(holds), tuple(protected))

    def _entries(self, top: Mapping[str, yaml.Node], key: str) -> Iterator[tuple[int, dict[str, str]]]:
        """The good entries of a list, with their lines."""
        if key not in top:
            return
        if not isinstance(top[key], yaml.SequenceNode):
            self._fault(top[key], f"{key}: a list is wanted, one '- worker: ...' for each person; [] for nobody")
            return
        seen: dict[tuple[str, str], int] = {}
        for number, node in enumerate(top[key].value, start=1):
            said = self._entry(node, key, number)
            if said is None:
                continue
            who, line = (fold(said["worker"]), said.get("source", "")), node.start_mark.line + 1
            if who in seen:
                self._fault(node, f"{key}: worker {said['worker']} is there twice, in line {seen[who]} too")
            else:
                seen[who] = line
                yield line, said

    def _entry(self, node: yaml.Node, key: str, number: int) -> dict[str, str] | None:
        where = f"{key}: entry {number}"
        before = len(self.faults)
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, f"{where}: 'worker: ID' is wanted, with {', '.join(_LISTS[key][1:])} below it")
            return None
        said: dict[str, str] = {}
        for name, value in self._keys(node, _LISTS[key], f"{where}: ").items():
            if not isinstance(value, yaml.ScalarNode) or not value.value.strip() or value.tag.endswith(":null"):
                self._fault(value, f"{where}: {name}: a text is wanted")
            elif problem := _PROBLEMS.get(name, _no_problem)(value.value.strip()):
                self._fault(value, f"{where}: {name}: {problem}")
            else:
                said[name] = value.value.strip()
        if len(self.faults) == before:
            for name in _NEEDED[key]:
                if name not in said:
                    self._fault(node, f"{where}: '{name}' is missing")
        return said if len(self.faults) == before else None

    def _keys(self, node: yaml.MappingNode, known: tuple[str, ...], where: str) -> dict[str, yaml.Node]:
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                meant = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
                self._fault(key, f"{where}there is no key '{name[:40]}'; {meant}")
            elif name in found:
                self._fault(key, f"{where}key '{name}' appears twice")
            else:
                found[name] = value
        return found

    def _fault(self, node: yaml.Node, text: str) -> None:
        self.faults.append(f"{self._name} line {node.start_mark.line + 1}: {text}")


def _no_problem(_text: str) -> str:
    return ""


def _of_worker(text: str) -> str:
    return "" if len(text) <= _LONGEST_ID else "longer than any id"


def _of_source(text: str) -> str:
    return "" if _SOURCE.fullmatch(text) else "a source has small letters, digits and hyphens"


def _of_until(text: str) -> str:
    try:
        parse_until(text)
    except ValueError as error:
        return str(error)
    return ""


_PROBLEMS: Mapping[str, Callable[[str], str]] = {"worker": _of_worker, "source": _of_source, "until": _of_until}
