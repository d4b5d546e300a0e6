"""A renewed card takes the place of the earlier one: at its counter at once, elsewhere by news.

Nodes with their databases, cards that answer in bytes, a hub with its door: only the lines between
them are calls.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.audit import audit_hub
from hub.forms import GrantForm, JoinCardForm, ProgrammeForm, RefuseJoinForm
from hub.intake.verify import InlineVerifier
from node.card.cardfile import create
from node.card.tap import Tap
from node.counter import Counter
from node.enrol import enrol
from node.opening import Ports
from node.outcome import (
    Approved,
    ChosenId,
    JoinedCard,
    NumberLook,
    Prepared,
    Refused,
    RegisteredCard,
    SeenMember,
    Voucher,
)
from node.reach import Straight
from sync.cardkey import Algorithm
from sync.democa import DemoCa
from sync.errors import Unreachable
from sync.invitation import read_invitation
from sync.members import MemberStep
from sync.records import Tier
from sync.request import Request, Response
from sync.values import KeyDigest, Millis, MunicipalityCode, Points
from tests.doubles.clocks import TurnedClock
from tests.doubles.ports import CountedRandomness
from tests.hub.townhall import KAWASAKI, Townhall, townhall

TOWN = MunicipalityCode(KAWASAKI)
MEI = "MEI00001"
GRANTED, PRICE = 2_000, Points(300)


def pin() -> bytearray:
    return bytearray(b"4649")


@dataclass
class Line:
    """A shop's line to the hub, up or down."""

    hall: Townhall
    up: bool = True

    def send(self, request: Request) -> Response:
        """Carry a request to the hub's door."""
        if not self.up:
            raise Unreachable("the line is down")
        return self.hall.hub.door.send(request)


@dataclass
class Shop:
    """A counter and its line."""

    line: Line
    counter: Counter
    clock: TurnedClock

    def spend(self, card: str, *, offline: bool = False) -> Tier | str | None:
        """On whose word a spend went through, or why it did not."""
        self.line.up = not offline
        self.counter.probe()
        outcome = self.counter.spend(card, TOWN, PRICE, pin())
        return outcome.tier if isinstance(outcome, Approved) else outcome.reason

    def sync(self) -> None:
        """Hand everything in, and hear the news."""
        self.line.up = True
        self.counter.probe()
        assert self.counter.sync_now().reached
        assert self.counter.sync_now().reached

    def renew(self, new: str, old: str, *, keep: bool = False) -> JoinedCard | Refused:
        """Both cards are here, one after the other on the reader."""
        voucher = self.counter.vouch(old, pin(), digest_of(new), keep=keep)
        if isinstance(voucher, Refused):
            return voucher
        return self.counter.join(new, pin(), voucher)

    def exactly(self, card: str) -> int | str:
        """What a card says here, with its PIN."""
        rows = self.counter.balances(card, pin())
        return rows.reason if isinstance(rows, Refused) else sum(row.available for row in rows)


@dataclass
class Street:
    """Two shops at a hub, and the cards of Mei and others."""

    folder: Path
    hall: Townhall
    ca: DemoCa
    here: Shop
    elsewhere: Shop
    cards: int = field(default=0)

    def card(self, algorithm: Algorithm = Algorithm.RS256) -> str:
        """A fresh card."""
        self.cards += 1
        file = self.folder / f"{self.cards}.card"
        create(file, self.ca, pin(), at=self.hall.clock.now(), algorithm=algorithm)
        return f"soft:{file}"

    def grant(self, points: int = GRANTED) -> None:
        """Points for Mei."""
        form = GrantForm(mykey_id=MEI, municipality=KAWASAKI, points=points, programme="001")
        self.hall.hub.treasury.grant(self.hall.sato, form)
        self.here.sync()
        self.elsewhere.sync()

    def points(self) -> int:
        """What Mei has, as the desk sees it."""
        (row,) = self.hall.hub.treasury.balances(self.hall.sato, MEI)
        return row.available

    def registered(self) -> str:
        """Mei's first card, with points."""
        card = self.card()
        chosen = self.here.counter.choose_id([MEI])
        assert isinstance(chosen, ChosenId)
        made = self.here.counter.register(card, pin(), chosen, consent=True)
        assert isinstance(made, RegisteredCard)
        self.grant()
        return card


def digest_of(card: str) -> KeyDigest:
    with Tap(card) as tap:
        return tap.key.digest


