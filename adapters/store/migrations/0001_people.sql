-- People, groups, keys, and what is remembered for a while.
--
-- Written in what SQLite and PostgreSQL have in common: times are microseconds since 1970, ids are
-- UUIDs as text, sets and maps are text (words with blanks between, JSON). Ids that order
-- something (`place`) are UUIDv7, which sort by the time they were made.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    display_name TEXT,
    given_name TEXT,
    family_name TEXT,
    email TEXT,
    folded_email TEXT,
    role TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    password TEXT,
    source TEXT,
    failures BIGINT NOT NULL,
    locked_until BIGINT,
    addresses TEXT NOT NULL,
    attributes TEXT NOT NULL,
    created BIGINT NOT NULL,
    password_changed BIGINT NOT NULL,
    last_login BIGINT
);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE INDEX users_folded_name ON users (folded_name);
CREATE INDEX users_folded_email ON users (folded_email);

-- Teams have the realm ''. Only a name that was asked to be unique is also a unique_name.
CREATE TABLE groups (
    id TEXT NOT NULL PRIMARY KEY,
    realm TEXT NOT NULL,
    name TEXT NOT NULL,
    unique_name TEXT,
    description TEXT,
    owner TEXT REFERENCES users (id) ON DELETE SET NULL,
    active BOOLEAN NOT NULL,
    grants TEXT NOT NULL,
    confers TEXT,
    attributes TEXT NOT NULL,
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX groups_unique_name ON groups (realm, unique_name);
CREATE INDEX groups_name ON groups (realm, name);
CREATE INDEX groups_owner ON groups (owner);

CREATE TABLE memberships (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    place TEXT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id, place);

CREATE TABLE stewards (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    place TEXT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX stewards_user ON stewards (user_id);

-- What a realm calls a person or a group. A row outlives what it names: no id is used twice.
CREATE TABLE identities (
    realm TEXT NOT NULL,
    kind TEXT NOT NULL,
    native TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (realm, kind, native)
);
CREATE UNIQUE INDEX identities_id ON identities (id, kind, realm);

CREATE TABLE counters (
    realm TEXT NOT NULL,
    kind TEXT NOT NULL,
    next BIGINT NOT NULL,
    PRIMARY KEY (realm, kind)
);

-- An owner of NULL is the application itself. The digest is a keyed hash of realm and value; the
-- value itself is there, sealed, only in realms that show it to its owner again.
CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,
    realm TEXT NOT NULL,
    owner TEXT REFERENCES users (id) ON DELETE CASCADE,
    label TEXT,
    scope TEXT,
    expires BIGINT,
    addresses TEXT NOT NULL,
    digest TEXT NOT NULL,
    sealed TEXT,
    created BIGINT NOT NULL
);
CREATE INDEX keys_digest ON keys (realm, digest);
CREATE INDEX keys_owner ON keys (owner, realm);

CREATE TABLE memory (
    shelf TEXT NOT NULL,
    digest TEXT NOT NULL,
    sealed TEXT,
    tally BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (shelf, digest)
);
CREATE INDEX memory_expires ON memory (expires);
