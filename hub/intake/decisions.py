"""What people decide about exceptions and quarantined records; the node hears by a second receipt.

| decision   | for                                                      | posting              |
|------------|----------------------------------------------------------|----------------------|
| write-off  | an overspend                                             | reserve -> deficit   |
| write-off  | a ticket redeemed when it had been given back as lost    | reserve -> deficit   |
| write-off  | a copy of a ticket that the reserve paid                 | -                    |
| pay        | a rule broken, or beyond what a node's word is good for, | reserve -> payable   |
|            | or the second one from a cleared pile                    |                      |
| recover    | a copy of a ticket that the reserve paid                 | deficit -> reserve   |
| apply      | a quarantined sale with a good proof: the wallet first   | wallet -> payable    |
| apply      | the rest of it, and what has no good proof               | reserve -> payable   |
| refuse     | what waits for people                                    | -                    |
| noted      | anything that does not wait for people; another decision | -                    |
|            | may still follow                                         |                      |

A quarantined reversal or refund that is applied is posted as any other one. A redemption that
people have paid stands like one that the reserve paid at once: the ticket's own points, where they
are free, take the reserve's place.
"""

from collections.abc import Callable, Collection

from hub.applying import body_of
from hub.bodies import ExceptionDecided, HubRecord
from hub.intake.lines import kept
from hub.points.accounts import RESERVE, deficit, payable
from hub.points.bearers import bearers
from hub.points.books import Books, Source
from hub.points.case import (
    OF_TICKETS,
    Case,
    Judgement,
    Line,
    Proof,
    applied,
    done_of,
    exception,
    moment_of,
    paid_by,
)
from hub.points.refund import refunded
from hub.points.seconds import promote_next, stand
from hub.points.superseding import supersede
from hub.points.till import Till
from hub.points.undo import reversed_
from hub.points.void import COPY_OF_VOIDED, REDEEMED_AFTER_RETURN
from hub.store import schema
from hub.store.database import Row
from sync.chain import digest
from sync.errors import RefusedByRule
from sync.holds import Purpose
from sync.receipt import Bearer, Outcome
from sync.records import Record, Refunded, Reversed, Spend, decode
from sync.values import (
    AccountId,
    EpochId,
    MunicipalityCode,
    NodeId,
    OrganisationId,
    organisation_of,
)

_SHOP_IS_PAID = frozenset({"spend"}) | OF_TICKETS
_GIVES_BACK = frozenset({"reversed", "refunded"})
_UNPROVED = frozenset(map(str, Proof)) - {Proof.GOOD, Proof.NOT_NEEDED}
_ABOUT_A_RECORD = frozenset({Outcome.EXCEPTION, Outcome.QUARANTINED})
_SECOND = "second-redemption"
_RESERVE_PAID = frozenset({_SECOND, COPY_OF_VOIDED})
"""A copy of a ticket, paid by the reserve."""
_OVERSPEND = "overspend"


def decide(books: Books, record: HubRecord) -> None:
    """Apply a decision; refuses one that does not fit, and any but ``noted`` a second time."""
    body = body_of(record, ExceptionDecided)
    incident = books.tx.one(
        "SELECT * FROM incident WHERE municipality=:town AND id=:id",
        town=books.town,
        id=body.incident,
    )
    if incident is None:
        raise RefusedByRule("unknown-exception", f"there is no exception {body.incident}")
    decision = _DECISIONS.get(body.decision)
    if decision is None:
        raise RefusedByRule(
            "unknown-decision",
            f"{body.decision!r} is no decision; there are {', '.join(sorted(_DECISIONS))}",
        )
    if incident["state"] != "open" and (incident["decision"], body.decision) not in _MAY_FOLLOW:
        raise RefusedByRule(
            "already-decided", f"exception {body.incident} was decided: {incident['decision']}"
        )
    decision(books, books.hub_source(record), incident)
    books.tx.run(
        "UPDATE incident SET state='decided', decision=:decision"
        " WHERE municipality=:town AND id=:id",
        decision=body.decision,
        town=books.town,
        id=body.incident,
    )
    books.tx.insert(schema.decided, municipality=books.town, incident=body.incident, seq=record.seq)