def why(answer: object) -> str:
    """For which reason something was refused."""
    assert isinstance(answer, Refused), answer
    return answer.reason


def joined(answer: JoinedCard | Refused) -> str:
    """How a card stands, or why not."""
    return answer.reason if isinstance(answer, Refused) else answer.state


@pytest.fixture
def street(tmp_path: Path, card_keys: list[RSAPrivateKey]) -> Iterator[Street]:
    ca = DemoCa.create(tmp_path / "ca", at=Millis(1_790_000_000_000), key=card_keys[0])
    hall = townhall(tmp_path / "hub", ca.roots)
    form = ProgrammeForm(programme="001", municipality=KAWASAKI, name="清掃")
    hall.hub.treasury.add_programme(hall.sato, form)
    here, elsewhere = (open_shop(hall, tmp_path / name) for name in ("here", "elsewhere"))
    with closing(here.counter), closing(elsewhere.counter):
        yield Street(tmp_path, hall, ca, here, elsewhere)
        for shop in (here, elsewhere):
            shop.sync()
            assert shop.counter.audit() == ()
        assert audit_hub(hall.hub, InlineVerifier()) == []


def open_shop(hall: Townhall, folder: Path) -> Shop:
    line, clock = Line(hall), TurnedClock(hall.clock.now())
    ports = Ports(
        clock=clock,
        randomness=CountedRandomness(),
        door=lambda _: line,
        patience=Straight(),
    )
    invitation = read_invitation(hall.invitation())
    new = enrol(folder, invitation, ports, second_path=folder / "stick", door=line)
    hall.hub.office.confirm(hall.sato, new.node, new.fingerprint)
    new.counter.sync_now()
    return Shop(line, new.counter, clock)


# -- with the earlier card there


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_renewed_card_of_any_kind_spends_what_the_earlier_one_had(
    street: Street, algorithm: Algorithm
) -> None:
    earlier, renewed = street.registered(), street.card(algorithm)

    answer = street.here.renew(renewed, earlier)

    assert isinstance(answer, JoinedCard)
    assert (answer.mykey_id, answer.state) == (MEI, "joined")
    assert street.here.exactly(renewed) == GRANTED
    assert street.here.spend(renewed) is Tier.T0
    street.here.sync()
    assert street.points() == GRANTED - PRICE
    street.elsewhere.sync()
    assert street.elsewhere.spend(renewed, offline=True) is Tier.T2, "the news brought it"


