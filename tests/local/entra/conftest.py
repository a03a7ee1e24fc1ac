from collections.abc import Iterator

import pytest

from local.entra.server import serving
from local.entra.simulator import Simulator
from local.entra.testing import Caller, ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def simulator(clock: ManualClock) -> Simulator:
    return Simulator(now=clock)


@pytest.fixture
def entra(simulator: Simulator) -> Iterator[Caller]:
    with serving(simulator) as url, Caller(url) as caller:
        yield caller
