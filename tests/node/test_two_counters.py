"""Two counters of one street at the real hub: what one of them takes back lives at the other.

Everything runs in this process; the line may be cut at either counter.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.forms import InviteForm
from hub.hub import open_hub
from node.counter import Counter
from node.enrol import enrol
from node.opening import Ports, open_counter
from node.outcome import Approved, BalanceRow, Issued, Prepared, Refused
from node.reach import Straight
from node.voided import Voided
from sync.invitation import read_invitation
from sync.values import Points
from tests.doubles.clocks import TurnedClock
from tests.faults.corner import GRANTED, NOW, Wire, open_shop
from tests.faults.programs import PIN
from tests.hub.corner import FISH_SHOP, KAWASAKI


@dataclass
class Street:
    """The greengrocer's counter, the fish shop's, and Hanako's card."""

    greengrocer: Counter
    fish_shop: Counter
    wires: tuple[Wire, Wire]
    card: str

    def ticket(self, points: int) -> str:
        """A ticket of Hanako's points, as its QR."""
        made = self.greengrocer.issue_tickets(
            self.card,
            KAWASAKI,
            Points(points),
            days=30,
            count=1,
            programme="101",
            pin=bytearray(PIN),
        )
        assert isinstance(made, Issued), made
        return made.papers[0].qr

    def balance(self) -> int:
        """What Hanako has, as the hub says it exactly."""
        rows = self.greengrocer.balances(self.card, bytearray(PIN))
        assert isinstance(rows, tuple)
        return next(row.available for row in rows if row.municipality == KAWASAKI)

    def sync(self) -> None:
        for counter in (self.greengrocer, self.fish_shop, self.greengrocer, self.fish_shop):
            assert counter.sync_now().reached

    def cut(self) -> None:
        for wire, counter in zip(self.wires, (self.greengrocer, self.fish_shop), strict=True):
            wire.cut = True
            counter.probe()

    def mend(self, *counters: Counter) -> None:
        """The line is back at these counters, or at both."""
        for wire, counter in zip(self.wires, (self.greengrocer, self.fish_shop), strict=True):
            if counter in (counters or (self.greengrocer, self.fish_shop)):
                wire.cut = False
                counter.probe()


def _outcome(counter: Counter, done: Approved) -> str:
    """What the hub did with a record, as its counter knows it."""
    rows = counter.history()
    return next(row.verdict or "" for row in rows if row.seq == done.seq)


def _ports(clock: TurnedClock, wire: Wire) -> Ports:
    return Ports(clock=clock, door=lambda _: wire, patience=Straight())


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    shop = open_shop(tmp_path)
    clock = TurnedClock(NOW)
    with ExitStack() as opened:
        hub = opened.enter_context(closing(open_hub(shop.hub, clock)))
        wires = Wire(hub), Wire(hub)
        ports = [_ports(clock, wire) for wire in wires]
        person = hub.office.sign_in((shop.hub / "operator-1.token").read_text().strip())
        invitation = hub.office.invite(person, InviteForm(organisation=FISH_SHOP)).invitation
        fish = enrol(
            tmp_path / "fish",
            read_invitation(invitation),
            ports[1],
            second_path=tmp_path / "fish-second",
            door=hub.door,
        )
        hub.office.confirm(person, fish.node, fish.fingerprint)
        street = Street(
            greengrocer=opened.enter_context(closing(open_counter(shop.node, ports[0]))),
            fish_shop=opened.enter_context(closing(fish.counter)),
            wires=wires,
            card=f"soft:{shop.card}",
        )
        street.sync()
        yield street


@pytest.mark.parametrize("online", [True, False])
def test_a_redemption_taken_back_here_lets_the_ticket_be_used_there(
    street: Street, *, online: bool
) -> None:
    qr = street.ticket(500)
    wrong = street.greengrocer.redeem(qr)
    assert isinstance(wrong, Approved)
    street.sync()
    assert isinstance(used := street.fish_shop.redeem(qr), Refused)
    assert used.reason == "ticket-used"

    assert isinstance(street.greengrocer.reverse(wrong.seq), Approved)
    street.sync()
    if not online:
        street.cut()

    assert isinstance(street.fish_shop.redeem(qr), Approved)


def test_a_redemption_taken_back_lets_the_ticket_be_used_at_the_same_counter(
    street: Street,
) -> None:
    qr = street.ticket(500)
    wrong = street.greengrocer.redeem(qr)
    assert isinstance(wrong, Approved)
    street.sync()
    street.greengrocer.reverse(wrong.seq)
    street.sync()

    assert isinstance(street.greengrocer.redeem(qr), Approved)


def test_a_good_ticket_taken_back_without_the_hub_is_taken_again_and_breaks_no_rule(
    street: Street,
) -> None:
    qr = street.ticket(500)
    wrong = street.greengrocer.redeem(qr)
    assert isinstance(wrong, Approved)
    street.sync()  # the list says that it is used
    street.cut()
    assert isinstance(street.greengrocer.reverse(wrong.seq), Approved)

    again = street.greengrocer.redeem(qr)
    assert isinstance(again, Approved)
    street.mend()
    street.sync()

    assert _outcome(street.greengrocer, again) == "applied"


