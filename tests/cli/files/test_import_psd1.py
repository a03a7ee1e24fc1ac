"""`import-psd1`: what an attribute mapping of CSV2SCIM says, as far as a mapping file can say it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cli.files.import_psd1 import import_psd1, main
from cli.powershell.data import parse_psd1
from cli.powershell.scanner import Constant, Hashtable
from shared.errors import MappingError
from shared.mapping.load import parse_mapping

URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MAPPING = """\
# People of Tessera
@{
    externalId = 'Worker'   # the id
    active     = { $_.'State' -in 'At work', 'Away' }
    userName   = { $_.Mail.Trim().ToLower() }
    name       = @{
        givenName  = { if ($_.'Called') { $_.'Called' } else { $_.First } }
        familyName = 'Last'
        formatted  = { "$($_.First) $($_.Last)" }
    }
    displayName = { '{0}, {1}' -f $_.Last, $_.First }
    UserType    = { switch ($_.Kind) { 'E' { 'Employee' } 'C' { 'Contractor' } default { 'Other' } } }
    title       = { Get-Title $_.Job }
    roles       = @( @{ value = 'Role' } )
    emails      = @(
        @{ type = { 'work' }; value = 'Mail'; primary = { $true } }
        @{ type = { 'home' }; value = 'Private' }
    )
    addresses   = @( @{ type = { 'work' }; locality = 'Town'; country = { $_.Land.ToUpper() } } )
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User" = @{
        department = { $_.Unit -replace '_', '-' }
        manager    = @{ value = 'Boss' }
    }
    'urn:ietf:params:scim:schemas:extension:tessera:1.0:User' = @{
        remote = { $_.Place -eq 'Home' }
        since  = { [datetime]::Parse($_.Begin).ToString('o') }
    }
}
"""
MADE = f"""\
# Made from AttributeMapping.psd1 of CSV2SCIM.
# Cells are read in another way than CSV2SCIM read them: blanks at their ends are dropped and several side by side are
#   one, and N/A, n/a, #N/A, NULL, null, undefined, nan, NaN, NaT, <NA>, -, . and \\N are empty.
# Read it through before it is used; 1 place is marked with DECIDE.
version: 1

key: Worker

# 'At work ' with a blank is At work here; to the script it was another word.
status:
  column: State
  values:
    At work: true
    Away: true
    # DECIDE: to the script every other word meant: may not work. The words must be listed here; a row with any other
    #   one is rejected. Add each of them as '<word>: false'.

# What the scripts put together was sent with the blanks that were left; without this line they are tidied up.
blanks: keep

attributes:
  userName: {{column: Mail, case: lower}}
  name.givenName: {{first: [Called, First]}}
  name.familyName: Last
  # Empty if all of its columns are.
  name.formatted: {{template: "{{First}} {{Last}}"}}
  # Empty if all of its columns are.
  displayName: {{template: "{{Last}}, {{First}}"}}
  userType: {{column: Kind, map: {{E: Employee, C: Contractor}}, otherwise: Other, default: Other}}
  emails[type eq "work"].value: Mail
  addresses[type eq "work"].locality: Town
  addresses[type eq "work"].country: {{column: Land, case: upper}}
  {URN}:department: {{column: Unit, replace: [{{from: "_", to: "-"}}]}}
  {URN}:manager: Boss
  urn:ietf:params:scim:schemas:extension:tessera:1.0:User:remote:
    column: Place
    type: boolean
    map: {{Home: true}}
    otherwise: false
    default: false

