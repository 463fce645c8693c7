//! A system with scripted answers, for a backend. It records the requests.

use std::collections::VecDeque;
use std::fmt;
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
    /// The system executes nothing.
    Before,
    /// The system executes the request, and the answer is lost.
    After,
}

/// A system with one request that fails.
#[derive(Debug)]
pub struct Breaking {
    system: Arc<dyn Upstream>,
    at: usize,
    how: Failing,
    count: Mutex<usize>,
}

impl Breaking {
    /// The request with this number fails in this way. The first request has number 0.
    pub fn at(system: Arc<dyn Upstream>, number: usize, how: Failing) -> Arc<Self> {
        Arc::new(Self { system, at: number, how, count: Mutex::default() })
    }

    fn number(&self) -> usize {
        let mut count = lock(&self.count);
        *count += 1;
        *count - 1
    }
}

#[async_trait]
impl Upstream for Breaking {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let breaks = self.number() == self.at;
        if breaks && self.how == Failing::Before {
            return Err(Fault::new(FaultKind::Unavailable, "refused"));
        }
        let answer = self.system.send(request).await;
        if breaks { Err(Fault::new(FaultKind::Timeout, "the answer is lost")) } else { answer }
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

    #[test]
    fn a_request_that_fails_before_is_not_sent() {
        for (how, sent) in [(Failing::Before, 1), (Failing::After, 2)] {
            let system = System::always(200, "");
            let breaking = Breaking::at(Arc::<System>::clone(&system), 1, how);
            assert_eq!(status(&breaking), Ok(200));
            assert!(status(&breaking).is_err());
            assert_eq!(system.asked().len(), sent, "{how:?}");
        }
    }
}
