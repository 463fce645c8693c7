//! A system with scripted answers, for a backend. It records the requests.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_canonical::adapter::{Defaults, Service};
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;

use crate::suite::lock;

/// The function that answers a request.
type Reply = dyn Fn(&Request) -> Result<Response, Fault> + Send + Sync;

/// A system with scripted answers.
pub struct System {
    reply: Box<Reply>,
    asked: Mutex<Vec<Request>>,
}

impl System {
    /// Answers every request with this function.
    pub fn answering(
        reply: impl Fn(&Request) -> Result<Response, Fault> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { reply: Box::new(reply), asked: Mutex::default() })
    }

    /// Answers every request with this status and body.
    #[must_use]
    pub fn always(status: u16, body: &str) -> Arc<Self> {
        let body = body.to_owned();
        Self::answering(move |_| Ok(Response::new(status, body.clone())))
    }

    /// Answers with these statuses and bodies, one after the other. Further requests fail.
    pub fn in_turn<T: Into<String>>(answers: impl IntoIterator<Item = (u16, T)>) -> Arc<Self> {
        let answers = answers.into_iter().map(|(status, body)| (status, body.into()));
        let answers: Mutex<VecDeque<(u16, String)>> = Mutex::new(answers.collect());
        Self::answering(move |_| match lock(&answers).pop_front() {
            Some((status, body)) => Ok(Response::new(status, body)),
            None => Err(Fault::new(FaultKind::Timeout, "the script is at its end")),
        })
    }

    /// A system that cannot be reached: every request fails with this kind of fault.
    #[must_use]
    pub fn down(kind: FaultKind) -> Arc<Self> {
        Self::answering(move |_| Err(Fault::new(kind, "scripted")))
    }

    /// The requests, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Request> {
        lock(&self.asked).clone()
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("asked", &self.asked).finish_non_exhaustive()
    }
}

#[async_trait]
impl Upstream for System {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        lock(&self.asked).push(request.clone());
        (self.reply)(&request)
    }
}

/// How one request to a system fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// The system executes nothing, and there is no answer.
    Before,
    /// The system executes the request, and the answer is lost.
    After,
    /// The system executes nothing, and answers as if it had.
    Silently,
    /// The system executes nothing, and says so.
    Openly,
}

/// A system that stores what a test needs.
pub trait Server: fmt::Debug + Send + Sync {
    /// Executes a request and answers it.
    fn act(&self, request: &Request) -> Response;

    /// The answer to a request that fails [`Failing::Silently`] or [`Failing::Openly`]. `None`: the
    /// request changes nothing, and is answered as always.
    fn pretend(&self, request: &Request, how: Failing) -> Option<Response>;
}

/// A system with at most one request that fails. It records the requests.
#[derive(Debug)]
pub struct Breaking<S> {
    server: S,
    failing: Option<(usize, Failing)>,
    asked: Mutex<Vec<Request>>,
}

impl<S: Server> Breaking<S> {
    /// The request with this number fails in this way. The first request has number 0. `None`: no
    /// request fails.
    pub fn at(failing: Option<(usize, Failing)>, server: S) -> Arc<Self> {
        Arc::new(Self { server, failing, asked: Mutex::default() })
    }

    /// The requests, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Request> {
        lock(&self.asked).clone()
    }
}

impl<S> Deref for Breaking<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.server
    }
}

#[async_trait]
impl<S: Server> Upstream for Breaking<S> {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let number = {
            let mut asked = lock(&self.asked);
            asked.push(request.clone());
            asked.len() - 1
        };
        let failing = self.failing.filter(|(at, _)| *at == number).map(|(_, how)| how);
        let act = || self.server.act(&request);
        match failing {
            None => Ok(act()),
            Some(Failing::Before) => Err(Fault::new(FaultKind::Unavailable, "refused")),
            Some(Failing::After) => {
                act();
                Err(Fault::new(FaultKind::Timeout, "the answer is lost"))
            }
            Some(how @ (Failing::Silently | Failing::Openly)) => {
                Ok(self.server.pretend(&request, how).unwrap_or_else(act))
            }
        }
    }
}

/// The service of a backend for this id namespace, with this secret.
#[must_use]
pub fn service(namespace: IdNamespace, secret: &str) -> Service {
    Service {
        namespace,
        version: None,
        username: None,
        secret: secret.into(),
        defaults: Defaults::default(),
        random: || [0xab; 32],
        clock: std::time::Instant::now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::now;

    fn status(system: &Arc<impl Upstream>) -> Result<u16, FaultKind> {
        let answer = now(system.send(Request::to("GET", "/")));
        answer.map(|answer| answer.status).map_err(|fault| fault.kind)
    }

    #[test]
    fn answers_come_in_turn() {
        let system = System::in_turn([(200, "one"), (404, "two")]);
        assert_eq!([status(&system), status(&system)], [Ok(200), Ok(404)]);
        assert_eq!(status(&system), Err(FaultKind::Timeout));
        assert_eq!(system.asked().len(), 3);
    }

    /// Counts its changes; a `GET` shows the count.
    #[derive(Debug, Default)]
    struct Counter(Mutex<usize>);

    impl Server for Counter {
        fn act(&self, request: &Request) -> Response {
            let mut count = lock(&self.0);
            *count += usize::from(request.method != "GET");
            Response::new(200, count.to_string())
        }

        fn pretend(&self, request: &Request, how: Failing) -> Option<Response> {
            let status = if how == Failing::Silently { 200 } else { 500 };
            (request.method != "GET").then(|| Response::new(status, ""))
        }
    }

    #[test]
    fn a_request_that_fails_is_carried_out_only_if_its_answer_is_lost() {
        let failures = [
            (Failing::Before, Err(FaultKind::Unavailable), 1),
            (Failing::After, Err(FaultKind::Timeout), 2),
            (Failing::Silently, Ok(200), 1),
            (Failing::Openly, Ok(500), 1),
        ];
        for (how, answer, done) in failures {
            let breaking = Breaking::at(Some((1, how)), Counter::default());
            let change = || {
                let answer = now(breaking.send(Request::to("POST", "/")));
                answer.map(|answer| answer.status).map_err(|fault| fault.kind)
            };
            assert_eq!((change(), change()), (Ok(200), answer), "{how:?}");
            assert_eq!((*lock(&breaking.0), breaking.asked().len()), (done, 2), "{how:?}");
        }
        let read = Breaking::at(Some((0, Failing::Silently)), Counter::default());
        assert_eq!(status(&read), Ok(200));
    }
}
