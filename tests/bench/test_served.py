"""What is measured over HTTP is a hub's whole work: its books are looked at afterwards."""

from pathlib import Path

import pytest

from tests.bench import over_http, redemption
from tests.bench.figures import SumsDoNotHold
from tests.bench.tickets import Fair

pytestmark = pytest.mark.processes


def test_every_shop_of_a_served_street_has_its_receipts(tmp_path: Path) -> None:
    rate, wall = over_http._measured(tmp_path / "hub", "", shops=2, residents=2, cores=1)

    assert 0 < rate < wall


def test_tickets_are_redeemed_one_by_one(tmp_path: Path) -> None:
    done = redemption._measured(tmp_path / "fair", "", tickets=1)

    assert done.rate > 0
    assert len(done.samples) == redemption.SHOPS


def test_a_ticket_that_nobody_has_redeemed_is_no_figure(tmp_path: Path) -> None:
    fair = Fair(tmp_path)
    live = list(fair.issue(2))
    fair.redeem(live[:1])
    fair.hub.close()

    with pytest.raises(SumsDoNotHold, match="every ticket is used once"):
        redemption._check(fair, len(live), [])
