#!/usr/bin/env bash
# moment 2.31.0 (npm): the second of July, as Node 20 and luxon 3.7.2 write it in Quebec, is read as the second of January.
#
# Intl, luxon and Python's Babel 2.19.0 shorten juillet to `juill.` in fr-CA. moment, dayjs 1.11.23 and date-fns 4.4.0 took
# over the `juil.` of France. moment, with the very locale and format, finds no such month, takes the first one, and
# calls the day valid; only its strict mode refuses. With `juil.` it reads July.
#
# Seen: Intl 02 juill. 2026, luxon 02 juill. 2026, Babel 02 juill. 2026
#       moment 02 juil. 2026, dayjs 02 juil. 2026, date-fns 02 juil. 2026
#       moment reads what Intl wrote: 2026-01-02, valid; what moment wrote: 2026-07-02; strict, of Intl: not valid
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund luxon@3.7.2 moment@2.31.0 dayjs@1.11.23 date-fns@4.4.0 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check babel==2.19.0 2>/dev/null
cat >write.js <<'JS'
const day = new Date(Date.UTC(2026, 6, 2));
const moment = require("moment");
require("moment/locale/fr-ca");
const dayjs = require("dayjs");
require("dayjs/locale/fr-ca");
const { DateTime } = require("luxon");
const { format } = require("date-fns");
const { frCA } = require("date-fns/locale/fr-CA");
const options = { day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" };
const intl = new Intl.DateTimeFormat("fr-CA", options).format(day);
const ours = moment.utc(day).locale("fr-ca").format("DD MMM YYYY");
console.log("Intl", intl);
console.log("luxon", DateTime.fromJSDate(day, { zone: "utc" }).setLocale("fr-CA").toFormat("dd MMM yyyy"));
console.log("moment", ours);
console.log("dayjs", dayjs(day).locale("fr-ca").format("DD MMM YYYY"));
console.log("date-fns", format(day, "dd MMM yyyy", { locale: frCA }));
const read = (text, strict) => moment.utc(text, "DD MMM YYYY", "fr-ca", strict);
for (const [what, moments] of [["Intl", read(intl)], ["moment", read(ours)], ["Intl, strict", read(intl, true)]]) {
  console.log(`moment reads, of ${what}:`, moments.isValid() ? moments.format("YYYY-MM-DD") : "not valid");
}
JS
seen=$(TZ=UTC node write.js; venv/bin/python - <<'PY'
from datetime import date

from babel.dates import format_date

print("Babel", format_date(date(2026, 7, 2), "dd MMM yyyy", locale="fr_CA"))
PY
)
echo "$seen"
test "$seen" = "Intl 02 juill. 2026
luxon 02 juill. 2026
moment 02 juil. 2026
dayjs 02 juil. 2026
date-fns 02 juil. 2026
moment reads, of Intl: 2026-01-02
moment reads, of moment: 2026-07-02
moment reads, of Intl, strict: not valid
Babel 02 juill. 2026"
