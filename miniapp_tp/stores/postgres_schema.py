"""The tables of a `PostgresStore`, and its statements: one each for whatever is done, so none needs a transaction.

There is one row per key. A deleted value leaves its version behind, and a lease its fence. Texts are compared by their
bytes, and times are the server's own. A statement that is sent again because its answer was lost finds its own `writer`
and gives the same answer again.
"""
# ruff: noqa: S608 - what is put into statements here are identifiers, quoted

from __future__ import annotations

from typing import Final

from attrs import frozen

from miniapp_tp.errors import InvalidArgument

SCHEMA_VERSION: Final = 1
"""What `about.version` says of tables that this module understands."""

_LONGEST_NAME: Final = 63

_MAKE: Final = """
    IF to_regnamespace({namespace}) IS NULL THEN
        CREATE SCHEMA {schema};
    END IF;
    CREATE TABLE {schema}.about (version integer NOT NULL);
    INSERT INTO {schema}.about VALUES (0);
    CREATE TABLE {schema}.entries (
        component text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL,
        version bigint NOT NULL DEFAULT 0,
        value bytea,
        writer text NOT NULL DEFAULT '',
        fence bigint NOT NULL DEFAULT 0,
        owner text NOT NULL DEFAULT '',
        until timestamptz NOT NULL DEFAULT '-infinity',
        forgotten timestamptz,
        PRIMARY KEY (component, kind, name));
    -- What is deleted may outnumber what is there a thousandfold.
    CREATE INDEX present ON {schema}.entries (component, kind, name) WHERE value IS NOT NULL;
    CREATE INDEX forgotten ON {schema}.entries (forgotten) WHERE forgotten IS NOT NULL;
"""
STEPS: Final = (_MAKE,)
"""How to get from each version to the next one; version 0 is nothing at all."""

# A DO block is one transaction in one message. The lock ends with it, so it is one that a pooler understands.
_MIGRATE: Final = """
DO $do$
DECLARE
    found integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended({name}, 6871));
    IF to_regclass({about}) IS NOT NULL THEN
        SELECT version INTO STRICT found FROM {schema}.about;
    END IF;
{steps}
END
$do$
"""
_STEP: Final = """
    IF found = {before} THEN
        {step}
        UPDATE {schema}.about SET version = {before} + 1;
        found := found + 1;
    END IF;
"""

_CHECK: Final = "SELECT version, current_setting('fsync'), current_setting('full_page_writes') FROM {schema}.about"

# If the server's default is not to wait for its disk, waiting is asked for, up to the end of the statement.
_DURABLE: Final = """(SELECT set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END,
    true))"""
