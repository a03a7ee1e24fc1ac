#!/usr/bin/env bash
# pandas 3.1.1 and polars 2.1.0 (Python) with XlsxWriter 3.3.1: a cell `internal:agency` is written as `agency`.
#
# XlsxWriter's write() makes links of texts that look like one, and `internal:`, `external:` and `mailto:` look so; what
# is shown, and stored, is the rest of the text, and of external: with other slashes. Both libraries hand all texts to
# write(), so kinds of workers that differ in the prefix alone are one and the same afterwards. With other capitals, and
# in pandas with its engine openpyxl, the text stays.
#
# Seen: pandas+xlsxwriter: agency agency it\board Internal:agency zoe@example.com
#       polars: agency agency it\board Internal:agency zoe@example.com
#       pandas+openpyxl: internal:agency external:agency external:it/board Internal:agency mailto:zoe@example.com
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  pandas==3.1.1 polars==2.1.0 XlsxWriter==3.3.1 openpyxl==3.1.5 2>/dev/null
venv/bin/python - <<'PY'
import openpyxl
import pandas
import polars

kinds = ["internal:agency", "external:agency", "external:it/board", "Internal:agency", "mailto:zoe@example.com"]
people = {"Kind": kinds}
pandas.DataFrame(people).to_excel("pandas+xlsxwriter.xlsx", index=False, engine="xlsxwriter")
polars.DataFrame(people).write_excel("polars.xlsx")
pandas.DataFrame(people).to_excel("pandas+openpyxl.xlsx", index=False, engine="openpyxl")
said = []
for name in ("pandas+xlsxwriter", "polars", "pandas+openpyxl"):
    cells = [row[0].value for row in openpyxl.load_workbook(f"{name}.xlsx").active.iter_rows(min_row=2)]
    said.append(f"{name}: {' '.join(cells)}")
text = "\n".join(said)
print(text)
assert text == (
    "pandas+xlsxwriter: agency agency it\\board Internal:agency zoe@example.com\n"
    "polars: agency agency it\\board Internal:agency zoe@example.com\n"
    "pandas+openpyxl: internal:agency external:agency external:it/board Internal:agency mailto:zoe@example.com"
), text
PY
