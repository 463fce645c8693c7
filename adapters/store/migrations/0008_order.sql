-- The order of the numbers of a namespace, for lists that are read page by page. Numbers have no
-- leading zeros, so that the shorter of two is the smaller one.

CREATE INDEX identities_order ON identities (backend, namespace, kind, length(native), native);
