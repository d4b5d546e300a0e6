"""What is left of the dates in wallets, without playing all of their lives again.

A wallet lives for years, and what is left of a date follows from every transfer that it ever saw.
So what was left behind some posting is noted, and only what came later is played. A note says
nothing that the transfers do not say: whoever reads much may write one, at any time, and the audit
plays them again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hub.findings import Finding
from hub.points.accounts import wallet
from hub.points.asked import any_of, asked
from hub.points.books import wallet_history
from hub.points.lots import Left, what_is_left
from hub.points.months import Months, months_of
from hub.store import schema
from hub.store.database import Tx
from hub.store.schema import FROM_WALLET, TO_WALLET
from sync.values import AccountId, MunicipalityCode

MANY = 16
"""Transfers that are worth a note."""
_AT_ONCE = 128
"""Wallets in one question."""
_pack = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(list[tuple[int, int]]).decode


class Note(NamedTuple):
    """What was left in a wallet behind a posting."""

    posting: int
    lots: Mapping[int, int]
    """Points by date."""


class Change(NamedTuple):
    """What a transfer changed in a wallet."""

    posting: int
    step: int
    points: int
    """Below zero: they went out."""
    date: int


_NOTHING = Note(0, {})


def left_in(
    tx: Tx, town: MunicipalityCode, accounts: Collection[AccountId], *, noting: bool
) -> Iterator[tuple[AccountId, Left]]:
    """What is left in some wallets of a town, account by account in their order.

    ``noting``: whether to write down for the next time what took long; not within a posting, whose
    transfers are not all there yet.
    """
    if not accounts:
        return
    in_order = sorted(accounts)
    months = months_of(tx, town)
    for start in range(0, len(in_order), _AT_ONCE):
        some = in_order[start : start + _AT_ONCE]
        notes = _notes_of(tx, town, some)
        since = _since(tx, town, {one: notes.get(one, _NOTHING).posting for one in some}, months)
        found: dict[AccountId, Left] = {}
        fresh: list[tuple[object, ...]] = []
        for account, changes in since.items():
            note = notes.get(account, _NOTHING)
            found[account] = left = Left(dict(note.lots))
            for change in changes:
                left.play(change.points, change.date)
            if len(changes) >= MANY or (changes and note is _NOTHING):
                fresh.append((town, account, changes[-1].posting, _pack(left.in_order())))
        if noting:
            tx.put_many(schema.left_then, fresh)
        yield from found.items()


def _notes_of(
    tx: Tx, town: MunicipalityCode, accounts: Sequence[AccountId]
) -> dict[AccountId, Note]:
    """What was noted of some wallets, as far as anything was."""
    marks, names = any_of(accounts)
    return {
        AccountId(account): Note(posting, dict(_read(bytes(lots))))
        for account, posting, lots in tx.rows(
            "SELECT account, posting, lots FROM left_then"
            f" WHERE municipality=? AND account IN {marks}",
            [town, *names],
        )
    }


def _since(
    tx: Tx, town: MunicipalityCode, behind: Mapping[AccountId, int], months: Months
) -> dict[AccountId, list[Change]]:
    """What changed in each wallet behind a posting of its own, in posting order.

    Each wallet is looked up by its keys, and what is found for it comes as one text: a join would
    leave a server the choice to read all that ever was, and a question for each be a wait for each.
    """
    told, values = asked("name, behind", [(wallet(one), at) for one, at in behind.items()])
    month = months.behind(min(behind.values()))
    went, came = (
        tx.joined(f"posting || ',' || step || ',{sign}' || points || ',' || expires")
        for sign in ("-", "")
    )
    rows = tx.rows(
        f"{told} SELECT name, (SELECT {went} FROM transfer WHERE municipality=?"
        f" AND debit=asked.name AND posting>asked.behind AND month>=? AND {FROM_WALLET}),"
        f" (SELECT {came} FROM transfer WHERE municipality=?"
        f" AND credit=asked.name AND posting>asked.behind AND month>=? AND {TO_WALLET}) FROM asked",
        [*values, town, month, town, month],
    )
    texts = {name: f"{went or ''} {came or ''}" for name, went, came in rows}
    return {one: sorted(map(_change, texts[wallet(one)].split())) for one in behind}


def _change(text: str) -> Change:
    return Change(*map(int, text.split(",")))


def unlike_transfers(tx: Tx) -> Iterator[Finding]:
    """Notes that are not what the wallets' transfers leave."""
    for town, account, posting, lots in tx.rows(
        "SELECT municipality, account, posting, lots FROM left_then ORDER BY 1, 2"
    ):
        history = wallet_history(tx, MunicipalityCode(town), AccountId(account))
        until = [move for move in history if move.posting <= posting]
        left = what_is_left(wallet(AccountId(account)), until).in_order()
        if left != _read(bytes(lots)):
            where = f"{town} {account} {posting}"
            yield Finding("left_then", where, str(left), str(_read(bytes(lots))))
