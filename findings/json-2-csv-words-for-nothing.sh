#!/usr/bin/env bash
# json-2-csv 5.6.0 (npm): what a record does not have is written as the word `undefined`, and null as `null`.
#
# JSON of HR systems leaves out what somebody does not have, and says null for what is not known. In the CSV the word
# stands as if it were the value: a department "undefined", a last day "null". Other writers leave the cell empty; with
# papaparse, to which the same records were given, nothing stands there, but what is missing in the first record is
# missing for everybody, without a column.
#
# Seen: json-2-csv: id,department,lastDay,manager / 00017,undefined,null,undefined / 00112,Sales,2026-12-31,00017
#       papaparse: id,lastDay / 00017, / 00112,2026-12-31
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund json-2-csv@5.6.0 papaparse@5.7.1 >/dev/null
cat >write.js <<'JS'
const { json2csv } = require("json-2-csv");
const { unparse } = require("papaparse");
const people = JSON.parse(`[
  {"id": "00017", "lastDay": null},
  {"id": "00112", "department": "Sales", "lastDay": "2026-12-31", "manager": "00017"}
]`);
const lines = (text) => text.split(/\r?\n/).filter(Boolean).join(" / ");
const keys = ["id", "department", "lastDay", "manager"];
console.log("json-2-csv:", lines(json2csv(people, { keys })));
console.log("papaparse:", lines(unparse(people)));
JS
seen=$(node write.js)
echo "$seen"
test "$seen" = "json-2-csv: id,department,lastDay,manager / 00017,undefined,null,undefined / 00112,Sales,2026-12-31,00017
papaparse: id,lastDay / 00017, / 00112,2026-12-31"
