"""What people decide about exceptions and quarantined records; the node hears by a second receipt.

| decision   | for                                                      | posting              |
|------------|----------------------------------------------------------|----------------------|
| write-off  | an overspend                                             | reserve -> deficit   |
| pay        | a rule broken, or beyond what a node's word is good for  | reserve -> payable   |
| recover    | a second redemption that the reserve paid                | deficit -> reserve   |
| noted      | anything that stays as it is                             | -                    |
| apply      | a quarantined record                                     | reserve -> payable   |
| refuse     | a quarantined record                                     | -                    |

A quarantined reversal that is applied is posted as any other reversal.
"""

from collections.abc import Callable

from sqlalchemy.engine import RowMapping

from hub.applying import body_of
from hub.bodies import ExceptionDecided, HubRecord
from hub.intake.lines import kept
from hub.points.accounts import RESERVE, deficit, payable
from hub.points.books import Books, Source
from hub.points.case import Case, Judgement, Line, Proof, applied, done_of, exception, moment_of
from hub.points.superseding import supersede
from hub.points.till import Till
from hub.points.undo import reversed_
from sync.chain import digest
from sync.errors import RefusedByRule
from sync.receipt import Bearer, Outcome
from sync.records import Reversed, decode
from sync.values import AccountId, EpochId, MunicipalityCode, NodeId, organisation_of

_PAID_BY_RESERVE = frozenset({"spend", "ticket.redeemed"})


def decide(books: Books, record: HubRecord) -> None:
    """Apply a decision; refuses one that does not fit, and any second one."""
    body = body_of(record, ExceptionDecided)
    incident = books.tx.one(
        "SELECT * FROM incident WHERE municipality=:town AND id=:id",
        town=books.town,
        id=body.incident,
    )
    if incident is None:
        raise RefusedByRule("unknown-exception", f"there is no exception {body.incident}")
    if incident["state"] != "open":
        raise RefusedByRule(
            "already-decided", f"exception {body.incident} was decided: {incident['decision']}"
        )
    decision = _DECISIONS.get(body.decision)
    if decision is None:
        raise RefusedByRule(
            "unknown-decision",
            f"{body.decision!r} is no decision; there are {', '.join(sorted(_DECISIONS))}",
        )
    decision(books, books.hub_source(record), incident)
    books.tx.run(
        "UPDATE incident SET state='decided', decision=:decision"
        " WHERE municipality=:town AND id=:id",
        decision=body.decision,
        town=books.town,
        id=body.incident,
    )


def _write_off(books: Books, source: Source, incident: RowMapping) -> None:
    row = _judged(books, incident, {"overspend"})
    of = _source(incident)
    account = AccountId(row["account"])
    fell = sum(
        move.points
        for move in books.transfers_of(of, row["posting"])
        if move.debit == deficit(account)
    )
    owed = min(fell, -books.balance(deficit(account)))
    books.move(RESERVE, deficit(account), owed, source=source, at=books.at, of=str(of))


def _pay(books: Books, source: Source, incident: RowMapping) -> None:
    row = _judged(books, incident, None)
    rest = row["points"] - row["paid"]
    of_a_shop = row["kind"] in _PAID_BY_RESERVE
    if row["outcome"] != Outcome.EXCEPTION or not rest or not of_a_shop:
        raise RefusedByRule("nothing-to-pay", "nothing of this record is unpaid")
    _from_reserve(books, source, incident, rest)
    verdict = exception(row["reason"], Bearer.RESERVE, row["points"])
    supersede(books, _source(incident), verdict)


def _recover(books: Books, source: Source, incident: RowMapping) -> None:
    row = _judged(books, incident, {"second-redemption"})
    holder = books.tx.scalar(
        "SELECT account FROM ticket WHERE municipality=:town AND number=:number",
        town=books.town,
        number=row["account"],
    )
    account = AccountId(holder)
    of = str(_source(incident))
    books.move(deficit(account), RESERVE, row["points"], source=source, at=books.at, of=of)
    books.recover(account, source=source, at=books.at)
    verdict = exception(row["reason"], Bearer.RESIDENT, row["paid"])
    supersede(books, _source(incident), verdict)


def _noted(_books: Books, _source: Source, _incident: RowMapping) -> None:
    """Nothing moves."""


def _apply(books: Books, source: Source, incident: RowMapping) -> None:
    row = _quarantined(books, incident)
    if row["kind"] in _PAID_BY_RESERVE:
        _from_reserve(books, source, incident, row["points"])
        verdict = exception(row["reason"], Bearer.RESERVE, row["points"])
        _end_hold(books, incident)
    elif row["kind"] == "reversed":
        verdict = _reversal(books, incident)
    else:
        raise RefusedByRule("cannot-apply", f"a record of kind {row['kind']} cannot be applied")
    supersede(books, _source(incident), verdict)


def _refuse(books: Books, _by: Source, incident: RowMapping) -> None:
    _quarantined(books, incident)
    _end_hold(books, incident)
    verdict = exception("refused", Bearer.ORGANISATION)
    supersede(books, _source(incident), verdict)


def _end_hold(books: Books, incident: RowMapping) -> None:
    """What was held for a record that people decided waits no longer."""
    till = Till(books)
    hold = till.holds.named_by_record(_line(incident), incident["seq"])
    if hold is not None and hold.town == books.town:
        till.holds.misfit(hold, books.at)


def _reversal(books: Books, incident: RowMapping) -> Judgement:
    line = _line(incident)
    one = kept(books.tx, line, incident["seq"] - 1, incident["seq"])[0]
    record = decode(one.data)
    if not isinstance(record.body, Reversed):
        return applied()
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
    return reversed_(Till(books), case, record.body)


def _from_reserve(books: Books, source: Source, incident: RowMapping, points: int) -> None:
    shop = payable(organisation_of(NodeId(incident["node"])))
    of = str(_source(incident))
    books.move(RESERVE, shop, points, source=source, at=books.at, of=of)


def _judged(books: Books, incident: RowMapping, reasons: set[str] | None) -> RowMapping:
    row = books.tx.one(
        "SELECT * FROM record WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND branch=:branch AND seq=:seq",
        home=incident["node"][:6],
        node=incident["node"],
        epoch=incident["epoch"],
        branch=incident["branch"],
        seq=incident["seq"],
    )
    if row is None or (reasons is not None and row["reason"] not in reasons):
        raise RefusedByRule(
            "decision-does-not-fit", f"that cannot be decided for {incident['reason']!r}"
        )
    if row["undone"]:
        raise RefusedByRule("decision-does-not-fit", "this record was taken back since")
    return row


def _quarantined(books: Books, incident: RowMapping) -> RowMapping:
    row = _judged(books, incident, None)
    if row["outcome"] != Outcome.QUARANTINED:
        raise RefusedByRule("decision-does-not-fit", "this record is not quarantined")
    return row


def _line(incident: RowMapping) -> Line:
    return Line(
        home=MunicipalityCode(incident["node"][:6]),
        node=NodeId(incident["node"]),
        epoch=EpochId(incident["epoch"]),
        branch=incident["branch"],
    )


def _source(incident: RowMapping) -> Source:
    return _line(incident).source(incident["seq"])


_DECISIONS: dict[str, Callable[[Books, Source, RowMapping], None]] = {
    "write-off": _write_off,
    "pay": _pay,
    "recover": _recover,
    "noted": _noted,
    "apply": _apply,
    "refuse": _refuse,
}
