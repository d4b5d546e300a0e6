"""What must hold all along, and at the end when everything has been handed in.

Numbers are those of the project's invariants: I1 sums, I2 wallets, I3 signs, I4 floats, I5 custody,
I6 one digest a place, I7 one applied redemption, I8 replay, I10 settlement, I11 no identity.
"""

from collections import Counter, defaultdict
from typing import Any

from hub.audit import audit
from hub.intake.verify import InlineVerifier
from hub.store.database import Tx
from sync.chain import digest
from sync.records import (
    Record,
    Spend,
    TicketIssued,
    TicketRedeemed,
    Tier,
    decode,
)
from tests.simulation.machine import Machine
from tests.simulation.world import FLOATS, SHOPS, TOWNS, World

_MAY_BE_NEGATIVE = ("issuer", "treasury", "reserve", "deficit", "receivable")
_HONEST = {
    "overspend",
    "second-redemption",
    "beyond-float",
    "second-redemption-beyond-float",
    "late-hand-in",
}
"""What an honest node may be told. Anything else says that hub and node decide differently."""


class Broken(AssertionError):
    """An invariant does not hold."""


def demand(holds: bool, invariant: str, detail: object = "") -> None:
    """Stop here unless it holds."""
    if not holds:
        raise Broken(f"{invariant}: {detail}")


def along(world: World) -> None:
    """After every day."""
    with world.database.read() as tx:
        _balances(world, tx)
        _tickets(tx)
        _places(tx)
        heads = _custody_positions(tx)
    for machine in world.machines:
        if machine.counter is not None:
            _node(machine, heads)


def _custody_positions(tx: Tx) -> dict[tuple[str, str], int]:
    return {
        (node, epoch): received
        for node, epoch, received in tx.rows(
            "SELECT node, epoch, max(received) FROM cursor GROUP BY node, epoch"
        )
    }


def _node(machine: Machine, heads: dict[tuple[str, str], int]) -> None:
    """I4: offline points without a final receipt stay below the float; I5: custody was true."""
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


def _balances(world: World, tx: Tx) -> None:
    for town in TOWNS:
        rows = tx.rows("SELECT account, points FROM balance WHERE municipality=?", [town])
        demand(sum(points for _, points in rows) == 0, "I1 sum", town)
        for account, points in rows:
            kind = account.split(":")[0]
            demand(points >= 0 or kind in _MAY_BE_NEGATIVE, "I3 negative", (town, account, points))
            demand(
                points <= 0 or kind not in {"deficit", "receivable"},
                "deficit or receivable above zero",
                (town, account, points),
            )
        books = dict(rows)
        demand(
            books.get("issuer", 0) == -world.granted[town],
            "I2 what was issued is what was granted",
            (town, books.get("issuer", 0), world.granted[town]),
        )
        for account, points in rows:
            if account.startswith("wallet:") and points > 0:
                owed = books.get(account.replace("wallet:", "deficit:"), 0)
                demand(owed == 0, "deficit left open beside points", (town, account, points, owed))


def _tickets(tx: Tx) -> None:
    """I7: at most one redemption of a ticket is applied and stands."""
    rows = tx.rows(
        "SELECT town, account, count(*) FROM record WHERE kind='ticket.redeemed'"
        " AND outcome='applied' AND undone='' GROUP BY town, account HAVING count(*)>1"
    )
    demand(not rows, "I7 two applied redemptions", rows)


def _places(tx: Tx) -> None:
    """I6: cursors never run ahead of what is there."""
    rows = tx.rows("SELECT node, epoch, branch FROM cursor WHERE posted>received")
    demand(not rows, "I6 posted beyond custody", rows)


def at_the_end(world: World) -> None:
    """After heal-and-drain."""
    along(world)
    with world.database.read() as tx:
        verdicts = _verdicts(tx)
        records = _records(world)
        _custody(world, records, verdicts)
        _shops(world, records, verdicts)
        _residents(tx)
        _holds(world, tx)
        _settlement(world, tx)
        _late(tx)
        _undone_tickets(tx)
        _forks(world, tx)
        _cards(world, records)
    findings = audit(world.hub.core, world.hub.mykey, InlineVerifier())
    demand(not findings, "I8 audit of the hub", findings[:3])
    for machine in world.machines:
        own = machine.start().audit()
        demand(not own, "audit of a node", (machine.name, own[:3]))


