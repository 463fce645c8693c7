//! CSRF tokens.
//!
//! Everybody who opens a page gets a token, so it is signed and not stored. Within a session a token
//! counts only if it is bound to that session: a token of an attacker, planted in a user's browser,
//! is refused. A session is bound to the token that was sent with the sign-in, because clients go on
//! using that one (`fixtures/transcripts/octoprint/cookie-session.json`).

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::secret::same;
use isogloss_canonical::session_store::SessionKind;

use crate::dialect::call::Call;
use crate::dialect::cookies::CSRF;
use crate::dialect::failure::Failure;
use crate::dialect::sessions::Mechanism;
use crate::secrets::hex_token;

const SIGNED: SessionKind = "octoprint.csrf";
/// The age at which a token is refused.
const LASTS: Duration = Duration::from_hours(31 * 24);
/// The number of digits of a token's binding, of the second in which it was made, and of what makes it
/// another one at each view of a page.
const BINDING: usize = 32;
const SECOND: usize = 10;
const VIEW: usize = 16;
/// The lengths of the signed text: of tokens as they are made, and as earlier builds made them.
const SIGNED_LENGTHS: [usize; 2] = [BINDING + SECOND + VIEW, BINDING + SECOND];

/// Reads a token. Answers its binding; `None`: the gateway did not sign it, or it is too old.
fn read<'a>(exchange: &dyn Exchange, token: &'a str) -> Result<Option<&'a str>, Fault> {
    for (text, signature) in SIGNED_LENGTHS.iter().filter_map(|at| token.split_at_checked(*at)) {
        if exchange.sessions().is_signed(SIGNED, text, signature)? {
            return Ok(valid_binding(exchange, text));
        }
    }
    Ok(None)
}

/// The binding in a signed text, unless it is too old.
fn valid_binding<'a>(exchange: &dyn Exchange, text: &'a str) -> Option<&'a str> {
    let second = i64::from_str_radix(text.get(BINDING..BINDING + SECOND)?, 16).ok()?;
    let age = exchange.now().as_second().saturating_sub(second);
    let is_fresh = Duration::from_secs(age.unsigned_abs()) < LASTS;
    text.get(..BINDING).filter(|_| is_fresh)
}

fn make(exchange: &dyn Exchange, binding: &str) -> Result<String, Fault> {
    let view = hex_token(exchange).split_off(2 * BINDING - VIEW);
    let text = format!("{binding}{:0SECOND$x}{view}", exchange.now().as_second());
    let signature = exchange.sessions().sign(SIGNED, &text)?;
    Ok(text + &signature)
}

/// The binding of the token in the cookie, if the token is valid.
pub(crate) fn sent_binding(call: &Call<'_>) -> Result<Option<String>, Fault> {
    let Some(cookie) = call.cookies.get(CSRF) else { return Ok(None) };
    Ok(read(call.exchange, cookie)?.map(str::to_owned))
}

/// Sets the cookie of a new token, and answers the token. Each view of a page gets another one with the
/// same binding, so that forms in other windows stay valid. A session without a binding is bound to it.
pub(crate) fn give_token(call: &mut Call<'_>) -> Result<String, Failure> {
    let bound = call.session.signed_in.as_ref().and(call.session.csrf.clone());
    let binding = if bound.is_some() { bound } else { sent_binding(call)? };
    let binding = binding.unwrap_or_else(|| hex_token(call.exchange).split_off(BINDING));
    let token = make(call.exchange, &binding)?;
    if call.session.signed_in.is_some() {
        call.session.csrf = Some(binding);
    }
    call.cookies.set_open(CSRF, &token);
    Ok(token)
}

/// Refuses a write without a token, unless the caller showed a key. The token must be both in the
/// cookie and in a header: a page of another site cannot read it.
pub(crate) fn require_token(call: &Call<'_>) -> Result<(), Failure> {
    const FORGED: Failure = Failure::with(400, "CSRF validation failed");
    let reads = matches!(call.request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    if reads || call.session.mechanism == Some(Mechanism::Apikey) {
        return Ok(());
    }
    let sent = (call.cookies.get(CSRF), call.request.header("x-csrf-token"));
    let (Some(cookie), Some(header)) = sent else { return Err(FORGED) };
    if same(cookie, header) && is_own(call, cookie)? { Ok(()) } else { Err(FORGED) }
}

/// Whether a form was sent from a page of this server to the browser that sends it: the token in its
/// field has the binding of the token in the cookie. Another view of a page may have changed the cookie.
pub(crate) fn is_own_form(call: &Call<'_>, field: &str) -> Result<bool, Failure> {
    // A browser that says where a form comes from is believed, too.
    let site = call.request.header("sec-fetch-site").unwrap_or("same-origin");
    if !matches!(site, "same-origin" | "none") {
        return Ok(false);
    }
    let Some(cookie) = sent_binding(call)? else { return Ok(false) };
    let field_binding = read(call.exchange, field)?;
    let fits = field_binding.is_some_and(|binding| same(binding, &cookie));
    Ok(fits && is_own(call, field)?)
}

/// Whether a token is valid, and within a session whether it is the session's.
fn is_own(call: &Call<'_>, token: &str) -> Result<bool, Failure> {
    let Some(binding) = read(call.exchange, token)? else { return Ok(false) };
    let bound = call.session.csrf.as_deref();
    let own = bound.is_some_and(|bound| same(bound, binding));
    Ok(own || call.session.signed_in.is_none())
}
