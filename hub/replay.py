"""Playing the ledger again: every posting in order, from the records that it names.

What only outside questions decided (whether a card belonged to an account when a hold was asked
for) is taken as it was decided; everything else is computed anew.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from hub.chronicle import chain_of
from hub.core import Core
from hub.desk import apply
from hub.identities import Holder, Identities
from hub.intake.heal import judge_again
from hub.intake.incidents import TYPED_NUMBERS
from hub.intake.lines import Kept, gathered, kept
from hub.intake.post import judge_in_posting
from hub.intake.prove import Prover
from hub.intake.stopped import KIND as POSTING_STOPPED
from hub.intake.verify import Verifier
from hub.points.askers import asker
from hub.points.asking import Attempt, open_hold
from hub.points.books import posting
from hub.points.case import Line
from hub.points.ending import free_holds
from hub.store import schema
from hub.store.database import Row, Tx
from sync.holds import HoldRequest
from sync.policy import closed
from sync.values import (
    PLATFORM,
    AccountId,
    CardState,
    EpochId,
    KeyDigest,
    Millis,
    MunicipalityCode,
    NodeId,
    home_of,
)
from sync.wire import laid_out

_COPIED = ("cursor", "inbox", "card_evidence", "told", "told_node", "told_card", "feed")
"""What came from outside or was said to nodes: inputs of a judgement, not results of it."""
_FROM_OUTSIDE = ("fork", POSTING_STOPPED, TYPED_NUMBERS)
"""Incidents that no posting makes: custody met a branch, a posting failed, numbers were guessed."""


class _Then:
    """The clock as it stood at each posting."""

    def __init__(self) -> None:
        self.at = Millis(0)

    def now(self) -> Millis:
        """When the posting was made."""
        return self.at

    def running(self) -> Millis:
        """The same."""
        return self.at

    def boot(self) -> str:
        """One run."""
        return "replay"


class _AsDecided:
    """Identities as a hold's own outcome shows them."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self.request: HoldRequest | None = None
        self.reason = ""

    def public_key(self, card: KeyDigest) -> tuple[str, bytes] | None:
        """As it is."""
        return self._identities.public_key(card)

    def public_keys(self, cards: Iterable[KeyDigest]) -> dict[KeyDigest, bytes]:
        """As they are."""
        return self._identities.public_keys(cards)

    def account_of(self, card: KeyDigest, municipality: MunicipalityCode) -> AccountId | None:
        """For a hold: as it was decided; else as it is."""
        if self.request is None:
            return self._identities.account_of(card, municipality)
        return None if self.reason == "no-standing" else AccountId(self.request.account)

    def holders(self, cards: Iterable[KeyDigest]) -> dict[KeyDigest, Holder]:
        """As it was decided; of accounts it is asked by town."""
        state = next((s for s in CardState if self.reason == closed(s)), CardState.ACTIVE)
        return dict.fromkeys(cards, Holder(state, {}))

    def cards_of(
        self, municipality: MunicipalityCode, accounts: Iterable[AccountId]
    ) -> dict[AccountId, tuple[KeyDigest, ...]]:
        """As they are."""
        return self._identities.cards_of(municipality, accounts)