def test_the_earlier_card_ends_at_once_here_and_by_the_next_page_elsewhere(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()
    assert street.elsewhere.spend(earlier) is Tier.T0
    street.elsewhere.sync()

    assert joined(street.here.renew(renewed, earlier)) == "joined"

    assert street.here.spend(earlier) == "card-replaced"
    assert street.here.exactly(earlier) == "card-replaced"
    assert why(street.here.counter.balances(earlier)) == "card-replaced", "nor without a PIN"
    assert street.here.spend(earlier, offline=True) == "card-replaced", (
        "the answer brought the news"
    )
    assert street.elsewhere.spend(earlier, offline=True) is Tier.T2, "it cannot know yet"
    street.elsewhere.sync()
    assert street.elsewhere.spend(earlier, offline=True) == "card-replaced"
    assert street.points() == GRANTED - 2 * PRICE, "what happened is judged as any other"
    assert {row.verdict for row in street.elsewhere.counter.history()} == {"applied"}


def test_the_counter_where_it_is_done_needs_no_news(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()

    assert joined(street.here.renew(renewed, earlier)) == "joined"

    assert street.here.spend(renewed, offline=True) is Tier.T2
    assert street.here.spend(earlier, offline=True) == "card-replaced"


def test_the_news_brings_a_counter_the_card_that_it_never_saw(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()
    street.elsewhere.sync()

    assert joined(street.here.renew(renewed, earlier)) == "joined"
    street.elsewhere.sync()

    assert street.elsewhere.spend(renewed, offline=True) is Tier.T2


def test_a_person_may_have_many_cards(street: Street) -> None:
    card, phone, other = street.registered(), street.card(), street.card(Algorithm.ES384)

    assert joined(street.here.renew(phone, card, keep=True)) == "joined"
    assert joined(street.here.renew(other, phone, keep=True)) == "joined"

    assert [street.here.spend(each) for each in (card, phone, other)] == [Tier.T0] * 3
    street.here.sync()
    assert {street.here.exactly(each) for each in (card, phone, other)} == {GRANTED - 3 * PRICE}
    assert street.hall.hub.residents.show(street.hall.sato, MEI).cards == 3


def test_of_three_cards_only_the_one_that_vouched_is_replaced(street: Street) -> None:
    card, phone, renewed = street.registered(), street.card(), street.card()
    street.here.renew(phone, card, keep=True)

    assert joined(street.here.renew(renewed, card)) == "joined"

    assert street.here.spend(card) == "card-replaced"
    assert street.here.spend(phone) is Tier.T0
    assert street.here.spend(renewed) is Tier.T0


def test_an_earlier_card_that_was_kept_may_be_replaced_later(street: Street) -> None:
    card, phone = street.registered(), street.card()
    street.here.renew(phone, card, keep=True)

    assert joined(street.here.renew(phone, card)) == "joined"

    assert street.here.spend(card) == "card-replaced"
    assert street.here.spend(phone) is Tier.T0


def test_an_expired_card_still_vouches_for_the_one_that_renews_it(street: Street) -> None:
    earlier = street.registered()
    for clock in (street.hall.clock, street.here.clock, street.elsewhere.clock):
        clock.turn(days=6 * 365)
    renewed = street.card()
    assert street.here.spend(earlier) == "card-expired"

    assert joined(street.here.renew(renewed, earlier)) == "joined"

    assert street.here.exactly(renewed) == GRANTED


def test_a_number_at_the_shop_goes_with_the_person_and_not_with_the_card(street: Street) -> None:
    counter = street.here.counter
    earlier, renewed = street.registered(), street.card(Algorithm.ES256)
    linked = counter.set_number(earlier, pin(), "789145")
    assert isinstance(linked, NumberLook)

    assert joined(street.here.renew(renewed, earlier)) == "joined"

    found = counter.number_of(renewed)
    assert isinstance(found, NumberLook)
    assert found.number == "789145"
    assert why(counter.number_of(earlier)) == "card-replaced"


def test_who_forgot_the_id_sees_it_with_the_renewed_card(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()
    street.here.renew(renewed, earlier)

    seen = street.here.counter.member(renewed, pin(), MemberStep.SEE)

    assert isinstance(seen, SeenMember)
    assert (seen.mykey_id, seen.cards) == (MEI, 1)
    assert why(street.here.counter.member(earlier, pin(), MemberStep.RESUME)) == "card-replaced"


def test_a_card_that_is_replaced_while_its_spend_is_in_flight(street: Street) -> None:
    earlier, renewed = street.registered(), street.card()
    prepared = street.here.counter.prepare(earlier, TOWN, PRICE)
    assert isinstance(prepared, Prepared)
    other = street.here.counter.prepare(earlier, TOWN, PRICE)
    assert isinstance(other, Prepared), "the last one counts"

    assert joined(street.elsewhere.renew(renewed, earlier)) == "joined"

    assert why(street.here.counter.take(other, renewed, pin())) == "other-card"
    assert isinstance(street.here.counter.take(other, earlier, pin()), Approved)
    street.here.sync()
    assert {row.verdict for row in street.here.counter.history()} == {"applied"}
    assert street.points() == GRANTED - PRICE, "its points were kept before it was replaced"
    assert street.here.spend(earlier) == "card-replaced"


# -- without the earlier card


def test_the_heir_of_a_lost_card_waits_for_the_desk_and_then_has_everything(
    street: Street,
) -> None:
    lost, new = street.registered(), street.card(Algorithm.ES384)
    desk, sato = street.hall.hub.residents, street.hall.sato
    street.elsewhere.sync()

    asked = street.here.counter.join(new, pin(), MEI)
    assert joined(asked) == "waiting"
    assert street.here.spend(new) == "no-accepted-town", "an ID is no key"
    assert street.here.spend(lost) is Tier.T0, "nor does asking end anything"

    assert isinstance(asked, JoinedCard)
    [row] = desk.joins(sato)
    assert row.card == asked.fingerprint
    form = JoinCardForm(card=row.card, evidence="identity-document-seen")
    desk.join(sato, row.mykey_id, form)

    assert joined(street.here.counter.join(new, pin(), MEI)) == "joined"
    assert street.here.spend(new, offline=True) is Tier.T2
    assert street.here.spend(lost) == "card-replaced"
    street.elsewhere.sync()
    assert street.elsewhere.spend(lost, offline=True) == "card-replaced"
    assert street.elsewhere.spend(new, offline=True) is Tier.T2
    street.here.sync()
    street.elsewhere.sync()
    assert street.points() == GRANTED - 3 * PRICE


def test_the_desk_says_no_and_the_counter_tells_it(street: Street) -> None:
    card, new = street.registered(), street.card()
    desk, sato = street.hall.hub.residents, street.hall.sato
    asked = street.here.counter.join(new, pin(), MEI)
    assert isinstance(asked, JoinedCard)

    desk.refuse_join(sato, MEI, RefuseJoinForm(card=asked.fingerprint, why="another-person"))

    assert joined(street.here.counter.join(new, pin(), MEI)) == "refused"
    assert street.here.spend(card) is Tier.T0


# -- what does not go through


def test_a_replaced_card_opens_nothing_more(street: Street) -> None:
    earlier, renewed, another = street.registered(), street.card(), street.card()
    street.here.renew(renewed, earlier)

    assert joined(street.here.renew(another, earlier)) == "card-replaced"
    chosen = street.here.counter.choose_id(["MEI00002"])
    assert isinstance(chosen, ChosenId)
    again = street.here.counter.register(earlier, pin(), chosen, consent=True)
    assert why(again) == "card-replaced"
    assert joined(street.here.renew(earlier, renewed)) == "card-replaced", "only the desk may"


def test_a_strangers_card_is_joined_to_nobody(street: Street) -> None:
    mei, stranger = street.registered(), street.card()
    chosen = street.here.counter.choose_id(["JIRO0001"])
    assert isinstance(chosen, ChosenId)
    street.here.counter.register(stranger, pin(), chosen, consent=True)

    assert joined(street.here.renew(stranger, mei)) == "card-has-an-id"
    assert joined(street.here.counter.join(stranger, pin(), MEI)) == "card-has-an-id"
    assert street.here.spend(mei) is Tier.T0


def test_two_cards_that_were_mixed_up_change_nothing(street: Street) -> None:
    mei, renewed = street.registered(), street.card()

    assert joined(street.here.renew(mei, renewed)) == "earlier-card-unknown"
    assert joined(street.here.renew(mei, mei)) == "same-card"
    assert joined(street.here.renew(renewed, mei)) == "joined"


@pytest.mark.parametrize(
    ("what", "why", "said"),
    [("suspend", "card-stolen", "not-active"), ("cancel", "asked-here", "mykey-id-cancelled")],
)
def test_a_card_that_is_closed_vouches_for_nobody(
    street: Street, what: str, why: str, said: str
) -> None:
    mei, renewed = street.registered(), street.card()
    getattr(street.hall.hub.residents, what)(street.hall.sato, MEI, why)

    assert joined(street.here.renew(renewed, mei)) == said
    assert street.here.spend(renewed) == "no-accepted-town"


def test_a_silent_hub_joins_nothing_and_loses_nothing(street: Street) -> None:
    mei, renewed = street.registered(), street.card()
    voucher = street.here.counter.vouch(mei, pin(), digest_of(renewed), keep=False)
    assert isinstance(voucher, Voucher)
    street.here.line.up = False

    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "hub-silent"
    asked = street.here.counter.vouch(mei, pin(), digest_of(renewed), keep=False)
    assert why(asked) == "hub-silent"

    street.here.line.up = True
    street.here.counter.probe()
    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "joined"


def test_a_voucher_is_good_for_ten_minutes_and_for_one_card(street: Street) -> None:
    mei, renewed, other = street.registered(), street.card(), street.card()
    voucher = street.here.counter.vouch(mei, pin(), digest_of(renewed), keep=False)
    assert isinstance(voucher, Voucher)
    assert joined(street.here.counter.join(other, pin(), voucher)) == "other-card"

    street.hall.clock.turn(minutes=9)
    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "joined"
    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "joined", "the same answer"
    street.hall.clock.turn(minutes=1)
    assert joined(street.here.counter.join(renewed, pin(), voucher)) == "challenge-gone"


def test_a_wrong_pin_costs_a_try_of_that_card_only(street: Street) -> None:
    mei, renewed = street.registered(), street.card()

    wrong = street.here.counter.vouch(mei, bytearray(b"0000"), digest_of(renewed), keep=False)

    assert isinstance(wrong, Refused)
    assert (wrong.reason, wrong.tries_left) == ("wrong-pin", 2)
    with Tap(renewed) as tap:
        assert tap.tries_left == 3
    assert joined(street.here.renew(renewed, mei)) == "joined"
