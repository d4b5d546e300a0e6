"""What must hold all along: looked at after every day."""

from collections import Counter

from hub.intake.lines import Cursor, digest_at, kept
from hub.points.case import Line
from hub.store.database import Tx
from sync.chain import ChainBroken, follow
from sync.holds import Purpose
from sync.values import Digest, EpochId, MunicipalityCode, NodeId
from tests.simulation.demands import Broken, demand
from tests.simulation.machine import Machine
from tests.simulation.places import FLOATS, TOWNS
from tests.simulation.town import Town

_MAY_BE_NEGATIVE = ("issuer", "treasury", "reserve", "deficit", "receivable")
_UNCLAIMED = (
    " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.town=t.municipality AND h.account=t.number"
    " AND h.purpose LIKE 'ticket.%' AND h.state='open')"
)


def along(town: Town) -> None:
    """Everything that can be seen at any moment."""
    demand(not town.witness.broken, "I5 the hub said what it had not kept", town.witness.broken)
    with town.database.read() as tx:
        for where in TOWNS:
            _balances(town, tx, where)
            _holds(tx, where)
            _borne(tx, where)
            _once(town, tx, where)
            _windows(town, tx, where)
        _tickets(tx)
        _chains(town, tx)
        heads = _custody_positions(tx)
    for machine in town.machines:
        if machine.counter is not None:
            _node(machine, heads)


def _balances(town: Town, tx: Tx, where: MunicipalityCode) -> None:
    books = dict(tx.rows("SELECT account, points FROM balance WHERE municipality=?", [where]))
    demand(sum(books.values()) == 0, "I1 sum", where)
    demand(
        books.get("issuer", 0) == -town.granted[where],
        "I2 what was issued is what was granted",
        (where, books.get("issuer", 0), town.granted[where]),
    )
    for account, points in books.items():
        kind = account.split(":")[0]
        demand(points >= 0 or kind in _MAY_BE_NEGATIVE, "I3 negative", (where, account, points))
        demand(
            points <= 0 or kind not in {"deficit", "receivable"},
            "I3 deficit or receivable above zero",
            (where, account, points),
        )
        if kind == "wallet" and points > 0:
            owed = books.get(account.replace("wallet:", "deficit:"), 0)
            demand(owed == 0, "I2 a deficit left open beside points", (where, account, owed))
    live = Counter(
        dict(
            tx.rows(
                "SELECT programme, sum(points) FROM ticket t WHERE municipality=?"
                f" AND state IN ('issued','voiding'){_UNCLAIMED} GROUP BY programme",
                [where],
            )
        )
    )
    outstanding = Counter(
        {
            account.split(":")[1]: points
            for account, points in books.items()
            if account.startswith("outstanding:")
        }
    )
    demand(
        +live == +outstanding,
        "I2 what is outstanding is what live tickets say",
        (where, live, outstanding),
    )


def _holds(tx: Tx, where: MunicipalityCode) -> None:
    """I2: what is held is what open holds say, and none waits for a record that was posted."""
    rows = tx.rows(
        "SELECT municipality, node, epoch, n, points, purpose FROM hold"
        " WHERE town=? AND state='open'",
        [where],
    )
    held = {
        f"hold:{node}/{epoch}/{n}": points
        for _, node, epoch, n, points, purpose in rows
        if purpose != Purpose.REFUND  # that keeps what a shop got, where it is
    }
    booked = dict(
        tx.rows(
            "SELECT account, points FROM balance WHERE municipality=? AND account>'hold:'"
            " AND account<'hold;' AND points<>0",
            [where],
        )
    )
    demand(held == booked, "I2 what is held is what holds say", (where, held, booked))
    for home, node, epoch, n, points, _ in rows:
        posted = tx.rows(
            "SELECT seq FROM record WHERE municipality=? AND node=? AND epoch=? AND branch=''"
            " AND hold=? AND outcome<>'quarantined'",
            [home, node, epoch, n],
        )
        demand(not posted, "I2 points held for a record that was posted", (node, epoch, n, points))


def _borne(tx: Tx, where: MunicipalityCode) -> None:
    """I4: what reserve and deficits give for one node's word in one window is within its float."""
    rows = tx.rows(
        'SELECT b.node, b.points FROM borne b JOIN municipality m USING (municipality, "window")'
        " WHERE b.municipality=?",
        [where],
    )
    for node, points in rows:
        given = tx.rows(
            "SELECT coalesce(sum(points), 0) FROM transfer WHERE municipality=? AND source=?"
            ' AND "window"=(SELECT "window" FROM municipality WHERE municipality=?)'
            " AND (debit LIKE 'deficit:%' OR debit='reserve') AND credit LIKE 'payable:%'",
            [where, node, where],
        )[0][0]
        demand(
            given <= FLOATS.float_points,
            "I4 more given on a node's word than its float",
            (where, node, given, points),
        )


def _once(town: Town, tx: Tx, where: MunicipalityCode) -> None:
    """I2: no posting since the last look takes more from people for a record than it says."""
    rows = tx.rows(
        "SELECT r.node, r.epoch, r.seq, r.points, sum(t.points) FROM transfer t JOIN record r"
        " ON r.municipality=substr(t.source, 1, 6) AND r.node=t.source AND r.epoch=t.epoch"
        " AND r.branch='' AND r.seq=t.seq WHERE t.municipality=? AND t.posting>?"
        " AND r.kind='spend' AND t.credit LIKE 'payable:%'"
        " GROUP BY r.node, r.epoch, r.seq, r.points HAVING sum(t.points)>r.points",
        [where, town.posted.get(where, 0)],
    )
    demand(not rows, "I2 somebody pays twice", rows)
    town.posted[where] = tx.rows("SELECT posting FROM municipality WHERE municipality=?", [where])[
        0
    ][0]


