"""What stops the host."""

from __future__ import annotations


class HostError(Exception):
    """The host cannot start; the message is for the person who started it."""
