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
from shared.extracts.unpack import pgp_process
from shared.extracts.unpack.limits import Meter, drain, spool
from shared.extracts.unpack.secret import secret
from shared.mapping.format import FormatHints

_SECONDS = 300
_ARMOUR = re.compile(rb"-----BEGIN PGP MESSAGE-----[ \t]*\r?\n(?:[^\r\n]+\r?\n)*?[ \t]*\r?\n([A-Za-z0-9+/]{4})")
_PUBLIC_KEY = 1  # the tag of a packet that is for a key; 3 would be for a password


def decrypt(
    first: bytes, stream: Iterator[bytes], hints: FormatHints, read_secret: Callable[[str], str] | None, meter: Meter
) -> Iterator[bytes]:
    """What a PGP message holds, armoured or binary, for a key or for a password.

    Raises:
        ExtractRefused: no key or password is set, none of them opens it, it is damaged, or it grows too much.
    """
    for_key = _tag(first) == _PUBLIC_KEY
    if read_secret is None or not (hints.key or hints.password or (hints.passphrase and not for_key)):
        raise ExtractRefused(
            "The file is PGP-encrypted and no key is set: ask IT to put the private key (or the password) into the "
            "vault and to name it in the mapping (format, key and passphrase, or password)."
        )
    if for_key and not hints.key:
        raise ExtractRefused(
            "The file is PGP-encrypted for a key and only a password is set: ask IT to put the private key into the "
            "vault and to name it in the mapping (format, key and passphrase)."
        )
    if not for_key and not (hints.password or hints.passphrase):
        raise ExtractRefused(
            "The file is PGP-encrypted with a password, not for Rollcall's key. Encrypt it for the key, or ask IT to "
            "put the password into the vault and to name it in the mapping (format, password)."
        )
    secrets = {
        "key": _text(hints.key if for_key else None, read_secret),
        "passphrase": _text(hints.passphrase if for_key else None, read_secret),
        "password": "" if for_key else _text(hints.password or hints.passphrase, read_secret),
    }
    with tempfile.TemporaryDirectory(prefix="rollcall-") as folder:
        source, target = Path(folder, "in"), Path(folder, "out")
        with spool(stream, meter.limits.encrypted) as encrypted, source.open("wb") as file:
            for chunk in drain(encrypted):
                file.write(chunk)
        outcome = _run(source, target, secrets, meter.allowed)
        if outcome == pgp_process.DONE:
            return drain(target.open("rb"))  # it stays readable after its name is gone
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
    return ExtractRefused(
        "The PGP-encrypted file cannot be decrypted: it is damaged or was cut off. Encrypt the list again and drop it."
    )


def _text(name: str | None, read_secret: Callable[[str], str]) -> str:
    return (secret(name, read_secret) or b"").decode()


def _tag(first: bytes) -> int:
    """What kind of packet a message begins with."""
    armour = _ARMOUR.search(first)
    try:
        octet = base64.b64decode(armour[1])[0] if armour else first[0]
    except (binascii.Error, IndexError):
        return 0
    return octet & 0x3F if octet & 0x40 else (octet & 0x3C) >> 2
