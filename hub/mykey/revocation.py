"""Registered cards whose certificates their issuers took back.

1. No serial number is kept, by law and lest a stolen database list them. A card is known to lists
   by its **mark**: an HMAC of issuer and serial number under a key in the hub's folder.
2. A list that :func:`sync.revocation.read_list` believed is taken unless one in force is newer, by
   number or by day. Its marks replace those of the one before, so that a card that comes later is
   found as well. Taking the same list again enters nothing.
3. What is on the list closes its card, for good or until further notice. A card on hold that is on
   a later list no more opens again; what was taken back for good never does.
4. Only cards that registered or asked to be joined are named in the chain; of the list itself it
   has number, days and digests.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hub.findings import Finding
from hub.mykey import life
from hub.mykey.bodies import CardMarked, CardRestored, CardRevoked, RevocationListTaken
from hub.mykey.records import enter
from hub.store.database import Database, Tx
from sync.certificate import CardKey
from sync.errors import RefusedByRule
from sync.ports import Clock
from sync.revocation import Kind, RevocationList
from sync.values import CardState, KeyDigest, Millis

_LENGTH: Final = 16
"""Bytes of a mark: two of a million cards share one with a chance below 10^-26."""
_AHEAD: Final = b"machikado/mark/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The list that counts of one issuer."""

    issuer_key_id: bytes
    number: int
    this_update: Millis
    next_update: Millis
    entries: int
    taken_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What taking a list changed."""

    new: bool
    """False: this very list was in force already."""
    revoked: int
    """Registered cards that it closed, for good or until further notice."""
    restored: int
    """Cards that were on hold and are no more."""


class Revocations:
    """Lists and marks, over the database of identities; ``secret`` is 32 bytes of the key ring."""

    def __init__(self, database: Database, secret: bytes, clock: Clock) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock

    def admit(self, tx: Tx, card: CardKey) -> None:
        """Note the mark of a card that registers or is joined.

        Raises RefusedByRule (``card-revoked``) for one that the list in force names, and enters
        nothing then.
        """
        mark = self._mark(card.issuer_key_id, card.serial)
        kind = tx.scalar(
            "SELECT kind FROM listed WHERE issuer_key_id=:issuer AND mark=:mark",
            issuer=card.issuer_key_id,
            mark=mark,
        )
        marked = tx.scalar("SELECT revoked FROM card_mark WHERE digest=:card", card=card.digest)
        if kind is not None or marked:
            raise life.closed(CardState.REVOKED)
        if marked is None:
            enter(tx, CardMarked(card.digest, card.issuer_key_id, mark), self._clock.now())

    def take(self, found: RevocationList) -> Taken:
        """Let a list count from now on, and close and open cards by it.

        Raises RefusedByRule (``revocation-list-older``) where a newer one of its issuer does.
        """
        issuer = found.issuer_key_id
        listed = {self._mark(issuer, serial): kind for serial, kind in found.entries.items()}
        now = self._clock.now()
        with self._database.write() as tx:
            if _is_in_force(tx, found):
                return Taken(new=False, revoked=0, restored=0)
            _replace(tx, issuer, listed)
            body = RevocationListTaken(
                issuer,
                found.number,
                found.this_update,
                found.next_update,
                found.digest,
                len(listed),
                _digest_of(sorted(listed.items())),
            )
            enter(tx, body, now)
            changes = list(_changes(tx, issuer))
            for change in changes:
                enter(tx, change, now)
        revoked = sum(isinstance(change, CardRevoked) for change in changes)
        return Taken(new=True, revoked=revoked, restored=len(changes) - revoked)

    def in_force(self) -> tuple[InForce, ...]:
        """The list of each issuer that was taken last, whether or not its successor is due."""
        with self._database.read() as tx:
            return tuple(
                InForce(**row)
                for row in tx.all(
                    "SELECT issuer_key_id, number, this_update, next_update, entries, taken_at"
                    " FROM revocation_list ORDER BY issuer_key_id"
                )
            )

    def good_until(self) -> Millis:
        """When the first list lapses of those issuers that known cards come from.

        0 where one of them has none. Before any card is known, all lists count.
        """
        with self._database.read() as tx:
            lists = dict(tx.rows("SELECT issuer_key_id, next_update FROM revocation_list"))
            issuers = tx.rows("SELECT DISTINCT issuer_key_id FROM card_mark")
        needed = [issuer for (issuer,) in issuers] or lists
        return Millis(min((lists.get(issuer, 0) for issuer in needed), default=0))

    def _mark(self, issuer_key_id: bytes, serial: int) -> bytes:
        number = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
        message = _AHEAD + bytes([len(issuer_key_id)]) + issuer_key_id + number
        return hmac.new(self._secret, message, hashlib.sha256).digest()[:_LENGTH]


def audit(tx: Tx) -> Iterator[Finding]:
    """The marks of each list in force are those that its record sealed."""
    for issuer, sealed in tx.rows("SELECT issuer_key_id, marks FROM revocation_list ORDER BY 1"):
        rows = tx.rows(
            "SELECT mark, kind FROM listed WHERE issuer_key_id=? ORDER BY mark", [issuer]
        )
        found = _digest_of([(mark, Kind(kind)) for mark, kind in rows])
        if found != sealed:
            yield Finding("listed", issuer.hex(), sealed.hex()[:16], found.hex()[:16])


def _is_in_force(tx: Tx, found: RevocationList) -> bool:
    """Whether this very list counts already; raises RefusedByRule where a newer one does."""
    row = tx.one(
        "SELECT number, this_update, digest FROM revocation_list WHERE issuer_key_id=:issuer",
        issuer=found.issuer_key_id,
    )
    if row is None:
        return False
    if row["digest"] == found.digest:
        return True
    if found.number <= row["number"] or found.this_update < row["this_update"]:
        raise RefusedByRule(
            "revocation-list-older",
            f"list {found.number} is not newer than list {row['number']}, which stays in force",
        )
    return False


def _replace(tx: Tx, issuer: bytes, listed: dict[bytes, Kind]) -> None:
    """The list's marks instead of the last one's; only what differs is written."""
    before = dict(tx.rows("SELECT mark, kind FROM listed WHERE issuer_key_id=?", [issuer]))
    gone = [(issuer, mark) for mark in before.keys() - listed.keys()]
    tx.many("DELETE FROM listed WHERE issuer_key_id=? AND mark=?", gone)
    new = [(issuer, mark, kind) for mark, kind in listed.items() if before.get(mark) != kind]
    tx.many(
        "INSERT INTO listed (issuer_key_id, mark, kind) VALUES (?,?,?)"
        " ON CONFLICT (issuer_key_id, mark) DO UPDATE SET kind=excluded.kind",
        new,
    )


def _changes(tx: Tx, issuer: bytes) -> Iterator[CardRevoked | CardRestored]:
    """What the list says otherwise of known cards than the one before did."""
    rows = tx.rows(
        "SELECT c.digest, coalesce(l.kind, '') FROM card_mark c LEFT JOIN listed l"
        " ON l.issuer_key_id=c.issuer_key_id AND l.mark=c.mark"
        " WHERE c.issuer_key_id=? AND c.revoked<>coalesce(l.kind, '') AND c.revoked<>?"
        " ORDER BY c.digest",
        [issuer, Kind.REVOKED],
    )
    for digest, kind in rows:
        card = KeyDigest(digest)
        yield CardRevoked(card, kind == Kind.HELD) if kind else CardRestored(card)


def _digest_of(marks: list[tuple[bytes, Kind]]) -> bytes:
    """SHA-256 over marks in order, each with how its certificate was taken back."""
    whole = hashlib.sha256()
    for mark, kind in marks:
        whole.update(mark + kind.encode() + b"\n")
    return whole.digest()