# 4 things were not carried over:
# AttributeMapping.psd1 line 13 column 21: title: the command 'get-title' is not carried over.
# AttributeMapping.psd1 line 14 column 5: roles: 'roles' is not an attribute that Entra's provisioning API knows.
# AttributeMapping.psd1 line 17 column 9: emails of type home: Entra reads only the type work.
# AttributeMapping.psd1 line 26 column 20: urn:ietf:params:scim:schemas:extension:tessera:1.0:User:since:
#   [datetime]::parse is not carried over: how a date is read is said by 'date', such as {{column: HireDate, date:
#   {{format: dd.mm.yyyy}}}}.
"""


def test_a_mapping_is_carried_over_and_what_is_not_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "AttributeMapping.psd1"
    file.write_text(MAPPING, encoding="utf-8")
    assert main([str(file)]) == 0
    shown = capsys.readouterr()
    assert shown.out == MADE
    assert [line.split(": ")[1] for line in shown.err.splitlines()] == [
        "title",
        "roles",
        "emails of type home",
        "urn:ietf:params:scim:schemas:extension:tessera:1.0:User:since",
    ]
    assert parse_mapping(MADE.encode(), "made").mapping.key == "Worker"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_encodings_and_line_ends_of_powershell_are_read(encoding: str, ends: str) -> None:
    data = MAPPING.replace("\n", ends).encode(encoding)
    assert import_psd1(data, "AttributeMapping.psd1").draft.text() == MADE


def test_what_comes_out_differently_is_told_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """@{
        externalId = 'Id'; active = { $_.S -in 'A', '-' }
        displayName = { if ($_.N) { $_.N } else { 'Unknown' } }
        title = { if ($_.End -eq 'n/a') { 'open' } else { 'closed' } }
        nickName = { $_.First.Substring(0,2) + $_.Last }
        userType = { ([datetime]$_.Begin).ToString('yyyy-MM-dd') }
        userName = { "$($_.A).$($_.B)@x.com" }
    }"""
    (tmp_path / "m.psd1").write_text(text, encoding="utf-8")
    assert main([str(tmp_path / "m.psd1")]) == 0
    shown = capsys.readouterr()
    asked = "is an empty cell here; 'placeholders' says which words are."
    assert shown.err == (
        f"m.psd1 line 2 column 28: active: the script asks for -, which {asked}\n"
        f"m.psd1 line 4 column 18: title: the script asks for n/a, which {asked}\n"
    )
    for remark in (
        "# 'A ' with a blank is A here; to the script it was another word.\nstatus:",
        "  # 'Unknown' stands in for a name; the row of somebody who would get it is rejected.\n  displayName:",
        "  # Where a text is too short for the script, the script failed; nothing is sent then.\n  # Empty if",
        "  # A cell that is no date rejects the row; the script sent nothing then. A time or an offset moves no day.\n",
        "  # Without one of its columns the row is rejected.\n  userName:",
        "# 2 things come out differently:\n# m.psd1 line 2 column 28: active: the script asks for -",
    ):
        assert remark in shown.out


def carried(expression: str) -> object:
    """What becomes of `title = { expression }`: the rule, or the reason why there is none."""
    made = import_psd1(f"@{{ title = {{ {expression} }} }}".encode(), "f")
    return made.draft.attributes.get("title") or made.left_out[0].partition(": title: ")[2]


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        ("'Clerk'", {"constant": "Clerk"}),
        ('"Clerk `"x`" ""y"""', {"constant": 'Clerk "x" "y"'}),
        ("$_.Job", "Job"),
        ("$_.'Job Title'", "Job Title"),
        ('$PSItem."Job"', "Job"),
        ("$_.Job -replace '\\s+', ' '", "Job"),
        ("return $_.Job", "Job"),
        ("{ { $_.Job } }", "Job"),
        ('"$($_.Job)"', "Job"),
        ("[string]$_.Job", "Job"),
        ("# why\n $_.Job # because\n", "Job"),
        ("$_.Job.ToUpper()", {"column": "Job", "case": "upper"}),
        ("($_.Job).Trim('()')", {"column": "Job", "trim": "()"}),
        (
            "$_.Job.Replace('a','b').Replace('c','')",
            {"column": "Job", "replace": [{"from": "a", "to": "b"}, {"from": "c"}]},
        ),
        ("$_.Job.Substring(0, 20)", {"column": "Job", "part": {"length": 20}}),
        ("$_.Job.Substring(2, 1).ToLower()", {"column": "Job", "part": {"from": 3, "length": 1}, "case": "lower"}),
        ("$_.Job.PadLeft(8, '0')", {"column": "Job", "pad": {"width": 8}, "default": "00000000"}),
        ("$_.Job.TrimStart('0')", {"column": "Job", "trim": {"start": "0"}}),
        (
            "$_.Job.ToUpper().Replace('_','-')",
            {"column": "Job", "replace": [{"from": "_", "to": "-"}], "case": "upper"},
        ),
        (
            "$_.Job.ToUpper().Replace('A','b')",
            {
                "column": "part of Job",
                "replace": [{"from": "A", "to": "b"}],
                "pieces": {"part of Job": {"column": "Job", "case": "upper"}},
            },
        ),
        ("$_.Job -replace 'ä', 'ae'", {"column": "Job", "replace": [{"from": "ä", "to": "ae", "any_case": True}]}),
        ("$_.Job -replace '@.*', ''", {"column": "Job", "replace": [{"from": "@", "rest": True}]}),
        ("$_.Job -replace '[^a-z]', ''", {"column": "Job", "keep": "A-Za-z"}),
        ("$_.Job.Split(';')[1].Trim()", {"column": "Job", "split": {"on": ";", "take": 2}}),
        ("($_.Job -split ' ')[0]", {"column": "Job", "split": {"on": " "}}),
        ("$_.Job.Split(';')[-1]", {"column": "Job", "split": {"on": ";", "take": -1}}),
        ("$_.A + ' / ' + $_.B", {"template": "{A} / {B}"}),
        ('"{$($_.A)} $($_.B)"', {"template": "{{{A}}} {B}"}),
        ("$_.A, $_.B -join ', '", {"template": "{A}, {B}"}),
        ("($_.A, $_.B | ? { $_ }) -join ', '", {"columns": ["A", "B"], "join": ", "}),
        ("@($_.A, $_.B) -ne '' -join ' '", {"columns": ["A", "B"]}),
        ("if ($_.A -ne '') { $_.A } else { 'None' }", {"column": "A", "default": "None"}),
        ("if ([string]::IsNullOrEmpty($_.A)) { $_.B } else { $_.A }", {"first": ["A", "B"]}),
        ("if (-not $_.A) { $_.B } else { $_.A }", {"first": ["A", "B"]}),
        (
            "if ($_.A -eq 'x') { 'X' } elseif ($_.A -eq 'y' -or $_.A -eq 'z') { 'YZ' }",
            {"column": "A", "map": {"x": "X", "y": "YZ", "z": "YZ"}, "otherwise": ""},
        ),
        ("switch ($_.A) { x { 'X' } default { $_ } }", {"column": "A", "map": {"x": "X"}, "otherwise": "{value}"}),
        ("switch ($_.A) { x { 'X' } default { $_.A } }", {"column": "A", "map": {"x": "X"}, "otherwise": ""}),
        ("if ($_.A -eq 'x') { $_.B }", {"choose": [{"when": {"A": "x"}, "column": "B"}]}),
        (
            "if ($_.A -like 'x*') { 'X' } elseif ($_.b -ceq 'Y') { 'Y' } else { $_.B }",
            {
                "choose": [
                    {"when": {"A": "x*"}, "constant": "X"},
                    {"when": {"b": {"words": ["Y"], "case_sensitive": True}}, "constant": "Y"},
                    {"column": "b"},
                ]
            },
        ),
    ],
)
def test_an_expression_becomes_a_rule(expression: str, rule: object) -> None:
    assert carried(expression) == rule


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("$x", "nobody knows what the variable $x holds."),
        ("$_['Job']", "PowerShell fails here: a column is $_.'Its Name', not $_['Its Name']."),
        ("$_.Job -replace '-', \"$1\"", "nobody knows what the variable $1 holds."),
        ("$_", "it gives the whole record."),
        ('"$_.Job"', "it gives the whole record."),
        ("$null", "it gives no text; leave the attribute out."),
        ("Invoke-Expression 'rm -rf /'", "the command 'invoke-expression' is not carried over."),
        ("$_.Job; $_.Name", "there is more than one step, and a mapping file has no steps of its own."),
        (
            "$_.Job -like 'x?y'",
            "'x?y' has signs with a meaning inside; a mapping knows * at the ends of a word.",
        ),
        (
            "$_.Job -replace '(a)b', ''",
            (
                "the pattern '(a)b' of -replace is not carried over; 'replace', 'keep', 'trim', 'split' and 'part' of "
                "a mapping go by plain characters."
            ),
        ),
        ("$_.Job.Length", "what 'length' makes of it is not carried over."),
        (
            "$_.Job -gt 'x'",
            "-gt compares texts letter by letter, or as numbers; a mapping asks for words, which have to be listed.",
        ),
        (
            "if ($_.Job -in 7,12) { 'x' }",
            (
                "a number without quotes makes PowerShell compare numbers: 7, 07 and 0012 are 7, 7 and 12; put the "
                "words in quotes."
            ),
        ),
        (
            "switch -Wildcard ($_.Job) { 'a*' { 'A' } '*b' { 'B' } }",
            "two branches of 'switch' may fit, and PowerShell gives both; end them with 'break'.",
        ),
        ("if ($_.A -eq 'x') { $true } else { 'no' }", "it gives yes or no in some cases, and a text in others."),
        ("$_.Job -eq 'x'", "Entra takes this attribute as text only, not as boolean; leave 'type' out."),
        (
            "[int]$_.Job",
            (
                "what [int] makes of a value is not carried over: it rounds, and an empty cell is 0; say 'type: "
                "integer', which takes whole numbers only."
            ),
        ),
        ("", "this is not carried over."),
    ],
)
def test_what_a_mapping_has_no_rule_for_is_told_with_its_reason(expression: str, reason: str) -> None:
    assert carried(expression) == reason


