"""A settlement that is killed at each of its moments, and said again: one file, paid once."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from hub.audit import sums
from hub.points.accounts import TREASURY, payable
from tests.faults.programs import start
from tests.faults.settling import open_month, settle, settle_until
from tests.hub.settlement.month import ASSOCIATION, BAKERY, FISH, Month

MOMENTS = 40
"""More than there are."""


@pytest.mark.processes
@pytest.mark.slow
def test_a_settlement_killed_at_any_moment_gives_the_same_file_and_pays_once(
    tmp_path: Path,
) -> None:
    (tmp_path / "sold").mkdir()
    with closing(open_month(tmp_path / "sold")) as month:
        for shop, points in ((FISH, 1_000), (BAKERY, 300), (ASSOCIATION, 6_384), (FISH, 50)):
            month.sale(shop, points)
    shutil.copytree(tmp_path / "sold", tmp_path / "undisturbed")
    with closing(open_month(tmp_path / "undisturbed")) as month:
        wanted = settle(month)

    for moment in range(MOMENTS):
        folder = tmp_path / str(moment)
        shutil.copytree(tmp_path / "sold", folder)
        if start(settle_until, folder, moment).heard():
            break  # it has come to its end

        with closing(open_month(folder)) as month:
            assert settle(month) == wanted
            _settled_once(month, wanted.total)
            assert month.sale(FISH, 70) == 2  # whatever comes late is the next window's
    assert 12 < moment < MOMENTS


def _settled_once(month: Month, total: int) -> None:
    assert month.balance(TREASURY) == total == 7_734
    assert [month.balance(payable(shop)) for shop in (FISH, BAKERY, ASSOCIATION)] == [0, 0, 0]
    (kept,) = month.journal.releases()
    assert kept.total == total
    with month.core.database.read() as tx:
        assert [*month.journal.audit(tx)] == []
        assert [*sums(tx)] == []
