"""What must hold at the end, when everything has been handed in and nothing moves any more."""

from collections import Counter, defaultdict
from typing import Any

from hub.audit import audit
from hub.intake.verify import InlineVerifier
from hub.store import schema
from hub.store.database import Tx
from sync.chain import digest
from sync.records import (
    Record,
    Refunded,
    Spend,
    TicketCleared,
    TicketIssued,
    TicketRedeemed,
    TicketVoided,
    Tier,
    decode,
)
from tests.simulation.along import along
from tests.simulation.cleared import cleared
from tests.simulation.demands import demand
from tests.simulation.places import TOWNS
from tests.simulation.town import Town

_HONEST = {
    "overspend",
    "second-redemption",
    "beyond-float",
    "second-redemption-beyond-float",
    "late-hand-in",
    "reversed",
    "lost-ticket-redeemed",
    "copy-of-voided",
    "ticket-not-live",
    "redeemed-meanwhile",
    "copy-turned-up",
    "second-clearing",
}
"""What an honest node may be told. Anything else says that hub and node decide differently."""
_PAID = {"", "overspend", "second-redemption", "lost-ticket-redeemed", "copy-of-voided"}
"""Verdicts after which a shop has all that its record says."""


def at_the_end(town: Town) -> None:
    """After heal-and-drain."""
    along(town)
    with town.database.read() as tx:
        verdicts = _verdicts(tx)
        records = _records(town)
        _custody(town, records, verdicts)
        _shops(town, records, verdicts)
        _residents(tx)
        _paid(tx)
        _refunds(tx, records, verdicts)
        _voids(tx)
        cleared(tx, records, verdicts)
        _holds(town, tx)
        _settlement(town, tx)
        _late(tx)
        _asked_first(tx)
        _who(town, tx)
        _forks(town, tx)
        _cards(town, records)
    findings = audit(town.hub.core, town.hub.mykey, InlineVerifier())
    demand(not findings, "I8 audit of the hub", findings[:3])
    for machine in town.machines:
        own = machine.start().audit()
        demand(not own, "I8 audit of a node", (machine.name, own[:3]))


def _verdicts(tx: Tx) -> dict[tuple[str, bytes], Any]:
    rows = tx.all("SELECT * FROM record")
    count = Counter((row["node"], bytes(row["digest"])) for row in rows)
    doubled = [key for key, number in count.items() if number > 1]
    demand(not doubled, "I5 a record has two places", doubled)
    return {(row["node"], bytes(row["digest"])): row for row in rows}


def _records(town: Town) -> dict[tuple[str, bytes], tuple[Record, bool]]:
    """Every record on any disk, with whether its machine was ever spoiled."""
    found: dict[tuple[str, bytes], tuple[Record, bool]] = {}
    for machine in town.machines:
        for data in machine.records():
            found[machine.node, digest(data)] = (decode(data), machine.spoiled)
    return found