def test_a_photocopy_taken_back_here_stays_used_where_another_counter_took_the_ticket(
    street: Street,
) -> None:
    qr = street.ticket(500)
    street.cut()
    copy = street.greengrocer.redeem(qr)
    assert isinstance(copy, Approved)
    street.mend(street.fish_shop)
    assert isinstance(street.fish_shop.redeem(qr), Approved)
    street.mend()
    street.sync()
    assert _outcome(street.greengrocer, copy) == "exception"
    street.cut()
    assert isinstance(street.greengrocer.reverse(copy.seq), Approved)

    again = street.greengrocer.redeem(qr)

    assert isinstance(again, Refused)
    assert again.reason == "ticket-used"


def test_a_ticket_that_another_counter_took_after_it_was_taken_back_here_stays_used(
    street: Street,
) -> None:
    qr = street.ticket(500)
    wrong = street.greengrocer.redeem(qr)
    assert isinstance(wrong, Approved)
    street.sync()
    street.greengrocer.reverse(wrong.seq)
    street.sync()
    assert isinstance(street.fish_shop.redeem(qr), Approved)
    street.sync()
    street.cut()

    assert isinstance(used := street.greengrocer.redeem(qr), Refused)
    assert used.reason == "ticket-used"


def test_a_whole_wallet_can_be_spent_after_a_wrong_pin(street: Street) -> None:
    def spend(pin: bytes) -> Approved | Refused:
        return street.fish_shop.spend(street.card, KAWASAKI, Points(GRANTED), bytearray(pin))

    assert isinstance(wrong := spend(b"0000"), Refused)
    assert wrong.reason == "wrong-pin"

    assert isinstance(spend(PIN), Approved)


def test_points_of_a_sale_given_up_are_there_when_the_card_is_looked_at_again(
    street: Street,
) -> None:
    prepared = street.fish_shop.prepare(street.card, KAWASAKI, Points(GRANTED))
    assert isinstance(prepared, Prepared)
    street.fish_shop.drop(prepared)

    (town,) = street.fish_shop.look_up(street.card).towns

    assert town.available > 0


def test_what_a_ticket_paid_is_given_back_to_the_card_that_it_came_from(street: Street) -> None:
    qr = street.ticket(500)
    taken = street.fish_shop.redeem(qr)
    assert isinstance(taken, Approved)
    street.fish_shop.close_shift()

    done = street.fish_shop.refund(taken.epoch, taken.seq, Points(300))
    street.sync()

    assert isinstance(done, Approved)
    assert _outcome(street.fish_shop, done) == "applied"
    (row,) = _exact(street)
    assert row.available == GRANTED - 500 + 300
    refused = street.fish_shop.refund(taken.epoch, taken.seq, Points(201))
    assert isinstance(refused, Refused)
    assert refused.reason == "more-than-was-paid"
    assert isinstance(street.fish_shop.redeem(qr), Refused)


def _exact(street: Street) -> tuple[BalanceRow, ...]:
    found = street.greengrocer.balances(street.card, bytearray(PIN))
    assert not isinstance(found, Refused), found
    return found


def test_a_ticket_handed_back_at_one_counter_is_taken_at_none(street: Street) -> None:
    before = street.balance()
    qr = street.ticket(500)

    done = street.fish_shop.void_ticket(qr)

    assert isinstance(done, Voided)
    assert (done.back, street.balance()) == ("now", before)
    refused = street.greengrocer.redeem(qr)
    assert isinstance(refused, Refused)
    assert refused.reason == "ticket-voided"
    street.sync()
    street.cut()
    offline = street.greengrocer.redeem(qr)
    assert isinstance(offline, Refused)
    assert offline.reason == "ticket-used"


def test_the_points_of_a_lost_ticket_come_back_when_both_counters_know(street: Street) -> None:
    before = street.balance()
    street.ticket(500)
    live = street.greengrocer.own_tickets(street.card, bytearray(PIN))
    assert isinstance(live, tuple)
    assert [each.points for each in live] == [500]

    done = street.fish_shop.void_lost(street.card, bytearray(PIN), live[0])
    assert isinstance(done, Voided)
    assert (done.back, street.balance()) == ("later", before - 500)
    for _ in range(2):
        street.fish_shop.sync_now()
    assert street.balance() == before - 500
    for _ in range(2):
        street.greengrocer.sync_now()

    assert street.balance() == before
    assert street.greengrocer.own_tickets(street.card, bytearray(PIN)) == ()


def test_lost_paper_that_somebody_uses_offline_meanwhile_pays_that_shop(street: Street) -> None:
    before = street.balance()
    qr = street.ticket(500)
    street.sync()
    street.wires[1].cut = True
    street.fish_shop.probe()
    live = street.greengrocer.own_tickets(street.card, bytearray(PIN))
    assert isinstance(live, tuple)
    done = street.greengrocer.void_lost(street.card, bytearray(PIN), live[0])
    assert isinstance(done, Voided)

    taken = street.fish_shop.redeem(qr)
    assert isinstance(taken, Approved)
    street.mend()
    street.sync()
    street.sync()

    assert street.balance() == before - 500
    assert _outcome(street.fish_shop, taken) == "exception"
    assert _outcome(street.greengrocer, done.record) == "exception"
