"""Commands about files and mappings; they need no storage."""
