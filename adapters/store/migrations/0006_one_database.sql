-- One database for the embedded store and all sidecars: each row belongs to a backend. The embedded
-- store has the name ''. Rows of the session store have it in their digest, rows of claims in their
-- name.

ALTER TABLE users ADD COLUMN backend TEXT NOT NULL DEFAULT '';
DROP INDEX users_username;
CREATE UNIQUE INDEX users_username ON users (backend, username) WHERE state = 'active';
DROP INDEX users_name;
CREATE INDEX users_name ON users (backend, username);
DROP INDEX users_folded_name;
CREATE INDEX users_folded_name ON users (backend, folded_name);
DROP INDEX users_folded_email;
CREATE INDEX users_folded_email ON users (backend, folded_email);
DROP INDEX users_absent;
CREATE INDEX users_absent ON users (backend, settled) WHERE state = 'suspended';
CREATE INDEX users_backend ON users (backend, id);

ALTER TABLE groups ADD COLUMN backend TEXT NOT NULL DEFAULT '';
DROP INDEX groups_unique_name;
CREATE UNIQUE INDEX groups_unique_name ON groups (backend, namespace, unique_name);
DROP INDEX groups_name;
CREATE INDEX groups_name ON groups (backend, namespace, name);

ALTER TABLE keys ADD COLUMN backend TEXT NOT NULL DEFAULT '';
DROP INDEX keys_digest;
CREATE INDEX keys_digest ON keys (backend, namespace, digest);

ALTER TABLE aliases ADD COLUMN backend TEXT NOT NULL DEFAULT '';
DROP INDEX aliases_folded;
CREATE UNIQUE INDEX aliases_folded ON aliases (backend, folded);

CREATE TABLE native_ids (
    backend TEXT NOT NULL,
    namespace TEXT NOT NULL,
    kind TEXT NOT NULL,
    native TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (backend, namespace, kind, native)
);
INSERT INTO native_ids (backend, namespace, kind, native, id)
    SELECT '', namespace, kind, native, id FROM identities;
DROP TABLE identities;
ALTER TABLE native_ids RENAME TO identities;
CREATE UNIQUE INDEX identities_id ON identities (id, kind, namespace);

CREATE TABLE next_ids (
    backend TEXT NOT NULL,
    namespace TEXT NOT NULL,
    kind TEXT NOT NULL,
    next BIGINT NOT NULL,
    PRIMARY KEY (backend, namespace, kind)
);
INSERT INTO next_ids (backend, namespace, kind, next)
    SELECT '', namespace, kind, next FROM counters;
DROP TABLE counters;
ALTER TABLE next_ids RENAME TO counters;

-- The row that every write transaction locks first, on engines that let several write at once.
INSERT INTO meta (name, value) VALUES ('writer', '') ON CONFLICT (name) DO NOTHING;
