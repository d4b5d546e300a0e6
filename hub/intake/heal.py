"""What was quarantined for something that has come since is judged again, without people.

- Evidence that was spoilt on the way: anybody may carry a node's bytes. The node, told of a bad
  signature, sends it again; where the new copy verifies, the record gets its verdict.
- The redemption of a ticket whose issue is not posted here (a hub that was restored): applied when
  the issue comes.

A record that stays quarantined for another reason is judged again once: people see the new reason.
"""

from hub.core import Core
from hub.identities import Identities
from hub.intake.lines import kept
from hub.intake.prove import Prover
from hub.intake.stopped import Stopped
from hub.intake.verify import Verifier
from hub.points.books import posting
from hub.points.case import Case, Judgement, Line, Proof
from hub.points.judge import Judge
from hub.points.superseding import supersede
from hub.store.database import Tx
from hub.store.schema import MAY_HEAL
from sync.receipt import Outcome
from sync.values import EpochId, MunicipalityCode, NodeId

_CAN_BE_HEALED = (
    "SELECT * FROM (SELECT substr(i.node, 1, 6), i.node, i.epoch, i.branch, i.seq,"
    " (SELECT r.town FROM record r WHERE r.municipality=substr(i.node, 1, 6) AND r.node=i.node"
    " AND r.epoch=i.epoch AND r.branch=i.branch AND r.seq=i.seq"
    " AND r.outcome='quarantined' AND r.undone='' AND r.reason=i.reason"
    " AND CASE r.reason WHEN 'issue-not-posted'"
    " THEN EXISTS (SELECT 1 FROM ticket t WHERE t.municipality=i.municipality"
    " AND t.number=r.account AND t.state NOT IN ('held', 'dead'))"
    " ELSE EXISTS (SELECT 1 FROM card_evidence e WHERE e.municipality=r.municipality"
    " AND e.node=r.node AND e.epoch=r.epoch AND e.branch=r.branch AND e.seq=r.seq) END) AS town"
    f" FROM incident i WHERE {MAY_HEAL}) AS waiting WHERE town IS NOT NULL ORDER BY 1, 2, 3, 4, 5"
)
"""Asked in each round, of what is still open only: what was healed or decided is not read again.
One row is looked up for each: as a join, a server that knows not yet how few they are would read
all records."""


def heal(core: Core, identities: Identities, verifier: Verifier, stopped: Stopped) -> int:
    """Judge again what can have another verdict now; says how many records."""
    prover = Prover(core, identities, verifier)
    healed = 0
    for *place, seq, name in core.database.ask_all(_CAN_BE_HEALED):
        line, town = _line(*place), MunicipalityCode(name)
        if town in stopped or not core.serves(town):
            continue
        with stopped.guarding(town):
            with core.database.read() as tx:
                (case,) = prover.cases(tx, kept(tx, line, seq - 1, seq))
            if case.proof is Proof.GOOD:
                healed += _judged_again(core, town, case)
    return healed


def _judged_again(core: Core, town: MunicipalityCode, case: Case) -> bool:
    def judge(tx: Tx) -> bool:
        waits = _waits(tx, case)
        if waits:
            judge_again(core, tx, town, case)
        return waits

    return core.database.settle({town, case.line.home}, judge)


def _waits(tx: Tx, case: Case) -> bool:
    """Whether nobody has judged it again since: another hub may have the same server."""
    found = tx.rows(
        "SELECT 1 FROM record WHERE municipality=? AND node=? AND epoch=? AND branch=? AND seq=?"
        " AND outcome='quarantined' AND undone=''",
        [*case.line, case.seq],
    )
    return bool(found)


def judge_again(core: Core, tx: Tx, town: MunicipalityCode, case: Case) -> None:
    """Post a record whose first verdict was provisional, and tell its node."""
    line = case.line
    place = (line.home, line.node, line.epoch, line.branch, [case.seq])
    with posting(core, tx, town, core.clock.now(), ("again", [place])) as books:
        judgement = Judge(books).judge(case)
        if judgement.outcome is Outcome.QUARANTINED:
            _wait_for_people(tx, town, case, judgement)
            return
        supersede(books, case.source, judgement)
    tx.run(
        "UPDATE incident SET state='decided', decision=CASE reason"
        " WHEN 'issue-not-posted' THEN 'issue-posted' ELSE 'better-evidence' END"
        " WHERE municipality=:town AND node=:node AND epoch=:epoch AND branch=:branch"
        " AND seq=:seq AND kind='quarantined'",
        town=town,
        node=line.node,
        epoch=line.epoch,
        branch=line.branch,
        seq=case.seq,
    )


def _wait_for_people(tx: Tx, town: MunicipalityCode, case: Case, judgement: Judgement) -> None:
    """Say why it is quarantined now. For its node nothing has changed: the verdict is the same."""
    line = case.line
    place = {"node": line.node, "epoch": line.epoch, "branch": line.branch, "seq": case.seq}
    tx.run(
        "UPDATE record SET reason=:reason WHERE municipality=:home AND node=:node"
        " AND epoch=:epoch AND branch=:branch AND seq=:seq",
        reason=judgement.reason,
        home=line.home,
        **place,
    )
    tx.run(
        "UPDATE incident SET reason=:reason WHERE municipality=:town AND node=:node"
        " AND epoch=:epoch AND branch=:branch AND seq=:seq AND kind='quarantined'",
        reason=judgement.reason,
        town=town,
        **place,
    )


def _line(home: str, node: str, epoch: str, branch: str) -> Line:
    return Line(home=MunicipalityCode(home), node=NodeId(node), epoch=EpochId(epoch), branch=branch)
