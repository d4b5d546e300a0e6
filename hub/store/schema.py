"""The hub's tables.

The municipality comes first in every key of points, intake and settlement, so that the ledger can
be spread over a distributed database without redesign: no global sequence, no globally unique
column. For transfers and balances it is the town whose points move; for cursors, inbox and
verdicts it is the node's home. Operators are national and stand in the platform's own tables.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from hub.store.columns import TEXT

VERSION = 10
"""A hub's database of another version is refused."""

metadata = sa.MetaData()


def _table(
    name: str,
    *columns: sa.Column[object] | sa.Index | sa.Constraint,
    by_key: bool = True,
    on_server: Mapping[str, Any] = MappingProxyType({}),
) -> sa.Table:
    """A table whose rows lie in the order of their key, unless not ``by_key``.

    ``on_server``: what else PostgreSQL is told of it.
    """
    return sa.Table(name, metadata, *columns, sqlite_with_rowid=not by_key, **on_server)


_OFTEN = MappingProxyType(
    {"postgresql_with": {"fillfactor": 50, "autovacuum_vacuum_scale_factor": 0.05}}
)
"""Rows that postings write again and again: a new version finds room beside the old one, so that no
index has to hear of it, and the old ones are swept early (docs/operate.md)."""


def _narrow(name: str, *columns: str, where: str) -> sa.Index:
    """An index of those rows only for which something holds."""
    condition = sa.text(where)
    return sa.Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


def _key(name: str, kind: sa.types.TypeEngine[Any] = TEXT) -> sa.Column[object]:
    return sa.Column(name, kind, primary_key=True, nullable=False)


def _text(name: str, *, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, TEXT, nullable=False, server_default=default)


def _int(name: str, *, default: int | None = None) -> sa.Column[object]:
    value = None if default is None else str(default)
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=value)


