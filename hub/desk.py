"""The desk: who may ask for what, what waits for a second person, and doing it.

A command is a body. Asking, entering it in its town's chronicle and applying it are one
transaction; a refusal leaves nothing behind. What needs a second person is tried out at once, so
that nobody approves what cannot be done, and is checked again when it is approved.

    asked -> done                         one person is enough
    asked -> waiting -> approved: done    by another person
                     -> declined          by another person, or taken back by who asked
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from hub import listsource, nodes, people, town
from hub.applying import Applier
from hub.bodies import (
    AccountChanged,
    AnyHubBody,
    CalendarSet,
    ExceptionDecided,
    FloatSet,
    Granted,
    HubBody,
    HubRecord,
    Looked,
    MunicipalityAdded,
    NodeConfirmed,
    NodeInvited,
    NodeRevoked,
    OperatorAdded,
    OperatorRevoked,
    OrganisationAccepted,
    OrganisationAdded,
    PayerChanged,
    PolicySet,
    ProgrammeAdded,
    RecordsCarried,
    ReserveFunded,
    RevocationSourceSet,
    WindowApproved,
    WindowClosed,
    WindowReleased,
    WindowResult,
    WindowReviewed,
    kind_of,
)
from hub.chronicle import enter
from hub.core import Core
from hub.money import APPLY_MONEY
from hub.paging import Listed, Ordered, Page
from hub.people import SECOND, Person, Role
from hub.points.books import hub_posting
from hub.store import schema
from hub.store.database import Row, Tx
from hub.store.schema import WAITING
from sync.errors import RefusedByRule
from sync.values import PLATFORM, Millis, MunicipalityCode

APPLY: Mapping[type[HubBody], Applier] = {
    **people.APPLIERS,
    **town.APPLIERS,
    **nodes.APPLIERS,
    **listsource.APPLIERS,
}
"""What each kind changes outside the ledger. Applied before the books are opened."""

ONLY_KEPT: frozenset[type[HubBody]] = frozenset({Looked, RecordsCarried})
"""Kinds that change nothing: the record itself is what is kept."""

_bodies: msgspec.msgpack.Decoder[AnyHubBody] = msgspec.msgpack.Decoder(AnyHubBody)

_NEXT = (
    "WITH RECURSIVE asked (number, step) AS (SELECT 0, 1073741824 UNION ALL"
    " SELECT CASE WHEN EXISTS (SELECT 1 FROM pending WHERE municipality=:town"
    " AND id=:town || '-' || CAST(number + step AS text)) THEN number + step ELSE number END,"
    " step / 2 FROM asked WHERE step>0) SELECT max(number) + 1 FROM asked"
)
"""A town's requests are numbered without a gap, so the last one is found by halving: 31 looks by
key, where counting them would read all that were ever made."""
_WAITING = Ordered("pending", where=WAITING, at=0, id="")

MOVES_NOTHING = frozenset({"refuse", "noted"})
"""Decisions on an exception after which no money moves: one person is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Where one person is not enough. Data of the installation."""

    largest_grant: int = 10_000
    """Points that one person may grant alone."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is entered and applied; ``seq`` is its place in the town's chronicle."""

    seq: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """It waits for a second person, who approves this ID."""

    pending: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What waits, as the second person reads it."""

    id: str
    town: MunicipalityCode
    person: str
    at: Millis
    body: AnyHubBody

    @property
    def kind(self) -> str:
        """The body's kind."""
        return kind_of(self.body)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who may ask for a kind of command, and when a second person must approve."""

    roles: frozenset[Role]
    second: Callable[[Tx, Rules, AnyHubBody], bool]


def _alone(_tx: Tx, _rules: Rules, _body: AnyHubBody) -> bool:
    return False


def _together(_tx: Tx, _rules: Rules, _body: AnyHubBody) -> bool:
    return True


def _large_grant(_tx: Tx, rules: Rules, body: AnyHubBody) -> bool:
    return isinstance(body, Granted) and body.points > rules.largest_grant


def _raised_float(tx: Tx, _rules: Rules, body: AnyHubBody) -> bool:
    if not isinstance(body, FloatSet):
        return False
    return nodes.float_meant(tx, body.node, body.points) > nodes.float_of(tx, body.node)


def _no_more_lists(tx: Tx, _rules: Rules, body: AnyHubBody) -> bool:
    """Without lists cards that were taken back stay open, and nothing narrows."""
    ends = isinstance(body, RevocationSourceSet) and body.source == listsource.NONE
    return ends and listsource.source_of(tx) != listsource.NONE


def _moves_money(_tx: Tx, _rules: Rules, body: AnyHubBody) -> bool:
    return isinstance(body, ExceptionDecided) and body.decision not in MOVES_NOTHING


_STAFF = frozenset({Role.CLERK, Role.APPROVER, Role.PLATFORM})
_PLATFORM = frozenset({Role.PLATFORM})

ASKS: Mapping[type[HubBody], Ask] = {
    OperatorAdded: Ask(_PLATFORM, _together),
    OperatorRevoked: Ask(_PLATFORM, _alone),
    MunicipalityAdded: Ask(_PLATFORM, _alone),
    RevocationSourceSet: Ask(_PLATFORM, _no_more_lists),
    PayerChanged: Ask(_STAFF, _together),
    CalendarSet: Ask(_STAFF, _alone),
    PolicySet: Ask(_STAFF, _together),
    OrganisationAdded: Ask(_STAFF, _together),
    OrganisationAccepted: Ask(_STAFF, _alone),
    AccountChanged: Ask(_STAFF, _together),
    NodeInvited: Ask(_STAFF, _alone),
    NodeConfirmed: Ask(_STAFF, _alone),
    NodeRevoked: Ask(_STAFF, _alone),
    FloatSet: Ask(_STAFF, _raised_float),
    RecordsCarried: Ask(_STAFF, _alone),
    ProgrammeAdded: Ask(_STAFF, _alone),
    Granted: Ask(_STAFF, _large_grant),
    ReserveFunded: Ask(_STAFF, _together),
    ExceptionDecided: Ask(_STAFF, _moves_money),
    WindowClosed: Ask(_STAFF, _alone),
    WindowReviewed: Ask(_STAFF, _alone),
    # The approval is itself the second person's word: settlement asks who closed and reviewed.
    WindowApproved: Ask(SECOND, _alone),
    WindowReleased: Ask(_STAFF, _alone),
    WindowResult: Ask(_STAFF, _alone),
}
"""Everything a person may ask for. What is not here only nodes and the hub's own jobs do."""


