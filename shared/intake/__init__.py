"""The way of an extract from its arrival to its queued pages, and what else leads to a plan."""
