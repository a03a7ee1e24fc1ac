"""One extract read to its end: every row mapped, which rows count, and what is wrong with the file as a whole."""
