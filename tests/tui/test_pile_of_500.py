"""A whole sitting: 513 pieces of paper, real node, real hub, no mouse, a restart in the middle."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from hub.bodies import ProgrammeAdded
from hub.desk import enact
from node.outcome import Approved
from tests.hub.corner import FISH_SHOP, KAWASAKI
from tests.node.office import FISH_PAYABLE, OFFICE_PAYABLE, Office, office
from tests.tui.conftest import SIZE
from tui.app import CounterApp
from tui.screens.clear import Clear
from tui.widgets.answer import Answer
from tui.widgets.figures import BigAmount, BigNumber
from tui.widgets.line import Line
from tui.wording import Words

GOOD, DOUBLES, FOREIGN, EXPIRED = 500, 7, 3, 2
ABROAD = ("1015551445076", "1010000000013", "1010000000021")
"""Numbers of Toshima's tickets."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def paper(desk: Office) -> tuple[list[str], list[str], dict[str, str]]:
    """(what is good, everything in the order in which it lies there, what goes back and why)."""
    over = ("2026-11-02", "2026-11-02", "2026-11-02", "2026-11-02")
    with desk.hub.core.database.write() as tx:
        festival = ProgrammeAdded(KAWASAKI, "102", "festival", "", 0, *over)
        enact(desk.hub.core, tx, festival, ("Sato", "Suzuki"))
    desk.sync()
    expired = desk.tickets(EXPIRED, programme="102")
    good = [*desk.tickets(GOOD - 100), *desk.tickets(100, points=1_000)]
    used = desk.tickets(DOUBLES - 4)
    for qr in used:
        assert isinstance(desk.shop.redeem(qr), Approved)
    desk.sleep(1)
    foreign = [
        desk.foreign(number) for number in ("1015551445076", "1010000000013", "1010000000021")
    ]
    forged = desk.forged("1015551445117")
    pile = list(good)
    for place, odd in enumerate([*used, *foreign, *expired, forged]):
        pile.insert(40 * (place + 1), odd)
    pile += good[:4]  # scanned before: a copy, or the same paper once more
    back: dict[str, str] = {"1015551445117": "ticket-not-authentic"}
    back.update((desk.number(qr), "ticket-used") for qr in used)
    back.update((desk.number(qr), "ticket-seen-here") for qr in good[:4])
    back.update((desk.number(qr), "clearing-over") for qr in expired)
    back.update((number, "ticket-other-town") for number in ABROAD)
    return good, pile, back


async def settle(app: CounterApp, pilot: Pilot[None]) -> None:
    await pilot.pause()
    while len(app.workers):
        await app.workers.wait_for_complete()
        await pilot.pause()


async def sit(desk: Office, scans: Sequence[str], *, closes: bool) -> str:
    """Open the app, go to the pile of the fish shop, scan; what the screen says at the end."""
    app = CounterApp(lambda: desk.counter, Words("en"))
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        app.action_go("clear")
        await settle(app, pilot)
        assert isinstance(app.screen, Clear)
        if desk.counter.pile() is None:
            await pilot.press(*"b2109", "enter")
            await settle(app, pilot)
        field = app.screen.query_one("#scan", Line)
        for qr in scans:
            field.value = qr  # a scanner's burst; keys one by one are proved elsewhere
            await pilot.press("enter")
        await settle(app, pilot)
        if closes:
            found = app.screen.query_one(BigNumber).number, app.screen.query_one(BigAmount).points
            assert found == (str(GOOD), 300_000)
            await pilot.press("f12", "f12")
            await settle(app, pilot)
        return str(app.screen.query_one(Answer).content)


@pytest.mark.slow
async def test_five_hundred_tickets_in_one_sitting(desk: Office) -> None:
    good, pile, back = paper(desk)
    half = len(pile) // 2

    await sit(desk, pile[:half], closes=False)
    desk.restart()
    begun = desk.pile()
    said = await sit(desk, pile[half:], closes=True)

    assert len(pile) == GOOD + DOUBLES + FOREIGN + EXPIRED + 1
    assert half - len(back) <= begun.count < half
    assert begun.organisation == FISH_SHOP
    assert "is closed" in said
    with desk.hub.core.database.read() as tx:
        rows = tx.rows("SELECT kind, outcome FROM record WHERE kind LIKE 'ticket.cleared%'")
    desk.sync()
    assert (desk.balance(FISH_PAYABLE), desk.balance(OFFICE_PAYABLE)) == (300_000, 1_500)
    assert {outcome for _, outcome in rows} == {"applied"}
    store = desk.counter.parts.store
    assert dict(store.rows("SELECT number, reason FROM returned")) == back
    assert len({desk.number(qr) for qr in good} & back.keys()) == 4
    assert desk.audited()
