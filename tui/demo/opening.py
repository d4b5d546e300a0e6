"""The first days: towns join, shops open, residents register and are given points.

Also what the app begins with, so it uses nothing but use cases: operators over HTTP, residents at a
counter with card and PIN.
"""

from hub.forms import (
    GrantForm,
    MunicipalityForm,
    OrganisationForm,
    ProgrammeForm,
    ReserveForm,
)
from node.outcome import ChosenId, Refused, RegisteredCard
from sync.errors import Damaged, Malformed
from sync.values import organisation_id, short
from tui.demo import cast
from tui.demo.clockwork import MINUTE, in_tokyo
from tui.demo.corner import Corner, bank_form, pin
from tui.demo.telling import Teller

RESERVE = 30_000
"""Set aside by the town for losses within policy."""


def found_towns(corner: Corner, tell: Teller) -> None:
    """Towns, organisations and programmes; what two people must agree on, two people do."""
    tell.scene(in_tokyo(corner.clock.now), "The towns join")
    for town in cast.TOWNS:
        corner.first.add_municipality(
            MunicipalityForm(
                municipality=town.code,
                name=town.registered,
                point_name=town.point_name,
                requester=town.requester,
                account=bank_form(town.account),
            )
        )
    for joined in corner.first.municipalities():
        tell.say("{code} {name}: {points}", code=joined.municipality, name=joined.name,
                 points=joined.point_name)  # fmt: skip
    for organisation in cast.ORGANISATIONS:
        _approve(corner, organisation)
    for known in corner.first.organisations():
        tell.say(
            "{id} {name}: approved by two people, takes the points of {count} towns",
            id=short(organisation_id(known.organisation)),
            name=f"{known.name} {known.place}",
            count=len(known.accepted_by),
        )
    for programme in cast.PROGRAMMES:
        corner.first.add_programme(_programme(programme))
    funded = corner.first.fund_reserve(
        cast.KAWASAKI, ReserveForm(points=RESERVE, why="まつりの備え")
    )
    corner.asked(funded.pending)
    tell.say("Kawasaki sets {points} aside for losses within the rules", points=RESERVE)


def open_shops(corner: Corner, tell: Teller) -> None:
    """Each terminal is registered once and then shows whose it is and where it stands."""
    corner.clock.turn(MINUTE)
    tell.scene(in_tokyo(corner.clock.now), "The terminals are set up")
    for organisation in cast.ORGANISATIONS:
        for place in organisation.places:
            terminal = corner.terminal(organisation, place)
            status = terminal.counter.status()
            shown = {row.node: row.fingerprint for row in corner.first.nodes()}[status.node]
            if shown != terminal.fingerprint:
                raise Damaged(f"{status.node} and the hub show different fingerprints")
            tell.say(
                "terminal {node}: {organisation}, {place}. Both screens show the same fingerprint",
                node=short(status.node),
                organisation=status.organisation_name,
                place=status.place,
            )


def register_residents(corner: Corner, tell: Teller) -> None:
    """Card, PIN, a MyKey ID of one's own choice; one that is taken is not given twice."""
    corner.clock.turn_to("2017-12-01 11:00")
    tell.scene(in_tokyo(corner.clock.now), "Residents choose their MyKey IDs")
    counter = corner.of(cast.OFFICE).counter
    for resident in cast.RESIDENTS:
        corner.issue_card(resident)
        wishes = [resident.mykey_id]
        if resident is cast.TARO:
            wishes.insert(0, cast.HANAKO.mykey_id)
            _wish_that_is_none(corner, tell)
        chosen = counter.choose_id(wishes)
        if isinstance(chosen, Refused):
            raise Damaged(f"{resident.name} could not choose an ID: {chosen.detail}")
        made = counter.register(corner.card(resident), pin(resident), chosen, consent=True)
        _tell_registered(tell, resident, chosen, made)
        corner.clock.turn(MINUTE)


