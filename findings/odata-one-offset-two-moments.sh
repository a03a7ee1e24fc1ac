#!/usr/bin/env bash
# pyodata 1.12.1 (Python) and @sap-cloud-sdk/odata-v2 4.8.0 (npm), both by SAP: one text with an offset is two moments,
# hours apart and often of two days.
#
# OData 2.0, as SuccessFactors speaks it, has times with an offset as /Date(1793491200000-0480)/: milliseconds since 1970,
# and the offset in minutes, here -08:00. The Cloud SDK counts the milliseconds in UTC and turns the clock by the offset;
# pyodata takes them for the time on that clock already. So midnight of 1 November in Los Angeles, written by pyodata, is
# 31 October 16:00 to the Cloud SDK, and what the Cloud SDK writes is 08:00 to pyodata. East of Greenwich it is the other
# way that is a day early. With +0000 both mean the same.
#
# Seen: of 1 November, midnight -08:00, pyodata writes /Date(1793491200000-0480)/, read as 2026-10-31T16:00:00-08:00,
#       and the Cloud SDK /Date(1793520000000-0480)/, read as 2026-11-01T08:00:00-08:00;
#       of +01:00 /Date(1793491200000+0060)/, read as 2026-11-01T01:00:00+01:00,
#       and /Date(1793487600000+0060)/, read as 2026-10-31T23:00:00+01:00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @sap-cloud-sdk/odata-v2@4.8.0 moment@2.31.0 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyodata==1.12.1 2>/dev/null
cat >python.py <<'PY'
import sys
from datetime import datetime

from pyodata.v2.model import Types

moment = Types.from_name("Edm.DateTimeOffset").traits
text = sys.argv[1]
print(moment.from_json(text).isoformat() if text.startswith("/Date") else moment.to_json(datetime.fromisoformat(text)))
PY
cat >node.js <<'JS'
const { defaultDeSerializers } = require("@sap-cloud-sdk/odata-v2");
const moment = require("moment");
const { serialize, deserialize } = defaultDeSerializers["Edm.DateTimeOffset"];
const text = process.argv[2];
console.log(text.startsWith("/Date") ? deserialize(text).format() : serialize(moment.parseZone(text)));
JS
export TZ=UTC
seen=$(for midnight in 2026-11-01T00:00:00-08:00 2026-11-01T00:00:00+01:00 2026-11-01T00:00:00+00:00; do
  one=$(venv/bin/python python.py "$midnight")
  other=$(node node.js "$midnight")
  echo "$midnight pyodata $one, the other reads $(node node.js "$one")"
  echo "$midnight Cloud SDK $other, the other reads $(venv/bin/python python.py "$other")"
done)
echo "$seen"
test "$seen" = "2026-11-01T00:00:00-08:00 pyodata /Date(1793491200000-0480)/, the other reads 2026-10-31T16:00:00-08:00
2026-11-01T00:00:00-08:00 Cloud SDK /Date(1793520000000-0480)/, the other reads 2026-11-01T08:00:00-08:00
2026-11-01T00:00:00+01:00 pyodata /Date(1793491200000+0060)/, the other reads 2026-11-01T01:00:00+01:00
2026-11-01T00:00:00+01:00 Cloud SDK /Date(1793487600000+0060)/, the other reads 2026-10-31T23:00:00+01:00
2026-11-01T00:00:00+00:00 pyodata /Date(1793491200000+0000)/, the other reads 2026-11-01T00:00:00Z
2026-11-01T00:00:00+00:00 Cloud SDK /Date(1793491200000+0000)/, the other reads 2026-11-01T00:00:00+00:00"
