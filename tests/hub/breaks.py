"""Facts that somebody could change in a hub's database behind its back, for tests of the audit.

Each changes one fact in a corner where the sale of 250 at the fish shop, an overspend, a second
redemption, a void of 80 with the paper and one of 90 without it, and a paid window have happened.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from hub.store import schema
from hub.store.database import Tx
from sync.batch import Batch, EvidenceBook, join, pack, read_evidence, split, unpack
from sync.records import Spend, decode
from sync.signing import Head
from sync.wire import read, write
from tests.hub.corner import FISH_SHOP, KAWASAKI


@dataclass(frozen=True, slots=True)
class Break:
    """One fact that somebody changed, and the findings that must name it, and no others."""

    name: str
    change: Callable[[Tx], None]
    findings: frozenset[str]


def sql(statement: str, **values: object) -> Callable[[Tx], None]:
    def change(tx: Tx) -> None:
        assert tx.run(statement, **values) == 1, "a break changes exactly one row"

    return change


_WALLET_SPEND = (
    "municipality='141305' AND source LIKE '141305-B2109%' AND debit LIKE 'wallet:%'"
    " AND credit LIKE 'payable:%' AND points=250"
)


def _change_record(tx: Tx) -> None:
    """One spend says 251 points where its node wrote 250."""
    place, batch = _batches(tx)[0]
    records = split(batch.facts)
    for at, data in enumerate(records):
        record = decode(data)
        if isinstance(record.body, Spend) and record.body.points == 250:
            body = msgspec.structs.replace(record.body, points=251)
            records[at] = msgspec.msgpack.encode(msgspec.structs.replace(record, body=body))
    _put(tx, place, msgspec.structs.replace(batch, facts=join(records)))


def _cut_record(tx: Tx) -> None:
    """The last record of a batch is gone."""
    place, batch = _batches(tx)[-1]
    records = split(batch.facts)
    pieces = read_evidence(batch.evidence, len(records)).pieces
    facts, evidence = join(records[:-1]), write(EvidenceBook(pieces[:-1], ()))
    _put(tx, place, msgspec.structs.replace(batch, facts=facts, evidence=evidence))


def _change_evidence(tx: Tx) -> None:
    """The signature of the sale of 250 is another one."""
    place, batch = _batches(tx)[0]
    records = split(batch.facts)
    pieces = list(read_evidence(batch.evidence, len(records)).pieces)
    for at, data in enumerate(records):
        body = decode(data).body
        piece = pieces[at]
        if isinstance(body, Spend) and body.points == 250 and piece is not None:
            pieces[at] = msgspec.structs.replace(piece, sealed=piece.sealed[::-1])
    evidence = write(EvidenceBook(tuple(pieces), ()))
    _put(tx, place, msgspec.structs.replace(batch, evidence=evidence))


def _batches(tx: Tx) -> list[tuple[dict[str, object], Batch]]:
    """What the second shop handed in, each batch with its place."""
    rows = tx.rows(
        "SELECT node, first, body FROM inbox WHERE node LIKE '141305-B2109%' ORDER BY first"
    )
    return [({"node": node, "first": first}, unpack(body)) for node, first, body in rows]


def _put(tx: Tx, place: dict[str, object], batch: Batch) -> None:
    tx.run(
        "UPDATE inbox SET body=:body WHERE node=:node AND first=:first", body=pack(batch), **place
    )


def _change_head(tx: Tx) -> None:
    """A batch's head carries another signature."""
    node, first, data = tx.rows(
        "SELECT node, first, head FROM inbox WHERE node LIKE '141305-B2109%' ORDER BY first"
    )[0]
    head = msgspec.structs.replace(read(data, Head), signature=bytes(64))
    tx.run(
        "UPDATE inbox SET head=:head WHERE node=:node AND first=:first",
        head=write(head),
        node=node,
        first=first,
    )


def _change_grant(tx: Tx) -> None:
    """The hub's own record of jiro's grant says 999 points."""
    for seq, data in tx.rows(
        "SELECT seq, bytes FROM chronicle WHERE municipality='141305' AND kind='hub.granted'"
    ):
        record = msgspec.msgpack.decode(data)
        if record[7][3] == 900:
            record[7][3] = 999
            tx.run(
                "UPDATE chronicle SET bytes=:data WHERE municipality='141305' AND seq=:seq",
                data=msgspec.msgpack.encode(record),
                seq=seq,
            )


_OF_FISH_SHOP = (
    " WHERE municipality='141305' AND \"window\"=1 AND organisation='141305-B2109'"
    " AND node='141305-B2109-1111'"
)


