"""What the host and the app log: one line a record, on stderr."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

# What every record has; anything else came in through `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LineFormatter(logging.Formatter):
    """`time level logger message key=value ...`, and the stack, if there is one, below."""

    def __init__(self, instance: str = "") -> None:
        super().__init__()
        self._instance = instance

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if self._instance:
            fields["instance"] = self._instance
        # What a record says on further lines, such as a stack, stays below its fields.
        first, *rest = record.getMessage().splitlines() or [""]
        parts = [at, record.levelname, record.name, first]
        line = " ".join(parts + [f"{name}={_shown(value)}" for name, value in fields.items()])
        line = "\n".join([line, *rest])
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def set_up(instance: str = "") -> None:
    """Send all logging to stderr; what the Azure SDK says of each request only from WARNING up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(instance))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("azure", "msal", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # One client is used by many threads; a connection more than its pool keeps is no news.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    plain = text and not any(character.isspace() or character in '="' for character in text)
    return text if plain or not isinstance(value, str) else json.dumps(value)
