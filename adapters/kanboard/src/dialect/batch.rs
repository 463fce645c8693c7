//! Runs the calls of one request: writes one after the other in the order given, reads next to each other
//! up to eight at a time. The answers are in the order of the calls. The checks of a call: is it an object, is it a
//! call, who calls, is there such a method, may the caller call it, do the parameters fit.

use futures_util::future::join_all;
use isogloss_canonical::exchange::{BATCH_LIMIT, Exchange};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Request;
use isogloss_canonical::json::has_one_meaning;
use isogloss_canonical::listing::{Frame, Listing};
use isogloss_interop::php::json::Style;
use isogloss_interop::php::value::{Key, Php};

use crate::dialect::call::Call;
use crate::dialect::envelope::{RpcCall, write_answer};
use crate::dialect::failure::{Abort, Failure, INVALID_REQUEST, PARSE_ERROR, TOO_MANY_CALLS};
use crate::dialect::identity::Identity;
use crate::dialect::method::Reply;
use crate::dialect::table;
use crate::options::Options;
use crate::options::version::{Version, Wording};

/// How many items of a batch that are no calls are answered, each by an error, before the
/// credentials are checked. Kanboard has no limit: an item of two bytes causes an answer of sixty.
const UNCHECKED_LIMIT: usize = 20;
/// How many bytes of answers a batch may collect before no further call is started.
const ANSWERS_LIMIT: usize = 32 << 20;

/// How many calls that only read run at a time.
const AT_A_TIME: usize = 8;

/// The calls of one request.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    options: &'a Options,
    request: &'a Request,
    exchange: &'a dyn Exchange,
    identity: Identity<'a>,
}

impl<'a> Batch<'a> {
    /// Reads the credentials; checks nothing yet.
    pub(crate) fn new(
        options: &'a Options,
        request: &'a Request,
        exchange: &'a dyn Exchange,
    ) -> Self {
        let identity = Identity::new(options, request, exchange);
        Self { options, request, exchange, identity }
    }

    const fn wording(&self) -> Wording {
        self.options.differences().wording
    }

    /// Answers the payload: one call, or a list of them. A call without an id has no answer.
    pub(crate) async fn answer(mut self, payload: &Php) -> Result<Listing, Abort> {
        if payload.is_list() {
            return self.answer_batch(payload).await.map(Listing::from);
        }
        self.answer_one(payload).await
    }

    async fn answer_batch(mut self, payload: &Php) -> Result<String, Abort> {
        let items = payload.entries().unwrap_or_default();
        if items.len() > self.exchange.batch_limit() {
            return Ok(TOO_MANY_CALLS.write(&Php::Null, self.wording())?);
        }
        let invalid = items.iter().filter(|(_, item)| RpcCall::read(item).is_none()).count();
        if invalid > UNCHECKED_LIMIT {
            match self.identity.check_ahead().await {
                Err(Failure::Request(abort)) => return Err(abort),
                Err(Failure::Call(error)) => {
                    return Ok(error.write(&Php::Null, self.wording())?);
                }
                Ok(()) => {}
            }
        }
        self.answer_all(items).await
    }