def _extra_transfer(tx: Tx) -> None:
    """Somebody writes a shop 1,000 points, and balances and sums that fit."""
    tx.insert(
        schema.transfer,
        municipality=KAWASAKI,
        month=202611,
        source="141305-B2109-1111",
        epoch="1-0000000000000000",
        seq=99,
        part=0,
        debit="issuer",
        credit="payable:141305-B2109",
        points=1_000,
        posting=3,
        window=1,
        step=9,
        at=0,
        expires=0,
        of="",
    )
    for account, points in (("issuer", -1_000), ("payable:141305-B2109", 1_000)):
        sql(
            "UPDATE balance SET points=points+:points"
            " WHERE municipality='141305' AND account=:account",
            account=account,
            points=points,
        )(tx)
    sql("UPDATE earned SET points=points+1000" + _OF_FISH_SHOP)(tx)


BREAKS = [
    Break(
        "the amount of a transfer",
        sql(f"UPDATE transfer SET points=251 WHERE {_WALLET_SPEND}"),
        frozenset({"transfer points", "balance wallet", "balance payable", "earned payable"}),
    ),
    Break(
        "who a transfer is paid to",
        sql(f"UPDATE transfer SET credit='payable:131164-C1001' WHERE {_WALLET_SPEND}"),
        frozenset({"transfer credit", "balance payable", "earned payable"}),
    ),
    Break(
        "the window of a transfer",
        sql(f'UPDATE transfer SET "window"=2 WHERE {_WALLET_SPEND}'),
        frozenset({"transfer window", "earned payable"}),
    ),
    Break(
        "a transfer that is gone",
        sql(f"DELETE FROM transfer WHERE {_WALLET_SPEND}"),
        frozenset({"transfer-missing", "balance wallet", "balance payable", "earned payable"}),
    ),
    Break(
        "a transfer that nothing explains",
        _extra_transfer,
        frozenset({"transfer-unexplained", "earned points"}),
    ),
    Break(
        "a balance",
        sql(
            "UPDATE balance SET points=points+1"
            " WHERE municipality='141305' AND account='payable:141305-B2109'"
        ),
        frozenset({"sum", "balance payable"}),
    ),
    Break(
        "a balance that is gone",
        sql("DELETE FROM balance WHERE municipality='141305' AND account='reserve'"),
        frozenset({"sum", "balance reserve"}),
    ),
    Break(
        "what a terminal earned in a window",
        sql("UPDATE earned SET points=points+1" + _OF_FISH_SHOP),
        frozenset({"earned payable", "earned points"}),
    ),
    Break(
        "a terminal that earned nothing any more",
        sql("DELETE FROM earned" + _OF_FISH_SHOP),
        frozenset({"earned payable", "earned-missing"}),
    ),
    Break(
        "what a shop was paid for a record",
        sql("UPDATE record SET paid=701 WHERE reason='overspend'"),
        frozenset({"record paid"}),
    ),
    Break(
        "who bears a loss",
        sql("UPDATE record SET bearer='nobody' WHERE reason='overspend'"),
        frozenset({"record bearer"}),
    ),
    Break(
        "a verdict that is gone",
        sql("DELETE FROM record WHERE reason='overspend'"),
        frozenset({"record-missing"}),
    ),
    Break(
        "the digest of a record",
        sql("UPDATE record SET digest=:digest WHERE reason='overspend'", digest=bytes(32)),
        frozenset({"digest", "record digest"}),
    ),
    Break(
        "a record",
        _change_record,
        frozenset({"chain", "signature", "replay"}),
    ),
    Break(
        "a record that was cut off",
        _cut_record,
        frozenset(
            {
                "record-missing",
                "record-unexplained",
                "transfer-unexplained",
                "earned-unexplained",
                "hold state",
                "settlement_line-unexplained",
            }
        ),
    ),
    Break(
        "a grant in the hub's own chain",
        _change_grant,
        frozenset({"hub-chain", "transfer points", "programme granted", "borne points"}),
    ),
    Break("a signature", _change_evidence, frozenset({"signature", "replay"})),
    Break("a batch's head", _change_head, frozenset({"head"})),
    Break(
        "a cursor's head",
        sql("UPDATE cursor SET head=:head WHERE node='141305-B2109-1111'", head=bytes(32)),
        frozenset({"cursor"}),
    ),
    Break(
        "how far a cursor has received",
        sql("UPDATE cursor SET received=received+1 WHERE node='141305-B2109-1111'"),
        frozenset({"record-missing"}),
    ),
    Break(
        "a redeemed ticket that lives again",
        sql("UPDATE ticket SET state='issued' WHERE state='redeemed'"),
        frozenset({"ticket state"}),
    ),
    Break(
        "the days of a ticket",
        sql("UPDATE ticket SET valid_until='2027-01-01' WHERE state='redeemed'"),
        frozenset({"ticket valid_until"}),
    ),
    Break(
        "where the records of a day begin",
        sql("UPDATE record_day SET first=first+1 WHERE node LIKE '141305-B2109%'"),
        frozenset({"record_day first"}),
    ),
    Break(
        "the month that the transfers have come to",
        sql("UPDATE municipality SET month=month+1 WHERE municipality='141305'"),
        frozenset({"month_over 202611", "municipality month"}),
    ),
    Break(
        "a hold that is open again",
        sql(
            "UPDATE hold SET state='open' WHERE municipality='141305' AND state='used'"
            " AND points=60"
        ),
        frozenset({"hold state"}),
    ),
    Break(
        "what a hold keeps",
        sql("UPDATE hold SET points=71 WHERE municipality='141305' AND points=70"),
        frozenset({"hold points"}),
    ),
    Break(
        "what an organisation earned in a window",
        sql('UPDATE settlement_line SET points=points+1 WHERE "window"=1 AND line=1'),
        frozenset({"settlement_line points"}),
    ),
    Break(
        "the bank account of a line",
        sql(
            'UPDATE settlement_line SET account=:account WHERE "window"=1 AND line=1',
            account=b"elsewhere",
        ),
        frozenset({"settlement_line account"}),
    ),
    Break(
        "who approved a window",
        sql("UPDATE settlement_window SET approved_by='Sato' WHERE \"window\"=1"),
        frozenset({"settlement_window approved_by"}),
    ),
    Break(
        "a window's bank file",
        sql('UPDATE settlement_window SET file=:file WHERE "window"=1', file=b"other lines"),
        frozenset({"settlement_window file"}),
    ),
    Break(
        "what a programme has granted",
        sql("UPDATE programme SET granted=granted-1 WHERE municipality='141305'"),
        frozenset({"programme granted"}),
    ),
    Break(
        "what a programme may grant",
        sql("UPDATE programme SET budget=1 WHERE municipality='141305'"),
        frozenset({"programme budget"}),
    ),
    Break(
        "where a shop is paid",
        sql(
            "UPDATE organisation SET account=:account WHERE organisation=:shop",
            account=b"elsewhere",
            shop=FISH_SHOP,
        ),
        frozenset({"organisation account"}),
    ),
    Break(
        "who may take a town's points",
        sql(
            "INSERT INTO acceptance (municipality, organisation, state)"
            " VALUES ('131164', '141305-B9999', 'accepted')"
        ),
        frozenset({"acceptance-unexplained"}),
    ),
    Break(
        "what a node's own word has cost",
        sql("UPDATE borne SET points=0 WHERE municipality='141305'"),
        frozenset({"borne points"}),
    ),
    Break(
        "a second redemption that stands no more",
        sql("UPDATE second_redemption SET standing=0"),
        frozenset({"second_redemption standing"}),
    ),
    Break(
        "what voided a ticket",
        sql("UPDATE ticket SET voided_by='' WHERE state='voided' AND lost=0"),
        frozenset({"ticket voided_by"}),
    ),
    Break(
        "a lost ticket whose paper was there",
        sql("UPDATE ticket SET lost=0 WHERE lost=1"),
        frozenset({"ticket lost"}),
    ),
    Break(
        "a lost ticket whose points never came back",
        sql("UPDATE ticket SET state='voiding' WHERE lost=1"),
        frozenset({"ticket state"}),
    ),
    Break(
        "what a voided ticket gave back",
        sql("UPDATE transfer SET points=81 WHERE points=80 AND credit LIKE 'wallet:%'"),
        frozenset({"balance hold", "balance wallet", "transfer points"}),
    ),
    Break(
        "a reprint that nobody counted",
        sql("DELETE FROM reprint"),
        frozenset({"reprint-missing"}),
    ),
    Break(
        "a person whom nobody let in",
        sql(
            "INSERT INTO operator (municipality, name, role, token_digest, state)"
            " VALUES ('000000', 'Mallory', 'platform', :token, 'active')",
            token=b"\0",
        ),
        frozenset({"operator-unexplained"}),
    ),
]
