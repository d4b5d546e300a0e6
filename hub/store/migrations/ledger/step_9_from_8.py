"""From 8 to 9: indexes for lists and for what may still heal; a server's own maker of months."""

import sqlalchemy as sa
from alembic import op

revision = "9"
down_revision = "8"

_DECISIONS = sa.text("kind='hub.exception.decided'")
_WAITING = sa.text("state='waiting'")
_MAY_HEAL = sa.text(
    "state='open' AND reason IN ('bad-signature', 'no-evidence', 'issue-not-posted')"
)


_MAKER = """
CREATE FUNCTION make_month(month integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout='1s' AS
$$ BEGIN
IF to_regclass('transfer_' || month) IS NULL
AND NOT EXISTS (SELECT FROM transfer_rest r WHERE r.month=make_month.month) THEN
EXECUTE format('CREATE TABLE transfer_%s PARTITION OF transfer FOR VALUES FROM (%s) TO (%s)',
month, month, month + 1);
EXECUTE format('CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer_%s'
' FOR EACH STATEMENT EXECUTE FUNCTION transfer_stays()', month);
END IF; END $$;
REVOKE EXECUTE ON FUNCTION make_month(integer) FROM PUBLIC
"""


def upgrade() -> None:
    """Find what waits, what people decided, who accepts an organisation, and what may heal.

    On a server, months are made with the rights of whoever owns the ledger.
    """
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
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().exec_driver_sql(_MAKER.replace("%", "%%"))
