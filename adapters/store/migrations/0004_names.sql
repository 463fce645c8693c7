-- One word for a space of ids, and one for what is kept between requests.
ALTER TABLE groups RENAME COLUMN realm TO namespace;
ALTER TABLE identities RENAME COLUMN realm TO namespace;
ALTER TABLE counters RENAME COLUMN realm TO namespace;
ALTER TABLE keys RENAME COLUMN realm TO namespace;
ALTER TABLE memory RENAME TO session_store;
ALTER TABLE session_store RENAME COLUMN shelf TO kind;
ALTER TABLE stewards RENAME TO co_owners;
