"""What each terminal earned in a window, netted as it is posted (:mod:`hub.points.earned`).

A row stands wherever a posting earned something, also where another took it back since.
"""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import TEXT

revision = "4"
down_revision = None

_TERMINAL = (
    "CASE WHEN source<>'hub' THEN source"
    " WHEN \"of\"='' THEN '' ELSE substr(\"of\", 1, instr(\"of\", ':')-1) END"
)
_PARTS = (
    'SELECT municipality, "window", posting, substr(credit, 9) AS organisation,'
    f" {_TERMINAL} AS node, points FROM transfer WHERE credit>='payable:' AND credit<'payable;'"
    ' UNION ALL SELECT municipality, "window", posting, substr(debit, 9),'
    f" {_TERMINAL}, -points FROM transfer WHERE debit>='payable:' AND debit<'payable;'"
    " AND NOT (credit>='transit:' AND credit<'transit;')"
    " AND NOT (credit>='receivable:' AND credit<'receivable;')"
)


def upgrade() -> None:
    """Make the table, and fill it from the transfers."""
    op.create_table(
        "earned",
        sa.Column("municipality", TEXT, primary_key=True, nullable=False),
        sa.Column("window", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("organisation", TEXT, primary_key=True, nullable=False),
        sa.Column("node", TEXT, primary_key=True, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        'INSERT INTO earned SELECT municipality, "window", organisation, node, sum(points) FROM ('
        ' SELECT municipality, "window", organisation, node, sum(points) AS points'
        f' FROM ({_PARTS}) AS part GROUP BY municipality, "window", posting, organisation, node'
        " HAVING sum(points)<>0"
        ') AS posted GROUP BY municipality, "window", organisation, node'
    )
