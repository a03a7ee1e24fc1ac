"""What a mapping file says about the form of its extracts. Everything is optional: what is not said is found out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=200)]


class FixedColumn(BaseModel):
    """One column of a file without delimiters.

    Attributes:
        name: what the mapping calls it.
        start: its first character, counted from 1.
        width: its length in characters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    start: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]


class FormatHints(BaseModel):
    """The form of a source's extracts.

    Attributes:
        type: refuse anything else; without it the first bytes decide.
        encoding: the code page of text that is neither UTF-8 nor UTF-16 (a Python codec name, such as windows-1252).
        delimiter: between cells; found from the header if absent.
        quote: around cells.
        escape: before a sign inside a cell that is meant as it is, usually a backslash; the quote itself says that
            quotes are doubled and every backslash is text. Found from the first lines if absent.
        text_guard: take the apostrophe off that a program has put in front of `=`, `+`, `-` or `@`, so that no
            spreadsheet takes a cell for a formula; and read `'00012` and `="00012"` as 00012.
        header_rows: how many lines the header has; the column names are in the first, the others are skipped unless
            they are about somebody.
        trailer: first cell of the row that ends the file and holds the number of people; a file without it is refused.
        comment: rows whose first cell starts so are left out.
        sheet: the sheet of a workbook; found by its header if absent.
        path: where in a JSON or XML document the people are, such as `Report_Entry` or `d.results`.
        object: the object of an Oracle HDL file, such as `Worker`.
        columns: of a file without delimiters.
        password: name of the Key Vault secret that opens a protected workbook or archive.
        key: name of the Key Vault secret with the PGP private key, in ASCII armour.
        passphrase: name of the Key Vault secret with that key's passphrase.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["csv", "fixed", "json", "xml", "hdl", "xlsx"] | None = None
    encoding: Name | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    quote: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    escape: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    text_guard: bool = False
    header_rows: Annotated[int, Field(ge=1, le=5)] = 1
    trailer: Name | None = None
    comment: Name | None = None
    sheet: Name | None = None
    path: Name | None = None
    object: Name | None = None
    columns: tuple[FixedColumn, ...] = ()
    password: Name | None = None
    key: Name | None = None
    passphrase: Name | None = None
