#!/usr/bin/env bash
# objects-to-csv 1.3.6 (npm): false is written as an empty cell, as null is, true as 1, and a Date as milliseconds.
#
# Somebody who may not work any more (active: false) is, in the file, somebody of whom that is not known. The library
# hands records on to csv-stringify 5, whose casts do so; nothing of it can be set, or is told. Whoever joins two such
# columns and leaves empty cells out cannot tell "active, not on leave" from "gone, on leave": both are 1.
# csv-writer 1.6.0 and papaparse 5.7.1 write the words.
#
# Seen: objects-to-csv: 00017,1, | 00112,,1 | 00230,, and 1798675200000
#       csv-writer: 00017,true,false | 00112,false,true | 00230,,
#       papaparse: 00017,true,false | 00112,false,true | 00230,,
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund objects-to-csv@1.3.6 csv-writer@1.6.0 papaparse@5.7.1 >/dev/null
cat >write.js <<'JS'
const ObjectsToCsv = require("objects-to-csv");
const { createObjectCsvStringifier } = require("csv-writer");
const { unparse } = require("papaparse");
const people = [
  { id: "00017", active: true, onLeave: false },
  { id: "00112", active: false, onLeave: true },
  { id: "00230", active: null, onLeave: null },
];
const rows = (text) => text.split(/\r?\n/).filter((line) => /^\d/.test(line)).join(" | ");
(async () => {
  const day = await new ObjectsToCsv([{ lastDay: new Date(Date.UTC(2026, 11, 31)) }]).toString(false);
  console.log("objects-to-csv:", rows(await new ObjectsToCsv(people).toString()), "and", day.trim());
  console.log("csv-writer:", rows(createObjectCsvStringifier({ header: Object.keys(people[0]) }).stringifyRecords(people)));
  console.log("papaparse:", rows(unparse(people)));
})();
JS
seen=$(node write.js)
echo "$seen"
test "$seen" = "objects-to-csv: 00017,1, | 00112,,1 | 00230,, and 1798675200000
csv-writer: 00017,true,false | 00112,false,true | 00230,,
papaparse: 00017,true,false | 00112,false,true | 00230,,"
