"""The local functions host: does around Microsoft's worker library what the Functions host does in Azure."""

from __future__ import annotations