def _write_off(books: Books, source: Source, incident: Row) -> None:
    """End the deficit of an overspend; what the reserve paid for a copy stays with it."""
    row = _judged(books, incident, {_OVERSPEND, REDEEMED_AFTER_RETURN, *_RESERVE_PAID})
    if row["reason"] in _RESERVE_PAID:
        return
    of = _source(incident)
    ticket = books.tickets.row(row["account"])
    account = AccountId(row["account"] if ticket is None else ticket.account)
    fell = sum(
        move.points * ((move.debit == deficit(account)) - (move.credit == deficit(account)))
        for move in books.transfers_of(of, row["posting"])
    )
    owed = min(fell, -books.balance(deficit(account)))
    books.move(RESERVE, deficit(account), owed, source=source, at=books.at, of=str(of))


def _pay(books: Books, source: Source, incident: Row) -> None:
    row = _judged(books, incident)
    rest = row["points"] - row["paid"]
    if row["outcome"] != Outcome.EXCEPTION or not rest or row["kind"] not in _SHOP_IS_PAID:
        raise RefusedByRule("nothing-to-pay", "nothing of this record is unpaid")
    _from_reserve(books, source, incident, row, rest)


def _recover(books: Books, source: Source, incident: Row) -> None:
    row = _judged(books, incident, _RESERVE_PAID)
    of = _source(incident)
    ticket = books.tickets.row(row["account"])
    if ticket is None:
        raise RefusedByRule("decision-does-not-fit", "nobody's ticket can be named")
    account = AccountId(ticket.account)
    borne = bearers(books.transfers_of(of, row["posting"])).get(RESERVE, 0)
    books.move(deficit(account), RESERVE, borne, source=source, at=books.at, of=str(of))
    books.recover(account, source=source, at=books.at)
    supersede(books, of, exception(row["reason"], Bearer.RESIDENT, row["paid"]))


def _noted(books: Books, _source: Source, incident: Row) -> None:
    """Nothing moves; so nobody may lay aside in this way what waits for people."""
    row = _record(books, incident)
    if row is not None and _waits(row):
        raise RefusedByRule(
            "decision-does-not-fit", f"{row['reason']} waits for people: pay or apply it, or refuse"
        )


def _apply(books: Books, source: Source, incident: Row) -> None:
    row = _quarantined(books, incident)
    if row["kind"] in _GIVES_BACK:
        supersede(books, _source(incident), _given_back(books, incident))
    elif row["kind"] not in _SHOP_IS_PAID:
        raise RefusedByRule("cannot-apply", f"a record of kind {row['kind']} cannot be applied")
    else:
        rest = row["points"] - _from_the_resident(books, incident, row)
        _end_hold(books, incident)
        if rest:
            _from_reserve(books, source, incident, row, rest)
        else:
            supersede(books, _source(incident), applied(row["points"]))


def _refuse(books: Books, _by: Source, incident: Row) -> None:
    row = _judged(books, incident)
    if not _waits(row):
        raise RefusedByRule("decision-does-not-fit", "this does not wait for people")
    _end_hold(books, incident)
    supersede(books, _source(incident), exception("refused", Bearer.ORGANISATION, row["paid"]))


def _from_the_resident(books: Books, incident: Row, row: Row) -> int:
    """What a sale that its card has really signed takes from its hold or the wallet."""
    if row["kind"] != "spend" or row["reason"] in _UNPROVED:
        return 0
    case, record = _case(books, incident)
    body, till = record.body, Till(books)
    assert isinstance(body, Spend)  # noqa: S101  its row says so
    hold = till.hold_for(case, body.hold, Purpose.SPEND, body.account, body.points)
    shop = payable(organisation_of(case.line.node))
    return body.points - till.take(case, body.account, body.points, shop, hold)


def _from_reserve(books: Books, source: Source, incident: Row, row: Row, points: int) -> None:
    """The reserve pays; where it is a ticket's, the ticket's own points take its place."""
    of, organisation = _source(incident), _paid(books, incident, row)
    books.move(RESERVE, payable(organisation), points, source=source, at=books.at, of=str(of))
    supersede(books, of, exception(row["reason"], Bearer.RESERVE, row["points"]))
    if row["kind"] in OF_TICKETS and _is_of_the_ticket(books, row):
        stand(books, row["account"], of, organisation)
        promote_next(books, row["account"], source=source, at=books.at)


