"""`import-psd1` against PowerShell: the same value, or a sentence that says what is not carried over."""

from __future__ import annotations

from typing import Any

import pytest

from shared.letters import lower
from tests.support.psd1 import NOT_CARRIED, REJECTED, Block, blocks, imported, rows, sent

BLOCKS = blocks()
ROWS = rows()
FAILS = {"error": True}


def is_right(found: Any, block: Block, number: int, place: str) -> bool:
    """Whether a value is PowerShell's, or differs from it in one of the ways that are documented."""
    wanted = [block.values[number], block.cleaned[number]]
    if found is REJECTED:
        return place == "active" or FAILS in wanted
    if FAILS in wanted:
        return found is None
    if any(found is one if isinstance(one, bool) else (found or None) == (one or None) for one in wanted):
        return True
    if isinstance(found, str) and found == lower(str(wanted[0])) and "İ" in str(wanted[0]):
        return True  # the invariant culture has no small İ; the others have i
    return found is None and isinstance(wanted[0], str) and is_frame(block, number, wanted[0])


def is_frame(block: Block, number: int, value: str) -> bool:
    """Whether a value holds nothing of a row, but what the script puts around it."""
    cells = [name for name in ROWS[0] if f".{name}" in block.script]
    return all(ROWS[number][name].strip() == "" for name in cells) and not any(map(str.isalpha, value[2:]))


@pytest.mark.parametrize("place", ["active", "own", "text"])
def test_a_block_gives_what_powershell_gives_or_is_said_not_to_be_carried_over(place: str) -> None:
    wrong = []
    for block in BLOCKS:
        made = imported(block.script, place)
        found = sent(made, place, ROWS)
        if isinstance(found, str):
            assert found == NOT_CARRIED or found.startswith("the file lacks")
            assert all(sentence.startswith("f line 1 column ") for sentence in made.left_out)
        else:
            wrong += [
                (block.script, number, value, block.cleaned[number])
                for number, value in enumerate(found)
                if not is_right(value, block, number, place)
            ]
    assert wrong == []


def carried_over(some: list[Block]) -> list[str]:
    return [block.script for block in some if isinstance(sent(imported(block.script, "own"), "own", ROWS), list)]


@pytest.mark.slow
def test_most_of_what_people_write_is_carried_over() -> None:
    assert len(carried_over(BLOCKS[:40])) >= 32
    assert len(carried_over(BLOCKS)) >= 160


