"""On a server: transfers lie by months (:mod:`hub.store.months`), and hot rows get room.

What was posted so far becomes the rest, as it lies; months that come get tables of their own. On
SQLite nothing changes.
"""

from alembic import op

revision = "6"
down_revision = "5"

_KEY = "municipality, source, epoch, seq, part, month"
_INDEXES = (
    ("from_wallet", "debit", "debit >= 'wallet:' AND debit < 'wallet;'"),
    ("to_wallet", "credit", "credit >= 'wallet:' AND credit < 'wallet;'"),
    ("for", '"of"', "\"of\" <> ''"),
)
_OFTEN = ("municipality", "cursor", "balance", "touched", "earned", "borne")


def upgrade() -> None:
    """Put a table over the one that is there."""
    if op.get_bind().dialect.name != "postgresql":
        return
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
    for table in _OFTEN:
        op.execute(f"ALTER TABLE {table} SET (fillfactor=50, autovacuum_vacuum_scale_factor=0.05)")
