"""A company in which something is lost on a Wednesday, as a story: before, the loss, the cure, and the days after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.scenario.expected import read_expected
from local.scenario.model import Scenario, Story
from local.scenario.observe import flat
from local.scenario.tenant import Operation

HERE = Path(__file__).parent
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_PLANNED = {"E07": "Finance", "C13": "Works"}  # what Wednesday's files change
LOST = datetime(2026, 11, 4, 9, tzinfo=UTC)
THURSDAY_BEGINS = datetime(2026, 11, 5, tzinfo=UTC)
_HEADER = "Id,Name,Status,Hire,Last day,Department,Manager"

_MAPPING = f"""\
version: 1
mode: full
precedence: PRECEDENCE
missing: disable
key: Id
required: [Name]
status:
  column: Status
  values: {{Active: true, Ended: false}}
  first_day: Hire
  last_day: Last day
attributes:
  userName: {{template: "{{Id}}@example.com"}}
  displayName: Name
  {ENTERPRISE}:department: Department
  {ENTERPRISE}:manager: Manager
"""

_STAFF = {
    f"E{number:02d}": ("Active", "2020-01-01", "", "Sales", "" if number == 1 else "E01") for number in range(1, 16)
}
_MONDAY = {
    **_STAFF,
    "L1": ("Active", "2020-01-01", "", "Sales", "E01"),  # leaves on Tuesday
    "B1": ("Active", "2020-01-01", "", "Sales", ""),  # in both lists; this one says that he has left
    "G1": ("Active", "2020-01-01", "2026-11-05", "Sales", ""),  # last day on Thursday
    "F1": ("Active", "2026-11-13", "", "Sales", ""),  # begins next week
}
_CONTRACTORS = {
    "B1": ("Active", "2025-01-01", "", "Works", ""),
    **{f"C{number:02d}": ("Active", "2025-01-01", "", "Works", "") for number in range(1, 13)},
}
_TUESDAY = {
    **_MONDAY,
    "L1": ("Ended", "2020-01-01", "2026-11-02", "Sales", "E01"),
    "B1": ("Ended", "2020-01-01", "2026-11-02", "Sales", ""),
    "E03": ("Active", "2020-01-01", "", "Finance", "E01"),
}
_OLDER = {"E06": ("Ended", "2020-01-01", "2026-10-31", "", "")}  # would disable somebody
_WEDNESDAY = {
    **_TUESDAY,
    "E07": ("Active", "2020-01-01", "", "Finance", "E01"),
}
_WEDNESDAY_CONTRACTORS = {
    **_CONTRACTORS,
    "C13": ("Active", "2025-01-01", "", "Works", ""),
}
_THURSDAY = {
    **_WEDNESDAY,
    "E04": ("Active", "2020-01-01", "", "Finance", "E01"),
    "E05": ("Ended", "2020-01-01", "2026-11-04", "Sales", "E01"),
    "N1": ("Active", "2026-11-01", "", "Sales", "E01"),
}


def rows(people: Mapping[str, Sequence[str]]) -> str:
    """A file."""
    return "".join(
        f"{line}\n" for line in (_HEADER, *(f"{one},Name {one},{','.join(of)}" for one, of in people.items()))
    )


MONDAY = {"employees/people_20261102.csv": rows(_MONDAY), "contractors/people_20261102.csv": rows(_CONTRACTORS)}
TUESDAY = {"employees/people_20261103.csv": rows(_TUESDAY), "contractors/people_20261103.csv": rows(_CONTRACTORS)}
WEDNESDAY = {
    "employees/people_20261104.csv": rows(_WEDNESDAY),
    "contractors/people_20261104.csv": rows(_WEDNESDAY_CONTRACTORS),
}
THURSDAY = {
    "employees/people_20261105.csv": rows(_THURSDAY),
    "contractors/people_20261105.csv": rows(_WEDNESDAY_CONTRACTORS),
}

EXPECTED = """\
when,worker,sent_to_entra,active_after,reason
Mon,"E01..E15, L1, B1, G1, C01..C12",create,true,new people
Mon,F1,nothing,(no account),begins later
Tue,L1,update active=false,false,leaver
Tue,B1,anything,true,a contractor still
Tue,E03,update department=Finance,true,mover
Wed,"E01..E15, C01..C13, B1, G1, L1",nothing,unchanged,nothing is sent
cured,"E01..E06, E08..E15, C01..C12, B1, G1, L1",anything,unchanged,nobody is disabled and nobody enabled again
cured,E07,"anything, department=Finance",(above),what was planned is sent
cured,C13,"anything, department=Works",(above),what was planned is sent
Thu,E04,update department=Finance,true,mover
Thu,E05,update active=false,false,leaver
Thu,N1,create,true,joiner
Thu,"E01..E03, E06..E15, C01..C13, B1, G1",nothing,true,unchanged
Thu,L1,nothing,false,unchanged
late,"E01..E04, E06..E15, L1, C01..C13, B1, G1",nothing,unchanged,an older file says nothing
dates,G1,update active=false,false,the last day is over
dates,F1,create,false,an account is made a week ahead
"""


def mapping(source: str) -> str:
    """The mapping of a source; employees go before contractors."""
    return _MAPPING.replace("PRECEDENCE", "2" if source == "employees" else "1")


MAPPINGS = {source: mapping(source) for source in ("employees", "contractors")}


def story(lost: str, cure: Sequence[Mapping[str, Any]]) -> Story:
    """The story of a loss.

    Args:
        lost: what is lost, such as `table Due`.
        cure: the steps of whoever mends it; the first begins on Wednesday at 09:00.
    """
    paused = 'pause --by Kim --reason "the directory is being moved"'
    steps: list[Mapping[str, Any]] = [
        {"at": "2026-11-02 06:00", "when": "Mon", "drop": MONDAY},
        {"at": "2026-11-03 06:00", "when": "Tue", "drop": TUESDAY},
        {"at": "2026-11-04 07:50", "when": "Wed", "operator": [paused]},
        {"at": "2026-11-04 08:00", "drop": WEDNESDAY},
        {"at": "2026-11-04 09:00", "when": "cured", "app": "stop", "lose": [lost]},
        *cure,
        {"at": "2026-11-05 06:00", "when": "Thu", "drop": THURSDAY},
        {
            "at": "2026-11-05 12:00",
            "when": "late",
            "drop": {
                "employees/people_20261101.csv": rows(_MONDAY | {"E06": ("Ended", "2020-01-01", "2026-10-31", "", "")})
            },
            "becomes": "stale",
        },
        {"at": "2026-11-05 20:00", "when": "dates"},
    ]
    # Two lists name one person: what is sent of her depends on whether both are there before the first is sent.
    frame = {"title": f"{lost} is lost", "events": "exact", "until": "2026-11-06 04:00"}
    said = {**frame, "mappings": MAPPINGS, "steps": steps}
    scenario = Scenario.model_validate(said)
    return Story(HERE / lost.replace(" ", "-"), scenario, read_expected(EXPECTED))


def strayed(operations: Sequence[Operation]) -> list[str]:
    """Who was sent something else on the day of the loss than what Entra had, or what that day's files change."""
    before: dict[str, Mapping[str, object]] = {}
    found = []
    for operation in operations:
        planned = {"department": _PLANNED[operation.external_id]} if operation.external_id in _PLANNED else {}
        known = flat(before.get(operation.external_id, operation.data)) | planned
        if LOST <= operation.at < THURSDAY_BEGINS and flat(operation.data) != known:
            found.append(f"{operation.external_id} was sent {flat(operation.data)}")
        before[operation.external_id] = operation.data
    return found
