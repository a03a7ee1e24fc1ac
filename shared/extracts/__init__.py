"""Bytes to records, and the way of one extract from its arrival to its queued pages."""