def _paid(books: Books, incident: Row, row: Row) -> OrganisationId:
    """Whom the record earns its points; nobody but the node's own where it says nobody else."""
    node = NodeId(incident["node"])
    if row["kind"] != "ticket.cleared":
        return organisation_of(node)
    return paid_by(_case(books, incident)[1].body, node)


def _is_of_the_ticket(books: Books, row: Row) -> bool:
    """Whether it is proved that the ticket, or a copy of it, was there: one of this value."""
    ticket = books.tickets.row(row["account"])
    same = ticket is None or ticket.points == row["points"]
    return same and row["reason"] not in _UNPROVED


def _end_hold(books: Books, incident: Row) -> None:
    """What was held for a record that people decided waits no longer."""
    till = Till(books)
    hold = till.holds.named_by_record(_line(incident), incident["seq"])
    if hold is not None and hold.town == books.town:
        till.holds.misfit(hold, books.at)


def _given_back(books: Books, incident: Row) -> Judgement:
    """A reversal or a refund, posted as any other."""
    case, record = _case(books, incident)
    body = record.body
    if isinstance(body, Reversed):
        return reversed_(Till(books), case, body)
    assert isinstance(body, Refunded)  # noqa: S101  its row says so
    return refunded(Till(books), case, body)


def _case(books: Books, incident: Row) -> tuple[Case, Record]:
    """The record once more, as one that may be posted: its verdict said what its proof is."""
    line = _line(incident)
    one = kept(books.tx, line, incident["seq"] - 1, incident["seq"])[0]
    record = decode(one.data)
    case = Case(
        line=line,
        seq=one.seq,
        digest=digest(one.data),
        record=record,
        done=done_of(record),
        at=moment_of(record, one.received_at),
        proof=Proof.NOT_NEEDED,
        opened=b"",
        received_at=one.received_at,
        posted_then=one.posted_then,
        by_own_proof=False,
    )
    return case, record


def _waits(row: Row) -> bool:
    """Whether the rest of a record is neither posted nor somebody's, until people decide."""
    return row["bearer"] == Bearer.UNDECIDED and not row["undone"]


def _record(books: Books, incident: Row) -> Row | None:
    """The record that an incident is about; of a fork or a new life only the place is told."""
    if incident["kind"] not in _ABOUT_A_RECORD:
        return None
    return books.tx.one(
        "SELECT * FROM record WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND branch=:branch AND seq=:seq",
        home=incident["node"][:6],
        node=incident["node"],
        epoch=incident["epoch"],
        branch=incident["branch"],
        seq=incident["seq"],
    )


def _judged(books: Books, incident: Row, reasons: Collection[str] | None = None) -> Row:
    row = _record(books, incident)
    if row is None or (reasons is not None and row["reason"] not in reasons):
        raise RefusedByRule(
            "decision-does-not-fit", f"that cannot be decided for {incident['reason']!r}"
        )
    if row["undone"]:
        raise RefusedByRule("decision-does-not-fit", "this record was taken back since")
    return row


def _quarantined(books: Books, incident: Row) -> Row:
    row = _judged(books, incident)
    if row["outcome"] != Outcome.QUARANTINED:
        raise RefusedByRule("decision-does-not-fit", "this record is not quarantined")
    return row


def _line(incident: Row) -> Line:
    return Line(
        home=MunicipalityCode(incident["node"][:6]),
        node=NodeId(incident["node"]),
        epoch=EpochId(incident["epoch"]),
        branch=incident["branch"],
    )


def _source(incident: Row) -> Source:
    return _line(incident).source(incident["seq"])


_DECISIONS: dict[str, Callable[[Books, Source, Row], None]] = {
    "write-off": _write_off,
    "pay": _pay,
    "recover": _recover,
    "noted": _noted,
    "apply": _apply,
    "refuse": _refuse,
}
_MAY_FOLLOW = {("noted", decision) for decision in {*_DECISIONS} - {"noted"}}
DECISIONS = tuple(_DECISIONS)
"""All that people may say of an exception; which of them fit depends on it."""