def allowed(person: Person, kind: type[HubBody], town: MunicipalityCode) -> Ask:
    """Whether a person may ask for a kind of command in a town; raises RefusedByRule."""
    ask = ASKS.get(kind)
    if ask is None or person.role not in ask.roles or not person.works_for(town):
        raise RefusedByRule(
            "not-allowed", f"{person.name} ({person.role}) may not do this in {town}"
        )
    return ask


class Desk:
    """Commands of people, one at a time."""

    def __init__(self, core: Core, rules: Rules | None = None) -> None:
        self._core = core
        self._rules = Rules() if rules is None else rules

    def do(self, person: Person, body: AnyHubBody) -> Done | Waiting:
        """Do what a person asks for, or put it before a second one.

        Raises RefusedByRule when the person may not, or a rule says no; Malformed when the words
        of the command do not have their shape.
        """
        ask = allowed(person, type(body), body.town)
        with self._core.database.write() as tx:
            if ask.second(tx, self._rules, body):
                with _rehearsal(tx):
                    enact(self._core, tx, body, (person.name,))
                return Waiting(self._put_before_another(tx, person, body))
            return Done(enact(self._core, tx, body, (person.name,)).seq)

    def approve(self, person: Person, pending: str) -> Done:
        """Be the second person. Approving again gives the same answer."""
        with self._core.database.write() as tx:
            waiting, state = _find(tx, person, pending)
            if state.startswith("done "):
                return Done(int(state.removeprefix("done ")))
            if state != "waiting":
                raise RefusedByRule("pending-closed", f"{pending} was {state}")
            if person.role not in SECOND:
                raise RefusedByRule("not-allowed", f"{person.name} may not approve")
            if person.owner == people.owner_of(waiting.person):
                raise RefusedByRule("second-person", "who asked cannot also approve: two people")
            if not people.is_active(tx, people.owner_of(waiting.person)):
                raise RefusedByRule(
                    "asker-revoked", f"{waiting.person}, who asked, may no longer use the hub"
                )
            record = enact(self._core, tx, waiting.body, (waiting.person, person.name))
            _close(tx, waiting, f"done {record.seq}")
            return Done(record.seq)

    def decline(self, person: Person, pending: str, why: str) -> None:
        """Say no as the second person, or take back what one asked for."""
        with self._core.database.write() as tx:
            waiting, state = _find(tx, person, pending)
            if state != "waiting":
                raise RefusedByRule("pending-closed", f"{pending} was {state.split()[0]} already")
            if person.role not in SECOND and person.owner != people.owner_of(waiting.person):
                raise RefusedByRule("not-allowed", f"{person.name} may not decline this")
            _close(tx, waiting, f"declined by {person.name}: {why}")

    def waiting(self, page: Page, municipality: MunicipalityCode | None = None) -> Listed[Pending]:
        """A page of what waits in one town or in all: town by town, oldest first."""
        with self._core.database.read() as tx:
            return _WAITING.page(tx, page, municipality).each(_pending)

    def waits(self, person: Person, pending: str) -> Pending | None:
        """What waits under a name, or None where that is over; raises RefusedByRule."""
        with self._core.database.read() as tx:
            found, state = _find(tx, person, pending)
        return found if state == "waiting" else None

    def _put_before_another(self, tx: Tx, person: Person, body: AnyHubBody) -> str:
        name = f"{body.town}-{tx.scalar(_NEXT, town=body.town)}"
        tx.insert(
            schema.pending,
            municipality=body.town,
            id=name,
            kind=kind_of(body),
            person=person.name,
            at=self._core.clock.now(),
            body=msgspec.msgpack.encode(body),
            state="waiting",
        )
        return name


