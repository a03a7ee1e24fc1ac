#!/usr/bin/env bash
# xlsx 0.18.5 (npm, SheetJS) with exceljs 4.4.0, openpyxl 3.1.5 and XlsxWriter 3.3.1: a cost center CC_x2024_EU comes back
# as another text, even where the library reads what it has written itself, and three readers do not agree on it.
#
# An underscore, an x, four hexadecimal digits and an underscore are an escape for one character in a workbook; whoever
# means the text writes its first underscore as _x005F_, as XlsxWriter does. The others write the text as it is. In a
# text within the cell (SheetJS writes it so) SheetJS makes a dollar of _x2024_, by its last two digits; in a shared text
# (ExcelJS) the character U+2024, which looks like a dot. ExcelJS undoes the escape in shared texts only. openpyxl undoes
# none but _x005F_. No writer has a reason to escape what can be printed, so a text that holds such an escape is meant.
#
# Seen: by xlsx: xlsx CC$EU, exceljs CC_x2024_EU, openpyxl CC_x2024_EU
#       by exceljs: xlsx CCU+2024EU, exceljs CCU+2024EU, openpyxl CC_x2024_EU
#       by openpyxl: xlsx CCU+2024EU, exceljs CC_x2024_EU, openpyxl CC_x2024_EU
#       by XlsxWriter: xlsx CC_x2024_EU, exceljs CC_x2024_EU, openpyxl CC_x2024_EU
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund xlsx@0.18.5 exceljs@4.4.0 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openpyxl==3.1.5 XlsxWriter==3.3.1 2>/dev/null
cat >write.js <<'JS'
const sheetjs = require("xlsx");
const Excel = require("exceljs");
(async () => {
  const book = sheetjs.utils.book_new();
  sheetjs.utils.book_append_sheet(book, sheetjs.utils.aoa_to_sheet([["CC_x2024_EU"]]), "People");
  sheetjs.writeFile(book, "xlsx.xlsx");
  const other = new Excel.Workbook();
  other.addWorksheet("People").addRow(["CC_x2024_EU"]);
  await other.xlsx.writeFile("exceljs.xlsx");
})();
JS
cat >read.js <<'JS'
const sheetjs = require("xlsx");
const Excel = require("exceljs");
(async () => {
  const other = new Excel.Workbook();
  await other.xlsx.readFile(process.argv[2]);
  const texts = [sheetjs.readFile(process.argv[2]).Sheets.People.A1.v, other.worksheets[0].getCell("A1").value];
  const shown = texts.map((text) => text.replace(/[^ -~]/g, (sign) => "U+" + sign.charCodeAt(0).toString(16)));
  console.log(`xlsx ${shown[0]}, exceljs ${shown[1]}`);
})();
JS
cat >write.py <<'PY'
import openpyxl
import xlsxwriter

with xlsxwriter.Workbook("XlsxWriter.xlsx") as book:
    book.add_worksheet("People").write_string(0, 0, "CC_x2024_EU")
other = openpyxl.Workbook()
other.active.title = "People"
other.active.append(["CC_x2024_EU"])
other.save("openpyxl.xlsx")
PY
cat >read.py <<'PY'
import sys

import openpyxl

print("openpyxl", openpyxl.load_workbook(sys.argv[1]).active["A1"].value)
PY
node write.js
venv/bin/python write.py
seen=$(for name in xlsx exceljs openpyxl XlsxWriter; do
  echo "by $name: $(node read.js $name.xlsx), $(venv/bin/python read.py $name.xlsx)"
done)
echo "$seen"
test "$seen" = 'by xlsx: xlsx CC$EU, exceljs CC_x2024_EU, openpyxl CC_x2024_EU
by exceljs: xlsx CCU+2024EU, exceljs CCU+2024EU, openpyxl CC_x2024_EU
by openpyxl: xlsx CCU+2024EU, exceljs CC_x2024_EU, openpyxl CC_x2024_EU
by XlsxWriter: xlsx CC_x2024_EU, exceljs CC_x2024_EU, openpyxl CC_x2024_EU'
