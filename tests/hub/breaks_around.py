"""Facts around the ledger that somebody could change: towns, terminals, postings, what people see.

They happen in the corner of :mod:`tests.hub.breaks`.
"""

from collections.abc import Callable

import msgspec

from hub.chronicle import read as read_hub_record
from hub.store import schema
from hub.store.database import Tx
from tests.hub.breaks import Break, sql
from tests.hub.corner import KAWASAKI


def _fork_incident(tx: Tx) -> None:
    """An incident says that a terminal forked."""
    last = tx.scalar("SELECT max(id) FROM incident WHERE municipality='141305'")
    tx.insert(
        schema.incident,
        municipality=KAWASAKI,
        id=last + 1,
        kind="fork",
        node="141305-B2109-1111",
        epoch="1-0000000000000000",
        branch="ffffffffffffffff",
        seq=3,
        town=KAWASAKI,
        points=0,
        reason="two-records-at-one-place",
        bearer="nobody",
        at=0,
        other="",
        state="open",
        decision="",
    )


def _approved(state: str, body: bytes | None = None) -> Callable[[Tx], None]:
    """What Ms Sato asked for and Ms Suzuki approved waits, or is done, under a state of its own."""

    def change(tx: Tx) -> None:
        (data,) = tx.rows(
            "SELECT bytes FROM chronicle WHERE municipality='141305' AND kind='hub.granted'"
        )[0]
        record = read_hub_record(data)
        tx.insert(
            schema.pending,
            municipality=KAWASAKI,
            id="141305-1",
            kind="hub.granted",
            person="Sato",
            at=record.at,
            body=msgspec.msgpack.encode(record.body) if body is None else body,
            state=state,
        )

    return change


AROUND = [
    Break(
        "where lists of revoked cards come from",
        sql("INSERT INTO revocation_source VALUES ('000000', 'https://elsewhere.example/all.crl')"),
        frozenset({"revocation_source-unexplained"}),
    ),
    Break(
        "the account that a town pays from",
        sql("UPDATE municipality SET account=:other WHERE municipality='141305'", other=b"\0"),
        frozenset({"municipality account"}),
    ),
    Break(
        "what a town's terminals may do offline",
        sql("UPDATE municipality SET policy=:other WHERE municipality='131164'", other=b"\0"),
        frozenset({"municipality policy"}),
    ),
    Break(
        "a policy of a town's past",
        sql("DELETE FROM policy WHERE municipality='131164'"),
        frozenset({"policy-missing"}),
    ),
    Break(
        "which window is open",
        sql("UPDATE municipality SET \"window\"=7 WHERE municipality='141305'"),
        frozenset({"municipality window"}),
    ),
    Break(
        "how many postings there were",
        sql("UPDATE municipality SET posting=posting+1 WHERE municipality='141305'"),
        frozenset({"municipality posting"}),
    ),
    Break(
        "until when points have expired",
        sql("UPDATE municipality SET expired_until=0 WHERE municipality='141305'"),
        frozenset({"municipality expired_until"}),
    ),
    Break(
        "a posting that is gone",
        sql(
            "DELETE FROM posting WHERE municipality='131164' AND number="
            "(SELECT max(number) FROM posting WHERE municipality='131164')"
        ),
        frozenset({"municipality posting", "municipality expired_until"}),
    ),
    Break(
        "which posting came first",
        sql(
            "UPDATE posting SET tick=(SELECT tick FROM posting p"
            " WHERE p.municipality=posting.municipality AND p.number=posting.number+1)"
            " WHERE municipality='141305' AND number="
            "(SELECT max(number)-1 FROM posting WHERE municipality='141305')"
        ),
        frozenset({"order"}),
    ),
    Break(
        "when something was posted",
        sql("UPDATE posting SET at=at+1 WHERE municipality='141305' AND number=3"),
        frozenset({"posting at"}),
    ),
    Break(
        "the window of a posting",
        sql("UPDATE posting SET \"window\"=9 WHERE municipality='141305' AND number=3"),
        frozenset({"posting window"}),
    ),
    Break(
        "a wallet whose points never expire",
        sql(
            "DELETE FROM lot_date WHERE municipality='141305' AND account="
            "(SELECT min(account) FROM lot_date WHERE municipality='141305')"
        ),
        frozenset({"lot_date-missing"}),
    ),
    Break(
        "what the terminals are not told again",
        sql(
            "UPDATE touched SET posting=0 WHERE municipality='141305' AND account="
            "(SELECT min(account) FROM touched WHERE municipality='141305')"
        ),
        frozenset({"touched posting"}),
    ),
    Break(
        "an exception that nobody sees",
        sql("DELETE FROM incident WHERE municipality='141305' AND reason='second-redemption'"),
        frozenset({"incident-missing"}),
    ),
    Break(
        "an exception that looks decided",
        sql(
            "UPDATE incident SET state='decided', decision='noted'"
            " WHERE municipality='141305' AND reason='second-redemption'"
        ),
        frozenset({"incident state", "incident decision"}),
    ),
    Break(
        "how much a terminal may take offline",
        sql("UPDATE node SET float_points=999999 WHERE node='141305-B2109-1111'"),
        frozenset({"node float_points"}),
    ),
    Break(
        "a terminal that was shut out",
        sql("UPDATE node SET state='revoked' WHERE node='141305-B2109-1111'"),
        frozenset({"node state"}),
    ),
    Break(
        "a life that looks over",
        sql(
            "UPDATE epoch SET state='closed', closed_at=1, closed_seq=99"
            " WHERE node='141305-B2109-1111'"
        ),
        frozenset({"epoch state", "epoch closed_at", "epoch closed_seq"}),
    ),
    Break(
        "how far a life had come when it closed",
        sql("UPDATE epoch SET closed_seq=2 WHERE node='141305-B2109-1111'"),
        frozenset({"epoch closed_seq"}),
    ),
    Break(
        "a fork that never was",
        _fork_incident,
        frozenset({"fork"}),
    ),
    Break(
        "an approval that nobody gave",
        _approved("done 1", body=b"\x00"),
        frozenset({"pending state"}),
    ),
    Break(
        "an approval that could be given twice",
        _approved("waiting"),
        frozenset({"pending state"}),
    ),
]
