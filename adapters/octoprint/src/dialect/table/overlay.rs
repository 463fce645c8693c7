//! The table of an older version: that of a newer one, with some methods left out and others changed.

use crate::dialect::method::Method;

/// What an older version changes in the table of a newer one.
pub(super) struct Overlay {
    /// The beginnings of the paths that it does not have, or the names of single methods.
    pub(super) lacks: &'static [&'static str],
    /// Its own methods. One of the same name in the newer table is replaced.
    pub(super) rows: &'static [Method],
}

impl Overlay {
    /// The table of the older version.
    pub(super) fn over(&self, newer: &[&'static Method]) -> Vec<&'static Method> {
        let lacks = |method: &Method| {
            let has_own = self.rows.iter().any(|own| own.info.name == method.info.name);
            has_own || self.lacks.iter().any(|own| is_named(method, own))
        };
        let kept = newer.iter().copied().filter(|method| !lacks(method));
        kept.chain(self.rows).collect()
    }
}

/// Whether a beginning of a path, or the name of a method, means this method.
fn is_named(method: &Method, own: &str) -> bool {
    let name = method.info.name;
    if own.contains(' ') { name == own } else { method.path().starts_with(own) }
}
