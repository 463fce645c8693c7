//! The credentials that a request shows, for counting who calls what.

use isogloss_canonical::http::Request;
use isogloss_canonical::named::Shown;
use isogloss_interop::php::form::Form;

use crate::dialect::cookies;
use crate::dialect::sessions::COOKIE;

/// The credentials of a request with this form.
pub(crate) fn shown(request: &Request, form: &Form) -> Shown {
    let key = form.text("apikey").filter(|key| !key.is_empty());
    match (key, cookies::read(request, COOKIE)) {
        (Some(key), _) => Shown::Key(key.into()),
        (None, Some(_)) => Shown::Session,
        (None, None) => Shown::Nothing,
    }
}
