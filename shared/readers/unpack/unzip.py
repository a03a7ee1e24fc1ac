"""zip archives: one list in it, or the numbered parts of one."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyzipper  # type: ignore[import-untyped]

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.readers.unpack.careful import BROKEN, CarefulFile
from shared.readers.unpack.limits import CHUNK, Meter, attempt, drain, spool
from shared.readers.unpack.other_texts import SAVE
from shared.readers.unpack.parts import ArchivePart, join, parts_in_order
from shared.readers.unpack.recognise import OPEN_DOCUMENT
from shared.readers.unpack.secret import secret

_BROKEN = (*BROKEN, pyzipper.BadZipFile)
_LEFTOVERS = re.compile(
    r"(?:.*/)?(?:__MACOSX/.*|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini|\.directory|\.Trashes/.*"
    r"|~\$[^/]*|\.~lock\.[^/]*#)",  # who has a file open, as Excel and LibreOffice note it
    re.IGNORECASE,
)
# What programs put beside a list: its checksum, and what the archive holds.
_BESIDE = re.compile(
    r"(?:.*/)?(?:[^/]+\.(?:md5|sha\d{1,3}|crc(?:32)?|sfv)(?:\.txt)?|(?:md5|sha\d{1,3})sums?(?:\.txt)?"
    r"|checksums?\.(?:txt|md5|sha\d{1,3})|(?:[^/]*[\W_])?manifest\.(?:json|xml|txt|mf)|_SUCCESS)",
    re.IGNORECASE,
)
# Not among them: a pipe. Archives that are made of one (report | zip) say so of their entry, which is a file inside.
_NO_FILES = {
    stat.S_IFLNK: "a link",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:")
_FOREIGN = (
    ("word/", "a Word document"),
    ("ppt/", "a PowerPoint presentation"),
    ("visio/", "a Visio drawing"),
)
_DAMAGED = "The zip archive is damaged or the upload was cut off. Make it again and drop it again."
_DAMAGED_WORKBOOK = "The workbook is damaged (cut off?). Save it again and drop it."
# The names with which parts of an archive begin, before their content.
_OFFICE_PART = re.compile(rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|xl/)", re.DOTALL)
_OTHER_OFFICE = re.compile(rb"PK\x03\x04.{26}(?:word|ppt|visio)/", re.DOTALL)


@dataclass(frozen=True)
class ZipContent:
    """What an archive holds.

    Attributes:
        is_workbook: it is no archive but an XLSX workbook, and `chunks` are its own bytes.
    """

    chunks: Iterator[bytes]
    name: str = ""
    notes: tuple[str, ...] = ()
    is_workbook: bool = False


def open_zip(
    stream: Iterator[bytes], hints: FormatHints, read_secret: Callable[[str], str] | None, meter: Meter
) -> ZipContent:
    """What a zip archive holds. It goes into a temporary file, because its directory is at its end.

    Raises:
        ExtractRefused: it is damaged, has nothing or several things in it, or is not to be trusted.
    """
    file = spool(stream, meter.limits.total)
    try:
        damaged = _DAMAGED_WORKBOOK if _begins_like_workbook(file.read(CHUNK)) else _DAMAGED
        archive = attempt(lambda: pyzipper.AESZipFile(CarefulFile(file)), _BROKEN, damaged)
        infos: list[zipfile.ZipInfo] = archive.infolist()
        kind = _office_kind({info.filename for info in infos})
        if kind == "workbook":
            file.seek(0)
            return ZipContent(drain(file), is_workbook=True)
        if kind:
            raise ExtractRefused(f"The file is {kind}. {SAVE}")
        found = _data_files(infos, meter)
        protected = any(info.flag_bits & 1 for info in found)
        password = secret(hints.password, read_secret) if protected else None
        parts = [ArchivePart(_shown(info.filename), _member(archive, info, password)) for info in found]
        if len(parts) == 1:
            return ZipContent(drain(file, _metered(parts[0].chunks, meter)), parts[0].name)
        ordered = parts_in_order(parts, hints)
        names = ", then ".join(part.name for part in ordered)
        note = f"The archive holds {len(ordered)} parts of one list, read one after the other: {names}. Rows count on."
        return ZipContent(drain(file, _metered(join(ordered), meter)), ordered[0].name, (note,))
    except BaseException:
        file.close()
        raise


def _begins_like_workbook(first: bytes) -> bool:
    """Whether the first parts of an archive are those of a workbook; its directory may be cut off."""
    return _OFFICE_PART.match(first) is not None and _OTHER_OFFICE.search(first) is None


def _office_kind(names: set[str]) -> str:
    if "[Content_Types].xml" in names:
        if "xl/workbook.bin" in names:
            return "a binary workbook (XLSB)"
        for folder, kind in _FOREIGN:
            if any(name.startswith(folder) for name in names):
                return kind
        if any(name.startswith("xl/") for name in names):
            return "workbook"
    if "mimetype" in names and {"content.xml", "META-INF/manifest.xml"} & names:
        return OPEN_DOCUMENT
    if "Index/Document.iwa" in names:
        return "a document of Apple Numbers or Pages"
    return ""


def _data_files(infos: Sequence[zipfile.ZipInfo], meter: Meter) -> list[zipfile.ZipInfo]:
    if len(infos) > meter.limits.entries:
        raise ExtractRefused(
            f"The zip archive holds {len(infos):,} files; at most {meter.limits.entries} are looked at. Drop one list."
        )
    found = []
    for info in infos:
        name = info.orig_filename
        if _ABSOLUTE.match(name) or ".." in re.split(r"[/\\]", name) or "\0" in name:
            raise ExtractRefused(
                "The zip archive holds a name that points outside of it ('..', or a full path). Ordinary programs do "
                "not make such archives, so nothing of it was read. Pack the list again and drop that file."
            )
        plain = _plain(info)
        if plain.endswith("/") or _LEFTOVERS.fullmatch(plain):
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind == stat.S_IFDIR:
            continue
        if kind in _NO_FILES:
            raise ExtractRefused(
                f"The zip archive holds {_NO_FILES[kind]} instead of a file. Put the list itself into it and drop it "
                "again."
            )
        found.append(info)
    found = _without_others(found)
    meter.check(sum(info.file_size for info in found))  # no more than that is ever read of them
    if not found:
        raise ExtractRefused("The zip archive holds no file. Put the list into it and drop it again.")
    return found


def _without_others(found: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files without those that go with a list: checksums, manifests, and empty ones that only say that it is there.

    An empty file of the list's own kind may be a part of it that was not written, and stays.
    """
    filled = [info for info in found if info.file_size]
    lists = [info for info in filled if not _BESIDE.fullmatch(_plain(info))] or filled
    kinds = {_kind(info) for info in lists}
    return [info for info in found if info in lists or (not info.file_size and _kind(info) in kinds)] or found


