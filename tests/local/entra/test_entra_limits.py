import pytest

from local.entra.tenant.limits import Window


# Calls at 100, 102 and 104, asked at 104: with a limit of 2, room comes when the first two have left, at 112.
@pytest.mark.parametrize(("limit", "wait"), [(None, None), (3, None), (2, 8), (1, 10), (0, 10)])
def test_the_wait_is_until_there_is_room(limit: int | None, wait: int | None) -> None:
    window = Window(10)
    for at in (100.0, 102.0, 104.0):
        window.count(at)
    assert window.wait(104.0, limit) == wait


def test_calls_leave_the_window_when_it_has_passed_them() -> None:
    window = Window(5)
    window.count(100.0)
    assert (window.used(104.999), window.used(105.0)) == (1, 0)


def test_a_wait_is_whole_seconds_and_at_least_one() -> None:
    window = Window(5)
    window.count(100.0)
    window.count(100.5)
    assert (window.wait(100.75, 1), window.wait(105.25, 0)) == (5, 1)
