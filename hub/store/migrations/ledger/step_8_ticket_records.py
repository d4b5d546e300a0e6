"""What a ticket's records are found by, under a condition that costs a sale's record nothing."""

from alembic import op
from sqlalchemy import text

revision = "8"
down_revision = "7"

_OF_TICKETS = text("kind LIKE 'ticket.%'")


def upgrade() -> None:
    """Make the index anew."""
    op.drop_index("record_of_ticket", "record")
    op.create_index(
        "record_of_ticket",
        "record",
        ["account"],
        sqlite_where=_OF_TICKETS,
        postgresql_where=_OF_TICKETS,
    )