@pytest.mark.parametrize(
    ("active", "words"),
    [
        ("'Active'", {"true": True, "false": False}),
        ("{ $_.S -eq 'A' }", {"A": True}),
        ("{ 'A' -eq $_.S }", {"A": True}),
        ("{ $_.S -ne 'T' }", {"T": False}),
        ("{ $_.S -notin @('T', 'R') }", {"T": False, "R": False}),
        ("{ @('A', 'L') -contains $_.S }", {"A": True, "L": True}),
        ("{ $_.S -eq 'A' -or $_.S -eq 'L' }", {"A": True, "L": True}),
        ("{ -not ($_.S -eq 'T') }", {"T": False}),
        ("{ if ($_.S -eq 'A') { $true } else { $false } }", {"A": True}),
        ("{ switch ($_.S) { 'A' { $true } 'T' { $false } default { $false } } }", {"A": True, "T": False}),
        ("{ $true }", {}),
        ("{ $_.S -eq 'A' -or $_.T -eq 'B' }", {}),
        ("{ $_.S -ne 'A' -or $_.S -ne 'B' }", {}),
        ("{ -not $_.End }", {}),
        ("{ $_.S -in 7,12 }", {}),
        ("{ $_.S -like 'A*' }", {}),
        ("{ $_.S -ceq 'A' }", {}),
        ("{ $_.S -eq 07 }", {"7": True}),
        (
            "{ if ($_.S -eq 'A') { $true } elseif ($_.S -in 'T', 'a') { $false } else { $false } }",
            {"A": True, "T": False},
        ),
    ],
)
def test_active_becomes_status_words(active: str, words: dict[str, bool]) -> None:
    assert import_psd1(f"@{{ active = {active} }}".encode(), "f").draft.words == words


