"""From 9 to 10: what was paid last, what was decided, what a wallet did lately, each by its key."""

import msgspec
import sqlalchemy as sa
from alembic import op

from hub.store.columns import TEXT

revision = "10"
down_revision = "9"

_INCIDENT = 2
"""Where a decision's body names what it is about, behind its kind and its town."""
_OF_WALLETS = {
    "transfer_from_wallet": ("debit", "debit >= 'wallet:' AND debit < 'wallet;'"),
    "transfer_to_wallet": ("credit", "credit >= 'wallet:' AND credit < 'wallet;'"),
}


def upgrade() -> None:
    """Find an organisation's lines in the windows of a town, and an exception's decisions.

    And a wallet's transfers since a posting, in the months that they may be of.
    """
    op.create_index(
        "settlement_line_of",
        "settlement_line",
        ["municipality", "kind", "organisation", "window"],
    )
    decided = op.create_table(
        "decided",
        sa.Column("municipality", TEXT, primary_key=True, nullable=False),
        sa.Column("incident", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("seq", sa.BigInteger, primary_key=True, nullable=False),
        sqlite_with_rowid=False,
    )
    rows = op.get_bind().exec_driver_sql(
        "SELECT municipality, seq, bytes FROM chronicle WHERE kind='hub.exception.decided'"
    )
    op.bulk_insert(
        decided,
        [
            {"municipality": town, "incident": _about(bytes(data)), "seq": seq}
            for town, seq, data in rows.fetchall()
        ],
    )
    op.drop_index("chronicle_decisions", "chronicle")
    op.drop_index("touched_since", "touched")
    op.create_index("touched_since", "touched", ["municipality", "posting", "account"])
    whole = sa.Column("account", TEXT, nullable=False, server_default="~")
    op.add_column("feed_town", whole)
    _since_postings()


def _since_postings() -> None:
    for name, (side, condition) in _OF_WALLETS.items():
        where = sa.text(condition)
        op.drop_index(name, "transfer")
        op.create_index(
            name,
            "transfer",
            ["municipality", side, "posting"],
            sqlite_where=where,
            postgresql_where=where,
        )
    latest = sa.Column("month", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("municipality", latest)
    op.create_table(
        "month_over",
        sa.Column("municipality", TEXT, primary_key=True, nullable=False),
        sa.Column("month", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("posting", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "left_then",
        sa.Column("municipality", TEXT, primary_key=True, nullable=False),
        sa.Column("account", TEXT, primary_key=True, nullable=False),
        sa.Column("posting", sa.BigInteger, nullable=False),
        sa.Column("lots", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO month_over (municipality, month, posting)"
        " SELECT municipality, month, max(posting) FROM transfer GROUP BY municipality, month"
    )
    op.execute(
        "UPDATE municipality SET month=coalesce((SELECT max(month) FROM month_over o"
        " WHERE o.municipality=municipality.municipality), 0)"
    )
    op.execute(
        "DELETE FROM month_over WHERE month=(SELECT m.month FROM municipality m"
        " WHERE m.municipality=month_over.municipality)"
    )


def _about(record: bytes) -> object:
    *_, body = msgspec.msgpack.decode(record)
    return body[_INCIDENT]
