"""A row with a value of each type that is written to tables, odd signs among them."""

from __future__ import annotations

from typing import Any

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
