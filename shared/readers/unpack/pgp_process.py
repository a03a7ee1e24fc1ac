"""Run as a process of its own by `pgp`: decrypts one file into another, within limits. Prints nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

DECRYPTED, FAILED, TOO_BIG, BAD_KEY, NOT_OURS, UNPACKABLE, OLD_CIPHER, NO_CHECK, DRAFT, NO_SESSION = 0, *range(10, 19)
# What the library says, in the order in which it is looked for.
_SAID = (
    ("too large", TOO_BIG),
    ("no key to decrypt", NOT_OURS),
    ("no session key", NO_SESSION),
    ("aead encrypted data packet", DRAFT),
    ("symmetrically encrypted data packet", NO_CHECK),
    ("symmetric encryption algorithm", OLD_CIPHER),
    ("malformed openpgp message", UNPACKABLE),  # it was decrypted, and holds a packet that the library leaves closed
)
_MEMORY = 1536 * 1024 * 1024
_SECONDS = 240


def main() -> int:
    """Do what the order on standard input says."""
    order = json.load(sys.stdin)
    _limit(int(order["most"]))
    import pysequoia

    key = None
    if order["key"]:
        try:
            key = pysequoia.Tsk.from_bytes(order["key"].encode()).decryptor(order["passphrase"] or None)
        except Exception:  # noqa: BLE001 (the library has one class of errors for everything)
            return BAD_KEY
    outcome = NOT_OURS
    if key is not None:
        outcome = _attempt(lambda: pysequoia.decrypt_file(order["source"], order["target"], decryptor=key))
    if order["password"] and outcome == NOT_OURS:
        passwords = [order["password"]]
        outcome = _attempt(lambda: pysequoia.decrypt_file(order["source"], order["target"], passwords=passwords))
    return outcome


def _attempt(decrypt: Callable[[], object]) -> int:
    try:
        decrypt()
    except Exception as error:  # noqa: BLE001
        text = str(error).lower()
        return next((outcome for words, outcome in _SAID if words in text), FAILED)
    return DECRYPTED


def _limit(most: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows, where nobody runs this in earnest
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    sys.exit(main())
