"""The report says what was met, and a run whose sums do not hold is no figure."""

from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import hub_way, tap
from tests.bench.figures import Better, SumsDoNotHold, against, markdown, table
from tests.bench.street import build


@pytest.mark.parametrize(
    ("value", "better", "met", "bearable"),
    [
        (0.5, Better.HIGHER, True, True),
        (0.3, Better.HIGHER, False, True),
        (0.2, Better.HIGHER, False, False),
        (0.4, Better.LOWER, True, True),
        (0.8, Better.LOWER, False, True),
        (1.0, Better.LOWER, False, False),
    ],
)
def test_a_figure_is_met_or_bearable_or_neither(
    value: float, better: Better, *, met: bool, bearable: bool
) -> None:
    figure = against("records", 100 * value, "1/s", limit=100, target=0.45, better=better)

    assert (figure.met, figure.bearable) == (met, bearable)
    assert ("TWICE" in table([figure])) is not bearable


def test_a_figure_without_a_target_is_only_told() -> None:
    told = against("records", 3, "1/s", limit=100, target=None, better=Better.HIGHER)

    assert told.bearable
    assert table([told]).endswith("0.03       -  -")


@pytest.mark.parametrize(
    ("value", "met", "bearable"), [(14.0, True, True), (17.9, False, True), (31.0, False, False)]
)
def test_a_figure_without_a_wall_has_neither_limit_nor_ratio(
    value: float, *, met: bool, bearable: bool
) -> None:
    figure = against("bytes", value, "bytes", target=15, better=Better.LOWER)

    assert (figure.limit, figure.ratio) == (None, None)
    assert (figure.met, figure.bearable) == (met, bearable)
    assert table([figure]).splitlines()[1].split()[2:6] == [f"{value:.4g}", "-", "-", "15.00"]


def test_a_report_for_a_manual_says_the_same() -> None:
    missed = against("records", 30, "1/s", limit=100, target=0.45, better=Better.HIGHER)
    told = against("tickets", 1_500, "ms", target=None, better=Better.LOWER)

    assert markdown([missed, told]).splitlines()[2:] == [
        "| records | 30 1/s | 100 | 0.30 | 0.45 | **no** |",
        "| tickets | 1,500 ms | - | - | - | - |",
    ]


def test_books_that_do_not_add_up_are_no_figure(tmp_path: Path) -> None:
    street = build(tmp_path / "hub", shops=2, residents=2, cores=1)
    hub_way.measure_turns(street, lambda: 1.0)
    hub_way.check(street)
    with street.hub.core.database.write() as tx:
        tx.run("UPDATE balance SET points=points+1 WHERE account LIKE 'payable:%'")

    with pytest.raises(SumsDoNotHold):
        hub_way.check(street)
    street.hub.close()


def test_a_pc_without_a_card_service_gets_a_line_and_no_figure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tap, "lacking", lambda: "not installed: pcscd")
    monkeypatch.setattr(bench, "BUILD", tmp_path)

    assert [one for one in bench.measured({"tap"}, quick=True) if one[2]] == [
        ("node", [], ["tap: not measured, not installed: pcscd"])
    ]


def test_no_two_parts_have_the_same_name() -> None:
    assert len(bench.NAMES) == len(set(bench.NAMES))
