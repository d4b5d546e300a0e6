"""A programme whose tickets can be used in one place only: at the station, say."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.bodies import ProgrammeAdded
from hub.forms import GrantForm, InviteForm, ProgrammeForm
from node.outcome import Approved, Issued, Outcome
from printer.documents import Ticket, decode
from sync.democa import new_key
from sync.policy import Reason
from sync.receipt import Bearer
from sync.values import Points
from tests.hub.corner import FISH_SHOP, GREENGROCER, Corner, Resident
from tests.hub.corner import KAWASAKI as TOWN_OF_CORNER
from tests.hub.townhall import KAWASAKI
from tests.hub.twoshops import MEI, TOWN, Shop, Street, open_shop, pin, two_shops, why

STATION = "EKIMAE"
DAYS = ("2027-02-28", "2027-03-16", "2027-03-31", "2027-04-30")


@dataclass
class Place:
    """The street, and a booth at the station."""

    street: Street
    station: Shop
    card: str

    def ticket(self, programme: str) -> Issued:
        made = self.street.here.counter.issue_tickets(
            self.card, TOWN, Points(300), days=3, count=1, programme=programme, pin=pin()
        )
        assert isinstance(made, Issued), made
        return made


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture
def place(tmp_path: Path, key: RSAPrivateKey) -> Iterator[Place]:
    with two_shops(tmp_path, key) as street:
        hall = street.hall
        form = ProgrammeForm(programme="002", municipality=KAWASAKI, name="駅前", zones=(STATION,))
        hall.hub.treasury.add_programme(hall.sato, form)
        card = street.registered()
        grant = GrantForm(mykey_id=MEI, municipality=KAWASAKI, points=900, programme="002")
        hall.hub.treasury.grant(hall.sato, grant)
        station = open_shop(hall, tmp_path / "station", zone=STATION)
        with closing(station.counter):
            for shop in (street.here, street.elsewhere, station):
                shop.sync()
            yield Place(street, station, card)
            station.sync()
            assert station.counter.audit() == ()


def scanned(shop: Shop, code: str, *, offline: bool) -> Outcome:
    shop.line.up = not offline
    shop.counter.probe()
    return shop.counter.redeem(code)


def test_its_tickets_say_where_they_can_be_used_on_paper_and_in_their_code(place: Place) -> None:
    made = place.ticket("002")

    jobs = list(place.street.here.counter.parts.paper.jobs.waiting())
    papers = [decode(job.document) for job in jobs]
    assert [paper.places for paper in papers if isinstance(paper, Ticket)] == [(STATION,)]
    assert len(made.papers) == 1


@pytest.mark.parametrize("offline", [False, True])
def test_a_counter_elsewhere_gives_the_ticket_back_and_the_one_there_takes_it(
    place: Place, *, offline: bool
) -> None:
    code = place.ticket("002").papers[0].qr

    assert why(scanned(place.street.here, code, offline=offline)) == "ticket-other-zone"
    taken = scanned(place.station, code, offline=offline)
    assert isinstance(taken, Approved)


def test_a_ticket_without_a_place_is_good_everywhere(place: Place) -> None:
    code = place.ticket("001").papers[0].qr

    assert isinstance(scanned(place.station, code, offline=True), Approved)


# -- what the hub says of a counter that does not look


@pytest.fixture
def at_the_station(town: Corner) -> Corner:
    town.enact(ProgrammeAdded(TOWN_OF_CORNER, "202", "駅前", "商工課", 0, *DAYS, zones=(STATION,)))
    return town


def test_the_hub_gives_no_claim_to_a_counter_of_another_zone(
    at_the_station: Corner, hana: Resident
) -> None:
    town = at_the_station
    counter, fish = town.node(GREENGROCER, "2222"), town.node(FISH_SHOP)
    paper = town.ticket(counter, hana, 500, programme="202")

    _, asked = town.hold_ticket(fish, paper, 500)

    assert (asked.granted, asked.reason) == (False, "ticket-other-zone")
    assert town.audit() == []


def test_a_counter_that_takes_it_all_the_same_is_paid_by_the_ticket_and_shown_to_people(
    at_the_station: Corner, hana: Resident
) -> None:
    town = at_the_station
    counter, fish = town.node(GREENGROCER, "2222"), town.node(FISH_SHOP)
    paper = town.ticket(counter, hana, 500, programme="202")

    town.redeem(fish, paper)
    verdict = town.verdict(fish)

    assert (verdict.reason, verdict.paid) == (Reason.TICKET_OTHER_ZONE, 500)
    assert verdict.bearer is Bearer.NOBODY
    assert town.audit() == []


def test_a_zone_is_a_short_plain_name() -> None:
    for zones in (("",), ("駅前",), ("A" * 21,), tuple("ABCDEFGHI")):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(
                {"programme": "003", "municipality": KAWASAKI, "name": "x", "zones": zones},
                ProgrammeForm,
            )


def test_a_terminal_is_invited_into_a_zone(place: Place) -> None:
    assert InviteForm(organisation=GREENGROCER, zone=STATION).zone == STATION
    assert place.station.counter.parts.identity.zone == STATION
