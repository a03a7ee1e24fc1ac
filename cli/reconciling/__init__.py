"""HR's people beside the accounts of a directory, before the first of them is sent."""
