#!/usr/bin/env bash
# excelize 0.1.0 (Python): the id 4711000123 is written into a workbook as 416032827, and 4294967313 as 17.
#
# set_cell_value and set_sheet_row hand whole numbers on to the library in Go as 32 bits and say nothing; what is above
# is cut off, so that ids of ten digits become other ids, some of which somebody has. set_cell_int writes the same
# numbers right, and so does set_cell_value if they are texts, or floats.
#
# Seen: set_cell_value 17 416032827 17 -2147483648; set_sheet_row the same; set_cell_int 17 4711000123 4294967313 2147483648
#       texts 17 4711000123 4294967313 2147483648; floats the same
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check excelize==0.1.0 openpyxl==3.1.5 2>/dev/null
cat >write.py <<'PY'
import excelize
import openpyxl

ids = [17, 4711000123, 4294967313, 2147483648]


def by_cell(book, made=lambda one: one):
    for column, one in zip("ABCD", ids):
        book.set_cell_value("Sheet1", f"{column}1", made(one))


def by_int(book):
    for column, one in zip("ABCD", ids):
        book.set_cell_int("Sheet1", f"{column}1", one)


ways = {
    "set_cell_value": by_cell,
    "set_sheet_row": lambda book: book.set_sheet_row("Sheet1", "A1", ids),
    "set_cell_int": by_int,
    "texts": lambda book: by_cell(book, str),
    "floats": lambda book: by_cell(book, float),
}
for name, write in ways.items():
    book = excelize.new_file()
    write(book)
    book.save_as("people.xlsx")
    book.close()
    print(name, *(cell.value for cell in next(openpyxl.load_workbook("people.xlsx").active.iter_rows())))
PY
seen=$(venv/bin/python write.py)
echo "$seen"
test "$seen" = "set_cell_value 17 416032827 17 -2147483648
set_sheet_row 17 416032827 17 -2147483648
set_cell_int 17 4711000123 4294967313 2147483648
texts 17 4711000123 4294967313 2147483648
floats 17 4711000123 4294967313 2147483648"
