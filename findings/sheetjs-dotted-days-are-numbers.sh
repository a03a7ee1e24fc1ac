#!/usr/bin/env bash
# xlsx 0.18.5 (npm, SheetJS): days whose format is dd.mm.yyyy come out of a workbook as numbers such as 46327.
#
# That is how programs in Germany, Austria and Switzerland format days. SheetJS cannot show them and says nothing; the
# number takes their place in `w`, and so in sheet_to_csv and in sheet_to_json with raw: false. With slashes, or with the
# backslashes that Excel itself writes (dd\.mm\.yyyy), the day comes out. exceljs and openpyxl write what they are told.
#
# Seen: dd.mm.yyyy 46327 | dd\.mm\.yyyy 01.11.2026 | dd/mm/yyyy 01/11/2026 | [$-407]d. mmmm yyyy 46327
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund xlsx@0.18.5 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openpyxl==3.1.5 2>/dev/null
venv/bin/python - <<'PY'
from datetime import date

import openpyxl

book = openpyxl.Workbook()
for column, how in enumerate(["dd.mm.yyyy", "dd\\.mm\\.yyyy", "dd/mm/yyyy", "[$-407]d. mmmm yyyy"], start=1):
    book.active.cell(1, column, how)
    book.active.cell(2, column, date(2026, 11, 1)).number_format = how
book.save("people.xlsx")
PY
cat >read.js <<'JS'
const { readFile, utils } = require("xlsx");
const [names, days] = utils.sheet_to_csv(readFile("people.xlsx").Sheets.Sheet).split("\n").map((line) => line.split(","));
console.log(names.map((name, at) => `${name} ${days[at]}`).join(" | "));
JS
seen=$(TZ=UTC node read.js)
echo "$seen"
test "$seen" = 'dd.mm.yyyy 46327 | dd\.mm\.yyyy 01.11.2026 | dd/mm/yyyy 01/11/2026 | [$-407]d. mmmm yyyy 46327'
