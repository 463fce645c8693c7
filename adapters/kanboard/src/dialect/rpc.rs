//! JSON-RPC as Kanboard's server does it: one call or a batch, in this order: is it an object, is
//! it a call, who calls, is there such a method, may they, do the parameters fit.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Proof};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Request;

use crate::dialect::Kanboard;
use crate::dialect::credentials::{APPLICATION, Shown};
use crate::dialect::procedure::{self, Call};
use crate::dialect::refusal::{
    Ending, Failure, INVALID_REQUEST, PARSE_ERROR, TOO_MANY_CALLS, unless, written,
};
use crate::php::{Key, Php};
use crate::wire::PREFIX;

/// How many items of a batch that are no calls are answered, each by its error, before it is known
/// who asks. Kanboard answers any number, which is sixty bytes for two.
const UNPROVED: usize = 20;
/// How many bytes of answers a batch may gather before no further call is begun.
const MOST_ANSWERED: usize = 32 << 20;

/// One request and what is known of its caller.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    dialect: &'a Kanboard,
    request: &'a Request,
    exchange: &'a dyn Exchange,
    shown: Shown,
    /// The caller as the first call found them: Kanboard keeps the row for the whole request, so
    /// that an administrator who demotes himself in a batch stays one until its end
    /// (`fixtures/transcripts/kanboard/rpc-batch.json`).
    known: Option<Caller>,
    /// Whether the next call need not prove who asks, as that was just done.
    proved: bool,
}

impl<'a> Conversation<'a> {
    /// Nothing is asked of the gateway yet.
    pub(crate) fn new(
        dialect: &'a Kanboard,
        request: &'a Request,
        exchange: &'a dyn Exchange,
    ) -> Self {
        let shown = Shown::of(request, dialect.header.as_deref());
        Self { dialect, request, exchange, shown, known: None, proved: false }
    }

    /// Whether a request is not one single call of a procedure that is not about people.
    pub(crate) fn is_ours(payload: &Php) -> bool {
        payload.is_list() || call(payload).is_none_or(|(method, _)| procedure::is_ours(method))
    }

    /// Answers the calls in their order; a notification leaves nothing behind. Once the request is
    /// over, the calls that are left are answered by an error, and not begun.
    pub(crate) async fn answer(mut self, payload: &Php) -> Result<String, Ending> {
        if !payload.is_list() {
            return self.one(payload).await;
        }
        let calls = payload.entries().unwrap_or_default();
        if calls.len() > self.exchange.batch_limit() {
            return TOO_MANY_CALLS.written(&Php::Null);
        }
        let unproved = calls.iter().filter(|(_, item)| call(item).is_none()).count();
        if unproved > UNPROVED {
            match self.identify().await {
                Err(Failure::Whole(ending)) => return Err(ending),
                Err(Failure::Here(error)) => return error.written(&Php::Null),
                Ok(()) => self.proved = true,
            }
        }
        self.batch(calls).await
    }

    async fn batch(&mut self, calls: &[(Key, Php)]) -> Result<String, Ending> {
        let mut answers = String::new();
        for (_, payload) in calls {
            let full = (answers.len() > MOST_ANSWERED).then(full);
            let answer = match full.or_else(|| self.exchange.over()) {
                None => self.one(payload).await?,
                Some(fault) => left_out(payload, fault)?,
            };
            if !answer.is_empty() {
                answers.push(if answers.is_empty() { '[' } else { ',' });
                answers.push_str(&answer);
            }
        }
        if !answers.is_empty() {
            answers.push(']');
        }
        Ok(answers)
    }

