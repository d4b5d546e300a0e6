"""A server that refuses whatever is written for a town without that town's lock.

A transaction says for which towns it is, and the program that begins it believes its own word. Here
the server looks at each row: a trigger on every table asks which locks the session has.
"""

import json
from collections.abc import Iterable
from zlib import crc32

from hub.store import schema
from hub.store.database import Database
from hub.store.postgres import OF_A_TRANSACTION

_REFUSES = """
CREATE OR REPLACE FUNCTION stays_with_its_town() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    changed jsonb := to_jsonb(CASE WHEN TG_OP='DELETE' THEN OLD ELSE NEW END);
    town text := changed ->> 'municipality';
BEGIN
    IF TG_TABLE_NAME='handover' THEN
        town := changed ->> 'home';  -- it hands over; who takes writes for both
    END IF;
    PERFORM 1 FROM pg_locks WHERE locktype='advisory' AND granted AND pid=pg_backend_pid() AND (
        (objsubid=2 AND classid={whole} AND mode='ExclusiveLock')
        OR (objsubid=1 AND objid=('{keys}'::jsonb ->> town)::bigint));
    IF NOT FOUND THEN
        RAISE EXCEPTION '% of % is written without its lock', TG_TABLE_NAME, town;
    END IF;
    RETURN NULL;
END $body$;
"""
_TRIGGER = (
    "CREATE OR REPLACE TRIGGER guarded AFTER INSERT OR UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION stays_with_its_town()"
)


def guard(ledger: Database, towns: Iterable[str]) -> None:
    """From now on nothing is written for these towns, or any other, without a lock."""
    keys = json.dumps({town: crc32(town.encode()) for town in towns})
    with ledger.write() as tx:
        tx.run(_REFUSES.format(whole=OF_A_TRANSACTION, keys=keys))
        for table in schema.metadata.tables.values():
            if "municipality" in table.columns:
                tx.run(_TRIGGER.format(table=table.name))
