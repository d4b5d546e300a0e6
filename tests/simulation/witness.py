"""Somebody who hears every answer of the hub, and looks at once whether it is in its database.

Commit, then speak: what the hub says of custody, verdicts, holds and lives it may say only when a
loss of power can no longer take it back. So the witness compares each answer with what is
committed at the moment at which the answer leaves.
"""

import re

from hub.store.database import Database, Tx
from sync.calls import EpochGranted
from sync.holds import HoldAnswer
from sync.receipt import Answer, Custody, Receipt
from sync.request import Request, Response
from sync.signing import Signed
from sync.wire import read

_OK = 200
_CALL = re.compile(r"/v1/nodes/([^/]+)/(?:epochs/([^/]+)/)?(records|holds|epochs)(?:/\d+)?$")


class Witness:
    """Keeps what the hub said and did not have."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.broken: list[str] = []
        """Words without a commit behind them."""

    def hear(self, request: Request, response: Response) -> None:
        """Hold one answer against the database."""
        call = _CALL.search(request.path_with_query)
        if call is None or response.status != _OK or request.method == "GET":
            return
        node, _, what = call.groups()
        with self._database.read() as tx:
            if what == "records":
                self._records(tx, read(response.body, Answer))
            elif what == "holds":
                self._hold(tx, read(read(response.body, Signed).body, HoldAnswer))
            else:
                self._life(tx, node, read(read(response.body, Signed).body, EpochGranted))

    def _records(self, tx: Tx, answer: Answer) -> None:
        custody = read(answer.custody.body, Custody)
        self._expect(
            tx,
            "SELECT 1 FROM cursor WHERE node=? AND epoch=? AND received=? AND head=?",
            [custody.node, custody.epoch, custody.received, custody.head],
            "custody",
        )
        for signed in answer.receipts:
            receipt = read(signed.body, Receipt)
            for verdict in receipt.verdicts:
                self._expect(
                    tx,
                    "SELECT 1 FROM record WHERE node=? AND epoch=? AND seq=? AND digest=?"
                    " AND (outcome=? AND paid=? OR ?>0)",
                    [
                        receipt.node,
                        receipt.epoch,
                        verdict.seq,
                        verdict.digest,
                        verdict.outcome,
                        verdict.paid,
                        receipt.decision,
                    ],
                    "receipt",
                )
            self._expect(
                tx,
                "SELECT 1 WHERE ?=0 OR EXISTS"
                " (SELECT 1 FROM decision WHERE node=? AND epoch=? AND n=?)",
                [receipt.decision, receipt.node, receipt.epoch, receipt.decision],
                "second receipt",
            )

    def _hold(self, tx: Tx, answer: HoldAnswer) -> None:
        if answer.granted:
            self._expect(
                tx,
                "SELECT 1 FROM hold WHERE node=? AND epoch=? AND n=? AND state IN ('open','used')",
                [answer.node, answer.epoch, answer.n],
                "hold",
            )

    def _life(self, tx: Tx, node: str, granted: EpochGranted) -> None:
        self._expect(
            tx, "SELECT 1 FROM epoch WHERE node=? AND epoch=?", [node, granted.epoch], "epoch"
        )

    def _expect(self, tx: Tx, question: str, values: list[object], what: str) -> None:
        if not tx.rows(question, values):
            self.broken.append(f"{what} {values}")
