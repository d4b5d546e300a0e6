"""A figure beside the wall that was measured in the same run, and what became of it."""

import statistics
import time
from collections.abc import Callable, Sequence
from enum import Enum

import msgspec


class Better(Enum):
    """Which way a ratio should go."""

    HIGHER = "at least"
    LOWER = "at most"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report. ``ratio`` is ``value / limit``; both are None without a wall.

    ``target`` is for the ratio, or for the value itself where there is none; it is None where a
    figure is only told.
    """

    figure: str
    value: float
    unit: str
    limit: float | None
    ratio: float | None
    target: float | None
    met: bool

    @property
    def bearable(self) -> bool:
        """Whether it is not more than twice off its target."""
        if self.met or self.target is None:
            return True
        held = self.value if self.ratio is None else self.ratio
        return self.target / 2 <= held <= self.target * 2


class NotMeasured(Exception):
    """This machine lacks what a part needs; the words say what."""


class SumsDoNotHold(AssertionError):
    """A run whose books do not add up: its figures do not count."""


def against(
    figure: str,
    value: float,
    unit: str,
    *,
    limit: float | None = None,
    target: float | None,
    better: Better,
) -> Figure:
    """Hold a value against its wall, where it has one, and its target."""
    ratio = None if limit is None else value / limit
    held = value if ratio is None else ratio
    met = target is None or (held >= target if better is Better.HIGHER else held <= target)
    return Figure(
        figure=figure,
        value=value,
        unit=unit,
        limit=limit,
        ratio=ratio,
        target=target,
        met=met,
    )


def must(holds: object, what: str) -> None:
    """Raise SumsDoNotHold unless it holds."""
    if not holds:
        raise SumsDoNotHold(what)


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median(samples: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(samples)


def slowest_of_hundred(samples: Sequence[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(samples, n=100)[98]


def table(figures: Sequence[Figure]) -> str:
    """The report as people read it."""
    names = [f"{one.figure} ({one.unit})" for one in figures]
    wide = max(map(len, names), default=0)
    lines = [f"{'figure':<{wide}}{'value':>12}{'limit':>12}{'ratio':>8}{'target':>8}  met"]
    for name, one in zip(names, figures, strict=True):
        met = "yes" if one.met else "no" if one.bearable else "NO, MORE THAN TWICE OFF"
        met = "-" if one.target is None else met
        lines.append(
            f"{name:<{wide}}{one.value:>12,.4g}{_or_none(one.limit, ',.4g'):>12}"
            f"{_or_none(one.ratio, '.2f'):>8}{_or_none(one.target, '.2f'):>8}  {met}"
        )
    return "\n".join(lines)


def markdown(figures: Sequence[Figure]) -> str:
    """The report as it stands in a manual."""
    lines = ["| figure | measured | limit | ratio | target | met |", "|---|---|---|---|---|---|"]
    for one in figures:
        met = "-" if one.target is None else "yes" if one.met else "**no**"
        lines.append(
            f"| {one.figure} | {one.value:,.4g} {one.unit} | {_or_none(one.limit, ',.4g')}"
            f" | {_or_none(one.ratio, '.2f')} | {_or_none(one.target, '.2f')} | {met} |"
        )
    return "\n".join(lines)


def _or_none(number: float | None, form: str) -> str:
    return "-" if number is None else format(number, form)
