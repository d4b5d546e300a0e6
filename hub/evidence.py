"""The evidence of an exception: the records that it is about, what proves them, who decided.

Everything is read from what came in and from the chronicle, as it is; nothing is judged here.
"""

import re

import msgspec

from hub import nodes
from hub.applying import body_of
from hub.bodies import ExceptionDecided
from hub.chronicle import read as read_hub_record
from hub.core import Core
from hub.forms import ExceptionRow
from hub.intake.lines import Kept, kept
from hub.intake.verify import carries_ticket
from hub.paging import Listed, Ordered, Page
from hub.people import Person
from hub.points.books import Source
from hub.points.case import Line, Redemption, line_of, subject
from hub.store.database import Row, Tx
from hub.views import Decided, ExceptionView, Side
from sync.cardproof import Evidence
from sync.chain import digest
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.records import Basis, Record, TicketCleared, TicketVoided, readable
from sync.signing import Head, verify_head
from sync.ticket import read_ticket
from sync.values import Millis, MunicipalityCode, home_of, organisation_of
from sync.wire import read

_OF_PAPER = Redemption | TicketVoided
"""Bodies of records about a paper ticket."""
_INCIDENTS = Ordered("incident", id=0)


def incidents(tx: Tx, person: Person, page: Page) -> Listed[ExceptionRow]:
    """A page of what people should see in the towns that this person works for, newest last."""
    return _INCIDENTS.page(tx, page, person.municipality).each(_row)


def incident(tx: Tx, person: Person, name: str) -> Row:
    """The row of an exception of a town that this person works for; raises RefusedByRule."""
    town, _, number = name.partition("-")
    row = None
    if re.fullmatch(r"[0-9]{1,15}", number) and person.works_for(MunicipalityCode(town)):
        row = tx.one(
            "SELECT * FROM incident WHERE municipality=:town AND id=:id", town=town, id=int(number)
        )
    if row is None:
        raise RefusedByRule("unknown-exception", f"there is no exception {name!r}")
    return row


def view(core: Core, tx: Tx, row: Row, *, may: tuple[str, ...]) -> ExceptionView:
    """An exception with the evidence of both sides and what people decided."""
    about = Line(
        home=MunicipalityCode(row["node"][:6]),
        node=row["node"],
        epoch=row["epoch"],
        branch=row["branch"],
    ).source(row["seq"])
    sides = [side(core, tx, each) for each in (str(about), row["other"])]
    return ExceptionView(
        **msgspec.structs.asdict(_row(row)),
        sides=[each for each in sides if each is not None],
        decided=decisions(tx, row["municipality"], row["id"]),
        may=may,
    )


def side(core: Core, tx: Tx, written: str) -> Side | None:
    """The record that a source names (``node:epoch:seq``), with what proves it; None: no record."""
    try:
        source = Source.read(written)
    except ValueError:
        return None
    line = line_of(source)
    found = kept(tx, line, source.seq - 1, source.seq)
    return _side(core, tx, written, found[0]) if found else None


def decisions(tx: Tx, town: MunicipalityCode, number: int) -> list[Decided]:
    """What people decided about an exception of a town, oldest first."""
    rows = tx.rows(
        "SELECT (SELECT c.bytes FROM chronicle c WHERE c.municipality=d.municipality"
        " AND c.seq=d.seq) FROM decided d WHERE d.municipality=? AND d.incident=? ORDER BY d.seq",
        [town, number],
    )
    records = [read_hub_record(bytes(data)) for (data,) in rows]
    said = [(record, body_of(record, ExceptionDecided)) for record in records]
    return [
        Decided(at=record.at, persons=record.persons, decision=body.decision, why=body.why)
        for record, body in said
    ]


def _row(row: Row) -> ExceptionRow:
    same = ("kind", "node", "epoch", "seq", "points", "reason", "bearer", "state", "at")
    return ExceptionRow(
        id=f"{row['municipality']}-{row['id']}",
        other=row["other"],
        decision=row["decision"],
        **{name: row[name] for name in same},
    )


