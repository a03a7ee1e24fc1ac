"""Run as a process of its own by `pgp`: decrypts one file into another, within limits. Prints nothing."""

from __future__ import annotations

import json
import sys

DONE, FAILED, TOO_BIG, BAD_KEY, NOT_OURS = 0, 10, 11, 12, 13
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
    try:
        if key is not None:
            pysequoia.decrypt_file(order["source"], order["target"], decryptor=key)
        else:
            pysequoia.decrypt_file(order["source"], order["target"], passwords=[order["password"]])
    except Exception as error:  # noqa: BLE001
        text = str(error)
        if "too large" in text.lower():
            return TOO_BIG
        return NOT_OURS if "No key to decrypt" in text or "No session key" in text else FAILED
    return DONE


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
