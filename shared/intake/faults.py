"""Where `ingest.py` looks for what `shared.storage.faults` says."""

from shared.storage.faults import passes

__all__ = ["passes"]