def grant_points(corner: Corner, tell: Teller) -> None:
    """Each department grants from its own programme; the sums are the documents'."""
    corner.clock.turn_to("2017-12-02 10:00")
    tell.scene(in_tokyo(corner.clock.now), "Departments grant points")
    tell.say("Hanako and Umeko are welcomed by their towns")
    _grant(corner, cast.HANAKO, cast.GIFT, 4_000)
    _grant(corner, cast.HANAKO, cast.TOSHIMA_GIFT, 5_000)
    _grant(corner, cast.UMEKO, cast.MAEBASHI_GIFT, 2_800)
    _grant(corner, cast.UMEKO, cast.TOSHIMA_GIFT, 2_000)
    _grant(corner, cast.UMEKO, cast.GIFT, 1_740)
    tell.say("Taro cleaned the park, went to gymnastics and finished a course")
    _grant(corner, cast.TARO, cast.CLEANING, 100)
    _grant(corner, cast.TARO, cast.HEALTH, 20)
    _grant(corner, cast.TARO, cast.COURSE, 500)
    tell_balances(corner, tell)
    _grant(corner, cast.TARO, cast.GIFT, 2_000)
    tell.say("Taro comes of age, and the town gives him {points}", points=2_000)
    tell_balances(corner, tell, (cast.TARO,))
    tell.say("What each department has given:")
    head = (cast.named("programme"), cast.named("department"), cast.named("given"))
    rows = [(row.name, row.department, row.granted) for row in corner.first.programmes()]
    tell.table([head, *rows])
    corner.morning("2017-12-02 11:00")


def tell_balances(
    corner: Corner, tell: Teller, residents: tuple[cast.Resident, ...] = cast.RESIDENTS
) -> None:
    """What the ledger says of each resident, town by town."""
    names: dict[str, str] = {town.code: town.name for town in cast.TOWNS}
    for resident in residents:
        held = [
            f"{tell.word(names[row.municipality])} {row.available:,}"
            for row in corner.first.balances(resident.mykey_id)
        ]
        tell.say("{who}: {balances}", who=resident.name, balances=", ".join(held))


def open_corner(corner: Corner, tell: Teller) -> None:
    """All of it, in order."""
    for part in (found_towns, open_shops, register_residents, grant_points):
        part(corner, tell)


def grant_premium(corner: Corner, points: int) -> None:
    """Points of the festival's own programme, for Taro; they end with the festival."""
    _grant(corner, cast.TARO, cast.PREMIUM, points)


def _approve(corner: Corner, organisation: cast.Organisation) -> None:
    asked = corner.first.add_organisation(
        OrganisationForm(
            organisation=organisation.id,
            name=organisation.registered,
            place=organisation.places[0],
            account=bank_form(organisation.account),
        )
    )
    corner.asked(asked.pending)
    for town in (cast.TOSHIMA, cast.MAEBASHI):
        corner.first.accept_organisation(organisation.id, town)


def _programme(programme: cast.Programme) -> ProgrammeForm:
    return ProgrammeForm(
        programme=programme.id,
        municipality=programme.town,
        name=programme.name,
        department=programme.department,
        give_until=programme.give_until,
        issue_until=programme.issue_until,
        use_until=programme.use_until,
        clear_until=programme.clear_until,
    )


def _grant(corner: Corner, to: cast.Resident, programme: cast.Programme, points: int) -> None:
    corner.first.grant(
        GrantForm(
            mykey_id=to.mykey_id,
            municipality=programme.town,
            points=points,
            programme=programme.id,
        )
    )


def _wish_that_is_none(corner: Corner, tell: Teller) -> None:
    counter = corner.of(cast.OFFICE).counter
    try:
        counter.choose_id(["abc12345"])
    except Malformed:
        tell.say("Taro first types {wish}", wish="abc12345")
        told = tell.word("A MyKey ID has exactly 8 half-width characters: capital letters, digits.")
        tell.say("  >> {told}", told=told)
        return
    raise Damaged("an ID of small letters was accepted")


def _tell_registered(
    tell: Teller, resident: cast.Resident, chosen: ChosenId, made: RegisteredCard | Refused
) -> None:
    if isinstance(made, Refused):
        raise Damaged(f"{resident.name} could not register: {made.detail}")
    for wish in chosen.taken:
        tell.say("{who} would like {wish}: somebody has it already", who=resident.name, wish=wish)
    tell.say("{who}'s MyKey ID is {id}", who=resident.name, id=made.mykey_id)
