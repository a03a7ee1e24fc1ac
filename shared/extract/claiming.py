"""What an extract says of somebody, as a claim to be kept beside those of other sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from shared.changes.claims import Claim, Employment, Speaker, Stated, make_claim
from shared.extract.reading import Said
from shared.mapping.model import MappingFile
from shared.model import ExtractRef, ScimUser


@dataclass(frozen=True)
class Saying:
    """What all claims of one extract have in common.

    Attributes:
        ref: the extract.
        mapping: of its source.
        sequence: where it stands among the extracts of the source.
        now: when it is said.
    """

    ref: ExtractRef
    mapping: MappingFile
    sequence: str
    now: datetime

    @cached_property
    def employment(self) -> Employment:
        """What the mapping says about first and last days."""
        status = self.mapping.status
        at_once = status.end == "at_once"
        return Employment(status.create_days_before, status.grace_days, at_once, status.gone_before)

    @cached_property
    def speaker(self) -> Speaker:
        """Who makes the claims."""
        mapping, ref = self.mapping, self.ref
        clears = mapping.clears_manager
        return Speaker(ref.source, mapping.precedence, self.sequence, ref.id, self.now, self.employment, clears)

    def claim(self, said: Said, record: ScimUser, before: Claim | None = None) -> Claim:
        """One row as a claim; what follows in another row of the person's is not in it.

        Args:
            said: the row.
            record: what is to be sent by it.
            before: what the source said of the person so far.
        """
        days = (said.first_day, said.last_day, ZoneInfo(said.zone))
        return make_claim(self.speaker, Stated(said.worker.row, record, *days, said.on_leave), before)