def _verdicts(tx: Tx) -> dict[tuple[str, bytes], Any]:
    rows = tx.all("SELECT * FROM record")
    count = Counter((row["node"], bytes(row["digest"])) for row in rows)
    doubled = [key for key, number in count.items() if number > 1]
    demand(not doubled, "I5 a record has two places", doubled)
    return {(row["node"], bytes(row["digest"])): row for row in rows}


def _records(world: World) -> dict[tuple[str, bytes], tuple[Record, bool]]:
    """Every record on any disk, with whether its machine was ever spoiled."""
    found: dict[tuple[str, bytes], tuple[Record, bool]] = {}
    for machine in world.machines:
        for data in machine.records():
            found[machine.node, digest(data)] = (decode(data), machine.spoiled)
    return found


def _custody(
    world: World,
    records: dict[tuple[str, bytes], tuple[Record, bool]],
    verdicts: dict[tuple[str, bytes], Any],
) -> None:
    """I5: everything that a node holds is at the hub, and has one verdict."""
    for (node, name), (record, _) in records.items():
        demand(
            (node, name) in verdicts,
            "I5 a record never reached a verdict",
            (node, record.epoch, record.seq, record.kind),
        )
    for node, epoch, seq in world.approved:
        here = [
            True
            for (other, _), (record, _) in records.items()
            if (other, record.epoch, record.seq) == (node, epoch, seq)
        ]
        at_hub = [
            True
            for row in verdicts.values()
            if (row["node"], row["epoch"], row["seq"]) == (node, epoch, seq)
        ]
        demand(bool(here or at_hub), "an approved sale is nowhere", (node, epoch, seq))


def _shops(
    world: World,
    records: dict[tuple[str, bytes], tuple[Record, bool]],
    verdicts: dict[tuple[str, bytes], Any],
) -> None:
    """Within policy the shop is paid; hub and node decide alike."""
    spoiled = {machine.node for machine in world.machines if machine.spoiled}
    for (node, name), (record, _) in records.items():
        row = verdicts[node, name]
        if node not in spoiled:
            demand(
                row["outcome"] != "quarantined" and row["reason"] in {"", *_HONEST},
                "an honest node is told that it broke a rule",
                (node, record.seq, record.kind, row["outcome"], row["reason"]),
            )
        if not isinstance(record.body, Spend | TicketRedeemed) or row["undone"]:
            continue
        paid = row["reason"] in {"", "overspend", "second-redemption"}
        if row["outcome"] != "quarantined" and paid:
            demand(
                row["paid"] == record.body.points,
                "within policy, shop not paid",
                (node, record.seq, row["paid"], record.body.points),
            )
        t0 = record.body.tier is Tier.T0
        if t0 and isinstance(record.body, Spend) and node not in spoiled:
            demand(
                row["outcome"] == "applied",
                "a spend that the hub had agreed to is no exception",
                (node, record.seq, row["reason"]),
            )


def _residents(tx: Tx) -> None:
    """Nobody pays twice for one record, and a reversed one costs nothing."""
    taken: Counter[str] = Counter()
    for source, epoch, seq, points in tx.rows(
        "SELECT source, epoch, seq, sum(points) FROM transfer WHERE"
        " (debit LIKE 'wallet:%' OR debit LIKE 'hold:%' OR debit LIKE 'deficit:%'"
        " OR debit LIKE 'lapsed:%') AND (credit LIKE 'payable:%' OR credit LIKE 'outstanding:%')"
        " AND source NOT LIKE 'hold/%' GROUP BY source, epoch, seq"
    ):
        taken[f"{source}:{epoch}:{seq}"] += points
    limits = {
        f"{row['node']}:{_line(row)}:{row['seq']}": row["points"]
        for row in tx.all("SELECT * FROM record WHERE kind<>'reversed' AND points>0")
    }
    for name, points in taken.items():
        if name in limits:
            demand(points <= limits[name], "somebody pays twice", (name, points, limits[name]))
    shops: dict[str, int] = defaultdict(int)
    undone = {
        f"{row['node']}:{_line(row)}:{row['seq']}"
        for row in tx.all("SELECT * FROM record WHERE undone<>''")
    }
    for source, epoch, seq, of, debit, credit, points in tx.rows(
        'SELECT source, epoch, seq, "of", debit, credit, points FROM transfer WHERE'
        " debit LIKE 'payable:%' OR credit LIKE 'payable:%' OR debit LIKE 'receivable:%'"
    ):
        name = of or f"{source}:{epoch}:{seq}"
        if name in undone:
            shops[name] += points * (
                credit.startswith("payable") - debit.startswith(("payable", "receivable"))
            )
    wrong = {name: points for name, points in shops.items() if points}
    demand(not wrong, "a reversed sale is not zero for the shop", wrong)