def test_a_mapping_without_id_or_status_says_what_to_decide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.psd1"
    file.write_text("@{ userName = 'User' }", encoding="utf-8")
    assert main([str(file)]) == 1
    assert capsys.readouterr().err == (
        "The mapping cannot be used before this is decided:\n"
        "the mapping line 5: key: is missing\n"
        "the mapping line 11: status.values: must say of each word whether people with it may work, such as "
        "Active: true\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f line 1 column 1: a data file begins with @{"),
        ("@{", "f line 1 column 1: a hashtable, @{, is never closed"),
        ("@{ a = 'b }", "f line 1 column 8: a text in quotes is never closed"),
        ("@{\n  a 'b' }", "f line 2 column 5: '=' is missing after the key 'a'"),
        ("@{ a = 'b' c = 'd' }", "f line 1 column 12: the value of 'a' is followed by something that is no data"),
        ("@{ a = 'b'\n A = 'c' }", "f line 2 column 2: the key 'A' appears twice; it was on line 1 column 4 before"),
        ("@{ a = $env:X }", "f line 1 column 8: this is no value: write a text in quotes, a list @(...), a hashtable"),
        ("@{ a = 'x' + 'y' }", "f line 1 column 12: the value of 'a' is followed by something that is no data"),
        ("@{ a = { ( } }", "f line 1 column 12: '}' closes nothing"),
        ("@{ a = @'\nx }", "f line 1 column 8: a here-string is never closed"),
        ("@{ <# a = 'b' }", "f line 1 column 4: a comment that begins with <# is never closed"),
        ("@{} @{}", "f line 1 column 5: something follows the hashtable; a data file holds just one"),
        ("@{ a = " + "@{ a = " * 100, "f line 1 column 283: this is nested too deeply to be a mapping"),
        ("@{ a = " + "@(" * 100, "f line 1 column 88: this is nested too deeply to be a mapping"),
        ("@{ a = { " + "(" * 100, "f line 1 column 49: this is nested too deeply to be a mapping"),
        ('@{ a = "' + '$("' * 100, "f line 1 column 128: this is nested too deeply to be a mapping"),
    ],
)
def test_what_is_no_data_file_is_refused_with_line_and_column(text: str, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        import_psd1(text.encode(), "f")
    assert str(caught.value).startswith(message)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(MappingError, match=r"^f: not UTF-8 text \(byte 4\); save it as UTF-8$"):
        import_psd1(b"@{'a\xe4'='b'}", "f")


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=5))
def test_texts_in_single_quotes_are_read_back_as_they_are(content: dict[str, str]) -> None:
    content = {
        key: value for key, value in content.items() if sum(key.casefold() == k.casefold() for k in content) == 1
    }
    quote = {ord(sign): sign * 2 for sign in "'\u2018\u2019\u201a\u201b"}
    text = "".join(f"'{key.translate(quote)}' = '{value.translate(quote)}'\n" for key, value in content.items())
    table = parse_psd1(f"@{{\n{text}}}", "f")
    assert {entry.key: entry.value.value for entry in table.entries if isinstance(entry.value, Constant)} == content


