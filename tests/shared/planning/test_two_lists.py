"""Two lists with the same ids, which call people otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.model import ExtractRef
from shared.notices.facts import facts_now
from shared.notices.notes import derive
from shared.records.pages import read_notes
from tests.conftest import Storage
from tests.support.office import Office, open_office

DAY = 86_400
LOGIN = {"userName": "Boss", "displayName": "Name"}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(precedence=20, mode="full", attributes=LOGIN)
        opened.map("visitors", precedence=10, mode="full", attributes=LOGIN)
        opened.night("1,Ann,active,,,,ann@x.com", "2,Bo,active,,,,bo@x.com", "3,Cy,active,,,,cy@x.com")
        yield opened


def test_another_list_decides_is_told_and_stays_told(office: Office) -> None:
    rows = ("1,Zoe,active,,,,zoe@x.com", "2,Bob,active,,,,BO@x.com", "4,Di,active,,,,di@x.com")
    assert office.night(*rows, source="visitors", name="first.csv") == [("4", True)]
    first = office.newest("visitors")
    told = office.workers("Status", "Reason", "WhoActs", source="visitors")
    decides = (
        "Another list decides: row 2 of first.csv calls the person otherwise than the list 'employees', which goes "
        "before it; nothing is sent from here. What became of the account is told with 'employees'."
    )
    assert told["1"] == ("unchanged", decides, "HR")
    assert (told["2"][2], "goes before what this one says" in told["2"][1]) == ("nobody", True)
    ref = ExtractRef(first["Extract"], "visitors")
    [*_, note] = read_notes(office.context.storage, ref, first["ReadPlan"])
    assert note.startswith("1 id of this list is in the list 'employees' too, with other user names: 1. If they are")
    [notice] = [one for one in derive(facts_now(office.context)) if one.kind == "ids-shared"]
    assert notice.data == {"source": "visitors", "extract": ref.id, "people": 1}
    office.time.forward(DAY)
    office.night(*rows, "5,Ed,active,,,,ed@x.com", source="visitors", name="second.csv")
    assert office.workers("Status", "Reason", "WhoActs", source="visitors")["1"] == told["1"]
    assert office.newest("visitors")["OtherNames"] == 0
    assert office.directory["1"]["userName"] == "ann@x.com"


def test_ids_that_are_met_by_the_list_that_decides_are_told_too(office: Office) -> None:
    office.map("board", precedence=30, mode="full", attributes=LOGIN)
    assert office.night("3,Cyd,active,,,,cyd@x.com", source="board") == [("3", True)]
    assert (office.newest("board")["OtherNames"], office.workers("WhoActs", source="board")) == (1, {"3": "nobody"})
