"""What people's commands do to the ledger."""

import msgspec

from hub.applying import body_of
from hub.bodies import Granted, HubRecord, ProgrammeAdded, ReserveFunded
from hub.points.accounts import ISSUER, RESERVE, TREASURY, wallet
from hub.points.books import Books
from hub.store import schema
from sync.clock import day_of, end_of
from sync.errors import RefusedByRule
from sync.values import AccountId


def add_programme(books: Books, record: HubRecord) -> None:
    """A programme begins; its number stands in its tickets' numbers."""
    body = body_of(record, ProgrammeAdded)
    if not body.give_until <= body.issue_until <= body.use_until <= body.clear_until:
        raise RefusedByRule(
            "programme-days",
            "a programme's last days must follow each other: given, issued, used, cleared",
        )
    if _programme(books, body.programme) is not None:
        raise RefusedByRule("programme-exists", f"programme {body.programme} exists already")
    books.tx.insert(
        schema.programme,
        municipality=books.town,
        programme=body.programme,
        name=body.name,
        department=body.department,
        budget=body.budget,
        granted=0,
        give_until=body.give_until,
        issue_until=body.issue_until,
        use_until=body.use_until,
        clear_until=body.clear_until,
        zones=msgspec.msgpack.encode(body.zones),
    )


def grant(books: Books, record: HubRecord) -> None:
    """A resident receives points of a programme, valid to its last day of use."""
    body = body_of(record, Granted)
    programme = _programme(books, body.programme)
    if programme is None:
        raise RefusedByRule("unknown-programme", f"there is no programme {body.programme}")
    given, budget, until, last_use = programme
    if day_of(record.at) > until:
        raise RefusedByRule("grant-ended", f"programme {body.programme} gave until {until}")
    if budget and given + body.points > budget:
        raise RefusedByRule(
            "over-budget",
            f"programme {body.programme} has {budget - given:,} points left, not {body.points:,}",
        )
    source, account = books.hub_source(record), AccountId(body.account)
    books.move(
        ISSUER,
        wallet(account),
        body.points,
        source=source,
        at=record.at,
        expires=end_of(last_use),
    )
    books.recover(account, source=source, at=record.at)
    books.tx.run(
        "UPDATE programme SET granted=granted+:points"
        " WHERE municipality=:town AND programme=:programme",
        points=body.points,
        town=books.town,
        programme=body.programme,
    )


def fund_reserve(books: Books, record: HubRecord) -> None:
    """The town sets money aside for losses within policy."""
    body = body_of(record, ReserveFunded)
    books.move(TREASURY, RESERVE, body.points, source=books.hub_source(record), at=record.at)


def _programme(books: Books, programme: str) -> tuple[int, int, str, str] | None:
    rows = books.tx.rows(
        "SELECT granted, budget, give_until, use_until FROM programme"
        " WHERE municipality=? AND programme=?",
        [books.town, programme],
    )
    return None if not rows else rows[0]
