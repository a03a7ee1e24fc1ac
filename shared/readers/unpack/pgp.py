"""PGP. The library works on whole files and holds the interpreter meanwhile, so it gets a process of its own.

That process has limits that the system enforces: on the file it writes (a message may be compressed and grow), on
memory and on time. Nothing of a message is handed on before all of it was decrypted and found intact. Signatures within
are not checked: who may drop files is decided by the storage account.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from shared.errors import ExtractRefused, TransientError
from shared.mapping.format import FormatHints
from shared.readers.unpack import pgp_process
from shared.readers.unpack.limits import Meter, drain, spool
from shared.readers.unpack.secret import secret

_SECONDS = 300
_ARMOUR = re.compile(rb"-----BEGIN PGP MESSAGE-----[ \t]*\r?\n(?:[^\r\n]+\r?\n)*?[ \t]*\r?\n(?=[A-Za-z0-9+/]{4})")
_FOR_KEY, _FOR_PASSWORD = 1, 3  # tags of packets
_SEALED = frozenset({9, 18, 20})  # tags of what is encrypted
_OPEN = frozenset({2, 4, 8, 11})  # tags of what anybody can read: signed, packed, or as it is
_OLD = frozenset({1, 2, 3, 4})  # IDEA, 3DES, CAST5, Blowfish
_SENTENCES = {
    pgp_process.FAILED: (
        "The PGP-encrypted file cannot be decrypted: it is damaged or was cut off. Encrypt the list again and drop it."
    ),
    pgp_process.UNPACKABLE: (
        "The PGP-encrypted file was decrypted, but what is in it is packed in a way that is not read here: most likely "
        "with bzip2. Encrypt the list again with another compression (GnuPG: --compress-algo zip) and drop it."
    ),
    pgp_process.OLD_CIPHER: (
        "The PGP-encrypted file is encrypted with a cipher that is not safe any more, such as 3DES, CAST5, IDEA or "
        "Blowfish, so it is not opened. Encrypt the list again with AES (GnuPG: --cipher-algo AES256) and drop it."
    ),
    pgp_process.NO_CHECK: (
        "The PGP-encrypted file lacks what shows that nobody has changed it, as old programs and old settings leave it "
        "out, so it is not opened. Encrypt the list again with integrity protection (GnuPG: without --rfc2440 and "
        "--disable-mdc) and drop it."
    ),
    pgp_process.DRAFT: (
        "The PGP-encrypted file is written in a form that never became part of the standard (AEAD of a draft, as GnuPG "
        "2.3 and later write it by default), so it is not opened. Encrypt the list again in the usual form (GnuPG: "
        "--rfc4880) and drop it."
    ),
    pgp_process.NO_SESSION: (
        "The PGP-encrypted file is for the key in the vault, but cannot be opened with it: it is encrypted with an old "
        "cipher such as Blowfish, or it is damaged. Encrypt the list again with AES (GnuPG: --cipher-algo AES256) and "
        "drop it."
    ),
}


def decrypt(
    first: bytes, stream: Iterator[bytes], hints: FormatHints, read_secret: Callable[[str], str] | None, meter: Meter
) -> Iterator[bytes]:
    """What a PGP message holds, armoured or binary, for a key or for a password.

    Raises:
        ExtractRefused: no key or password is set, none of them opens it, it is damaged, or it grows too much.
    """
    if next((tag for tag, _ in _packets(_binary(first))), 0) in _OPEN:
        raise ExtractRefused(
            "The file is made by PGP but not encrypted for anybody. Encrypt it, or drop the list itself."
        )
    for_key, for_password, ciphers = _opened_by(first)
    word = hints.password or (None if for_key else hints.passphrase)
    if read_secret is None or not (hints.key or hints.password or (hints.passphrase and not for_key)):
        raise ExtractRefused(
            "The file is PGP-encrypted and no key is set: ask IT to put the private key (or the password) into the "
            "vault and to name it in the mapping (format, key and passphrase, or password)."
        )
    if not for_password and not hints.key:
        raise ExtractRefused(
            "The file is PGP-encrypted for a key and only a password is set: ask IT to put the private key into the "
            "vault and to name it in the mapping (format, key and passphrase)."
        )
    if not for_key and not word:
        raise ExtractRefused(
            "The file is PGP-encrypted with a password, not for Rollcall's key. Encrypt it for the key, or ask IT to "
            "put the password into the vault and to name it in the mapping (format, password)."
        )
    secrets = {
        "key": _text(hints.key if for_key else None, read_secret),
        "passphrase": _text(hints.passphrase if for_key and hints.key else None, read_secret),
        "password": _text(word if for_password else None, read_secret),
    }
    with tempfile.TemporaryDirectory(prefix="rollcall-") as folder:
        source, target = Path(folder, "in"), Path(folder, "out")
        with spool(stream, meter.limits.encrypted) as encrypted, source.open("wb") as file:
            for chunk in drain(encrypted):
                file.write(chunk)
        outcome = _run(source, target, secrets, meter.allowed)
        if outcome == pgp_process.DECRYPTED:
            return drain(target.open("rb"))  # it stays readable after its name is gone
        if outcome == pgp_process.NOT_OURS and not for_key and ciphers and ciphers <= _OLD:
            outcome = pgp_process.OLD_CIPHER  # the library does not even know some of them
    raise _refusal(outcome, meter)


def _run(source: Path, target: Path, secrets: dict[str, str], most: int) -> int:
    # An argument could be seen by others on the machine, so the secrets go through a pipe.
    order = json.dumps({"source": str(source), "target": str(target), "most": most, **secrets}).encode()
    try:
        done = subprocess.run(
            [sys.executable, str(Path(pgp_process.__file__))],
            input=order,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RUST_BACKTRACE": "0"},
        )
    except subprocess.TimeoutExpired:
        return pgp_process.FAILED
    except OSError as error:
        raise TransientError(
            f"The process that opens PGP files could not be started ({type(error).__name__})."
        ) from error
    return done.returncode


def _refusal(outcome: int, meter: Meter) -> ExtractRefused:
    if outcome == pgp_process.TOO_BIG:
        return meter.too_big()
    if outcome == pgp_process.BAD_KEY:
        return ExtractRefused(
            "The file is PGP-encrypted and the key in the vault cannot be used: it is no private PGP key in ASCII "
            "armour, or its passphrase is missing or wrong. Ask IT to correct it."
        )
    if outcome == pgp_process.NOT_OURS:
        return ExtractRefused(
            "The file is PGP-encrypted, but not for the key or password in the vault. Encrypt it for Rollcall's "
            "public key, or ask IT to correct the secret."
        )
    return ExtractRefused(_SENTENCES.get(outcome, _SENTENCES[pgp_process.FAILED]))


def _text(name: str | None, read_secret: Callable[[str], str]) -> str:
    return (secret(name, read_secret) or b"").decode()


def _opened_by(first: bytes) -> tuple[bool, bool, frozenset[int]]:
    """Whether a message is for a key, whether it is for a password, and the ciphers of what is for a password.

    Both count if its beginning does not tell.
    """
    tags: set[int] = set()
    ciphers: set[int] = set()
    for tag, body in _packets(_binary(first)):
        tags.add(tag)
        if tag == _FOR_PASSWORD and body[:1] in {b"\x04", b"\x05"}:
            ciphers.add(body[1])
        if tag in _SEALED:
            return _FOR_KEY in tags, _FOR_PASSWORD in tags or not tags & {_FOR_KEY}, frozenset(ciphers)
    return _FOR_KEY in tags, True, frozenset(ciphers)


def _binary(first: bytes) -> bytes:
    armour = _ARMOUR.search(first)
    if not armour:
        return first
    text = b"".join(first[armour.end() :].partition(b"\n=")[0].partition(b"-----")[0].split())
    try:
        return base64.b64decode(text[: len(text) // 4 * 4])
    except binascii.Error:
        return b""


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The packets at the beginning of a message (RFC 9580, 4.2): tag and body; the last one may be incomplete."""
    at = 0
    while at + 6 <= len(data) and data[at] & 0x80:
        octet = data[at]
        if octet & 0x40:
            tag, one = octet & 0x3F, data[at + 1]
            wide = 1 if one < 192 else 2 if one < 224 else 5
            length = {1: one, 2: ((one - 192) << 8) + data[at + 2] + 192}.get(wide)
            length = int.from_bytes(data[at + 2 : at + 6], "big") if length is None else length
        else:
            tag, wide = (octet & 0x3C) >> 2, 1 << (octet & 3)
            length = int.from_bytes(data[at + 1 : at + 1 + wide], "big") if wide < 8 else len(data)
        start = at + 1 + wide
        yield tag, data[start : start + length]
        at = start + length
