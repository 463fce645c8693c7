//! Keys: which one of a request counts, and whose it is.

use std::borrow::Cow;

use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::secret::Secret;

use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::identity::proof::{Proof, prove};
use crate::options::version::{Errors, KeySource};

/// What a key proves.
pub(crate) enum KeyProof {
    /// Nothing.
    Unknown,
    /// It is that of the web page of 1.3.0: the session says who calls.
    Page,
    /// It is an inactive user's.
    Inactive,
    /// Who calls.
    Of(Caller),
}

/// What the key of a request proves; `None`: there is none. The first key that is *present* counts,
/// even if it is wrong or empty: `fixtures/transcripts/octoprint/auth-apikey-ways.json`.
pub(crate) async fn prove_sent(call: &Call<'_>) -> Result<Option<KeyProof>, Failure> {
    let Some(key) = sent(call)? else { return Ok(None) };
    if key.is_empty() {
        return Ok(Some(KeyProof::Unknown));
    }
    if call.is_page_key(&key)? {
        return Ok(Some(KeyProof::Page));
    }
    let namespace = call.options.namespace.clone();
    let credentials = Credentials::Key { namespace, value: Secret::new(key), scopes: &[] };
    Ok(Some(match prove(call, credentials).await? {
        Proof::Valid(caller) => KeyProof::Of(caller),
        Proof::Inactive => KeyProof::Inactive,
        Proof::Invalid => KeyProof::Unknown,
    }))
}

/// The key that counts. Two headers of one name are one value, which is no key. OctoPrint answers
/// 500 to a key outside ASCII since 1.4; before, it is a wrong one.
pub(crate) fn sent(call: &Call<'_>) -> Result<Option<String>, Failure> {
    let found = call.differences().key_sources.iter().find_map(|place| found_in(call, *place));
    let Some(key) = found else { return Ok(None) };
    if key.is_ascii() {
        return Ok(String::from_utf8(key).ok());
    }
    match call.differences().errors {
        Errors::Json => Err(CRASH),
        Errors::Werkzeug15 | Errors::Werkzeug8 => Ok(Some(String::new())),
    }
}

fn found_in(call: &Call<'_>, place: KeySource) -> Option<Vec<u8>> {
    match place {
        KeySource::Field => call.value("apikey").map(|key| key.as_bytes().to_vec()),
        KeySource::Header => call.request.joined_header("x-api-key").map(Cow::into_owned),
        KeySource::Bearer => {
            let header = call.request.joined_header("authorization")?;
            header.strip_prefix(b"Bearer ").map(<[u8]>::to_vec)
        }
    }
}