def _custody(
    town: Town,
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
    for node, epoch, seq in town.approved:
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
        demand(bool(here or at_hub), "I5 an approved sale is nowhere", (node, epoch, seq))


def _shops(
    town: Town,
    records: dict[tuple[str, bytes], tuple[Record, bool]],
    verdicts: dict[tuple[str, bytes], Any],
) -> None:
    """Within policy the shop is paid; hub and node decide alike."""
    spoiled = {machine.node for machine in town.machines if machine.spoiled}
    for (node, name), (record, _) in records.items():
        row = verdicts[node, name]
        if node not in spoiled:
            demand(
                row["outcome"] != "quarantined" and row["reason"] in {"", *_HONEST},
                "I4 an honest node is told that it broke a rule",
                (node, record.seq, record.kind, row["outcome"], row["reason"]),
            )
        if not isinstance(record.body, Spend | TicketRedeemed | TicketCleared) or row["undone"]:
            continue
        paid = row["reason"] in _PAID
        if row["outcome"] != "quarantined" and paid:
            demand(
                row["paid"] == record.body.points,
                "I10 within policy, shop not paid",
                (node, record.seq, row["paid"], record.body.points),
            )
        t0 = record.body.tier is Tier.T0
        if t0 and isinstance(record.body, Spend) and node not in spoiled:
            demand(
                row["outcome"] == "applied",
                "I2 a spend that the hub had agreed to is an exception",
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
            demand(points <= limits[name], "I2 somebody pays twice", (name, points, limits[name]))
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
    demand(not wrong, "I10 a reversed sale is not zero for the shop", wrong)


def _paid(tx: Tx) -> None:
    """I10: what a verdict says that a shop was paid is what was moved to it for the record."""
    moved: Counter[str] = Counter()
    for source, epoch, seq, of, points in tx.rows(
        'SELECT source, epoch, seq, "of", points FROM transfer'
        " WHERE credit LIKE 'payable:%' AND debit NOT LIKE 'transit:%'"
    ):
        moved[of or f"{source}:{epoch}:{seq}"] += points
    for row in tx.all(
        "SELECT * FROM record WHERE kind IN ('spend', 'ticket.redeemed', 'ticket.cleared')"
    ):
        name = f"{row['node']}:{_line(row)}:{row['seq']}"
        said = row["paid"]
        demand(
            row["undone"] or moved[name] == said,
            "I10 a verdict says other than what the shop was paid",
            (name, row["reason"], said, moved[name]),
        )


def _refunds(
    tx: Tx,
    records: dict[tuple[str, bytes], tuple[Record, bool]],
    verdicts: dict[tuple[str, bytes], Any],
) -> None:
    """What was given back is what shops said, to people and reserve; one that is refused, nothing.

    A ticket that a shop gave back does not live again.
    """
    for (node, name), (record, _) in records.items():
        if not isinstance(record.body, Refunded):
            continue
        row = verdicts[node, name]
        moves = tx.rows(
            "SELECT debit, credit, points FROM transfer WHERE source=? AND epoch=? AND seq=?",
            [node, _line(row), row["seq"]],
        )
        given = sum(
            points for debit, _, points in moves if debit.startswith(("payable:", "receivable:"))
        )
        said = record.body.points if row["outcome"] == "applied" else 0
        place = (node, record.epoch, record.seq)
        demand(given == said, "I10 a refund gave back other than it says", (*place, given, said))
        to_paper = [credit for _, credit, _ in moves if credit.startswith("outstanding:")]
        demand(not to_paper, "I7 a refund brought a ticket back to life", (*place, to_paper))
    rows = tx.rows(
        "SELECT name, sum(points) FROM (SELECT CASE \"of\" WHEN '' THEN"
        " source || ':' || epoch || ':' || seq ELSE \"of\" END AS name, points FROM transfer"
        " WHERE credit LIKE 'payable:%' UNION ALL SELECT \"of\", -points FROM transfer"
        " WHERE (debit LIKE 'payable:%' OR debit LIKE 'receivable:%') AND \"of\"<>'')"
        " GROUP BY name HAVING sum(points)<0"
    )
    demand(not rows, "I10 more was given back for a record than it brought", rows)


def _voids(tx: Tx) -> None:
    """A voided ticket gave its points back once, and no other did."""
    rows = tx.rows(
        "SELECT t.number, t.state, t.points, coalesce(sum(m.points), 0) FROM ticket t"
        ' LEFT JOIN transfer m ON m.municipality=t.municipality AND m."of"=t.voided_by'
        " AND m.credit IN ('wallet:'||t.account, 'deficit:'||t.account)"
        " WHERE t.voided_by<>'' GROUP BY t.municipality, t.number"
        " HAVING coalesce(sum(m.points), 0)<>CASE t.state WHEN 'voided' THEN t.points ELSE 0 END"
    )
    demand(not rows, "I2 a void gave back other than the ticket's points", rows)


def _line(row: Any) -> str:
    return f"{row['epoch']}/{row['branch']}" if row["branch"] else str(row["epoch"])


def _holds(town: Town, tx: Tx) -> None:
    """No points are stuck."""
    cloned = {machine.node for machine in town.machines if machine.cloned}
    rows = [
        row
        for row in tx.rows("SELECT node, epoch, n, points FROM hold WHERE state='open'")
        if row[0] not in cloned
    ]
    demand(not rows, "I2 points stuck in a hold", rows)


def _settlement(town: Town, tx: Tx) -> None:
    """I10: what the bank paid is what the books say."""
    for organisation in town.bank:
        credit = 0
        for where in TOWNS:
            books = dict(
                tx.rows(
                    "SELECT account, points FROM balance WHERE municipality=? AND account IN (?,?)",
                    [where, f"payable:{organisation}", f"receivable:{organisation}"],
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
                    where,
                ],
            )[0][0]
            credit += earned - sum(books.values())
        demand(
            town.bank[organisation] == credit,
            "I10 bank files and books differ",
            (organisation, town.bank[organisation], credit),
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
    demand(not rows, "I2 an overspend beside points that lapsed later", rows)


def _forks(town: Town, tx: Tx) -> None:
    """A machine that was only set back notices it by itself."""
    cloned = {machine.node for machine in town.machines if machine.cloned}
    rows = [
        row
        for row in tx.rows("SELECT node, epoch, branch FROM cursor WHERE branch<>''")
        if row[0] not in cloned
    ]
    demand(not rows, "I6 a restored node forked itself", rows)


def _cards(town: Town, records: dict[tuple[str, bytes], tuple[Record, bool]]) -> None:
    """No card was asked to sign for points that no record, or no lost attempt, explains."""
    crashes = sum(machine.crashes for machine in town.machines)
    signed = sum(len(card.asked) for card in town.cards.values())
    kept = sum(_signed_by_card(record) for record, _ in records.values())
    spoiled = any(machine.spoiled for machine in town.machines)
    demand(spoiled or signed - kept <= crashes, "I5 signatures without records", (signed, kept))


def _signed_by_card(record: Record) -> bool:
    body = record.body
    return isinstance(body, Spend | TicketIssued) or (isinstance(body, TicketVoided) and body.lost)


def _asked_first(tx: Tx) -> None:
    """A node that is given points for its next sale has handed in those before.

    What people or better evidence decided took its points only then.
    """
    rows = tx.rows(
        "SELECT r.node, r.epoch, r.seq, h.n FROM record r JOIN record later"
        " ON later.municipality=r.municipality AND later.node=r.node AND later.epoch=r.epoch"
        " AND later.branch=r.branch AND later.seq>r.seq AND later.account=r.account"
        " JOIN hold h ON h.municipality=later.municipality AND h.node=later.node"
        " AND h.epoch=later.epoch AND h.n=later.hold AND h.town=r.town AND h.account=r.account"
        " WHERE r.reason='overspend' AND h.posting>0 AND h.posting<r.posting"
        " AND h.state IN ('open','used','freed')"
        " AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.municipality=r.municipality"
        " AND d.node=r.node AND d.epoch=r.epoch AND d.branch=r.branch AND d.seq=r.seq)"
    )
    demand(not rows, "I2 points given to a node that had spent them before", rows)


def _who(town: Town, tx: Tx) -> None:
    """I11: neither the ledger's database nor a node's disk says who anybody is."""
    secrets = [
        secret
        for who in town.residents
        for secret in (who.mykey.encode(), who.card.certificate, _modulus(who.card.card.spki))
    ]
    kept = [("hub", b"\n".join(_cells(tx)))]
    kept += [
        (machine.name, file.read_bytes())
        for machine in town.machines
        for folder in (machine.folder, machine.second)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    for where, data in kept:
        found = [place for place, secret in enumerate(secrets) if secret in data]
        demand(not found, "I11 an identity outside mykey", (where, found))


def _cells(tx: Tx) -> list[bytes]:
    """Every text and blob of the hub's points database."""
    return [
        cell if isinstance(cell, bytes) else cell.encode()
        for table in schema.metadata.tables
        for row in tx.rows(f"SELECT * FROM {table}")
        for cell in row
        if isinstance(cell, bytes | str)
    ]


def _modulus(spki: bytes) -> bytes:
    """The middle of an RSA key's modulus, whatever it is wrapped in."""
    return spki[64:192]
