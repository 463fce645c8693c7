//! What a request says of itself, for counting who calls what.

use isogloss_canonical::http::Request;
use isogloss_canonical::json::texts_at;
use isogloss_canonical::named::Named;

use crate::dialect::identity::login::Login;
use crate::dialect::table;
use crate::options::Options;
use crate::options::version::Version;

/// The most calls of a batch that are counted.
const MOST_CALLS: usize = 100;

/// The methods of the calls, and the credentials. `is_call`: the path is that of the API.
pub(crate) fn named(options: &Options, request: &Request, is_call: bool) -> Named {
    let most = if is_call { MOST_CALLS } else { 0 };
    let spelled = |name| table::spelled(options.version, name);
    let methods = methods(&request.body, most).take(most).map(spelled).collect();
    let shown = Login::of(request, options.authentication_header.as_deref()).shown();
    Named { methods, shown }
}

/// Whether a body that begins like this is one call that an origin answers.
pub(crate) fn is_origins(version: Version, beginning: &[u8]) -> bool {
    let method = methods(beginning, 1).next();
    beginning.trim_ascii_start().starts_with(b"{")
        && method.is_some_and(|name| !table::is_translated(version, &name))
}

fn methods(body: &[u8], most: usize) -> impl Iterator<Item = String> {
    texts_at(body, &["method"], most).into_iter().filter_map(|mut call| call.remove("method"))
}
