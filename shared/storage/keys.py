r"""Keys of table rows.

Azure Tables refuse `/ \ # ?` and control characters in keys. Those characters, and the escape character itself, are
written as `!` and two hexadecimal digits for each UTF-8 byte; everything else stays as it is, so that a person can work
a key out by hand.
"""

from __future__ import annotations

import re

_FORBIDDEN = re.compile(r"[/\\#?!\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(r"(?:![0-9A-F]{2})+")


def encode(text: str) -> str:
    """`text` as a table key. Case and all other characters survive; `decode` gives the text back."""
    return _FORBIDDEN.sub(lambda match: "".join(f"!{byte:02X}" for byte in match[0].encode()), text)


def decode(key: str) -> str:
    """The text that `encode` made a key of."""
    return _ESCAPED.sub(lambda match: bytes.fromhex(match[0].replace("!", "")).decode(), key)


def range_of(owner: str) -> tuple[str, str]:
    """From where on the partitions are that begin with an owner and a bar, and where they have ended."""
    return f"{owner}|", f"{owner}}}"  # which follows the bar


def in_order(key: str) -> bytes:
    """Sorts keys as Azure Tables does: by UTF-16 code units."""
    return key.encode("utf-16-be")


def worker_partition(source: str, worker_id: str) -> str:
    """Partition of a worker in `Workers`: worker 1222 of `employees` is in `employees|22`.

    The last two characters spread the load and let the rows of a sorted page be written in few transactions.
    """
    return encode(f"{source}|{worker_id[-2:]}")


def owner(partition: str) -> str:
    """What a partition begins with: the source of a worker, the job of an account or of its log entries."""
    return decode(partition).partition("|")[0]


def account_partition(job: str, external_id: str) -> str:
    """Partition of an account in `Accounts`, spread like `Workers`."""
    return encode(f"{job}|{external_id[-2:]}")


def event_partition(job: str, external_id: str) -> str:
    """Partition of one person's provisioning log entries in `ProvisioningEvents`."""
    return encode(f"{job}|{external_id}")