    /// Once the request is over, the calls that are left are answered by an error and not started.
    async fn answer_all(&mut self, items: &[(Key, Php)]) -> Result<String, Abort> {
        let mut answers = String::new();
        let mut rest = items;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.reads(rest).max(1));
            rest = later;
            let full = (answers.len() > ANSWERS_LIMIT).then(answers_too_long);
            let given = match (full.or_else(|| self.exchange.over()), now) {
                (Some(fault), now) => self.unstarted(now, &fault)?,
                (None, [(_, alone)]) => vec![whole(self.answer_one(alone).await?).await?],
                (None, now) => self.answer_together(now).await?,
            };
            for answer in given.iter().filter(|answer| !answer.is_empty()) {
                answers.push(if answers.is_empty() { '[' } else { ',' });
                answers.push_str(answer);
            }
        }
        if !answers.is_empty() {
            answers.push(']');
        }
        Ok(answers)
    }

    /// How many calls at the beginning can run at a time: reads, once the caller is known.
    fn reads(&self, items: &[(Key, Php)]) -> usize {
        let version = self.options.version;
        let is_read = |item: &Php| {
            RpcCall::read(item).is_some_and(|call| table::is_read(version, call.method))
        };
        let most = if self.identity.is_known() { AT_A_TIME } else { 0 };
        items.iter().take(most).take_while(|(_, item)| is_read(item)).count()
    }

    /// Answers calls that only read. The credentials are checked once for all of them: none of them
    /// changes the caller.
    async fn answer_together(&mut self, items: &[(Key, Php)]) -> Result<Vec<String>, Abort> {
        if let Err(failure) = self.identity.check().await {
            let refused = |(_, item): &(Key, Php)| self.refused(failure.clone(), item);
            return items.iter().map(refused).collect();
        }
        let this = &*self;
        let answers = join_all(items.iter().map(|(_, item)| this.answer_checked(item))).await;
        answers.into_iter().collect()
    }

    /// Answers a call of a caller whose credentials have just been checked.
    async fn answer_checked(&self, item: &Php) -> Result<String, Abort> {
        if let Some(fault) = self.exchange.over() {
            return answer_unstarted(item, fault, self.wording());
        }
        match RpcCall::read(item) {
            Some(call) => whole(self.written(self.run(call).await, item).await?).await,
            None => Ok(INVALID_REQUEST.write(&Php::Null, self.wording())?),
        }
    }

    fn unstarted(&self, items: &[(Key, Php)], fault: &Fault) -> Result<Vec<String>, Abort> {
        let one = |(_, item): &(Key, Php)| answer_unstarted(item, fault.clone(), self.wording());
        items.iter().map(one).collect()
    }

    async fn answer_one(&mut self, item: &Php) -> Result<Listing, Abort> {
        if !item.is_array() {
            return Ok(PARSE_ERROR.write(&Php::Null, self.wording())?.into());
        }
        let Some(call) = RpcCall::read(item) else {
            return Ok(INVALID_REQUEST.write(&Php::Null, self.wording())?.into());
        };
        if !table::is_translated(self.options.version, call.method)
            && let Some(answer) = self.forward(item).await
        {
            return answer.map(Listing::from);
        }
        let result = match self.identity.check().await {
            Ok(()) => self.run(call).await,
            Err(failure) => Err(failure),
        };
        self.written(result, item).await
    }

    /// The answer to a call; empty if it has no id.
    async fn written(&self, result: Result<Reply, Failure>, item: &Php) -> Result<Listing, Abort> {
        let reply = match result {
            Ok(reply) => reply,
            Err(failure) => return self.refused(failure, item).map(Listing::from),
        };
        let Some(id) = item.member("id") else { return Ok(String::new().into()) };
        let style = self.wording().json;
        let rows = match reply {
            Reply::Value(value) => return Ok(write_answer(("result", value), id, style)?.into()),
            Reply::Rows(rows) => rows,
        };
        let frame = Frame::of(|rows| {
            let rows = rows.iter().map(|row| Php::from(*row)).collect();
            write_answer(("result", rows), id, style)
        })?;
        match rows.begin(frame).await {
            Ok(listing) => Ok(listing),
            Err(failure) => self.refused(failure, item).map(Listing::from),
        }
    }

    /// The answer to a call that failed; empty if it has no id.
    fn refused(&self, failure: Failure, item: &Php) -> Result<String, Abort> {
        match (failure, item.member("id")) {
            (Failure::Request(abort), _) => Err(abort),
            (Failure::Call(_), None) => Ok(String::new()),
            (Failure::Call(error), Some(id)) => Ok(error.write(id, self.wording())?),
        }
    }

    /// Has the origin answer one call of a batch, as if it had come alone. `None`: the route has no
    /// origin.
    async fn forward(&self, item: &Php) -> Option<Result<String, Abort>> {
        let mut body = String::new();
        // An infinite number cannot be written. An origin is then not asked: an empty body is refused.
        if item.write(&mut body, Style::UNESCAPED).is_err() {
            body.clear();
        }
        let mut alone = Request { body: body.into(), ..self.request.clone() };
        // The answer is read here, to be joined to the others.
        alone.headers.retain(|(name, _)| name != "content-length" && name != "accept-encoding");
        let alone = alone.with("accept-encoding", "identity");
        let answer = match self.exchange.forward(alone).await? {
            Ok(answer) => answer,
            Err(fault) => return Some(answer_unstarted(item, fault, self.wording())),
        };
        Some(match answer.status {
            200 if answer.body.is_empty() || has_one_meaning(&answer.body) => {
                String::from_utf8(answer.body.to_vec()).map_err(|_| Abort::Uncaught)
            }
            401 => Err(Abort::Unauthorized),
            403 => Err(Abort::Forbidden),
            _ => {
                let fault = Fault::new(FaultKind::Unavailable, "no answer of Kanboard's API");
                answer_unstarted(item, fault, self.wording())
            }
        })
    }

    /// Runs a call of a caller whose credentials have been checked.
    async fn run(&self, call: RpcCall<'_>) -> Result<Reply, Failure> {
        let caller = self.identity.caller();
        let (version, is_embedded) = (self.options.version, self.exchange.is_embedded());
        let method = table::find(version, call.method, caller, is_embedded)?;
        let named_null = self.options.differences().named_null;
        let arguments = method.arguments(call.parameters, named_null)?;
        let call = Call { options: self.options, exchange: self.exchange, caller, arguments };
        (method.run)(&call).await
    }
}