HAAG = "Den Haag, Contoso Ltd, NL"
MARKETING = "Sales/Marketing"
TO_CAPITALS = "switch ($_.Lang) { { $_ -in 'de','nl-NL' } { 'D' } default { $_.ToUpper() } }"


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("$_.CostCenter -in '7','12'", [True, False, False, False, False, False]),
        ("$true -eq $_.EndDate", [False, True, True, False, False, True]),
        ("$false -eq $_.EndDate", [True, False, False, True, True, False]),
        ("$null -eq $_.EndDate", [False] * 6),
        ("!$_.Company", [False, True, True, False, False, False]),
        ("-not $_.Company -and $_.Lang -eq 'de'", [False, True, False, False, False, False]),
        ("$_.City -clike 'C*'", [True, False, False, False, False, False]),
        ("$_.City -notlike '*o*'", [False, True, True, False, True, True]),
        ("$_.City.Contains('a')", [True, False, False, False, True, True]),
        ("$_.City.EndsWith('o')", [True, False, False, False, False, False]),
        ("$_.LastName -cmatch '^s|^o'", [False] * 6),
        ("'a','b' -contains $_.City", [False] * 6),
        ("switch -Regex ($_.Lang) { '^en' { $true } '^de$' { $true } default { $false } }", [True, True, *[False] * 4]),
        ("[string]::IsNullOrWhiteSpace($_.JobTitle)", [False, True, True, False, False, False]),
        ("($_.FullName -split ',')[1]", [None, " Bo", None, " Dé", None, " Jean-Luc"]),
        ("($_.FullName -split ',')[1].Trim()", [None, "Bo", None, "Dé", None, "Jean-Luc"]),
        ("$_.FullName.Split(',')[-1].Trim().ToUpper()", ["LEE ANN", "BO", "CY O'NEIL", "DÉ", "İZMIR", "JEAN-LUC"]),
        ("($_.Middle -split ' ')[-1]", ["Jane", None, "B", "Z", None, "de"]),
        (
            "@($_.City, $_.Company, $_.CountryCode) -ne '' -join ', '",
            [
                "Chicago, Contoso, US",
                "Köln, DE",
                "UK",
                "Bonn, A, B, de",
                "İstanbul, acme, TR",
                HAAG,
            ],
        ),
        (
            "($_.City, $_.Company | Where-Object { $_ }) -join '/'",
            ["Chicago/Contoso", "Köln", None, "Bonn/A, B", "İstanbul/acme", "Den Haag/Contoso Ltd"],
        ),
        ("@{ US = 'USA'; DE = 'Germany' }[$_.CountryCode]", ["USA", "Germany", None, "Germany", None, None]),
        ("@{ 'US' = 1; DE = $_.City }[$_.CountryCode] + '!'", None),
        ("$_.ManagerID.PadLeft(8, '0')", ["00000002", "00000000", "00000002", "00000001", "00000005", "00000001"]),
        ("$_.WorkerID.TrimStart('0').PadLeft(3, '0')", ["001", "002", "003", "004", "005", "006"]),
        ("$_.CostCenter -replace '^0+', ''", ["7", "7", None, "1 2", "1e3", "12"]),
        ("$_.Phone -replace '[^0-9]', ''", ["13125550100", "0221123", None, "00442079460000", None, "070555"]),
        ("$_.Phone -replace '\\D'", ["13125550100", "0221123", None, "00442079460000", None, "070555"]),
        (
            "$_.Department -replace '\\.$', ''",
            ["Sales Dept", "dept. of Law", None, "DEPT.dept", "R&D", MARKETING],
        ),
        ("$_.UserID -replace '.*@', ''", ["Contoso.com", *["contoso.com"] * 3, None, "contoso.com"]),
        ("$_.City.ToUpper()[0]", ["C", "K", None, "B", "İ", "D"]),
        ("$_.WorkerID[-1] + $_.Lang", ["1en_US", "2de", "3", "4fr_FR", "5tr_TR", "6nl-NL"]),
        ("$_.City.Substring(0,1).ToLower() + $_.Lang", ["cen_US", "kde", None, "bfr_FR", "itr_TR", "dnl-NL"]),
        ("$_.Company ? 'yes' : 'no'", ["yes", "no", "no", "yes", "yes", "yes"]),
        ("if ($_.Lang -eq 'de') { '' } else { 'x' }", ["x", None, "x", "x", "x", "x"]),
        ("if ($_.Lang -eq 'de') { $null } elseif ($_.City -eq 'Bonn') { 'B' }", [None, None, None, "B", None, None]),
        (
            TO_CAPITALS,
            ["EN_US", "D", None, "FR_FR", "TR_TR", "D"],
        ),
        ("switch -Wildcard ($_.City) { 'B*' { '1' } '*n' { '2' } }", None),
        ("switch -Wildcard ($_.City) { 'B*' { '1'; break } '*n' { '2' } }", [None, "2", None, "1", None, None]),
        ("if ($_.JobTitle -match 'lead|president') { 'M' } else { 'E' }", ["E", "E", "E", "E", "M", "M"]),
        ("$_.CostCenter -gt '5'", None),
        ("1 + $_.CostCenter", None),
        ("$_.City.Insert(0, 'x')", None),
        ("$x = $_.City; $x.ToLower()", None),
        ("($_.City -split 'n')[0]", None),
        ("$_.City -replace 'n(.)', '$1'", None),
        ("$_.City -replace 'n', '$&$&'", None),
        ("$_.City.Split('n', 'o')[0]", None),
        ("@($_.City, $_.Lang)", None),
        ("$_.City; $_.Lang", None),
        ("'*' + $_.City -eq '*x'", None),
        ("$_.City -eq '*'", None),
    ],
)
def test_what_a_script_means_is_what_is_sent(script: str, wanted: list[Any] | None) -> None:
    found = sent(imported(script, "own"), "own", ROWS)
    assert found == (NOT_CARRIED if wanted is None else wanted)
