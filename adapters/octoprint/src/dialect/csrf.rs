//! Tokens against forged requests.
//!
//! A token is given to everybody who opens a page, so it is not remembered but signed. Within a
//! session a token counts only if it is bound to that session: whoever plants a token of their own
//! in somebody's browser gets nowhere with it. The token that was shown at a sign-in is what the
//! session is bound to, because clients go on using it
//! (`fixtures/transcripts/octoprint/cookie-session.json`).

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::secret::same;
use isogloss_canonical::session_store::SessionKind;

use super::answers::{Refusal, abort_with};
use super::cookies::CSRF;
use super::secrets::hex_token;
use super::session::Mechanism;
use super::visit::Visit;

const SIGNED: SessionKind = "octoprint.csrf";
/// How long a token counts, and how old one is that is replaced by a fresh one.
const LASTS: Duration = Duration::from_hours(31 * 24);
const RENEWED: Duration = Duration::from_hours(24);
/// The digits of what a token is bound to, and of the second in which it was made.
const BINDING: usize = 32;
const SECOND: usize = 10;

/// A token of ours.
struct Token<'a> {
    binding: &'a str,
    age: Duration,
}

/// Reads a token; `None`: it is not ours, or too old.
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

/// What the token in the cookie is bound to, if it is ours.
pub(crate) fn shown_binding(visit: &Visit<'_>) -> Result<Option<String>, Fault> {
    let Some(cookie) = visit.cookies.get(CSRF) else { return Ok(None) };
    Ok(read(visit.exchange, cookie)?.map(|token| token.binding.to_owned()))
}

/// Hands out a token: the one that was shown, if it will do. A session that is bound to none yet
/// is bound to it.
pub(crate) fn give_token(visit: &mut Visit<'_>) -> Result<(), Refusal> {
    let shown = visit.cookies.get(CSRF).map(str::to_owned);
    let token = shown.as_deref().map(|shown| read(visit.exchange, shown)).transpose()?.flatten();
    let bound = visit.session.signed_in.as_ref().and(visit.session.csrf.clone());
    let fits = token.filter(|token| bound.as_ref().is_none_or(|bound| same(bound, token.binding)));
    let binding = match (bound, &fits) {
        (Some(bound), _) => bound,
        (None, Some(token)) => token.binding.to_owned(),
        (None, None) => hex_token(visit.exchange).split_off(BINDING),
    };
    let token = match (&shown, fits) {
        (Some(shown), Some(token)) if token.age < RENEWED => shown.clone(),
        _ => make(visit.exchange, &binding)?,
    };
    if visit.session.signed_in.is_some() {
        visit.session.csrf = Some(binding);
    }
    visit.cookies.set_open(CSRF, &token);
    Ok(())
}

/// Whoever writes shows the token twice, unless they called by key: another page cannot know it.
pub(crate) fn require_token(visit: &Visit<'_>) -> Result<(), Refusal> {
    const FORGED: Refusal = abort_with(400, "CSRF validation failed");
    let reads = matches!(visit.request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    if reads || visit.session.mechanism == Some(Mechanism::Apikey) {
        return Ok(());
    }
    let shown = (visit.cookies.get(CSRF), visit.request.header("x-csrf-token"));
    let (Some(cookie), Some(header)) = shown else { return Err(FORGED) };
    let token = read(visit.exchange, cookie)?.filter(|_| same(cookie, header)).ok_or(FORGED)?;
    let bound = visit.session.csrf.as_deref();
    let own = bound.is_some_and(|bound| same(bound, token.binding));
    if visit.session.signed_in.is_some() && !own { Err(FORGED) } else { Ok(()) }
}