def enact(core: Core, tx: Tx, body: AnyHubBody, persons: tuple[str, ...]) -> HubRecord:
    """Enter a body in its town's chronicle and apply it, in the open transaction.

    For what nodes bring about and the hub does by itself as well; people go through
    :meth:`Desk.do`.
    """
    record = enter(
        tx,
        body,
        persons=persons,
        at=core.clock.now(),
        incarnation=core.incarnation.number,
    )
    apply(core, tx, record)
    return record


def apply(core: Core, tx: Tx, record: HubRecord) -> None:
    """Change the state by a record of the chronicle.

    Every record of a town takes a posting number, so that what moved no points has its place
    among what did; the platform's own chain has no ledger.
    """
    kind = type(record.body)
    if kind in APPLY:
        APPLY[kind](core, tx, record)
    if record.chain != PLATFORM:
        with hub_posting(core, tx, record) as books:
            if kind in APPLY_MONEY:
                APPLY_MONEY[kind](books, record)


@contextmanager
def _rehearsal(tx: Tx) -> Iterator[None]:
    """Do it and take it back: a refusal shows now, a success leaves nothing."""
    tx.run("SAVEPOINT rehearsal")
    try:
        yield
    finally:
        tx.run("ROLLBACK TO rehearsal")
        tx.run("RELEASE rehearsal")


def rehearsed(core: Core, tx: Tx, body: AnyHubBody, person: Person) -> bool:
    """Whether a command could be done now; nothing of it stays."""
    with _rehearsal(tx):
        try:
            enact(core, tx, body, (person.name,))
        except RefusedByRule:
            return False
    return True


def _find(tx: Tx, person: Person, name: str) -> tuple[Pending, str]:
    row = tx.one(
        "SELECT * FROM pending WHERE municipality=:town AND id=:name",
        town=name.split("-", maxsplit=1)[0],
        name=name,
    )
    if row is None or not person.works_for(MunicipalityCode(row["municipality"])):
        raise RefusedByRule("pending-unknown", f"nothing waits as {name!r}")
    return _pending(row), row["state"]


def _pending(row: Row) -> Pending:
    return Pending(
        id=row["id"],
        town=MunicipalityCode(row["municipality"]),
        person=row["person"],
        at=Millis(row["at"]),
        body=_bodies.decode(row["body"]),
    )


def _close(tx: Tx, waiting: Pending, state: str) -> None:
    tx.run(
        "UPDATE pending SET state=:state WHERE municipality=:town AND id=:name",
        state=state,
        town=waiting.town,
        name=waiting.id,
    )
