"""What tables look like from inside, so that two ways of making them can be compared."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from hub.store.database import Tx

Shape = dict[str, list[tuple[Any, ...]]]
"""By what was asked of the database."""

_SQLITE = {
    "tables": "SELECT name, wr, strict FROM pragma_table_list"
    " WHERE schema='main' AND name NOT LIKE 'sqlite_%'",
    "columns": 'SELECT t.name, c.cid, c.name, c.type, c."notnull", c.dflt_value, c.pk'
    " FROM pragma_table_list t, pragma_table_xinfo(t.name) c"
    " WHERE t.schema='main' AND t.name NOT LIKE 'sqlite_%'",
    "indexes": 'SELECT t.name, i.name, i."unique", i.origin, i.partial, c.seqno, c.name, c.coll'
    " FROM pragma_table_list t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) c"
    " WHERE t.schema='main' AND t.name NOT LIKE 'sqlite_%' AND c.key",
    "narrow": "SELECT name, substr(sql, instr(sql, ' WHERE ')) FROM sqlite_master"
    " WHERE type='index' AND sql LIKE '% WHERE %'",
    "foreign": "SELECT t.name, f.* FROM pragma_table_list t, pragma_foreign_key_list(t.name) f"
    " WHERE t.schema='main'",
    "triggers": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type='trigger'",
}
_OURS = " JOIN pg_namespace n ON n.oid={0}.{1}namespace AND n.nspname=current_schema()"
_POSTGRES = {
    "tables": "SELECT c.relname, c.relkind, c.reloptions, pg_get_partkeydef(c.oid),"
    " pg_get_expr(c.relpartbound, c.oid) FROM pg_class c"
    + _OURS.format("c", "rel")
    + " WHERE c.relkind IN ('r', 'p', 'v', 'S', 'f')",
    "columns": "SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),"
    " a.attnotnull, pg_get_expr(d.adbin, d.adrelid), l.collname"
    " FROM pg_attribute a JOIN pg_class c ON c.oid=a.attrelid"
    + _OURS.format("c", "rel")
    + " LEFT JOIN pg_attrdef d ON d.adrelid=a.attrelid AND d.adnum=a.attnum"
    " LEFT JOIN pg_collation l ON l.oid=a.attcollation"
    " WHERE a.attnum>0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')",
    "constraints": "SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)"
    " FROM pg_constraint k JOIN pg_class c ON c.oid=k.conrelid" + _OURS.format("k", "con"),
    "indexes": "SELECT tablename, indexname,"
    " replace(indexdef, quote_ident(current_schema()) || '.', '')"
    " FROM pg_indexes WHERE schemaname=current_schema()",
    "functions": "SELECT p.proname, p.prosrc, p.provolatile, p.prosecdef, p.proacl IS NULL,"
    " replace(array_to_string(p.proconfig, ';'), quote_ident(current_schema()), ''),"
    " pg_get_function_arguments(p.oid)"
    " FROM pg_proc p" + _OURS.format("p", "pro"),
    "triggers": "SELECT c.relname, t.tgname,"
    " replace(pg_get_triggerdef(t.oid), quote_ident(current_schema()) || '.', '')"
    " FROM pg_trigger t JOIN pg_class c ON c.oid=t.tgrelid"
    + _OURS.format("c", "rel")
    + " WHERE NOT t.tgisinternal",
}


def shape(tx: Tx, metadata: sa.MetaData, database: str) -> Shape:
    """What is there of tables and what belongs to them, in an order of its own."""
    asked = _SQLITE if database == "sqlite" else _POSTGRES
    found = {name: sorted(tx.rows(sql), key=repr) for name, sql in asked.items()}
    if database == "sqlite":
        found["checks"] = sorted(_checks(tx, metadata))
    return found


def told(tx: Tx, database: str) -> list[tuple[Any, ...]]:
    """What the planner was told of the tables."""
    asked = "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx"
    return tx.rows(asked) if database == "sqlite" else []


def _checks(tx: Tx, metadata: sa.MetaData) -> Iterator[tuple[str, str]]:
    """SQLite keeps rules as the text of the table: whether each one of ours stands there."""
    for table in metadata.sorted_tables:
        sql = tx.rows("SELECT sql FROM sqlite_master WHERE type='table' AND name=?", [table.name])
        for rule in table.constraints:
            if isinstance(rule, sa.CheckConstraint) and f"CHECK ({rule.sqltext})" in sql[0][0]:
                yield table.name, str(rule.name)
