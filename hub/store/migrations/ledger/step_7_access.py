"""What people sign in with, their sessions and their scripts (:mod:`hub.access`)."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import TEXT

revision = "7"
down_revision = "6"


def upgrade() -> None:
    """Make the tables: the tokens that people joined with go on as they are."""
    op.create_table(
        "sign_in",
        sa.Column("municipality", TEXT, primary_key=True, nullable=False),
        sa.Column("name", TEXT, primary_key=True, nullable=False),
        sa.Column("password", TEXT, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("codes", sa.LargeBinary, nullable=False),
        sa.Column("joining_token", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access",
        sa.Column("municipality", TEXT, primary_key=True, nullable=False),
        sa.Column("digest", sa.LargeBinary, primary_key=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