class Replay:
    """Plays one hub's postings into an empty database."""

    def __init__(self, core: Core, identities: Identities, verifier: Verifier, old: Tx) -> None:
        self._clock = _Then()
        self._core = replace(core, clock=self._clock)
        self._decided = _AsDecided(identities)
        self._prover = Prover(core, self._decided, verifier)
        self._old = old
        self._hub = {
            (town, record.seq): record
            for (town,) in old.rows("SELECT DISTINCT municipality FROM chronicle ORDER BY 1")
            for record, _, _ in chain_of(old, MunicipalityCode(town))
        }
        self._outside: dict[str, list[Row]] = {}
        for row in old.all("SELECT * FROM incident ORDER BY id"):
            if row["kind"] in _FROM_OUTSIDE:
                self._outside.setdefault(row["municipality"], []).append(row)

    def play(self, tx: Tx) -> None:
        """Play everything, in the order in which it was posted."""
        for (town, _), record in sorted(self._hub.items()):
            if town == PLATFORM:
                apply(self._core, tx, record)
        for name in _COPIED:
            table = schema.metadata.tables[name]
            tx.insert_many(table, self._old.rows(f"SELECT * FROM {name}"))
        rows = self._old.rows(
            "SELECT municipality, number, at, cause FROM posting"
            " ORDER BY tick, municipality, number"
        )
        for town, number, at, cause in rows:
            self._clock.at = at
            self._from_outside(tx, town, at)
            kind, *rest = msgspec.msgpack.decode(cause)
            getattr(self, f"_play_{kind}")(tx, MunicipalityCode(town), number, rest)
        for town in self._outside:
            self._from_outside(tx, town, self._clock.at)
        self._ends_of_lives(tx)

    def _from_outside(self, tx: Tx, town: str, at: Millis) -> None:
        """Put a town's incidents that no posting makes between those that postings make."""
        waiting = self._outside.get(town, [])
        while waiting and waiting[0]["at"] <= at:
            last = tx.scalar("SELECT max(id) FROM incident WHERE municipality=:town", town=town)
            if waiting[0]["id"] != (last or 0) + 1:
                return
            row = {**waiting.pop(0), "state": "open", "decision": ""}
            tx.insert(schema.incident, **row)

    def _ends_of_lives(self, tx: Tx) -> None:
        """What custody and the nodes said of epochs: how far they had come, forks, the end."""
        for row in self._old.all("SELECT * FROM epoch"):
            place = {name: row[name] for name in ("municipality", "node", "epoch")}
            tx.run(
                "UPDATE epoch SET closed_seq=:closed_seq, ended=:ended WHERE"
                " municipality=:municipality AND node=:node AND epoch=:epoch",
                closed_seq=row["closed_seq"],
                ended=row["ended"],
                **place,
            )
            tx.run(
                "UPDATE epoch SET state='forked', closed_at=:closed_at WHERE"
                " municipality=:municipality AND node=:node AND epoch=:epoch AND EXISTS"
                " (SELECT 1 FROM cursor c WHERE c.municipality=epoch.municipality"
                " AND c.node=epoch.node AND c.epoch=epoch.epoch AND c.branch<>'')",
                closed_at=row["closed_at"],
                **place,
            )

    def _play_hub(self, tx: Tx, town: MunicipalityCode, _number: int, rest: list[Any]) -> None:
        apply(self._core, tx, self._hub[town, rest[0]])

    def _play_records(self, tx: Tx, town: MunicipalityCode, _number: int, rest: list[Any]) -> None:
        records = [
            some
            for place in rest[0]
            for some in self._prover.prove(self._old, gathered(self._kept(place, healed=False)))
        ]
        judge_in_posting(self._core, tx, town, records, ("records", rest[0]))

    def _play_again(self, tx: Tx, town: MunicipalityCode, _number: int, rest: list[Any]) -> None:
        for place in rest[0]:
            for case in self._prover.cases(self._old, self._kept(place, healed=True)):
                judge_again(self._core, tx, town, case)

    def _play_hold(self, tx: Tx, town: MunicipalityCode, _number: int, rest: list[Any]) -> None:
        node, epoch, n, data = rest
        request = msgspec.msgpack.decode(data, type=laid_out(HoldRequest))
        row = self._old.one(
            "SELECT reason FROM hold WHERE node=:node AND epoch=:epoch AND n=:n",
            node=node,
            epoch=epoch,
            n=n,
        )
        self._decided.request = request
        self._decided.reason = "" if row is None else row["reason"]
        with posting(self._core, tx, town, self._clock.at, ("hold", *rest)) as books:
            attempt = Attempt(NodeId(node), EpochId(epoch), n)
            open_hold(books, self._decided, asker(tx, attempt.node), attempt, request)
        self._decided.request = None

    def _play_end(self, tx: Tx, town: MunicipalityCode, _number: int, rest: list[Any]) -> None:
        node, epoch, attempts = rest
        line = Line(home=home_of(node), node=NodeId(node), epoch=EpochId(epoch), branch="")
        free_holds(self._core, tx, town, line, attempts)

    def _kept(self, place: list[Any], *, healed: bool) -> list[Kept]:
        home, node, epoch, branch, seqs = place
        line = Line(
            home=MunicipalityCode(home), node=NodeId(node), epoch=EpochId(epoch), branch=branch
        )
        wanted = set(seqs)
        return [
            one
            for one in kept(self._old, line, min(wanted) - 1, max(wanted), healed=healed)
            if one.seq in wanted
        ]


def replay(core: Core, identities: Identities, verifier: Verifier, old: Tx) -> None:
    """Play a hub's postings into ``core.database``, which is empty."""
    player = Replay(core, identities, verifier, old)
    with core.database.write() as tx:
        player.play(tx)
