"""Text with one row for each person, read as a stream: delimited (CSV and its relatives) and of fixed width."""

from shared.readers.text.delimited import open_delimited
from shared.readers.text.fixed_width import open_fixed

__all__ = ["open_delimited", "open_fixed"]
