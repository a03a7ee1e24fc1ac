#!/usr/bin/env bash
# officegen 0.6.5 (npm): true, false, null and days are all written as the number 0.
#
# A sheet takes strings and numbers; of whatever else a row holds the cell says 0, without an error, and null has a 0 where
# it means nothing. So a column "active" says 0 of everybody, which is how many systems write that nobody may work, and
# first and last days are 0. Only undefined is an empty cell.
#
# Seen: A2 00017, B2 0 (true), C2 0 (a day), D2 0 (null) | A3 00112, B3 0 (false), C3 0 (a day), D3 missing (undefined)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund officegen@0.6.5 xlsx@0.18.5 >/dev/null
cat >write.js <<'JS'
const { createWriteStream } = require("fs");
const reader = require("xlsx");
const book = require("officegen")("xlsx");
const day = new Date(Date.UTC(2026, 10, 1));
book.makeNewSheet().data = [
  ["id", "active", "firstDay", "lastDay"],
  ["00017", true, day, null],
  ["00112", false, day, undefined],
];
const file = createWriteStream("people.xlsx");
file.on("close", () => {
  const { Sheets, SheetNames } = reader.readFile("people.xlsx");
  const cells = Sheets[SheetNames[0]];
  const shown = (address) => (cells[address] ? `${cells[address].t}:${cells[address].v}` : "missing");
  for (const row of [2, 3]) console.log(..."ABCD".split("").map((column) => shown(column + row)));
});
book.generate(file);
JS
seen=$(TZ=UTC node --no-deprecation --no-warnings write.js)
echo "$seen"
test "$seen" = "s:00017 n:0 n:0 n:0
s:00112 n:0 n:0 missing"
