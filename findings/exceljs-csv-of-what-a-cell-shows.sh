#!/usr/bin/env bash
# exceljs 4.4.0 (npm): of a workbook written as CSV, a name with one bold letter is JSON, and a formula's FALSE is nothing.
#
# The writer takes what a cell is made of, and not what it shows: of a text in several fonts the pieces and the fonts, of a
# linked mail address "mailto:" with the address, of a formula whose result is an error "[object Object]", of one whose
# result is a day what JavaScript makes of it. A result that is 0 or FALSE is left out, though a plain 0 or FALSE is
# written: somebody of whom a formula says that she may not work is somebody of whom nothing is known. XlsxWriter wrote
# the workbook; xlsx 0.18.5 writes what is shown.
#
# Seen: exceljs: Zoë as JSON, mailto:zoe@example.com, TRUE as true, formulas FALSE and 0 empty, plain FALSE as false
#       xlsx: Zoë,zoe@example.com,TRUE,FALSE,0,#N/A,2026-11-01,FALSE
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund exceljs@4.4.0 xlsx@0.18.5 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check XlsxWriter==3.3.1 2>/dev/null
venv/bin/python - <<'PY'
import xlsxwriter

with xlsxwriter.Workbook("people.xlsx") as book:
    sheet, bold, day = book.add_worksheet(), book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_rich_string("A1", bold, "Z", "oë")
    sheet.write_url("B1", "mailto:zoe@example.com", string="zoe@example.com")
    sheet.write_formula("C1", "=1=1", value=True)
    sheet.write_formula("D1", "=1=2", value=False)
    sheet.write_formula("E1", "=1-1", value=0)
    sheet.write_formula("F1", "=NA()", value="#N/A")
    sheet.write_formula("G1", "=DATE(2026,11,1)", day, 46327)
    sheet.write_boolean("H1", False)
PY
cat >write.js <<'JS'
const Excel = require("exceljs");
const { readFile, utils } = require("xlsx");
(async () => {
  const book = new Excel.Workbook();
  await book.xlsx.readFile("people.xlsx");
  console.log("exceljs:", (await book.csv.writeBuffer()).toString());
  const { Sheets, SheetNames } = readFile("people.xlsx");
  console.log("xlsx:", utils.sheet_to_csv(Sheets[SheetNames[0]]));
})();
JS
seen=$(TZ=UTC node write.js)
echo "$seen"
font='""size"":11,""color"":{""theme"":1},""name"":""Calibri"",""family"":2,""scheme"":""minor""}'
name="{\"\"richText\"\":[{\"\"font\"\":{\"\"bold\"\":true,$font,\"\"text\"\":\"\"Z\"\"},{\"\"font\"\":{$font,\"\"text\"\":\"\"oë\"\"}]}"
test "$seen" = "exceljs: \"$name\",mailto:zoe@example.com,true,,,[object Object],Sun Nov 01 2026 00:00:00 GMT+0000 (Coordinated Universal Time),false
xlsx: Zoë,zoe@example.com,TRUE,FALSE,0,#N/A,2026-11-01,FALSE"
