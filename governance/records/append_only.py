"""What keeps the decision log append-only inside the databases themselves: triggers, and on PostgreSQL revoked rights."""

from sqlalchemy import Connection

from governance.errors import Conflict

# Tables whose rows are never changed, replaced or removed.
GUARDED = ("log_entry", "log_node", "log_checkpoint", "blob")
_KEYS = {
    "log_entry": "seq = NEW.seq OR id = NEW.id",
    "log_node": "level = NEW.level AND position = NEW.position",
    "log_checkpoint": "size = NEW.size",
    "blob": "sha256 = NEW.sha256",
}


def guard(connection: Connection) -> None:
    """Put the guards up. From here on rows can only be added, and entries only with the next number."""
    for statement in _sqlite() if connection.dialect.name == "sqlite" else _postgres():
        connection.exec_driver_sql(statement)


def unguard(connection: Connection) -> None:
    """Take the guards down: for a downgrade that loses nothing, and for a restore that opens a new log."""
    sqlite = connection.dialect.name == "sqlite"
    for table in GUARDED:
        for name in ("no_update", "no_delete", "no_replace", "no_truncate"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_{name}" + ("" if sqlite else f" ON {table}"))
        if not sqlite:
            connection.exec_driver_sql(f"GRANT UPDATE, DELETE, TRUNCATE ON {table} TO CURRENT_USER")
    connection.exec_driver_sql("DROP TRIGGER IF EXISTS log_entry_no_gap" + ("" if sqlite else " ON log_entry"))
    if not sqlite:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS log_refuses_change()")
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS log_refuses_gap()")


def refuse_to_lose_entries(connection: Connection) -> None:
    """Raise `Conflict` when the log holds entries: without its guards, or its tables, it would no longer be one."""
    entries = connection.exec_driver_sql("SELECT count(*) FROM log_entry").scalar_one()
    if entries:
        raise Conflict(f"the decision log holds {entries} entries, which a downgrade would lose; keep this database", entries=entries)


def _sqlite() -> list[str]:
    statements = []
    for table in GUARDED:
        refusal = f"SELECT RAISE(ABORT, '{table} is append-only')"
        statements += [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {refusal}; END",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refusal}; END",
            # REPLACE deletes the old row without a delete trigger (unless recursive_triggers is on): refused before it can.
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {_taken(table)} BEGIN {refusal}; END",
        ]
    statements.append(
        "CREATE TRIGGER log_entry_no_gap BEFORE INSERT ON log_entry "
        "WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM log_entry) "
        "BEGIN SELECT RAISE(ABORT, 'log_entry takes the next number only'); END"
    )
    return statements


def _taken(table: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {_KEYS[table]})"


_REFUSES_CHANGE = """
CREATE FUNCTION log_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""
_REFUSES_GAP = """
CREATE FUNCTION log_refuses_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq) + 1, 0) FROM log_entry) THEN
        RAISE EXCEPTION 'log_entry takes the next number only';
    END IF;
    RETURN NEW;
END $$
"""


def _postgres() -> list[str]:
    no_gap = "CREATE TRIGGER log_entry_no_gap BEFORE INSERT ON log_entry FOR EACH ROW EXECUTE FUNCTION log_refuses_gap()"
    statements = [_REFUSES_CHANGE.replace("%", "%%"), _REFUSES_GAP, no_gap]
    for table in GUARDED:
        statements += [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION log_refuses_change()",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION log_refuses_change()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION log_refuses_change()",
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC, CURRENT_USER",
        ]
    return statements
