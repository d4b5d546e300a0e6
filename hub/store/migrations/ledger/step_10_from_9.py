"""From 9 to 10: what was paid last, and what was decided of an exception, each by its key."""

import msgspec
import sqlalchemy as sa
from alembic import op

from hub.store.columns import TEXT

revision = "10"
down_revision = "9"

_INCIDENT = 2
"""Where a decision's body names what it is about, behind its kind and its town."""


def upgrade() -> None:
    """Find an organisation's lines in the windows of a town, and an exception's decisions."""
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


def _about(record: bytes) -> object:
    *_, body = msgspec.msgpack.decode(record)
    return body[_INCIDENT]
