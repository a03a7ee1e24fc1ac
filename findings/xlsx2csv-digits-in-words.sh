#!/usr/bin/env bash
# xlsx2csv 0.8.6 (Python): ids that a workbook shows as EMP-17 and EMP-23 come out as one, with a month in them.
#
# The cells hold 17 and 23; the words are in the number format, "EMP-"0. xlsx2csv looks for the letters of dates without
# regard to quotes: the M of EMP is a month, so the number is a day in January 1900, and the format comes out with its
# quotes. The same happens with 0 "days". And 08:05 becomes 08:04: days and times are cut off, not rounded, where the
# stored number is a trifle short of them. The zeros of "00000" are lost, but a person can see that.
#
# Seen: EMP-17: "e01p-"0 | EMP-23: "e01p-"0 | 17 days: 0 "16ays" | 2026-11-01 08:05: 2026-11-01 08:04 | 00017: 17
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openpyxl==3.1.5 xlsx2csv==0.8.6 2>/dev/null
cat >write.py <<'PY'
from datetime import datetime

import openpyxl

book = openpyxl.Workbook()
cells = [
    (17, '"EMP-"0'), (23, '"EMP-"0'), (17, '0 "days"'), (datetime(2026, 11, 1, 8, 5), "yyyy-mm-dd hh:mm"), (17, "00000"),
]
for column, (value, how) in enumerate(cells, start=1):
    cell = book.active.cell(1, column, value)
    cell.number_format = how
book.save("people.xlsx")
PY
venv/bin/python write.py
venv/bin/xlsx2csv people.xlsx people.csv
seen=$(venv/bin/python - <<'PY'
import csv

with open("people.csv", newline="") as file:
    (row,) = csv.reader(file)
shown = ["EMP-17", "EMP-23", "17 days", "2026-11-01 08:05", "00017"]
print(" | ".join(f"{one}: {other}" for one, other in zip(shown, row, strict=True)))
PY
)
echo "$seen"
test "$seen" = 'EMP-17: "e01p-"0 | EMP-23: "e01p-"0 | 17 days: 0 "16ays" | 2026-11-01 08:05: 2026-11-01 08:04 | 00017: 17'
