"""What another tool made of a file, beside what Rollcall makes of it."""
