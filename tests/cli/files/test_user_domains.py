"""`--domains`: how many user names the tenant would refuse, said before anything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.files.check import main as check
from cli.files.preview import main as preview
from cli.files.user_domains import outside

MAPPING = """\
version: 1
key: Id
status: {column: Status, values: {Active: true}}
attributes: {userName: User, displayName: Name}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A mapping and an extract."""
    mapping, extract = tmp_path / "people.yaml", tmp_path / "people.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    rows = [f"{number},Active,u{number}@{'Contoso.com' if number < 2 else 'contoso.local'},Ann" for number in range(5)]
    extract.write_text("\n".join(["Id,Status,User,Name", *rows, "9,Active,nine,Bo"]) + "\n", encoding="utf-8")
    return str(mapping), str(extract)


SAID = (
    "4 of 6 user names are not in contoso.com or fabrikam.com: 3 in contoso.local, 1 without one. Entra ID refuses "
    "accounts outside the tenant's verified domains: have the domain verified, or the mapping make names in these."
)


def test_preview_says_it_first(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    mapping, extract = files
    assert preview([extract, "--mapping", mapping, "--domains", "contoso.com, @Fabrikam.com"]) == 0
    assert capsys.readouterr().out.splitlines()[1:4] == ["", SAID, ""]
    assert preview([extract, "--mapping", mapping]) == 0
    assert "Entra ID refuses" not in capsys.readouterr().out
    assert preview([extract, "--mapping", mapping, "--domains", "contoso.com,fabrikam.com", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["domains"] == SAID


def test_check_says_it_of_the_sample(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    mapping, extract = files
    assert check([mapping, "--sample", extract, "--domains", "contoso.com,fabrikam.com"]) == 0
    assert capsys.readouterr().out.splitlines()[2] == SAID


def test_nothing_is_said_of_names_that_are_all_in_a_domain() -> None:
    assert outside([{"userName": "a@x.com"}, {"userName": "b@Y.com"}, {}], ["x.com", "y.com"]) == ""
    assert outside([{"userName": "a@z.com"}], ["x.com"]).startswith("None of the user names is in x.com: 1 in z.com.")


def test_what_is_no_domain_is_a_wrong_call(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        preview([files[1], "--domains", "contoso"])
    assert "'contoso' is not a domain; write them as contoso.com,fabrikam.com" in capsys.readouterr().err
