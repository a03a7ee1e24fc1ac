"""What an answer of Entra, or the lack of one, means for the whole job: how long to leave it alone, and who acts."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from shared.entra.upload import OPERATIONS_PER_REQUEST
from shared.errors import (
    EndpointRefused,
    EntraUnavailable,
    RequestRejected,
    RollcallError,
    TokenRefused,
    TransientError,
)
from shared.model import Actor
from shared.tables.quota import StopCause

_IN_A_ROW = 3
_NOTHING_TO_DO = "Nothing to do: it is tried again by itself."
_SEVERAL = 3  # vain probes, after which it is worth a look


@dataclass(frozen=True)
class JobTrouble:
    """Something that concerns all requests to a job.

    Attributes:
        kind: what it is about.
        cause: what has to come in a row to stop the job.
        reason: a sentence.
        advice: what somebody is to do; empty if it passes by itself.
        late_advice: what is worth a look if it does not pass.
        threshold: how often in a row it has to come before the job is stopped.
        wait: seconds to leave the job alone after so many vain probes.
    """

    kind: StopCause
    cause: str
    reason: str
    advice: str
    late_advice: str
    threshold: int
    wait: Callable[[int], float]

    def next_step(self, tries: int) -> str:
        """What to do, after so many vain probes."""
        return self.advice or (self.late_advice if tries >= _SEVERAL else _NOTHING_TO_DO)

    def who_acts(self, tries: int) -> Actor:
        """Who does it."""
        return Actor.IT if self.advice or tries >= _SEVERAL else Actor.NOBODY


def trouble_of(error: RollcallError) -> JobTrouble:
    """What an error other than a refused record or a 429 means for the job."""
    reason = str(error)
    if isinstance(error, EndpointRefused):
        advice = "IT corrects the role or the endpoint; sending goes on by itself within the hour."
        return JobTrouble(StopCause.ENDPOINT, StopCause.ENDPOINT, reason, advice, "", 1, _help)
    if isinstance(error, TokenRefused):
        late = "IT looks at the app's managed identity: is it assigned, and is AZURE_CLIENT_ID its client id?"
        return JobTrouble(StopCause.TOKEN, StopCause.TOKEN, reason, "", late, 1, _growing(60.0, 900.0, error))
    if isinstance(error, EntraUnavailable) and error.status == 500:
        late = "IT looks at the provisioning job: one that is paused or in quarantine takes nothing out of its queue."
        full = f"{reason}: the queue of the job is full, or Entra is ill."
        return JobTrouble(StopCause.FULL, StopCause.FULL, full, "", late, 1, _full(error))
    if isinstance(error, TransientError):
        late = "IT looks whether Microsoft Graph can be reached from the app, and at Microsoft's service health."
        return JobTrouble(
            StopCause.CONNECTION, StopCause.CONNECTION, reason, "", late, _IN_A_ROW, _growing(10.0, 600.0, error)
        )
    advice = "IT compares the answer with the endpoint and the settings; the request id is for a case with Microsoft."
    if not isinstance(error, RequestRejected):  # a setting of our own
        advice = "IT corrects the setting; sending goes on by itself within the hour."
    return JobTrouble(StopCause.SURPRISE, StopCause.SURPRISE, reason, advice, "", 1, _help)


def refused_record(error: RequestRejected) -> JobTrouble:
    """What it means for the job that Entra refused a record that was alone in its request."""
    advice = (
        "IT compares the mapping with Entra's words on the people who are marked failed, and corrects it; sending goes "
        "on by itself."
    )
    reason = f"Entra has refused {_IN_A_ROW} records in a row for the same cause ({error.code}); it is in all of them."
    return JobTrouble(StopCause.RECORDS, f"{StopCause.RECORDS}:{_cause(error)}", reason, advice, "", _IN_A_ROW, _help)


def is_over(cause: str, people: int) -> bool:
    """Whether a request of so many people that Entra has taken shows that a cause is not in all of them."""
    return not cause.startswith(StopCause.RECORDS) or people >= OPERATIONS_PER_REQUEST // 2


def _cause(error: RequestRejected) -> str:
    """Entra's words without what differs from person to person, as a digest: they may quote a person's data."""
    words = " ".join(re.sub(r"'[^']*'|\"[^\"]*\"|\S*[@\d]\S*", "", error.words).split())
    return hashlib.sha256(f"{error.status} {error.code} {words}".encode()).hexdigest()[:16]


def _help(tries: int) -> float:
    """Somebody has to act: a look every quarter of an hour, then every hour."""
    return 900.0 if tries < 8 else 3600.0


def _growing(first: float, longest: float, error: TransientError) -> Callable[[int], float]:
    def wait(tries: int) -> float:
        if error.retry_after is not None:
            return max(error.retry_after, 1.0)
        return min(first * 2.0 ** min(tries, 10), longest)

    return wait


def _full(error: TransientError) -> Callable[[int], float]:
    """5 to 10 minutes, as Microsoft's troubleshooting page says; longer if several looks were in vain."""

    def wait(tries: int) -> float:
        if error.retry_after is not None:
            return max(error.retry_after, 1.0)
        return random.uniform(300.0, 600.0) * (1 if tries < _SEVERAL else 3)

    return wait