def _plain(info: zipfile.ZipInfo) -> str:
    return info.orig_filename.replace("\\", "/")


def _kind(info: zipfile.ZipInfo) -> str:
    """The ending of a file's name."""
    return _plain(info).rpartition("/")[2].rpartition(".")[2].casefold()


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, password: bytes | None) -> Callable[[], Iterator[bytes]]:
    protected = bool(info.flag_bits & 1)
    if protected and password is None:
        raise ExtractRefused(
            "The zip archive is protected with a password and no password is set: ask IT to put it into the vault and "
            "to name it in the mapping (format, password), or drop the list without."
        )
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} or info.flag_bits & 0x60:
        raise ExtractRefused(
            f"The zip archive is packed in an unusual way (method {info.compress_type}). Make an ordinary zip archive "
            "and drop that."
        )
    damaged = _DAMAGED
    if protected:
        damaged = (
            "The zip archive cannot be opened: the password in the vault is not the one it was made with, or it is "
            "damaged."
        )

    def chunks() -> Iterator[bytes]:
        member = attempt(lambda: archive.open(info, pwd=password), _BROKEN, damaged)
        with member:
            while chunk := attempt(lambda: member.read(CHUNK), _BROKEN, damaged):
                yield chunk

    return chunks


def _metered(chunks: Callable[[], Iterator[bytes]], meter: Meter) -> Iterator[bytes]:
    given = 0
    for chunk in chunks():
        given += len(chunk)
        meter.check(given)
        yield chunk


def _shown(name: str) -> str:
    """A name within the archive, fit to be shown."""
    base = re.split(r"[/\\]", name)[-1]
    return "".join(character if character.isprintable() else "?" for character in base)[:80]
