"""From 9 to 10: an index that finds an organisation's lines in the windows of a town."""

from alembic import op

revision = "10"
down_revision = "9"


def upgrade() -> None:
    """Find what an organisation was paid last, however many windows there were."""
    op.create_index(
        "settlement_line_of",
        "settlement_line",
        ["municipality", "kind", "organisation", "window"],
    )
