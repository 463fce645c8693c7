//! What a request says of itself, for counting who calls what.

use std::collections::BTreeMap;

use isogloss_canonical::http::Request;
use isogloss_canonical::json::texts_at;
use isogloss_canonical::named::{Named, Shown};

use crate::dialect::table;
use crate::options::version::Version;

/// The names of the token, the first that is given counts.
const TOKENS: [&str; 2] = ["api_key", "auth_token"];

/// The method of the call, and the token.
pub(crate) fn named(request: &Request) -> Named {
    let mut call = call(&request.body);
    let methods = call.remove("method").into_iter().collect();
    let token = TOKENS.into_iter().find_map(|name| call.remove(name).filter(|key| !key.is_empty()));
    Named { methods, shown: token.map_or(Shown::Nothing, |token| Shown::Key(token.into())) }
}

/// Whether a body that begins like this is a call that an origin answers.
pub(crate) fn is_origins(version: Version, beginning: &[u8]) -> bool {
    let method = call(beginning).remove("method");
    beginning.trim_ascii_start().starts_with(b"{")
        && method
            .is_some_and(|name| table::find(version, &name).is_none_or(|method| method.is_origins))
}

fn call(body: &[u8]) -> BTreeMap<String, String> {
    let [first, second] = TOKENS;
    texts_at(body, &["method", first, second], 1).pop().unwrap_or_default()
}