_SAVE: Final = (
    """
INSERT INTO {schema}.entries AS there (component, kind, name, version, value, writer, forgotten)
    SELECT $1, $2, $3, $4::bigint + 1, $5::bytea, $6::text,
        clock_timestamp() + make_interval(secs => $9::float8) FROM """
    + _DURABLE
    + """ AS durable
    WHERE $4::bigint = 0
        OR EXISTS (SELECT FROM {schema}.entries WHERE component = $1 AND kind = $2 AND name = $3)
ON CONFLICT (component, kind, name) DO UPDATE
    SET version = excluded.version, value = excluded.value, writer = excluded.writer,
        forgotten = excluded.forgotten
    WHERE (there.version = excluded.version AND there.writer = excluded.writer)
        OR (there.version = excluded.version - 1 AND ($7::bigint IS NULL OR there.fence < $7::bigint
            OR (there.fence = $7::bigint AND there.owner = $8::text)))
RETURNING version"""
)
# Bounded, so that nobody waits long for what others have left; as many go as come.
_FORGET: Final = """
DELETE FROM {schema}.entries WHERE (component, kind, name) IN (
    SELECT component, kind, name FROM {schema}.entries WHERE forgotten <= clock_timestamp()
    ORDER BY forgotten LIMIT 100 FOR UPDATE SKIP LOCKED)
RETURNING 1"""
# Many wait for one lease, and ask often: they are to find out without locking the row.
_ACQUIRE: Final = """
INSERT INTO {schema}.entries AS there (component, kind, name, fence, owner, until)
    SELECT $1, $2, $3, 1, $4::text, clock_timestamp() + make_interval(secs => $5::float8)
    WHERE NOT EXISTS (SELECT FROM {schema}.entries
        WHERE component = $1 AND kind = $2 AND name = $3 AND owner <> $4::text AND until > clock_timestamp())
ON CONFLICT (component, kind, name) DO UPDATE
    SET fence = there.fence + 1, owner = excluded.owner,
        until = clock_timestamp() + make_interval(secs => $5::float8)
    WHERE there.owner = excluded.owner OR there.until <= clock_timestamp()
RETURNING fence"""
_PROLONG: Final = """
INSERT INTO {schema}.entries AS there (component, kind, name, fence, owner, until)
    SELECT $1, $2, $3, $4::bigint, $5::text, clock_timestamp() + make_interval(secs => $6::float8)
ON CONFLICT (component, kind, name) DO UPDATE
    SET fence = excluded.fence, owner = excluded.owner,
        until = clock_timestamp() + make_interval(secs => $6::float8)
    WHERE there.fence < excluded.fence OR (there.fence = excluded.fence AND there.owner = excluded.owner)
RETURNING fence"""
_NAMES: Final = """
SELECT name FROM {schema}.entries
    WHERE component = $1 AND kind = $2 AND (name > $3 OR $4::boolean) AND value IS NOT NULL ORDER BY name LIMIT $5"""


@frozen
class Statements:
    """The statements, for tables in some schema.

    Attributes:
        check: Gives the version of the tables, and the settings on which it depends whether what is saved is on the
            disk; fails if there are no tables.
        migrate: Makes or changes the tables.
        load: Reads a value and its version.
        save: Replaces a value, if the version is the one that is named and nobody was lent a later lease.
        forget: Drops keys whose time to be forgotten has come.
        acquire: Lends the key, and gives the fence.
        prolong: Lends it from now on, unless somebody was lent a later one.
        names: Gives a page of names.
    """

    check: str
    migrate: str
    load: str
    save: str
    forget: str
    acquire: str
    prolong: str
    names: str


def statements(schema: str) -> Statements:
    """Write the statements for a schema's tables."""
    quoted = _identifier(schema)

    def filled(text: str) -> str:
        return text.replace("{schema}", quoted)

    return Statements(
        check=filled(_CHECK),
        migrate=migration(schema, STEPS),
        load=filled("SELECT value, version FROM {schema}.entries WHERE component = $1 AND kind = $2 AND name = $3"),
        save=filled(_SAVE),
        forget=filled(_FORGET),
        acquire=filled(_ACQUIRE),
        prolong=filled(_PROLONG),
        names=filled(_NAMES),
    )


def migration(schema: str, steps: tuple[str, ...]) -> str:
    """Write what takes a schema's tables through the steps that they haven't been taken through yet."""
    quoted = _identifier(schema)
    blocks = (_STEP.replace("{before}", str(before)).replace("{step}", step) for before, step in enumerate(steps))
    text = _MIGRATE.replace("{steps}", "".join(blocks)).replace("{schema}", quoted)
    for name, value in (("{name}", schema), ("{namespace}", quoted), ("{about}", f"{quoted}.about")):
        text = text.replace(name, _literal(value))
    return text


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def check_schema(schema: str) -> None:
    """Refuse what PostgreSQL would cut off, or can't name a schema with.

    Raises:
        InvalidArgument: Such a name.
    """
    if not 0 < len(schema.encode()) <= _LONGEST_NAME or "\0" in schema:
        raise InvalidArgument(f"a schema has a name of 1 to {_LONGEST_NAME} bytes, not {schema!r}")
