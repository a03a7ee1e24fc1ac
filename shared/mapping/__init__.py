"""Record to worker: mapping files, their checks, and what they make of a row."""
