-- Uniqueness held by an index, where a command asks for it.
--
-- Of the active users of a backend with one folded name, exactly one row holds the name; of those
-- with one folded e-mail address, one holds the address. A command that asks for a unique name
-- writes a row that holds it, so that the index refuses a second one. A command that does not ask
-- (Kanboard accepts `Ada` beside `ada`, and an address twice) writes a row that holds nothing if
-- another row holds the word. So rows of an earlier release with equal words are in order: the
-- oldest holds the word, and every row stays. Groups alike, in every state, as written.

ALTER TABLE users ADD COLUMN holds_name BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN holds_email BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET holds_name = TRUE WHERE state = 'active' AND NOT EXISTS (
    SELECT 1 FROM users o WHERE o.backend = users.backend AND o.folded_name = users.folded_name
    AND o.state = 'active' AND o.id < users.id);
UPDATE users SET holds_email = TRUE WHERE state = 'active' AND NOT EXISTS (
    SELECT 1 FROM users o WHERE o.backend = users.backend AND o.folded_email = users.folded_email
    AND o.state = 'active' AND o.id < users.id) AND folded_email <> '';
CREATE UNIQUE INDEX users_held_name ON users (backend, folded_name)
    WHERE holds_name AND state = 'active';
CREATE UNIQUE INDEX users_held_email ON users (backend, folded_email)
    WHERE holds_email AND state = 'active' AND folded_email <> '';

ALTER TABLE groups ADD COLUMN holds_name BOOLEAN NOT NULL DEFAULT FALSE;
-- A group whose name was asked to be unique holds it; else the oldest one does.
UPDATE groups SET holds_name = TRUE WHERE NOT EXISTS (
    SELECT 1 FROM groups o WHERE o.backend = groups.backend AND o.namespace = groups.namespace
    AND o.name = groups.name
    AND (CASE WHEN o.unique_name IS NULL THEN '1' ELSE '0' END || o.id)
        < (CASE WHEN groups.unique_name IS NULL THEN '1' ELSE '0' END || groups.id));
CREATE UNIQUE INDEX groups_held_name ON groups (backend, namespace, name) WHERE holds_name;
