-- The keys of an owner were searched among all keys of a namespace: SQLite preferred the index of the
-- digests, whose first two columns are the backend and the namespace.

DROP INDEX keys_owner;
CREATE INDEX keys_owner ON keys (owner, backend, namespace);