/// Whether the gateway answers the whole payload: always, unless it is a single call of a method
/// that an origin answers.
pub(crate) fn is_translated(version: Version, payload: &Php) -> bool {
    payload.is_list()
        || RpcCall::read(payload).is_none_or(|call| table::is_translated(version, call.method))
}

/// The answer to a payload whose calls are all unanswered: an error for each that has an id. Nobody has
/// been identified, so an answer does not repeat a long id: such a payload has no answer.
pub(crate) fn unanswered(payload: &Php, fault: &Fault, wording: Wording) -> Result<String, Abort> {
    let is_long = |item: &Php| item.member("id").is_some_and(|id| !is_short(id, wording));
    if !payload.is_list() {
        if is_long(payload) {
            return Err(Abort::Uncaught);
        }
        return answer_unstarted(payload, fault.clone(), wording);
    }
    let items = payload.entries().unwrap_or_default();
    if items.len() > BATCH_LIMIT {
        return Ok(TOO_MANY_CALLS.write(&Php::Null, wording)?);
    }
    if items.iter().any(|(_, item)| is_long(item)) {
        return Err(Abort::Uncaught);
    }
    let one = |(_, item): &(Key, Php)| answer_unstarted(item, fault.clone(), wording);
    let answers: Vec<_> = items.iter().map(one).collect::<Result<_, _>>()?;
    let given: Vec<_> = answers.into_iter().filter(|answer| !answer.is_empty()).collect();
    Ok(if given.is_empty() { String::new() } else { format!("[{}]", given.join(",")) })
}

/// Whether an id is as short as those of clients: numbers, UUIDs.
fn is_short(id: &Php, wording: Wording) -> bool {
    const LONGEST: usize = 255;
    let mut text = String::new();
    id.write(&mut text, wording.json).is_ok() && text.len() <= LONGEST
}

/// The answer to a call that is not started, or that the origin did not answer. The other calls of the
/// batch keep their answers.
fn answer_unstarted(item: &Php, fault: Fault, wording: Wording) -> Result<String, Abort> {
    let Some(id) = item.member("id") else { return Ok(String::new()) };
    match Failure::from(fault) {
        Failure::Request(abort) => Err(abort),
        Failure::Call(error) => Ok(error.write(id, wording)?),
    }
}

/// The whole text of an answer that is a part of a batch.
async fn whole(listing: Listing) -> Result<String, Abort> {
    listing.whole().await.map_err(|_| Abort::Uncaught)
}

fn answers_too_long() -> Fault {
    Fault::new(FaultKind::Throttled, "the answers of the batch are too long")
}
