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
/// The age at which a token is refused, and the age at which a page gives a fresh one.
const LASTS: Duration = Duration::from_hours(31 * 24);
const RENEWED: Duration = Duration::from_hours(24);
/// The number of digits of a token's binding, and of the second in which it was made.
const BINDING: usize = 32;
const SECOND: usize = 10;

/// A token that the gateway signed.
struct Token<'a> {
    binding: &'a str,
    age: Duration,
}

/// Reads a token; `None`: the gateway did not sign it, or it is too old.
fn read<'a>(exchange: &dyn Exchange, token: &'a str) -> Result<Option<Token<'a>>, Fault> {
    let Some((text, signature)) = token.split_at_checked(BINDING + SECOND) else { return Ok(None) };
    if !exchange.sessions().is_signed(SIGNED, text, signature)? {
        return Ok(None);
    }
    let (Some(binding), Some(second)) = (text.get(..BINDING), text.get(BINDING..)) else {
        return Ok(None);
    };
    let Ok(second) = i64::from_str_radix(second, 16) else { return Ok(None) };
    let age = exchange.now().as_second().saturating_sub(second);
    let age = Duration::from_secs(age.unsigned_abs());
    Ok((age < LASTS).then_some(Token { binding, age }))
}

fn make(exchange: &dyn Exchange, binding: &str) -> Result<String, Fault> {
    let text = format!("{binding}{:0SECOND$x}", exchange.now().as_second());
    let signature = exchange.sessions().sign(SIGNED, &text)?;
    Ok(text + &signature)
}

/// The binding of the token in the cookie, if the token is valid.
pub(crate) fn sent_binding(call: &Call<'_>) -> Result<Option<String>, Fault> {
    let Some(cookie) = call.cookies.get(CSRF) else { return Ok(None) };
    Ok(read(call.exchange, cookie)?.map(|token| token.binding.to_owned()))
}

/// Sets the cookie of a token: the one that was sent, if it is valid and fresh. A session without a
/// binding is bound to it.
pub(crate) fn give_token(call: &mut Call<'_>) -> Result<(), Failure> {
    let sent = call.cookies.get(CSRF).map(str::to_owned);
    let token = sent.as_deref().map(|sent| read(call.exchange, sent)).transpose()?.flatten();
    let bound = call.session.signed_in.as_ref().and(call.session.csrf.clone());
    let fits = token.filter(|token| bound.as_ref().is_none_or(|bound| same(bound, token.binding)));
    let binding = match (bound, &fits) {
        (Some(bound), _) => bound,
        (None, Some(token)) => token.binding.to_owned(),
        (None, None) => hex_token(call.exchange).split_off(BINDING),
    };
    let token = match (&sent, fits) {
        (Some(sent), Some(token)) if token.age < RENEWED => sent.clone(),
        _ => make(call.exchange, &binding)?,
    };
    if call.session.signed_in.is_some() {
        call.session.csrf = Some(binding);
    }
    call.cookies.set_open(CSRF, &token);
    Ok(())
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
    let token = read(call.exchange, cookie)?.filter(|_| same(cookie, header)).ok_or(FORGED)?;
    let bound = call.session.csrf.as_deref();
    let own = bound.is_some_and(|bound| same(bound, token.binding));
    if call.session.signed_in.is_some() && !own { Err(FORGED) } else { Ok(()) }
}
