//! JSON-RPC: one call or a batch, and what is answered.

use serde_json::{Value, json};

use super::call::{Answer, Refusal, is_list};
use super::caller::Caller;
pub(crate) use super::caller::Credentials;
use super::{Fake, User};

/// An answer: its status and its body. `None`: an empty one.
pub(crate) type Reply = (u16, Option<Value>);

/// What becomes of one call of a request.
enum Answered {
    /// Its own answer; `None` for a notification.
    One(Option<Value>),
    /// The answer to the whole request.
    Whole(Reply),
}

impl Fake {
    /// Answers a request.
    pub(crate) fn answer(&mut self, credentials: &Credentials, body: &[u8]) -> Reply {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return (200, Some(parse())) };
        self.asked.push(Vec::new());
        let mut session = None;
        let Some(calls) = batch(&body) else {
            return match self.one(credentials, &mut session, &body) {
                Answered::One(answer) => (200, answer),
                Answered::Whole(reply) => reply,
            };
        };
        let mut answers = Vec::new();
        for call in calls {
            match self.one(credentials, &mut session, call) {
                Answered::One(answer) => answers.extend(answer),
                Answered::Whole(reply) => return reply,
            }
        }
        (200, (!answers.is_empty()).then(|| answers.into()))
    }

    fn one(
        &mut self,
        credentials: &Credentials,
        session: &mut Option<Box<User>>,
        call: &Value,
    ) -> Answered {
        if !call.is_object() && !call.is_array() {
            return Answered::One(Some(parse()));
        }
        let Some(method) = call["method"].as_str().filter(|_| call["jsonrpc"] == "2.0") else {
            return Answered::One(Some(error_of_all(-32600, "Invalid Request")));
        };
        let params = call.get("params").filter(|given| !given.is_null());
        let params = params.cloned().unwrap_or(json!([]));
        if !(params.is_array() || params.is_object()) {
            return Answered::One(Some(error_of_all(-32600, "Invalid Request")));
        }
        if let Some(asked) = self.asked.last_mut() {
            asked.push(method.to_owned());
        }
        let answer = self.caller(credentials, session.as_deref()).and_then(|caller| {
            let answer = self.call(&caller, method, &params);
            if let Caller::User(row) = caller {
                *session = Some(row);
            }
            answer
        });
        encoded(call, answer)
    }
}

/// The calls of a batch: a list, or what PHP takes for one. `None`: one call.
fn batch(body: &Value) -> Option<Vec<&Value>> {
    match body {
        Value::Array(calls) if !calls.is_empty() => Some(calls.iter().collect()),
        Value::Object(object) if is_list(object) => Some(object.values().collect()),
        Value::Array(_)
        | Value::Object(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => None,
    }
}

fn parse() -> Value {
    error_of_all(-32700, "Parse error")
}

fn error_of_all(code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": null})
}

/// The answer to one call. A refusal of the caller answers the whole request.
fn encoded(call: &Value, answer: Answer) -> Answered {
    let id = call.get("id").filter(|id| !id.is_null());
    let error = |error: Value| match id {
        Some(id) => Answered::One(Some(json!({"jsonrpc": "2.0", "error": error, "id": id}))),
        None => Answered::One(None),
    };
    match answer {
        Ok(result) => {
            Answered::One(id.map(|id| json!({"jsonrpc": "2.0", "result": result, "id": id})))
        }
        Err(Refusal::Unauthorized) => {
            Answered::Whole((401, Some(error_of_all(401, "Unauthorized"))))
        }
        Err(Refusal::Forbidden) => Answered::Whole((403, Some(error_of_all(403, "Forbidden")))),
        Err(Refusal::Fatal) => Answered::Whole((500, None)),
        Err(Refusal::Unknown) => error(json!({"code": -32601, "message": "Method not found"})),
        Err(Refusal::Parameters(why)) => {
            error(json!({"code": -32602, "message": "Invalid params", "data": why}))
        }
        Err(Refusal::Exception(why)) => error(json!({"code": 0, "message": why})),
    }
}
