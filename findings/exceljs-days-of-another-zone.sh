#!/usr/bin/env bash
# exceljs 4.4.0 (npm): a Date at local midnight is stored as the time that it is in UTC, so that the cell shows another day.
#
# Cells of a workbook have no zone. A program in Berlin that writes `new Date(2026, 10, 1)` into a cell of days stores
# 46326.958..., which is 31 October, 23:00; in July it is 22:00 (.916...). The cell shows the day before, and whoever
# takes the day of the cell is a day early. West of Greenwich the time is behind midnight and the day is right.
#
# Seen: Europe/Berlin 46326.9583 46203.9167 2026-10-31; America/New_York 46327.1667 46204.1667 2026-11-01
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund exceljs@4.4.0 xlsx@0.18.5 >/dev/null
cat >write.js <<'JS'
const Excel = require("exceljs");
const reader = require("xlsx");
(async () => {
  const book = new Excel.Workbook();
  const sheet = book.addWorksheet("Days");
  for (const [address, day] of [["A1", new Date(2026, 10, 1)], ["A2", new Date(2026, 6, 1)]]) {
    sheet.getCell(address).value = day;
    sheet.getCell(address).numFmt = "yyyy-mm-dd";
  }
  const read = reader.read(await book.xlsx.writeBuffer(), { cellNF: true }).Sheets.Days;
  console.log(process.env.TZ, read.A1.v.toFixed(4), read.A2.v.toFixed(4), read.A1.w);
})();
JS
seen=$(for zone in Europe/Berlin America/New_York; do TZ=$zone node write.js; done)
echo "$seen"
test "$seen" = "Europe/Berlin 46326.9583 46203.9167 2026-10-31
America/New_York 46327.1667 46204.1667 2026-11-01"
