#!/usr/bin/env bash
# xlsx 0.18.5 (npm, SheetJS): local midnight is stored some seconds short of it, in zones whose clocks once showed the sun.
#
# The serial number is counted from a local Date in 1899. Where the zone's offset of that time was no whole number of
# minutes or quarters (Lisbon 36 minutes 45 seconds, Dublin, Sao Paulo), the difference has lost seconds: 1 November
# 2026 becomes 46326.9995, which Excel shows as 31 October, and a reader that drops the time is a day early. In Berlin
# or New York it is 46327.
#
# Seen: Europe/Berlin 46327 11/1/26; Europe/Lisbon 46326.99947916667 10/31/26;
#       America/Sao_Paulo 46326.99967592592 10/31/26
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund xlsx@0.18.5 >/dev/null
cat >write.js <<'JS'
const { utils } = require("xlsx");
const cell = utils.aoa_to_sheet([[new Date(2026, 10, 1)]]).A1;
console.log(process.env.TZ, cell.v, cell.w);
JS
seen=$(for zone in Europe/Berlin Europe/Lisbon America/Sao_Paulo; do TZ=$zone node write.js; done)
echo "$seen"
test "$seen" = "Europe/Berlin 46327 11/1/26
Europe/Lisbon 46326.99947916667 10/31/26
America/Sao_Paulo 46326.99967592592 10/31/26"
