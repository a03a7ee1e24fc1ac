"""What becomes of a single cell: texts, days, ids, user names, and what the target can hold."""
