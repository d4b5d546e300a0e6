"""Service numbers: member -> number, one organisation at a time.

1. A number is one member's at its organisation, and a member has one there at most; another one
   takes its place.
2. Whoever asks names the organisation whose number it wants, and the caller has checked that it is
   the asker's own. Looks leave no trace.
3. A change is in the chain of identities; of a file the organisation, the person and the numbers.
4. A changed MyKey ID takes its numbers along; a cancelled one leaves them, free for others.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from hub.mykey import life
from hub.mykey.bodies import CANCELLED, NumbersLinked, NumberUnlinked
from hub.mykey.numberfile import BadLine, NumberFile, Row
from hub.mykey.records import enter
from hub.store.database import Database, Tx
from sync.errors import RefusedByRule
from sync.ports import Clock
from sync.services import ServiceNumber
from sync.values import CardState, KeyDigest, MyKeyId, OrganisationId

BY_CARD = ""
"""Who stands in the chain where the card's holder did it, with the PIN."""
_AT_ONCE = 500
"""Values in one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a file of numbers does, or would do."""

    rows: int
    new: int
    """Members who had no number at this organisation."""
    changed: int
    """Members who had another one."""
    bad: tuple[BadLine, ...]
    """While there is one, nothing is loaded."""
    applied: bool

    @property
    def same(self) -> int:
        """Rows that say what was so already."""
        return self.rows - self.new - self.changed


class Services:
    """The service numbers of all organisations, in the database of identities."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def number_of(self, card: KeyDigest, organisation: OrganisationId) -> tuple[bool, str]:
        """(the card is registered, its holder's number here or nothing).

        Raises RefusedByRule for a card that is closed (:func:`hub.mykey.life.closed`).
        """
        with self._database.read() as tx:
            name = _holder(tx, card)
            return (False, "") if name is None else (True, _number(tx, name, organisation))

    def link(self, card: KeyDigest, organisation: OrganisationId, number: ServiceNumber) -> None:
        """A resident gives a card's holder this number; the same one again changes nothing.

        Raises RefusedByRule (``card-unknown``, ``number-taken``, a closed card's reasons).
        """
        with self._database.write() as tx:
            name = _known(tx, card)
            owner = tx.scalar(
                "SELECT mykey_id FROM service_number WHERE organisation=:org AND number=:number",
                org=organisation,
                number=number,
            )
            if owner == name:
                return
            if owner is not None:
                raise RefusedByRule(
                    "number-taken", f"{number} is somebody else's at {organisation}: check it"
                )
            linked = NumbersLinked(organisation, ((name, number),), BY_CARD)
            enter(tx, linked, self._clock.now())

    def unlink(self, card: KeyDigest, organisation: OrganisationId) -> None:
        """A resident takes it back; where there is none nothing changes. Raises RefusedByRule."""
        with self._database.write() as tx:
            name = _known(tx, card)
            if _number(tx, name, organisation):
                unlinked = NumberUnlinked(organisation, name, BY_CARD)
                enter(tx, unlinked, self._clock.now())

    def load(
        self, organisation: OrganisationId, file: NumberFile, *, person: str, apply: bool
    ) -> Loaded:
        """Link all numbers of a file, or say what that would do; all or nothing.

        Members who do not stand in it keep what they have.
        """
        with self._database.write() if apply else self._database.read() as tx:
            had = _all(tx, organisation)
            bad = sorted((*file.bad, *_bad_lines(tx, file.rows, had)), key=lambda each: each.line)
            news = tuple(row for row in file.rows if had.get(row.mykey_id) != row.number)
            applied = apply and not bad
            if applied and news:
                numbers = tuple((row.mykey_id, row.number) for row in news)
                enter(tx, NumbersLinked(organisation, numbers, person), self._clock.now())
        changed = sum(row.mykey_id in had for row in news)
        return Loaded(
            rows=len(file.rows),
            new=len(news) - changed,
            changed=changed,
            bad=tuple(bad),
            applied=applied,
        )

    def count(self, organisation: OrganisationId) -> int:
        """How many numbers are linked."""
        with self._database.read() as tx:
            sql = "SELECT count(*) FROM service_number WHERE organisation=:org"
            return int(tx.scalar(sql, org=organisation))


def _bad_lines(tx: Tx, rows: Sequence[Row], had: dict[MyKeyId, ServiceNumber]) -> Iterator[BadLine]:
    """What the registry knows against a line; what the file itself shows is known already."""
    states = _states(tx, [row.mykey_id for row in rows])
    given_up = {row.mykey_id for row in rows}
    kept = {number: name for name, number in had.items() if name not in given_up}
    for row in rows:
        why = states.get(row.mykey_id, f"nobody is registered as {row.mykey_id}")
        if why:
            yield BadLine(row.line, why)
        elif row.number in kept:
            yield BadLine(row.line, f"{row.number} is somebody's who does not stand in this file")


def _states(tx: Tx, names: Sequence[MyKeyId]) -> dict[MyKeyId, str]:
    """What speaks against each ID that is or was somebody's; empty: nothing."""
    found: dict[MyKeyId, str] = {}
    for at in range(0, len(names), _AT_ONCE):
        some = names[at : at + _AT_ONCE]
        marks = ",".join("?" * len(some))
        members = f"SELECT mykey_id, state FROM member WHERE mykey_id IN ({marks})"
        for name, state in tx.rows(members, some):
            found[name] = f"{name} was cancelled" if state == CANCELLED else ""
        former = f"SELECT former FROM former_id WHERE former IN ({marks})"
        for (name,) in tx.rows(former, some):
            found.setdefault(name, f"{name} is nobody's ID any more: its holder has another one")
    return found


def _all(tx: Tx, organisation: OrganisationId) -> dict[MyKeyId, ServiceNumber]:
    sql = "SELECT mykey_id, number FROM service_number WHERE organisation=?"
    rows: Collection[tuple[str, str]] = tx.rows(sql, [organisation])
    return {MyKeyId(name): ServiceNumber(number) for name, number in rows}


def _number(tx: Tx, name: MyKeyId, organisation: OrganisationId) -> str:
    found = tx.scalar(
        "SELECT number FROM service_number WHERE organisation=:org AND mykey_id=:name",
        org=organisation,
        name=name,
    )
    return "" if found is None else str(found)


def _holder(tx: Tx, card: KeyDigest) -> MyKeyId | None:
    """Whose an open card is; None: nobody's. Raises RefusedByRule for a closed one."""
    state = life.state_of_card(tx, card)
    if state is CardState.CANCELLED:
        return None
    if state is not CardState.ACTIVE:
        raise life.closed(state)
    return MyKeyId(tx.scalar("SELECT mykey_id FROM card_key WHERE digest=:card", card=card))


def _known(tx: Tx, card: KeyDigest) -> MyKeyId:
    name = _holder(tx, card)
    if name is None:
        raise RefusedByRule("card-unknown", "this card has no MyKey ID yet: register it first")
    return name