def _windows(town: Town, tx: Tx, where: MunicipalityCode) -> None:
    """I10: the lines of a window are what its stamp earned, neither more nor less."""
    rows = tx.rows('SELECT max("window") FROM settlement_window WHERE municipality=?', [where])
    last = rows[0][0]
    if last is None or town.looked_at.get(where) == last:
        return
    town.looked_at[where] = last
    said = dict(
        tx.rows(
            'SELECT organisation, points FROM settlement_line WHERE municipality=? AND "window"=?'
            " AND points<>0",
            [where, last],
        )
    )
    earned: Counter[str] = Counter()
    for debit, credit, points in tx.rows(
        'SELECT debit, credit, points FROM transfer WHERE municipality=? AND "window"=?',
        [where, last],
    ):
        if credit.startswith("payable:"):
            earned[credit.split(":")[1]] += points
        elif debit.startswith("payable:") and not credit.startswith(("transit:", "receivable:")):
            earned[debit.split(":")[1]] -= points
    stamped = {organisation: points for organisation, points in earned.items() if points}
    demand(said == stamped, "I10 a window's lines and its stamp differ", (where, last, said))


def _tickets(tx: Tx) -> None:
    rows = tx.rows(
        "SELECT town, account, count(*) FROM record WHERE"
        " kind IN ('ticket.redeemed','ticket.cleared')"
        " AND outcome='applied' AND undone='' GROUP BY town, account HAVING count(*)>1"
    )
    demand(not rows, "I7 two applied redemptions", rows)
    rows = tx.rows(
        "SELECT t.number, t.state FROM second_redemption s JOIN ticket t"
        " ON t.municipality=s.municipality AND t.number=s.number"
        f" WHERE s.standing=1 AND t.state IN ('issued','voiding','expired'){_UNCLAIMED}"
    )
    demand(not rows, "I7 a redemption stands that the ticket's own points do not pay", rows)
    rows = tx.rows(
        "SELECT t.number FROM ticket t JOIN record r ON r.town=t.municipality"
        " AND r.account=t.number AND r.kind IN ('ticket.redeemed','ticket.cleared')"
        " AND r.outcome='applied' AND r.undone='' WHERE t.state='voided'"
    )
    demand(not rows, "I7 a voided ticket paid a shop", rows)


def _chains(town: Town, tx: Tx) -> None:
    """I6: in custody each record follows the one before, and the cursor is where it ends."""
    for home, node, epoch, branch, base, received, head, posted in tx.rows(
        "SELECT municipality, node, epoch, branch, base, received, head, posted FROM cursor"
    ):
        demand(posted <= received, "I6 posted beyond custody", (node, epoch, branch))
        line = Line(
            home=MunicipalityCode(home), node=NodeId(node), epoch=EpochId(epoch), branch=branch
        )
        seen = town.followed.get(line)
        if seen is None:
            seen = (base, digest_at(tx, line, base))
        if seen[0] < received:
            town.followed[line] = _followed(
                tx, Cursor(line, base, received, Digest(head), posted), seen
            )


def _followed(tx: Tx, at: Cursor, seen: tuple[int, Digest]) -> tuple[int, Digest]:
    line, (after, prev) = at.line, seen
    records = [one.data for one in kept(tx, line, after, at.received)]
    where = (line.node, line.epoch, line.branch, after + 1, at.received)
    demand(len(records) == at.received - after, "I6 a gap in custody", where)
    try:
        last = follow(line.node, line.epoch, after + 1, prev, records)[-1]
    except ChainBroken as error:
        raise Broken(f"I6 a record in custody does not follow: {where} {error}") from None
    demand(last == at.head, "I6 the cursor's head is another one", where)
    return at.received, last


def _custody_positions(tx: Tx) -> dict[tuple[str, str], int]:
    return {
        (node, epoch): received
        for node, epoch, received in tx.rows(
            "SELECT node, epoch, max(received) FROM cursor GROUP BY node, epoch"
        )
    }


def _node(machine: Machine, heads: dict[tuple[str, str], int]) -> None:
    store = machine.start().parts.store
    for kind, most in (
        ("spend", FLOATS.float_points),
        ("ticket.redeemed", FLOATS.ticket_float),
    ):
        used = store.number(
            "SELECT coalesce(sum(move.points), 0) FROM move LEFT JOIN verdict USING (epoch, seq)"
            " WHERE move.kind = ? AND move.tier = 'T2'"
            " AND (verdict.seq IS NULL OR verdict.outcome = 'quarantined')",
            (kind,),
        )
        demand(used <= most or machine.spoiled, "I4 float", (machine.name, kind, used))
    for epoch, received in store.rows("SELECT epoch, received FROM epoch"):
        demand(
            received <= heads.get((machine.node, epoch), 0),
            "I5 what was acknowledged is not at the hub",
            (machine.name, epoch, received),
        )
    stored = "SELECT coalesce(max(last), 0) FROM answer WHERE epoch = ? AND what = 'receipt'"
    for epoch, receipted in store.rows("SELECT epoch, receipted FROM epoch"):
        demand(
            receipted <= store.number(stored, (epoch,)) or machine.spoiled,
            "I5 a receipt was counted and is not stored",
            (machine.name, epoch, receipted),
        )
