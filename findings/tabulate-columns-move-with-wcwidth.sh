#!/usr/bin/env bash
# tabulate 0.10.0 (Python): whether wcwidth happens to be installed decides in which column a manager stands.
#
# A list in columns of fixed width is cut at places. With wcwidth, which many packages bring along, tabulate counts the
# two places that a letter of Japanese takes on a screen, so behind such a name everything is at an earlier character;
# without it, and with pandas 3.1.1, characters are counted. columnify 1.6.0 (npm) counts places on the screen, always.
# Lines end without blanks in tabulate, so their length does not tell either.
#
# Seen, the character at which the manager stands, of Marek and of Aiko:
#       tabulate 20, 20; with wcwidth 20, 16; pandas 20, 20; columnify 18, 14
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund columnify@1.6.0 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tabulate==0.10.0 pandas==3.1.1 2>/dev/null
cat >people.json <<'JSON'
[{"id": "00112", "name": "Marek Novák", "manager": "00017"}, {"id": "00230", "name": "田中 愛子", "manager": "00017"}]
JSON
cat >places.py <<'PY'
import json
import sys

import pandas
from tabulate import tabulate

with open("people.json", encoding="utf-8") as file:
    people = json.load(file)
if sys.argv[1] == "tabulate":
    text = tabulate(people, headers="keys", tablefmt="plain", disable_numparse=True)
else:
    text = pandas.DataFrame(people).to_string(index=False)
print(", ".join(str(line.index("00017")) for line in text.splitlines()[1:]))
PY
cat >places.js <<'JS'
const text = require("columnify")(require("./people.json"));
console.log(text.split("\n").slice(1).map((line) => line.indexOf("00017")).join(", "));
JS
seen="tabulate $(venv/bin/python places.py tabulate)
$(venv/bin/pip install --quiet --disable-pip-version-check wcwidth==0.9.4 2>/dev/null)with wcwidth $(venv/bin/python places.py tabulate)
pandas $(venv/bin/python places.py pandas)
columnify $(node places.js)"
echo "$seen"
test "$seen" = "tabulate 20, 20
with wcwidth 20, 16
pandas 20, 20
columnify 18, 14"
