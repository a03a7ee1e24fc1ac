"""A row with a value of each type that is written to tables, odd signs among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]
"""The properties of a row, as the SDK gives them."""

VALUES: dict[str, Any] = {
    "Text": 'Zoë "O\'Brien" \\ \u2028 \U0001f600\r\n\x01',
    "Empty": "",
    "Bytes": bytes(range(256)),
    "No": False,
    "Yes": True,
    "Number": -(2**31),
    "Float": 0.1,
    "Whole": 2.0,
}
