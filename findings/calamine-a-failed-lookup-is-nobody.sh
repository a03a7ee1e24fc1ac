#!/usr/bin/env bash
# python-calamine 0.9.1, polars 2.1.0 and pandas 3.1.1 (Python): a manager whose lookup failed (#N/A) is read as nobody.
#
# HR's workbook looks the manager up in another sheet, and Excel stores #N/A where nobody is found. Calamine, which is
# what polars reads workbooks with unless it is told otherwise, hands out an empty text for each kind of error, so that
# the row is like one of somebody who has no manager; so does pandas with either engine, even if keep_default_na is off.
# polars with openpyxl, and openpyxl itself, give #N/A. In a CSV made of it nobody can see any more that it is a fault.
#
# Seen: calamine: - | polars: - | polars with openpyxl: #N/A | pandas: - | pandas with calamine: - | openpyxl: #N/A
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastexcel==0.21.0 openpyxl==3.1.5 pandas==3.1.1 polars==2.1.0 \
  python-calamine==0.9.1 xlsxwriter==3.3.1 2>/dev/null
cat >read.py <<'PY'
import openpyxl
import pandas
import polars
import python_calamine
import xlsxwriter

with xlsxwriter.Workbook("people.xlsx") as book:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["WorkerID", "ManagerID"])
    sheet.write_row(1, 0, ["4711"])
    sheet.write_formula(1, 1, '=VLOOKUP("Eve", A:A, 1, FALSE)', None, "#N/A")
    sheet.write_row(2, 0, ["4712", "4711"])

everything = {"dtype": str, "keep_default_na": False}
managers = {
    "calamine": python_calamine.CalamineWorkbook.from_path("people.xlsx").get_sheet_by_index(0).to_python()[1][1],
    "polars": polars.read_excel("people.xlsx")["ManagerID"][0],
    "polars with openpyxl": polars.read_excel("people.xlsx", engine="openpyxl")["ManagerID"][0],
    "pandas": pandas.read_excel("people.xlsx", engine="openpyxl", **everything)["ManagerID"][0],
    "pandas with calamine": pandas.read_excel("people.xlsx", engine="calamine", **everything)["ManagerID"][0],
    "openpyxl": openpyxl.load_workbook("people.xlsx", data_only=True).active["B2"].value,
}
shown = {who: "-" if pandas.isna(manager) or manager == "" else manager for who, manager in managers.items()}
print(" | ".join(f"{who}: {manager}" for who, manager in shown.items()))
PY
seen=$(venv/bin/python read.py)
echo "$seen"
test "$seen" = 'calamine: - | polars: - | polars with openpyxl: #N/A | pandas: - | pandas with calamine: - | openpyxl: #N/A'
