"""From 8 to 9: narrow indexes for lists that are read a page at a time."""

import sqlalchemy as sa
from alembic import op

revision = "9"
down_revision = "8"

_DECISIONS = sa.text("kind='hub.exception.decided'")
_WAITING = sa.text("state='waiting'")


def upgrade() -> None:
    """Find what waits, what people decided, and who accepts an organisation, by key."""
    op.create_index(
        "chronicle_decisions",
        "chronicle",
        ["municipality", "seq"],
        sqlite_where=_DECISIONS,
        postgresql_where=_DECISIONS,
    )
    op.create_index(
        "pending_waiting",
        "pending",
        ["municipality", "at", "id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("acceptance_of", "acceptance", ["organisation", "municipality"])
