"""What was answered under an idempotency key (:mod:`hub.once`)."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import TEXT

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """Make the table: nobody has sent a key yet."""
    op.create_table(
        "answered",
        sa.Column("municipality", TEXT, primary_key=True, nullable=False),
        sa.Column("person", TEXT, primary_key=True, nullable=False),
        sa.Column("key", TEXT, primary_key=True, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("asked", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("answered_at", "answered", ["municipality", "at"])
