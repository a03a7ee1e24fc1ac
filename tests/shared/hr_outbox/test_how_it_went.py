"""How a file went, in the sentence that HR reads first."""

from __future__ import annotations

import pytest

from shared.hr_outbox.how_it_went import how_it_went
from shared.tables.extracts import ExtractRow, ExtractStatus
from shared.wording.translation import translator

CORRECTED = ExtractRow(status=ExtractStatus.DELIVERED, rejected=5, corrected=5)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (CORRECTED, "Done: 5 rows were not sent, and corrected in a later file."),
        (
            CORRECTED | ExtractRow(rejected=1, corrected=1),
            "Done: 1 row was not sent, and corrected in a later file.",
        ),
        (CORRECTED | ExtractRow(corrected=2), "This did not go well: 3 rows were not sent."),
        (CORRECTED | ExtractRow(rejected=0, corrected=0), "All went well: everybody of this file has what it says."),
    ],
)
def test_nobody_is_told_that_all_went_well_of_rows_that_another_file_set_right(row: ExtractRow, said: str) -> None:
    assert how_it_went(row) == said


def test_that_rows_were_corrected_is_said_in_the_language_of_hr() -> None:
    assert translator("de").say(how_it_went(CORRECTED)) == (
        "Erledigt: 5 Zeilen wurden nicht gesendet und in einer späteren Datei korrigiert."
    )
