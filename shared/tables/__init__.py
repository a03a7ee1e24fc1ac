"""What a row of each table has: its columns, the words in them, what is inside a column as JSON. One module a table.

A row has its columns as attributes (see `base`), and nothing here does anything with what they say. A column
that is not written is not in the row, so a default says what that means.
"""
