"""Bytes to a table of text cells, whatever the file is: `open_extract` is the one door."""
