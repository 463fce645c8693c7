-- The name by which clients know a person whose name in the system behind is another. One alias a
-- person; two aliases that differ in case or trailing blanks only are equal. An alias of a tombstone
-- counts no more, and gives way to another person's.

CREATE TABLE aliases (
    id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    alias TEXT NOT NULL,
    folded TEXT NOT NULL
);
CREATE UNIQUE INDEX aliases_folded ON aliases (folded);