def _line(row: Any) -> str:
    return f"{row['epoch']}/{row['branch']}" if row["branch"] else str(row["epoch"])


def _holds(world: World, tx: Tx) -> None:
    """No points are stuck."""
    cloned = {machine.node for machine in world.machines if machine.cloned}
    rows = [
        row
        for row in tx.rows("SELECT node, epoch, n, points FROM hold WHERE state='open'")
        if row[0] not in cloned
    ]
    demand(not rows, "points stuck in a hold", rows)


def _settlement(world: World, tx: Tx) -> None:
    """I10: what the bank paid is what the books say."""
    for organisation in SHOPS:
        credit = 0
        for town in TOWNS:
            books = dict(
                tx.rows(
                    "SELECT account, points FROM balance WHERE municipality=? AND account IN (?,?)",
                    [town, f"payable:{organisation}", f"receivable:{organisation}"],
                )
            )
            earned = tx.rows(
                "SELECT coalesce(sum(CASE WHEN credit IN (?,?) THEN points ELSE 0 END)"
                " - sum(CASE WHEN debit IN (?,?) THEN points ELSE 0 END), 0) FROM transfer"
                " WHERE municipality=? AND NOT (debit LIKE 'transit:%' OR credit LIKE 'transit:%')"
                " AND NOT (debit LIKE 'payable:%' AND credit LIKE 'receivable:%')",
                [
                    f"payable:{organisation}",
                    f"receivable:{organisation}",
                    f"payable:{organisation}",
                    f"receivable:{organisation}",
                    town,
                ],
            )[0][0]
            credit += earned - sum(books.values())
        demand(
            world.bank[organisation] == credit,
            "I10 bank files and books differ",
            (organisation, world.bank[organisation], credit),
        )


def _late(tx: Tx) -> None:
    """What lapsed since covers a spend from before."""
    rows = tx.rows(
        "SELECT r.node, r.seq, b.account, b.points FROM record r JOIN balance b"
        " ON b.municipality=r.town AND b.account LIKE 'lapsed:' || r.account || '/%'"
        " WHERE r.reason='overspend' AND r.undone='' AND b.points>0"
        " AND CAST(substr(b.account, 25) AS INTEGER)>r.at"
        " AND EXISTS (SELECT 1 FROM transfer t WHERE t.municipality=r.town"
        " AND t.credit=b.account AND t.posting<r.posting)"
        " AND NOT EXISTS (SELECT 1 FROM transfer t WHERE t.municipality=r.town"
        " AND t.credit=b.account AND t.posting>=r.posting)"
    )
    demand(not rows, "an overspend beside points that lapsed later", rows)


def _undone_tickets(tx: Tx) -> None:
    """The reserve pays no redemption while the ticket's own points lie there."""
    rows = tx.rows(
        "SELECT t.number FROM ticket t JOIN second_redemption s ON s.municipality=t.municipality"
        " AND s.number=t.number WHERE t.state='issued' AND s.standing=1"
    )
    demand(not rows, "the reserve paid beside a live ticket", rows)


def _forks(world: World, tx: Tx) -> None:
    """A machine that was only set back notices it by itself."""
    cloned = {machine.node for machine in world.machines if machine.cloned}
    rows = [
        row
        for row in tx.rows("SELECT node, epoch, branch FROM cursor WHERE branch<>''")
        if row[0] not in cloned
    ]
    demand(not rows, "a restored node forked itself", rows)


def _cards(world: World, records: dict[tuple[str, bytes], tuple[Record, bool]]) -> None:
    """No card was asked to sign for points that no record, or no lost attempt, explains."""
    crashes = sum(machine.crashes for machine in world.machines)
    signed = sum(len(card.asked) for card in world.cards.values())
    kept = sum(isinstance(record.body, Spend | TicketIssued) for record, _ in records.values())
    spoiled = any(machine.spoiled for machine in world.machines)
    demand(spoiled or signed - kept <= crashes, "signatures without records", (signed, kept))
