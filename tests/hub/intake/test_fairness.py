"""A terminal with a backlog keeps no other one's records waiting, nor one town another's."""

import msgspec
import pytest

from hub.handing_in import Judging
from hub.intake.receive import receive
from hub.intake.verify import InlineVerifier
from tests.doubles.pen import Pen
from tests.hub.corner import BOOKSHOP, FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident


def sold(town: Corner, pen: Pen, who: Resident, often: int) -> Pen:
    """Sell so often and bring it into custody, five records a batch."""
    town.feed(pen, available=900)
    for _ in range(often):
        pen.spend(who.card, town.account(who), 10, town=KAWASAKI)
    for first in range(1, pen.seq + 1, 5):
        receive(town.core, pen.node, pen.epoch, first, pen.batch(first, min(first + 4, pen.seq)))
    return pen


def posted_by(town: Corner) -> list[list[str]]:
    """The terminals whose records each posting took, posting by posting."""
    with town.core.database.read() as tx:
        causes = [
            msgspec.msgpack.decode(cause)
            for (cause,) in tx.rows("SELECT cause FROM posting ORDER BY tick, municipality")
        ]
    return [[place[1] for place in cause[1]] for cause in causes if cause[0] == "records"]


def test_a_quiet_shop_is_in_the_first_posting_beside_a_noisy_one(
    town: Corner, hana: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.intake.pace.MOST", 20)
    noisy = sold(town, town.node(GREENGROCER), hana, 98)
    quiet = sold(town, town.node(FISH_SHOP), hana, 1)
    assert noisy.node < quiet.node, "by name alone the noisy one would come first"

    Judging(town.core, town.identities, InlineVerifier()).round()

    first, *others = posted_by(town)
    assert first == [noisy.node, quiet.node]
    assert all(nodes == [noisy.node] for nodes in others)
    assert len(others) > 2
    assert town.waiting() == 0
    assert town.audit() == []


def test_nobody_is_last_for_ever_by_its_name(
    town: Corner, hana: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.intake.pace.MOST", 5)
    pens = [sold(town, town.node(GREENGROCER, str(1111 + n)), hana, 13) for n in range(4)]

    Judging(town.core, town.identities, InlineVerifier()).round()

    served = [node for nodes in posted_by(town) for node in nodes]
    assert served == 3 * [pen.node for pen in pens]
    assert town.audit() == []


def test_towns_take_turns(town: Corner, hana: Resident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.pace.MOST", 10)
    town.grant(hana, 500, town=TOSHIMA)
    near, far = town.node(BOOKSHOP), town.node(GREENGROCER)
    for pen, where in ((near, TOSHIMA), (far, KAWASAKI)):
        town.feed(pen, available=900)
        for _ in range(28):
            pen.spend(hana.card, town.account(hana, where), 10, town=where)
        for first in range(1, 31, 5):
            receive(town.core, pen.node, pen.epoch, first, pen.batch(first, first + 4))

    Judging(town.core, town.identities, InlineVerifier()).round()

    with town.core.database.read() as tx:
        towns = [
            name
            for name, cause in tx.rows("SELECT municipality, cause FROM posting ORDER BY tick")
            if msgspec.msgpack.decode(cause)[0] == "records"
        ]
    assert towns[:4] == [TOSHIMA, KAWASAKI, TOSHIMA, KAWASAKI]
    assert town.audit() == []
