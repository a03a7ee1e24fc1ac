"""What a row of each table has: its columns, the words in them, what is inside a column as JSON. One module a table.

Nothing here does anything: rows are plain dictionaries, and their types are there for whoever reads and for the type
checker. A column that is not written is not in the row, so every column may be missing.
"""
