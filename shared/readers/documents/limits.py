"""How large documents may be, JSON and XML alike."""

from __future__ import annotations

MAX_RECORD = 1024 * 1024
"""Characters of one record (in XML names, attributes and text), and of whatever else has to be held in memory."""

MAX_DEPTH = 64
"""Levels of objects, lists or elements in each other, the whole document counted."""