MISSING = (
    "key: is missing",
    "status.values: must say of each word whether people with it may work, such as Active: true",
)
SIGNS = [
    *"@{}()[]=;,.'\"$#`|&<>+-!\n ",
    "@{",
    "@(",
    "$_",
    "$_.A",
    "$(",
    "@'\n",
    "\n'@",
    '@"\n',
    '\n"@',
    "<#",
    "#>",
    "::",
]
PHRASES = (
    "if|else|switch|default| -eq | -in | -f | -split | -join | -not |[string]|'a'|active|externalId|name|emails|title"
)
NAMES = "urn:x:y|manager|$true|0|-1|IsNullOrEmpty(|.Split(|.Replace(|return "
WORDS = st.sampled_from([*SIGNS, *PHRASES.split("|"), *NAMES.split("|")])


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=40).map("".join)))
@example("active = { $_ }")
@example("title = { $_.A.Split('')[0] }")
@example('title = { "$(" }')
@example("title = { $_.'' }")
def test_whatever_stands_in_a_file_there_is_a_mapping_or_a_sentence(body: str) -> None:
    for text in (f"@{{ {body} }}", body, f"@{{ title = {{ {body} }}; active = {{ {body} }} }}"):
        try:
            made = import_psd1(text.encode("utf-8", "replace"), "f")
        except MappingError:
            continue
        for fault in filter(None, made.draft.fault("m").split("\n")):
            assert fault.endswith(MISSING), fault


def test_a_data_file_may_begin_with_a_name() -> None:
    assert isinstance(parse_psd1("$AttributeMapping = @{}", "f"), Hashtable)
