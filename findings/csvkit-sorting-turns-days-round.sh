#!/usr/bin/env bash
# csvkit 2.2.0 (Python): csvsort, which is asked to sort people by name, swaps day and month, and only in some files.
#
# It takes each column for what all of its cells may be. Days written 05.11.2026 are read month first, and come out as
# 2026-05-11, if no day of the file is beyond 12; with one 25.11.2026 among them, the column stays as it is. A column of
# first names April and June becomes days of the year 1, a probation of "6 months" 0001-07-01, "40 hrs" a week
# "1 day, 16:00:00", Y and N True and False. csvcut and csvgrep leave the same file alone.
#
# Seen: Duarte,2026-05-11,0001-04-01,0001-07-01,"1 day, 16:00:00",True / Novak,2026-06-11,...,20:00:00,False
#       with 25.11.2026 in the file: 25.11.2026 and 06.11.2026; csvcut: the same
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check csvkit==2.2.0 agate==1.14.2 parsedatetime==2.6 2>/dev/null
cat >people.csv <<'CSV'
Name,FirstDay,Given,Probation,Week,Leaves
Novak,06.11.2026,June,3 months,20 hrs,N
Duarte,05.11.2026,April,6 months,40 hrs,Y
CSV
sed 's/05\.11/25.11/' people.csv >later.csv
seen=$(
  venv/bin/csvsort -c Name people.csv
  venv/bin/csvsort -c Name later.csv | cut -d, -f2 | paste -sd' '
  venv/bin/csvcut -c 1-6 people.csv | cmp - people.csv && echo "csvcut: the same"
)
echo "$seen"
test "$seen" = 'Name,FirstDay,Given,Probation,Week,Leaves
Duarte,2026-05-11,0001-04-01,0001-07-01,"1 day, 16:00:00",True
Novak,2026-06-11,0001-06-01,0001-04-01,20:00:00,False
FirstDay 25.11.2026 06.11.2026
csvcut: the same'
