"""Outcomes per day as a chart: numbers in, places on the drawing out; the template makes an SVG of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.support.files import GROUPS, Day

WIDTH, HEIGHT = 700, 180
_BASE, _TOP = 150, 10  # between these the bars stand
_BAR = 0.6  # of the width of a day


@dataclass(frozen=True)
class BarPiece:
    """A piece of a bar: the name of its group, and where it is."""

    group: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """A word under a bar."""

    text: str
    x: float


@dataclass(frozen=True)
class Chart:
    """A drawing of `WIDTH` by `HEIGHT`.

    Attributes:
        parts: of the bars.
        labels: under them.
        highest: people that the highest bar stands for.
        summary: what it shows, in a sentence.
    """

    parts: tuple[BarPiece, ...]
    labels: tuple[Label, ...]
    highest: int
    summary: str


def draw(days: Sequence[Day]) -> Chart:
    """A bar for each day, its parts in the order of `GROUPS` from below."""
    highest = max((sum(day.counts.values()) for day in days), default=0)
    step = WIDTH / max(len(days), 1)
    parts: list[BarPiece] = []
    for number, day in enumerate(days):
        y = float(_BASE)
        for group in GROUPS:
            height = (_BASE - _TOP) * day.counts[group] / highest if highest else 0.0
            y -= height
            if height:
                x = number * step + step * (1 - _BAR) / 2
                parts.append(BarPiece(group, round(x, 1), round(y, 1), round(step * _BAR, 1), round(height, 1)))
    labels = [Label(f"{day.day:%d %b}", round((number + 0.5) * step, 1)) for number, day in enumerate(days)]
    sums = {group: sum(day.counts[group] for day in days) for group in GROUPS}
    summary = ", ".join(f"{count} {group}" for group, count in sums.items())
    return Chart(tuple(parts), tuple(labels), highest, f"{summary} in {len(days)} days")
