"""The pages on what Entra does besides, and on who has an account already, say what is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli.files.preview import main
from cli.reconciling.accounts import COLUMNS
from shared.readers.text.column_names import loose

DOCS = Path(__file__).parents[2] / "docs"
OWN = "urn:ietf:params:scim:schemas:extension:contoso:1.0:User"
FRAME = "version: 1\nkey: Id\nstatus: {column: Status, values: {Active: true, Gone: false}}\n"
FILE = """\
Id,Status,HireDate,EndDate
1,Active,2026-01-05,2026-07-31
2,Active,2026-06-30,
"""


def fenced(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("number", "dates"),
    [
        (
            0,
            [
                {"hireDate": "2026-01-05T05:00:00+01:00", "leaveDate": "2026-07-31T23:00:00+02:00"},
                {"hireDate": "2026-06-30T05:00:00+02:00", "leaveDate": None},
            ],
        ),
        (
            1,
            [
                {"hireDate": "20260105040000.0Z", "leaveDate": "20260731210000.0Z"},
                {"hireDate": "20260630030000.0Z", "leaveDate": None},
            ],
        ),
    ],
)
def test_the_mappings_of_the_page_send_dates_as_lifecycle_workflows_want_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int, dates: list[dict[str, str | None]]
) -> None:
    (tmp_path / "people.csv").write_text(FILE)
    (tmp_path / "people.yaml").write_text(FRAME + fenced("lifecycle-workflows.md", "yaml")[number])
    arguments = [str(tmp_path / "people.csv"), "--mapping", str(tmp_path / "people.yaml"), "--today", "2026-07-01"]
    assert main([*arguments, "--format", "json"]) == 0
    [request] = json.loads(capsys.readouterr().out)["requests"]
    assert [operation["data"][OWN] for operation in request["Operations"]] == dates


def test_what_the_page_exports_is_what_reconcile_reads_and_what_it_writes_back_is_what_it_wrote() -> None:
    export, back = fenced("reconcile.md", "powershell")
    named = set(re.findall(r"(?:^|[(,] |= )'(\w+)'", export, re.MULTILINE)) - {"n"}
    read = {loose(name) for names in COLUMNS.values() for name in names}
    assert {name for name in named if loose(name) not in read} == set()
    assert {"EmployeeId", "UserType", "AccountEnabled", "ProxyAddresses", "SamAccountName", "ObjectGUID"} <= named
    assert set(re.findall(r"\$_\.(\w+)", back)) == {"objectId", "employeeId", "employeeIdBefore"}
