"""A copy with good evidence decides a quarantine by itself.

Anybody may carry a node's bytes, so evidence can be spoilt on the way. The node, told of a bad
signature, sends it again; where the new copy verifies, the record gets its verdict without people.
"""

from hub.core import Core
from hub.identities import Identities
from hub.intake.lines import kept
from hub.intake.prove import Prover
from hub.intake.verify import Verifier
from hub.points.books import posting
from hub.points.case import Case, Line, Proof
from hub.points.judge import Judge
from hub.points.superseding import supersede
from hub.store.database import Tx
from sync.receipt import Outcome
from sync.values import EpochId, MunicipalityCode, NodeId


def heal(core: Core, identities: Identities, verifier: Verifier) -> int:
    """Judge again what is quarantined for its signature and has better evidence now."""
    prover = Prover(core, identities, verifier)
    healed = 0
    with core.database.read() as tx:
        waiting = tx.rows(
            "SELECT r.municipality, r.node, r.epoch, r.branch, r.seq, r.town FROM card_evidence e"
            " CROSS JOIN record r"  # this way round: there is little evidence and much else
            " WHERE r.municipality=e.municipality AND r.node=e.node"
            " AND r.epoch=e.epoch AND r.branch=e.branch AND r.seq=e.seq"
            " AND r.outcome='quarantined' AND r.undone=''"
            " AND r.reason IN ('bad-signature', 'no-evidence') ORDER BY 1, 2, 3, 4, 5"
        )
        cases = [
            (MunicipalityCode(town), prover.cases(tx, kept(tx, _line(*line), seq - 1, seq))[0])
            for *line, seq, town in waiting
        ]
    for town, case in cases:
        if case.proof is Proof.GOOD:
            with core.database.write() as tx:
                judge_again(core, tx, town, case)
            healed += 1
    return healed


def judge_again(core: Core, tx: Tx, town: MunicipalityCode, case: Case) -> None:
    """Post a record whose first verdict was provisional, and tell its node."""
    line = case.line
    place = (line.home, line.node, line.epoch, line.branch, [case.seq])
    with posting(core, tx, town, core.clock.now(), ("again", [place])) as books:
        judgement = Judge(books).judge(case)
        if judgement.outcome is Outcome.QUARANTINED:
            return
        supersede(books, case.source, judgement)
    tx.run(
        "UPDATE incident SET state='decided', decision='better-evidence'"
        " WHERE municipality=:town AND node=:node AND epoch=:epoch AND branch=:branch"
        " AND seq=:seq AND kind='quarantined'",
        town=town,
        node=line.node,
        epoch=line.epoch,
        branch=line.branch,
        seq=case.seq,
    )


def _line(home: str, node: str, epoch: str, branch: str) -> Line:
    return Line(home=MunicipalityCode(home), node=NodeId(node), epoch=EpochId(epoch), branch=branch)
