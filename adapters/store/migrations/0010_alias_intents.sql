-- The alias that a person is about to get who is being created under a name of the gateway's own. If
-- the gateway ends between the creation in the system and the record, the next read that shows the
-- person creates the record with the alias.

CREATE TABLE alias_intents (
    backend TEXT NOT NULL,
    username TEXT NOT NULL,
    alias TEXT NOT NULL,
    folded TEXT NOT NULL,
    made BIGINT NOT NULL,
    PRIMARY KEY (backend, username)
);
