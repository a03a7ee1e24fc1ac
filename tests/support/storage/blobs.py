"""Blobs in the process itself, as far as the app asks for them: written, read, listed, leased."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.support.storage.answers import Answer, Asked, RefusedError, UnknownError, header, tag, xml

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_BLOCK = re.compile(rb"<(?:Latest|Uncommitted|Committed)>([^<]+)</")
_MOST = 5000
_ARCHIVE = "Archive"
_KIND = "x-ms-blob-content-"


@dataclass
class _Lease:
    """The lease of a blob.

    Attributes:
        id: of whoever has it, or had it last.
        seconds: for which it is taken.
        until: when it runs out.
        is_broken: whether somebody has ended it.
    """

    id: str
    seconds: int
    until: float
    is_broken: bool = False


@dataclass
class _Blob:
    content: bytes
    kind: dict[str, str]
    metadata: dict[str, str]
    etag: str
    written: datetime
    made: datetime
    lease: _Lease | None = None
    tier: str = "Hot"


@dataclass
class Blobs:
    """The blobs of an account.

    Attributes:
        now: the time.
    """

    now: Callable[[], datetime]
    _containers: dict[str, dict[str, _Blob]] = field(default_factory=dict)
    _blocks: dict[tuple[str, ...], dict[str, bytes]] = field(default_factory=dict)
    _etags: itertools.count[int] = field(default_factory=lambda: itertools.count(0x8DE000000000000))

    def answer(self, asked: Asked) -> Answer:
        """Do what a request asks for.

        Raises:
            RefusedError: it cannot be done.
            UnknownError: nobody has asked for that yet.
        """
        what = (asked.method, asked.query.get("comp", ""))
        if len(asked.names) == 1:
            if "restype" not in asked.query:  # where a path such as `../list.csv` leads to
                raise RefusedError(400, "InvalidResourceName")
            if what == ("PUT", ""):
                return self._make_container(asked.names[0])
            if what == ("DELETE", ""):
                self._container(asked.names[0])
                del self._containers[asked.names[0]]
                return Answer(202)
            if what == ("GET", "list"):
                return self._list(asked)
            if what in (("GET", ""), ("HEAD", "")):
                self._container(asked.names[0])
                return Answer(200)
            raise UnknownError(f"{what} of a container")
        does = {
            ("GET", ""): self._get,
            ("HEAD", ""): self._get,
            ("PUT", ""): self._put,
            ("PUT", "block"): self._put_block,
            ("PUT", "blocklist"): self._put_blocks,
            ("PUT", "lease"): self._lease,
            ("PUT", "properties"): self._set_kind,
            ("PUT", "tier"): self._set_tier,
            ("DELETE", ""): self._delete,
        }
        if what not in does or len(asked.names) != 2:
            raise UnknownError(f"{what} of {asked.names}")
        return does[what](asked)

    # Containers

    def _make_container(self, name: str) -> Answer:
        if name in self._containers:
            raise RefusedError(409, "ContainerAlreadyExists")
        self._containers[name] = {}
        return Answer(201)

    def _container(self, name: str) -> dict[str, _Blob]:
        try:
            return self._containers[name]
        except KeyError:
            raise RefusedError(404, "ContainerNotFound") from None

    def _list(self, asked: Asked) -> Answer:
        if known := asked.query.keys() - {"comp", "restype", "prefix", "marker", "maxresults", "include"}:
            raise UnknownError(f"a list with {known}")
        blobs, prefix, marker = (
            self._container(asked.names[0]),
            asked.query.get("prefix", ""),
            asked.query.get("marker", ""),
        )
        names = sorted(name for name in blobs if name.startswith(prefix) and name >= marker)
        most = int(asked.query.get("maxresults", _MOST))
        found = "".join(self._entry(name, blobs[name], with_metadata="include" in asked.query) for name in names[:most])
        following = names[most] if len(names) > most else ""
        head = f'<EnumerationResults ServiceEndpoint="-" ContainerName="{asked.names[0]}">'
        body = f"{head}<Blobs>{found}</Blobs>{tag('NextMarker', following)}</EnumerationResults>"
        return Answer(200, *xml(body))

    def _entry(self, name: str, blob: _Blob, *, with_metadata: bool) -> str:
        properties = "".join(
            (
                tag("Creation-Time", header(blob.made)),
                tag("Last-Modified", header(blob.written)),
                tag("Etag", blob.etag.strip('"')),
                tag("Content-Length", len(blob.content)),
                tag("BlobType", "BlockBlob"),
            )
        )
        metadata = "".join(tag(key, value) for key, value in blob.metadata.items()) if with_metadata else ""
        return f"<Blob>{tag('Name', name)}<Properties>{properties}</Properties><Metadata>{metadata}</Metadata></Blob>"

    # Blobs

    def _blob(self, asked: Asked) -> _Blob:
        try:
            return self._container(asked.names[0])[asked.names[1]]
        except KeyError:
            raise RefusedError(404, "BlobNotFound") from None

    def _check(self, asked: Asked, blob: _Blob | None) -> None:
        """Refuse what has a condition that is not fulfilled."""
        expected, unless = asked.headers.get("if-match", ""), asked.headers.get("if-none-match", "")
        if any(name.startswith("if-") and name not in ("if-match", "if-none-match") for name in asked.headers):
            raise UnknownError("a condition of another kind")
        if unless not in ("", "*"):
            raise UnknownError("If-None-Match with an ETag")
        if unless and blob is not None:
            raise RefusedError(409, "BlobAlreadyExists")
        if expected not in ("", "*") and (blob is None or blob.etag != expected):
            raise RefusedError(412, "ConditionNotMet")

    def _get(self, asked: Asked) -> Answer:
        blob = self._blob(asked)
        self._check(asked, blob)
        headers = {
            "ETag": blob.etag,
            "Last-Modified": header(blob.written),
            "x-ms-creation-time": header(blob.made),
            "x-ms-blob-type": "BlockBlob",
            "x-ms-access-tier": blob.tier,
            "Accept-Ranges": "bytes",
            **blob.kind,
            **{f"x-ms-meta-{name}": value for name, value in blob.metadata.items()},
        }
        if asked.method == "HEAD":
            return Answer(200, {**headers, "Content-Length": str(len(blob.content))})
        if blob.tier == _ARCHIVE:
            raise RefusedError(409, "BlobArchived")
        wanted = _RANGE.fullmatch(asked.headers.get("x-ms-range") or asked.headers.get("range", ""))
        if wanted is None:
            return Answer(200, headers, blob.content)
        first, last = int(wanted[1]), min(int(wanted[2] or len(blob.content)), len(blob.content) - 1)
        if first >= len(blob.content):
            raise RefusedError(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {first}-{last}/{len(blob.content)}"
        return Answer(206, headers, blob.content[first : last + 1])

    def _put(self, asked: Asked) -> Answer:
        return self._write(asked, asked.body)

    def _put_block(self, asked: Asked) -> Answer:
        self._container(asked.names[0])
        self._blocks.setdefault(asked.names, {})[asked.query["blockid"]] = asked.body
        return Answer(201)

    def _put_blocks(self, asked: Asked) -> Answer:
        staged = self._blocks.get(asked.names, {})
        try:
            content = b"".join(staged[name.decode()] for name in _BLOCK.findall(asked.body))
        except KeyError:
            raise RefusedError(400, "InvalidBlockList") from None
        answer = self._write(asked, content)
        self._blocks.pop(asked.names, None)
        return answer

    def _write(self, asked: Asked, content: bytes) -> Answer:
        container, name = self._container(asked.names[0]), asked.names[1]
        before, now = container.get(name), self.now()
        self._check(asked, before)
        if before is not None and self._is_leased(before):
            raise RefusedError(412, "LeaseIdMissing")
        metadata = {key[10:]: value for key, value in asked.headers.items() if key.startswith("x-ms-meta-")}
        etag = self._etag()
        container[name] = _Blob(content, _kind(asked), metadata, etag, now, before.made if before else now)
        return Answer(201, {"ETag": etag, "Last-Modified": header(now)})

    def _etag(self) -> str:
        return f'"0x{next(self._etags):X}"'

    def _set_kind(self, asked: Asked) -> Answer:
        blob = self._blob(asked)
        blob.kind, blob.etag, blob.written = _kind(asked), self._etag(), self.now()
        return Answer(200, {"ETag": blob.etag, "Last-Modified": header(blob.written)})

    def _set_tier(self, asked: Asked) -> Answer:
        self._blob(asked).tier = asked.headers["x-ms-access-tier"]
        return Answer(200)

    def _delete(self, asked: Asked) -> Answer:
        blob = self._blob(asked)
        self._check(asked, blob)
        if self._is_leased(blob):
            raise RefusedError(412, "LeaseIdMissing")
        del self._container(asked.names[0])[asked.names[1]]
        return Answer(202)

    # Leases

    def _is_leased(self, blob: _Blob) -> bool:
        lease = blob.lease
        return lease is not None and not lease.is_broken and self.now().timestamp() < lease.until

    def _lease(self, asked: Asked) -> Answer:
        blob, action = self._blob(asked), asked.headers["x-ms-lease-action"]
        headers = {"ETag": blob.etag, "Last-Modified": header(blob.written)}
        if action == "acquire":
            return Answer(201, {**headers, "x-ms-lease-id": self._acquire(blob, asked)})
        if action == "break":
            if blob.lease is None:
                raise RefusedError(409, "LeaseNotPresentWithLeaseOperation")
            blob.lease.is_broken = True
            return Answer(202, {**headers, "x-ms-lease-time": "0"})
        lease = blob.lease
        if lease is None or lease.id != asked.headers["x-ms-lease-id"]:
            raise RefusedError(409, "LeaseIdMismatchWithLeaseOperation")
        if action == "release":
            blob.lease = None
            return Answer(200, headers)
        if action != "renew":
            raise UnknownError(f"{action} of a lease")
        if lease.is_broken:
            raise RefusedError(409, "LeaseIsBrokenAndCannotBeRenewed")
        lease.until = self.now().timestamp() + lease.seconds  # also of one that has run out, if nobody took it since
        return Answer(200, {**headers, "x-ms-lease-id": lease.id})

    def _acquire(self, blob: _Blob, asked: Asked) -> str:
        wanted, seconds = asked.headers["x-ms-proposed-lease-id"], int(asked.headers["x-ms-lease-duration"])
        if blob.lease is not None and self._is_leased(blob) and blob.lease.id != wanted:
            raise RefusedError(409, "LeaseAlreadyPresent")
        blob.lease = _Lease(wanted, seconds, self.now().timestamp() + seconds)
        return wanted


def _kind(asked: Asked) -> dict[str, str]:
    """What a blob says that it is: `Content-Type` and the like."""
    said = {key[len(_KIND) :]: value for key, value in asked.headers.items() if key.startswith(_KIND)}
    kinds = {f"Content-{name.title()}": value for name, value in said.items() if name != "md5"}
    return {"Content-Type": "application/octet-stream", **kinds}
