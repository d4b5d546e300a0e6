"""From 3 to 8: what terminals earn, keys of what was asked, months, signing in, ticket records.

The versions between were never at anybody's.
"""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import TEXT

revision = "8"
down_revision = None


def upgrade() -> None:
    """Make what is new, and lay what is there as it lies now."""
    _earned()
    _answered()
    _access()
    _record_of_ticket()
    if op.get_bind().dialect.name == "postgresql":
        _months()
        _room()


# -- what each terminal earned in a window, netted as it is posted (hub.points.earned)

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


def _earned() -> None:
    """Fill the table from the transfers.

    A row stands wherever a posting earned something, also where another took it back since.
    """
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


# -- what was answered under an idempotency key (hub.once)


def _answered() -> None:
    """Nobody has sent a key yet."""
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


# -- what people sign in with, their sessions and their scripts (hub.access)


def _access() -> None:
    """The tokens that people joined with go on as they are."""
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


# -- what a ticket's records are found by

_OF_TICKETS = sa.text("kind LIKE 'ticket.%'")


def _record_of_ticket() -> None:
    """Under a condition that costs a sale's record nothing."""
    op.drop_index("record_of_ticket", "record")
    op.create_index(
        "record_of_ticket",
        "record",
        ["account"],
        sqlite_where=_OF_TICKETS,
        postgresql_where=_OF_TICKETS,
    )


# -- on a server: transfers lie by months (hub.store.months), and hot rows get room

_KEY = "municipality, source, epoch, seq, part, month"
_INDEXES = (
    ("from_wallet", "debit", "debit >= 'wallet:' AND debit < 'wallet;'"),
    ("to_wallet", "credit", "credit >= 'wallet:' AND credit < 'wallet;'"),
    ("for", '"of"', "\"of\" <> ''"),
)
_OFTEN = ("municipality", "cursor", "balance", "touched", "earned", "borne")


def _months() -> None:
    """Put a table over the one that is there, which becomes the rest as it lies."""
    op.execute("ALTER TABLE transfer RENAME TO transfer_rest")
    op.execute("ALTER INDEX transfer_pkey RENAME TO transfer_rest_pkey")
    op.execute(
        "CREATE TABLE transfer (LIKE transfer_rest INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        " PARTITION BY RANGE (month)"
    )
    op.execute(f"ALTER TABLE transfer ADD CONSTRAINT transfer_pkey PRIMARY KEY ({_KEY})")
    for name, column, condition in _INDEXES:
        plain = column.strip('"')
        op.execute(f"ALTER INDEX transfer_{name} RENAME TO transfer_rest_municipality_{plain}_idx")
        op.execute(
            f"CREATE INDEX transfer_{name} ON transfer (municipality, {column}) WHERE {condition}"
        )
    op.execute("ALTER TABLE transfer ATTACH PARTITION transfer_rest DEFAULT")
    op.execute(
        "CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer"
        " FOR EACH STATEMENT EXECUTE FUNCTION transfer_stays()"
    )


def _room() -> None:
    """Keep what changes often narrow."""
    for table in _OFTEN:
        op.execute(f"ALTER TABLE {table} SET (fillfactor=50, autovacuum_vacuum_scale_factor=0.05)")
