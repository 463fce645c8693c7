//! What a request says of itself, for counting who calls what.

use isogloss_canonical::http::Request;
use isogloss_canonical::named::{Named, Shown};
use isogloss_interop::python::base64;

use crate::dialect::cookies::{REMEMBER, SESSION};
use crate::dialect::site::decoded_path;
use crate::dialect::table::{self, Found};
use crate::options::Options;

/// The method of the path, and the credentials.
pub(crate) fn named(options: &Options, request: &Request) -> Named {
    let path = decoded_path(&request.path, "");
    let methods = match table::find(options, &request.method, &path) {
        Found::Method(method, _) => vec![method.info.name.to_owned()],
        Found::Options(..) | Found::WrongVerb(_) | Found::Redirect(_) | Found::Nothing => {
            Vec::new()
        }
    };
    Named { methods, shown: shown(request) }
}

/// The key of a request that is not in its form.
pub(super) fn sent_key(request: &Request) -> Option<&str> {
    let header = |name| request.header(name).filter(|value| !value.is_empty());
    let query = request.query.as_deref().unwrap_or_default();
    let in_query = query.split('&').find_map(|pair| pair.strip_prefix("apikey="));
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    in_query.or_else(|| header("x-api-key")).or(bearer)
}

fn shown(request: &Request) -> Shown {
    let header = |name| request.header(name).filter(|value| !value.is_empty());
    if let Some(key) = sent_key(request) {
        return Shown::Key(key.into());
    }
    let authorization = header("authorization").unwrap_or_default();
    if let Some(encoded) = authorization.strip_prefix("Basic ") {
        let pair = base64::decode(encoded).and_then(|pair| String::from_utf8(pair).ok());
        let pair = pair.unwrap_or_default();
        return Shown::Password(pair.split(':').next().unwrap_or_default().to_owned());
    }
    let cookies = header("cookie").unwrap_or_default().split(';');
    let is_own = |cookie: &str| {
        let cookie = cookie.trim();
        cookie.starts_with(SESSION) || cookie.starts_with(REMEMBER)
    };
    if cookies.into_iter().any(is_own) { Shown::Session } else { Shown::Nothing }
}
