-- Background work that one gateway does for all. The times are of the database's clock: a gateway
-- takes the work when the time is past. One that dies has it until then.

CREATE TABLE leases (
    work TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);
