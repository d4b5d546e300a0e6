"""From 8 to 9: indexes for lists that are read a page at a time, and for what may still heal."""

import sqlalchemy as sa
from alembic import op

revision = "9"
down_revision = "8"

_DECISIONS = sa.text("kind='hub.exception.decided'")
_WAITING = sa.text("state='waiting'")
_MAY_HEAL = sa.text(
    "state='open' AND reason IN ('bad-signature', 'no-evidence', 'issue-not-posted')"
)


def upgrade() -> None:
    """Find what waits, what people decided, who accepts an organisation, and what may heal."""
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
    op.drop_index("incident_without_issue", "incident")
    op.create_index(
        "incident_may_heal",
        "incident",
        ["municipality"],
        sqlite_where=_MAY_HEAL,
        postgresql_where=_MAY_HEAL,
    )