    async fn one(&mut self, payload: &Php) -> Result<String, Ending> {
        if !payload.is_array() {
            return PARSE_ERROR.written(&Php::Null);
        }
        let Some((method, parameters)) = call(payload) else {
            return INVALID_REQUEST.written(&Php::Null);
        };
        if !procedure::is_ours(method)
            && let Some(answer) = self.forward(payload).await
        {
            return answer;
        }
        let ended = self.run(method, parameters).await;
        let id = payload.member("id");
        match (ended, id) {
            (Err(Failure::Whole(ending)), _) => Err(ending),
            (_, None) => Ok(String::new()),
            (Ok(result), Some(id)) => written(("result", result), id),
            (Err(Failure::Here(error)), Some(id)) => error.written(id),
        }
    }

    /// Has the old system answer one call out of a batch, as if it had come alone.
    async fn forward(&self, payload: &Php) -> Option<Result<String, Ending>> {
        let mut body = String::new();
        if payload.write(&mut body).is_err() {
            return Some(Err(Ending::Fatal));
        }
        let mut alone = Request { body: body.into(), ..self.request.clone() };
        alone.headers.retain(|(name, _)| name != "content-length");
        Some(match self.exchange.forward(alone).await? {
            Ok(answer) => match answer.status {
                200 => String::from_utf8(answer.body.to_vec()).map_err(|_| Ending::Fatal),
                401 => Err(Ending::Unauthorized),
                403 => Err(Ending::Forbidden),
                _ => Err(Ending::Fatal),
            },
            Err(_) => Err(Ending::Fatal),
        })
    }

    async fn run(&mut self, method: &str, parameters: &Php) -> Result<Php, Failure> {
        self.identify().await?;
        let caller = self.known.as_ref().unwrap_or(&Caller::Nobody);
        let procedure = procedure::find(method, caller)?;
        let arguments = procedure.arguments(parameters)?;
        let call = Call { dialect: self.dialect, exchange: self.exchange, caller, arguments };
        (procedure.run)(&call).await
    }

    /// Each call of a batch proves anew who asks, though the first answer is kept.
    async fn identify(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.proved) {
            return Ok(());
        }
        let credentials = self.shown.credentials(self.dialect);
        let credentials = credentials.ok_or(Ending::Unauthorized)?;
        let caller = self.exchange.identify(credentials).await?;
        let application = self.shown.user.as_deref() == Some(APPLICATION);
        // A personal token does not stand for the application, nor the other way round.
        match (&caller, application) {
            (Caller::Application(_), true) => {}
            (Caller::Person(person), false)
                if *person.proof() != Proof::Password
                    || !self.dialect.shape.is_barred(person.user()) => {}
            _ => return Err(Ending::Unauthorized.into()),
        }
        if self.known.is_none() {
            self.signed_in(&caller).await?;
            self.known = Some(caller);
        }
        Ok(())
    }

    /// Keeps what the first sign-in changes in the caller's row.
    async fn signed_in(&self, caller: &Caller) -> Result<(), Failure> {
        let Some(user) = caller.user() else { return Ok(()) };
        let Some(changes) = self.dialect.shape.after_sign_in(user) else { return Ok(()) };
        let command = Command::MergeSettings(user.into(), PREFIX.to_owned(), changes);
        unless(self.exchange.call(caller, command).await, &[FaultKind::Unsupported])?;
        Ok(())
    }
}

/// What a batch says of a call that it does not begin.
fn left_out(payload: &Php, fault: Fault) -> Result<String, Ending> {
    let Some(id) = payload.member("id") else { return Ok(String::new()) };
    match Failure::from(fault) {
        Failure::Whole(ending) => Err(ending),
        Failure::Here(error) => error.written(id),
    }
}

fn full() -> Fault {
    Fault::new(FaultKind::Throttled, "the answers of the batch are too long")
}

/// The method and the parameters, if it is a call at all.
fn call(payload: &Php) -> Option<(&str, &Php)> {
    if payload.member("jsonrpc") != Some(&Php::from("2.0")) {
        return None;
    }
    let Some(Php::Text(method)) = payload.member("method") else { return None };
    match payload.member("params") {
        None => Some((method, &Php::Null)),
        Some(parameters) if parameters.is_array() => Some((method, parameters)),
        Some(_) => None,
    }
}
