-- Sessions opened before this moment are over: an account that is deactivated loses them for good,
-- also when it is activated again.
ALTER TABLE users ADD COLUMN sessions_since BIGINT NOT NULL DEFAULT 0;
