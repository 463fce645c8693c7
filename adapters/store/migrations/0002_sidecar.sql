-- The sidecar's records: who is missing in the system behind, and whose place somebody else took.
--
-- state: `active`; `suspended` (missing in the system: the record opens nothing); `tombstone` (somebody
-- else has the id or the name: the record opens nothing for good). In the embedded store every row
-- is active.
-- absence: how a suspended row's absence is known: `once` (one read), `confirmed` (a second,
-- different read agreed), `held` (many vanished at once: an operator decides).
-- settled: when state, name or id of the row last changed. A read of the system that began earlier
-- says nothing about it.
-- secret_print, created_print: keyed hashes of what the system's row proves of who this is.
-- expected: the name that the gateway is giving in the system just now; it counts until expected_until.
-- was: the system's id of a tombstone.
--
-- Only active rows hold their name: a unique index over all rows would make a swap of two names, or
-- a successor's name, impossible.

ALTER TABLE users ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE users ADD COLUMN absence TEXT;
ALTER TABLE users ADD COLUMN settled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN secret_print TEXT;
ALTER TABLE users ADD COLUMN created_print TEXT;
ALTER TABLE users ADD COLUMN expected TEXT;
ALTER TABLE users ADD COLUMN expected_until BIGINT;
ALTER TABLE users ADD COLUMN was TEXT;
DROP INDEX users_username;
CREATE UNIQUE INDEX users_username ON users (username) WHERE state = 'active';
CREATE INDEX users_name ON users (username);
CREATE INDEX users_absent ON users (settled) WHERE state = 'suspended';

ALTER TABLE groups ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE groups ADD COLUMN absence TEXT;
ALTER TABLE groups ADD COLUMN settled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN secret_print TEXT;
ALTER TABLE groups ADD COLUMN created_print TEXT;
ALTER TABLE groups ADD COLUMN expected TEXT;
ALTER TABLE groups ADD COLUMN expected_until BIGINT;
ALTER TABLE groups ADD COLUMN was TEXT;

-- What is being created or renamed just now, one row a folded name: of several requests, on one
-- gateway or on several, one at a time looks whether the name is free and takes it. A row past its
-- time is of a gateway that died.
CREATE TABLE claims (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);