def _side(core: Core, tx: Tx, written: str, one: Kept) -> Side:
    record = readable(one.data)
    body = None if record is None else record.body
    basis = getattr(body, "basis", None)
    head, key = _head(tx, one.line, one.seq), nodes.epoch_of(tx, one.line.node, one.line.epoch)
    shop = tx.one(
        "SELECT n.place, o.organisation, o.name FROM node n JOIN organisation o"
        " ON o.municipality=n.municipality AND o.organisation=n.organisation"
        " WHERE n.municipality=:home AND n.node=:node",
        home=one.line.home,
        node=one.line.node,
    )
    verdict = tx.one(
        "SELECT outcome, reason, bearer, paid FROM record WHERE municipality=:home"
        " AND node=:node AND epoch=:epoch AND branch=:branch AND seq=:seq",
        seq=one.seq,
        **_place(one.line),
    )
    return Side(
        record=written,
        organisation=organisation_of(one.line.node),
        name="" if shop is None else shop["name"],
        place="" if shop is None else shop["place"],
        pays=_pays(tx, body),
        kind="" if record is None else record.kind,
        ticket=subject(record) if record and isinstance(body, _OF_PAPER) else "",
        points=int(getattr(body, "points", 0)),
        at=Millis(0 if record is None else record.at.ms),
        received_at=one.received_at,
        outcome="" if verdict is None else verdict["outcome"],
        reason="" if verdict is None else verdict["reason"],
        bearer="" if verdict is None else verdict["bearer"],
        paid=0 if verdict is None else verdict["paid"],
        digest=digest(one.data).hex(),
        prev="" if record is None else record.prev.hex(),
        head=f"{head.seq} {head.digest.hex()}",
        head_signature=head.signature.hex(),
        node_key="" if key is None else key.public.hex(),
        signature=_proof(record, one.evidence),
        basis={} if not isinstance(basis, Basis) else _words(basis),
        tier=str(getattr(body, "tier", "")),
        head_holds=key is not None and _holds(head, key.public),
        proof=_found(core, record, one.evidence),
    )


def _pays(tx: Tx, body: object) -> str:
    """Whose stamped paper a ticket counter cleared."""
    if not isinstance(body, TicketCleared):
        return ""
    name = tx.scalar(
        "SELECT name FROM organisation WHERE municipality=:home AND organisation=:organisation",
        home=home_of(body.organisation),
        organisation=body.organisation,
    )
    return str(name or body.organisation)


def _holds(head: Head, public: bytes) -> bool:
    try:
        verify_head(head, public)
    except NotAuthentic:
        return False
    return True


def _found(core: Core, record: Record | None, evidence: Evidence | None) -> str:
    """What the signature that carries a record is worth, as far as it can be read again."""
    body = None if record is None else record.body
    if not isinstance(body, _OF_PAPER) or (isinstance(body, TicketVoided) and body.lost):
        return "the card's sealed, checked when it came" if evidence else "no card's is needed"
    if not body.ticket:
        return "its number was typed: no paper was scanned"
    town = body.municipality
    keys = {name: (key,) for name, key in core.keys.public_tickets([town]).items()}
    try:
        ticket = read_ticket(body.ticket, keys)
    except (Malformed, NotAuthentic):
        return "the town's on the ticket DOES NOT HOLD"
    same = (ticket.number, ticket.points) == (body.number, body.points)
    return "the town's on the ticket holds" if same else "the town's is on ANOTHER TICKET"


def _head(tx: Tx, line: Line, seq: int) -> Head:
    """The head of the batch that brought a record: the chain makes it cover all of it."""
    data = tx.scalar(
        "SELECT head FROM inbox WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND branch=:branch AND first<=:seq AND last>=:seq",
        seq=seq,
        **_place(line),
    )
    return read(bytes(data), Head)


def _proof(record: Record | None, evidence: Evidence | None) -> str:
    if record is not None and carries_ticket(record.body):
        return record.body.ticket.hex()
    return "" if evidence is None else evidence.sealed.hex()


def _words(basis: Basis) -> dict[str, str]:
    return {
        name: value.hex() if isinstance(value, bytes) else str(value)
        for name, value in msgspec.structs.asdict(basis).items()
    }


def _place(line: Line) -> dict[str, str]:
    return {
        "home": line.home,
        "node": line.node,
        "epoch": line.epoch,
        "branch": line.branch,
    }
