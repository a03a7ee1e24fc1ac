#!/usr/bin/env bash
# agate 1.14.2 (which csvkit uses), petl 1.7.30, pyexcel 0.7.6 and numpy 2.4.6 (Python): the ids 4711_2 and 47112 are one.
#
# Python takes an underscore between digits for nothing, in float("4711_2") and Decimal("4711_2") as in its source.
# Libraries that find out by trying whether a column holds numbers take ids of an employee and an employment, 4711_2, for
# numbers without the underscore. Zoe's second employment is Max afterwards, and her people are his. pyexcel does it to
# single cells, though it keeps 00017 as text. pandas 3.1.1 leaves them alone.
#
# Seen: agate 47112 47112, petl 47112 47112, pyexcel 47112 47112, numpy 47112 47112, pandas 4711_2 47112
#       00017 beside them: agate 17, petl 17, pyexcel 00017, numpy 17, pandas 00017
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check agate==1.14.2 petl==1.7.30 pyexcel==0.7.6 pyexcel-io==0.6.8 \
  numpy==2.4.6 pandas==3.1.1 2>/dev/null
printf 'id,name\n4711_2,Zoe\n47112,Max\n00017,Top\n' >people.csv
cat >read.py <<'PY'
import agate
import numpy
import pandas
import petl
import pyexcel

read = {
    "agate": agate.Table.from_csv("people.csv").columns["id"].values(),
    "petl": petl.values(petl.convertnumbers(petl.fromcsv("people.csv")), "id"),
    "pyexcel": [row[0] for row in pyexcel.get_array(file_name="people.csv")[1:]],
    "numpy": numpy.genfromtxt("people.csv", delimiter=",", dtype=None, encoding="utf-8", names=True)["id"],
    "pandas": pandas.read_csv("people.csv")["id"],
}
for name, ids in read.items():
    print(name, *(one if isinstance(one, str) else int(one) for one in ids))
PY
seen=$(venv/bin/python read.py)
echo "$seen"
test "$seen" = "agate 47112 47112 17
petl 47112 47112 17
pyexcel 47112 47112 00017
numpy 47112 47112 17
pandas 4711_2 47112 00017"