def _blob(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


meta = _table("meta", _key("name"), _blob("value"))

chronicle = _table(
    "chronicle",
    _key("municipality"),
    _key("seq", sa.BigInteger()),
    _int("incarnation"),
    _text("kind"),
    _int("at"),
    _text("person"),
    _blob("bytes"),
    _blob("digest"),
)
"""What people and jobs did, one chain a municipality; ``000000`` is the platform's."""

revocation_source = _table("revocation_source", _key("municipality"), _text("source"))
"""Where revocation lists come from (:mod:`hub.listsource`): one row, the platform's."""

WAITING = "state='waiting'"
"""A statement that says so itself, in these words, is answered from the narrow index."""
pending = _table(
    "pending",
    _key("municipality"),
    _key("id"),
    _text("kind"),
    _text("person"),
    _int("at"),
    _blob("body"),
    _text("state"),
    _narrow("pending_waiting", "municipality", "at", "id", where=WAITING),
)
"""What waits for a second person, or was approved or declined."""

answered = _table(
    "answered",
    _key("municipality"),
    _key("person"),
    _key("key"),
    _int("at"),
    _blob("asked"),
    _blob("answer"),
    sa.Index("answered_at", "municipality", "at"),
)
"""What a person asked under an idempotency key (a keyed digest of it), and the answer
(:mod:`hub.once`)."""

operator = _table(
    "operator",
    _key("municipality"),
    _key("name"),
    _text("role"),
    _blob("token_digest"),
    _text("state"),
)

sign_in = _table(
    "sign_in",
    _key("municipality"),
    _key("name"),
    _text("password"),
    _blob("secret"),
    _int("step"),
    _blob("codes"),
    _int("joining_token"),
    _int("changed_at"),
)
"""What people sign in with (:mod:`hub.signin`): no record tells of it, so that it can be changed
and thrown away. ``step`` is the last one whose code was used; ``codes``: MessagePack array of
digests; ``joining_token``: 1 as long as the token that the person joined with opens anything."""

access = _table(
    "access",
    _key("municipality"),
    _key("digest", sa.LargeBinary()),
    _text("name"),
    _text("label"),
    _text("role"),
    _int("made_at"),
    _int("used_at"),
    _int("ends_at"),
)
"""Sessions and script tokens of people, by SHA-256 of the token. ``label`` names a script; a
session has none, and the role of its person."""

municipality = _table(
    "municipality",
    _key("municipality"),
    _text("name"),
    _text("point_name"),
    _blob("account"),
    _blob("calendar"),
    _blob("policy"),
    _int("posting"),
    _int("window"),
    _int("feed"),
    _int("expired_until"),
    _int("tickets_made"),
    _int("month", default=0),
    on_server=_OFTEN,
)
"""A town: its point's name, its account, and the counters that only its writer moves. ``month`` is
the latest one that a transfer is of."""

policy = _table("policy", _key("municipality"), _key("digest", sa.LargeBinary()), _blob("bytes"))
"""Every policy a town has had: a record names the one it was decided by."""

organisation = _table(
    "organisation",
    _key("municipality"),
    _key("organisation"),
    _text("name"),
    _text("place"),
    _text("state"),
    _blob("account"),
    _blob("next_account"),
)

acceptance = _table(
    "acceptance",
    _key("municipality"),
    _key("organisation"),
    _text("state"),
    sa.Index("acceptance_of", "organisation", "municipality"),
)
"""Which organisations may take which town's points."""

node = _table(
    "node",
    _key("municipality"),
    _key("node"),
    _text("organisation"),
    _text("kind"),
    _text("place"),
    _text("zone"),
    _text("state"),
    _blob("code_digest"),
    _blob("public"),
    _int("float_points"),
    _int("last_seen"),
)
"""state: invited, enrolled (waits for confirmation), active, revoked."""

epoch = _table(
    "epoch",
    _key("municipality"),
    _key("node"),
    _key("epoch"),
    _int("number"),
    _blob("public"),
    _text("state"),
    _int("closed_at"),
    _int("closed_seq"),
    _int("ended"),
)
"""state: open, closed, forked. What came in beyond ``closed_seq`` is judged by its own proof.
``ended``: its node has said that it sells no more."""

cursor = _table(
    "cursor",
    _key("municipality"),
    _key("node"),
    _key("epoch"),
    _key("branch"),
    _int("base"),
    _int("received"),
    _blob("head"),
    _int("posted"),
    _narrow("cursor_waiting", "municipality", where="posted<received"),
    on_server=_OFTEN,
)
"""Custody and posting positions of a line of records. ``branch`` is empty for the chain itself,
else 16 hexadecimal digits of the digest of the first record that differs; ``base`` is the seq
before it."""

handover = _table(
    "handover",
    _key("municipality"),
    _key("home"),
    _key("node"),
    _key("epoch"),
    _key("branch"),
    _key("seq", sa.BigInteger()),
)
"""Records that wait for the posting of the town whose points they move."""

inbox = _table(
    "inbox",
    _key("municipality"),
    _key("node"),
    _key("epoch"),
    _key("branch"),
    _key("first", sa.BigInteger()),
    _int("last"),
    _int("received_at"),
    _int("posted_then"),
    _blob("body"),
    _blob("head"),
)
"""Batches as they came over the line, or what of one was new. ``posted_then`` bounds what receipts
the node can have known when it sent this."""

card_evidence = _table(
    "card_evidence",
    _key("municipality"),
    _key("node"),
    _key("epoch"),
    _key("branch"),
    _key("seq", sa.BigInteger()),
    _blob("evidence"),
)
"""Evidence that came later and verifies where the first copy's did not."""

OF_A_TICKET = "kind LIKE 'ticket.%'"
"""Issues too; but SQLite makes a list of kinds anew for each record that it holds against it, which
costs a third of the record's insertion. A statement that says it, in these words, is answered from
the index."""
record = _table(
    "record",
    _key("municipality"),
    _key("node"),
    _key("epoch"),
    _key("branch"),
    _key("seq", sa.BigInteger()),
    _blob("digest"),
    _text("kind"),
    _text("town"),
    _text("account"),
    _int("points"),
    _text("tier"),
    _int("at"),
    _text("outcome"),
    _text("reason"),
    _text("bearer"),
    _int("paid"),
    _int("posting"),
    _int("hold"),
    _text("undone", default=""),
    _narrow(
        "record_of_ticket",
        "account",
        where=OF_A_TICKET,
    ),
)
"""The current verdict of each posted record. ``posting`` counts in ``town``. ``undone`` names the
reversal that took it back."""

record_day = _table(
    "record_day",
    _key("municipality"),
    _key("node"),
    _key("day", sa.BigInteger()),
    _key("epoch"),
    _key("branch"),
    _int("first"),
)
"""Where the posted records of a day (since 1970, by their own ``at``) begin on their line. An index
over each record would cost as much as a third of its row."""

decision = _table(
    "decision",
    _key("municipality"),
    _key("node"),
    _key("epoch"),
    _key("n", sa.BigInteger()),
    _text("branch"),
    _int("seq"),
    _blob("verdict"),
)
"""Superseding verdicts, numbered within the epoch."""

balance = _table(
    "balance",
    _key("municipality"),
    _key("account"),
    _int("points"),
    sa.CheckConstraint(
        "points >= 0 OR account IN ('issuer','treasury','reserve')"
        " OR account LIKE 'deficit:%' OR account LIKE 'receivable:%'",
        name="only_these_may_be_negative",
    ),
    sa.CheckConstraint("points <= 0 OR account NOT LIKE 'deficit:%'", name="deficit_is_owed"),
    on_server=_OFTEN,
)

touched = _table(
    "touched",
    _key("municipality"),
    _key("account"),
    _int("posting"),
    sa.Index("touched_since", "municipality", "posting", "account"),
    on_server=_OFTEN,
)
"""When a resident's account last changed, for the feed."""

FROM_WALLET = "debit >= 'wallet:' AND debit < 'wallet;'"
TO_WALLET = "credit >= 'wallet:' AND credit < 'wallet;'"
"""A statement that says so itself, in these words, is answered from the narrow index."""
transfer = _table(
    "transfer",
    _text("municipality"),
    _int("month"),
    _text("source"),
    _text("epoch"),
    _int("seq"),
    _int("part"),
    _text("debit"),
    _text("credit"),
    _int("points"),
    _int("posting"),
    _int("window"),
    _int("step"),
    _int("at"),
    _int("expires"),
    _text("of"),
    sa.PrimaryKeyConstraint("municipality", "source", "epoch", "seq", "part", "month"),
    sa.CheckConstraint("points > 0", name="a_transfer_moves_points"),
    _narrow("transfer_from_wallet", "municipality", "debit", "posting", where=FROM_WALLET),
    _narrow("transfer_to_wallet", "municipality", "credit", "posting", where=TO_WALLET),
    _narrow("transfer_for", "municipality", "of", where="\"of\" <> ''"),
    by_key=False,  # three more indexes: each entry would repeat the long key
    on_server={"postgresql_partition_by": "RANGE (month)"},
)
"""Both legs in one row. ``month``, of the record's own ``at``, is in the key for partitions only
(:mod:`hub.store.months`).
``step`` is its place within its posting. ``expires`` is the lot's date
where points enter a wallet or lapse. ``of`` names the record that the transfer is for, where that
is not its source."""

month_over = _table(
    "month_over",
    _key("municipality"),
    _key("month", sa.BigInteger()),
    _int("posting"),
)
"""Behind which posting no transfer is of a month, for those before the town's latest one
(:mod:`hub.points.months`)."""

borne = _table(
    "borne",
    _key("municipality"),
    _key("node"),
    _key("window", sa.BigInteger()),
    _int("points"),
    on_server=_OFTEN,
)
"""What reserve and deficits gave for a node's own word in a window."""

earned = _table(
    "earned",
    _key("municipality"),
    _key("window", sa.BigInteger()),
    _key("organisation"),
    _key("node"),
    _int("points"),
    on_server=_OFTEN,
)
"""What each terminal earned its organisation in a window (:mod:`hub.points.earned`). ``node`` is
empty for what comes from none."""

posting = _table(
    "posting",
    _key("municipality"),
    _key("number", sa.BigInteger()),
    _int("at"),
    _int("tick"),
    _int("window"),
    _blob("cause"),
    sa.Index("posting_order", "tick"),
)
"""What each posting number took, in order: enough to play the ledger again. ``tick`` orders
postings of different towns (:meth:`hub.points.books.Books.flush`): what one can have known of
another comes later. Where two read the same, neither knew of the other."""

lot_date = _table(
    "lot_date",
    _key("municipality"),
    _key("expires", sa.BigInteger()),
    _key("account"),
)
"""Wallets that received points with a date."""

left_then = _table(
    "left_then",
    _key("municipality"),
    _key("account"),
    _int("posting"),
    _blob("lots"),
)
"""What was left of each date in a wallet behind a posting (:mod:`hub.points.left`): MessagePack
array of pairs, date and points."""

hold = _table(
    "hold",
    _key("municipality"),
    _key("node"),
    _key("epoch"),
    _key("n", sa.BigInteger()),
    _text("town"),
    _text("purpose"),
    _text("account"),
    _int("points"),
    _blob("request"),
    _text("state"),
    _text("reason"),
    _blob("tickets"),
    _int("opened_at"),
    _int("posting"),
    _narrow("hold_open_on", "town", "account", where="state='open'"),
    _narrow("hold_open_of", "municipality", "node", where="state='open'"),
)
"""state: open, used, freed, refused, ended (never opened, but spoken of)."""

ticket = _table(
    "ticket",
    _key("municipality"),
    _key("number"),
    _text("programme"),
    _int("points"),
    _text("valid_from"),
    _text("valid_until"),
    _text("state"),
    _text("account"),
    _text("held_by"),
    _text("issued_by"),
    _text("redeemed_by"),
    _text("voided_by", default=""),
    _int("lost", default=0),
    _blob("name"),
    _blob("signed"),
    sa.Index("ticket_days", "municipality", "state", "valid_until"),
    _narrow(
        "ticket_of",
        "municipality",
        "account",
        where="state IN ('issued', 'voiding')",
    ),
)
"""state: held, issued, redeemed, voiding, voided, expired, dead (its hold ended without a record).
``voided_by`` names the record that voided it, ``lost``: without its paper. A ticket that is voiding
is listed as used, and its points wait until every counter knows that."""

reprint = _table(
    "reprint",
    _key("municipality"),
    _key("number"),
    _key("record"),
    _text("town"),
    _int("at"),
    sa.Index("reprint_of", "number"),
)
"""Which record says that a ticket of ``town`` was printed once more, and when."""

second_redemption = _table(
    "second_redemption",
    _key("municipality"),
    _key("number"),
    _key("record"),
    _text("organisation"),
    _int("posting"),
    _int("standing"),
)

MAY_HEAL = "state='open' AND reason IN ('bad-signature', 'no-evidence', 'issue-not-posted')"
"""A statement that says so itself, in these words, is answered from the narrow index."""
incident = _table(
    "incident",
    _key("municipality"),
    _key("id", sa.BigInteger()),
    _text("kind"),
    _text("node"),
    _text("epoch"),
    _text("branch"),
    _int("seq"),
    _text("town"),
    _int("points"),
    _text("reason"),
    _text("bearer"),
    _int("at"),
    _text("other"),
    _text("state"),
    _text("decision"),
    sa.Index("incident_of", "municipality", "node", "epoch", "branch", "seq", "kind", unique=True),
    _narrow("incident_may_heal", "municipality", where=MAY_HEAL),
    _narrow(
        "incident_stopped",
        "municipality",
        where="kind='posting' AND state='open'",
    ),
)
"""What people should see: exceptions, quarantined records, forks, renewed epochs. ``municipality``
is the town that decides; ``other`` names the other record where there are two."""

decided = _table(
    "decided",
    _key("municipality"),
    _key("incident", sa.BigInteger()),
    _key("seq", sa.BigInteger()),
)
"""Where in its town's chronicle people decided about what they saw."""

programme = _table(
    "programme",
    _key("municipality"),
    _key("programme"),
    _text("name"),
    _text("department"),
    _int("budget"),
    _int("granted"),
    _text("give_until"),
    _text("issue_until"),
    _text("use_until"),
    _text("clear_until"),
    _blob("zones"),
)
"""zones: MessagePack array of names, empty: everywhere."""

settlement_window = _table(
    "settlement_window",
    _key("municipality"),
    _key("kind"),
    _key("window", sa.BigInteger()),
    _text("state"),
    _int("closed_at"),
    _text("closed_by"),
    _text("reviewed_by"),
    _text("approved_by"),
    _text("pay_on"),
    _blob("file"),
    _text("file_digest"),
)
"""state: closed, reviewed, approved, released, settled, returned."""

settlement_line = _table(
    "settlement_line",
    _key("municipality"),
    _key("kind"),
    _key("window", sa.BigInteger()),
    _key("organisation"),
    _int("line"),
    _int("points"),
    _int("netted"),
    _int("paid"),
    _text("outcome"),
    _text("why"),
    _blob("account"),
    sa.Index("settlement_line_of", "municipality", "kind", "organisation", "window"),
)

feed = _table(
    "feed",
    _key("municipality"),
    _key("scope"),
    _key("kind"),
    _key("item"),
    _int("number"),
    _blob("bytes"),
    sa.Index("feed_since", "municipality", "scope", "number", "kind", "item"),
)
"""The latest of each item. ``scope`` is a zone, an organisation or a node."""

feed_position = _table(
    "feed_position",
    _key("municipality"),
    _key("node"),
    _int("number"),
)
"""How far a node has applied the present feed, as its last question said. No row: it has never
asked."""

feed_town = _table(
    "feed_town",
    _key("municipality"),
    _key("zone"),
    _key("town"),
    _int("posting"),
    _text("account", default="~"),
)
"""Up to which posting of a town a zone's standings are made, and in it up to which account: all of
them where that is the last name there can be."""

told = _table(
    "told",
    _key("municipality"),
    _key("town"),
    _key("account"),
    _key("number", sa.BigInteger()),
    _int("available"),
    _int("deficit"),
    _blob("expiring"),
)
"""What the nodes of a home municipality were told of an account, or of a ticket
(``ticket/<number>``), by feed number."""

told_node = _table(
    "told_node",
    _key("municipality"),
    _key("node"),
    _key("number", sa.BigInteger()),
    _key("at", sa.BigInteger()),
    _int("page"),
    _blob("includes"),
    sa.Column("good_until", sa.BigInteger()),
)
"""Which standings a node was handed, when they were made, and whether as a whole page.

good_until: with a page, until when revocation lists were in force by then; NULL: there was no
source of them."""

told_card = _table(
    "told_card",
    _key("municipality"),
    _key("card", sa.LargeBinary()),
    _key("number", sa.BigInteger()),
    _text("state"),
)
"""What the nodes of a home municipality were told of a card's state, by feed number: each change,
and nothing of a card that was open ever since it was told of."""
