"""The two engines of the state database."""

import os
import sqlite3
import subprocess

SERVER = "TEST_POSTGRES_URL"
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
GROUPS = 10_000

# The people in the order of their numbers join one group after another: teams g0, g1 and so on. A team has
# an id in the namespaces that number teams.
ADD_GROUPS = [
    "INSERT INTO groups (id, namespace, name, active, grants, attributes, created, holds_name) "
    "SELECT {id}, '', 'g' || n, TRUE, '', '{{}}', 0, TRUE FROM {numbers}",
    "INSERT INTO identities (backend, namespace, kind, native, id) "
    "SELECT '', s.namespace, 'group', CAST(n + 1000 AS TEXT), {id} FROM {numbers} "
    "CROSS JOIN (SELECT 'kanboard' AS namespace UNION ALL SELECT 'rhodecode') s",
    "INSERT INTO memberships (group_id, user_id, place) SELECT g.id, u.id, u.id FROM "
    "(SELECT id, row_number() OVER (ORDER BY id) AS n FROM users) u "
    "JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM groups WHERE namespace = '') g "
    "ON g.n = u.n % {groups}",
]


class SQLite:
    """A file in the folder."""

    name = NAMES["sqlite"]

    def __init__(self, folder):
        self.words = ["--data-dir", str(folder / "data")]
        self.file = folder / "data" / "isogloss.sqlite"

    def add_groups(self, people):
        """Adds groups with members. There is no command that imports groups."""
        groups = min(GROUPS, max(people // 10, 1))
        numbers = ("(WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < "
                   f"{groups}) SELECT n FROM c)")
        made = "printf('01920000-0000-7000-8000-%012x', n)"
        with sqlite3.connect(self.file) as database:
            for sql in ADD_GROUPS:
                database.execute(sql.format(id=made, numbers=numbers, groups=groups))
        database.close()

    def remove(self):
        """The folder is removed with all that is in it."""


class Postgres:
    """A database of the server of scripts/with-postgres."""

    name = NAMES["postgres"]

    def __init__(self, folder):
        self.server = os.environ[SERVER]
        self.database = f"scale_{os.getpid()}"
        self.psql(self.server, f"CREATE DATABASE {self.database}")
        self.url = f"{self.server.rsplit('/', 1)[0]}/{self.database}"
        routes = "".join(f'[[route]]\npath = "/{name}"\ndialect = "{name}"\n'
                         for name in ["octoprint", "rhodecode", "kanboard", "dandelion"])
        (folder / "gateway.toml").write_text(f'[state]\nurl = "{self.url}"\n{routes}')
        self.words = ["--config", str(folder / "gateway.toml"), "--data-dir", str(folder / "data")]

    @staticmethod
    def psql(url, *statements):
        command = ["psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", url]
        for statement in statements:
            subprocess.run([*command, "-c", statement], check=True)

    def add_groups(self, people):
        """Adds groups with members, and lets the server count its rows, as it does by itself later."""
        groups = min(GROUPS, max(people // 10, 1))
        numbers = f"generate_series(0, {groups} - 1) AS c(n)"
        made = "'01920000-0000-7000-8000-' || lpad(to_hex(n), 12, '0')"
        self.psql(self.url, *(sql.format(id=made, numbers=numbers, groups=groups) for sql in ADD_GROUPS),
                  "VACUUM ANALYZE")

    def remove(self):
        self.psql(self.server, f"DROP DATABASE {self.database} WITH (FORCE)")


def make(name, folder):
    """A new, empty database."""
    return {"sqlite": SQLite, "postgres": Postgres}[name](folder)
