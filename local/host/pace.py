"""How fast the host looks around: as in Azure, or quicker for daily work."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """What an instance waits for.

    Attributes:
        longest_poll: seconds between two looks at an empty queue, at most, whatever host.json allows.
        asks_for_timer: seconds after which an instance asks again whether it may fire a timer that another one fires.
        timer_lease: seconds for which a dead instance keeps a timer; None for as long as it keeps a message.
    """

    longest_poll: float
    asks_for_timer: float
    timer_lease: int | None


QUICK = Pace(longest_poll=1.0, asks_for_timer=0.5, timer_lease=None)
"""A queue on this machine should feel quick: nobody pays for polling it."""

# SingletonOptions of the WebJobs SDK: ListenerLockPeriod and ListenerLockRecoveryPollingInterval.
AZURE = Pace(longest_poll=math.inf, asks_for_timer=60.0, timer_lease=60)
"""The waits of WebJobs SDK 3.0.48."""

PACES = {"quick": QUICK, "azure": AZURE}
