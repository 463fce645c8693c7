//! What a client says on the socket.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::dialect::sockjs::messages::Transport;

/// A message of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// `auth`: a user name and the id of a session. `None`: it has another form, and counts for nothing.
    Auth(Option<(String, String)>),
    /// `subscribe`: whether the state of the printer is wanted.
    Subscribe(State),
    /// Nothing that the server without a printer does anything for: `throttle`, no JSON, an empty object.
    Nothing,
}

/// Which messages about the state of the printer a client wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// All of them: the client has not said otherwise.
    #[default]
    Unsaid,
    /// None of them.
    Unwanted,
    /// Those that a value chooses, by the value's print. The value itself is not kept: a client without
    /// credentials would choose how much memory its socket takes.
    Wanted(u64),
}

impl State {
    /// Whether messages about the state are sent.
    pub(super) fn is_wanted(&self) -> bool {
        *self != Self::Unwanted
    }
}

/// The message raises an exception in the server, which aborts the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crash;

/// The most messages of one frame. OctoPrint has no limit. SockJS's own client sends one at a time.
const MOST: usize = 50;
/// The most JSON values of one frame, as each takes many times its bytes when it is read. OctoPrint has no
/// limit. What clients send has a few dozen.
const MOST_VALUES: usize = 2_000;

/// Reads a frame of a client: a message, or a list of them.
pub(super) fn read(transport: Transport, frame: &str) -> Result<Vec<Asked>, Crash> {
    if frame.is_empty() {
        return Ok(Vec::new());
    }
    // Every value but the first of an array or object has one of these before it.
    let marks = frame.bytes().filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{'));
    if marks.count() > MOST_VALUES {
        return Err(Crash);
    }
    if transport == Transport::Raw {
        return Ok(vec![message(frame)?]);
    }
    let value: Value = serde_json::from_str(frame).map_err(|_| Crash)?;
    let texts = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
    if texts.len() > MOST {
        return Err(Crash);
    }
    // What is no text is no JSON of a message. OctoPrint ignores it.
    texts.iter().map(|text| text.as_str().map_or(Ok(Asked::Nothing), message)).collect()
}

/// Reads one message. The forms are those that OctoPrint tells apart.
fn message(text: &str) -> Result<Asked, Crash> {
    let Ok(message) = serde_json::from_str::<Value>(text) else { return Ok(Asked::Nothing) };
    let Value::Object(message) = message else {
        // OctoPrint looks for `auth` in a list too. A number has no members, and a text no items.
        return if message.is_array() { Ok(Asked::Nothing) } else { Err(Crash) };
    };
    if let Some(auth) = message.get("auth") {
        return Ok(Asked::Auth(pair(auth.as_str().ok_or(Crash)?)));
    }
    if let Some(throttle) = message.get("throttle") {
        let is_number = throttle.is_number() || throttle.is_string() || throttle.is_boolean();
        return if is_number { Ok(Asked::Nothing) } else { Err(Crash) };
    }
    match message.get("subscribe") {
        None => Ok(Asked::Nothing),
        Some(Value::Object(wanted)) => {
            let is_flag_or = |name: &str, or: fn(&Value) -> bool| {
                wanted.get(name).is_none_or(|value| value.is_boolean() || or(value))
            };
            let is_fit = is_flag_or("plugins", Value::is_array)
                && is_flag_or("events", Value::is_array)
                && is_flag_or("state", |state| state.as_object().is_some_and(is_choice));
            Ok(if is_fit { Asked::Subscribe(state(wanted.get("state"))) } else { Asked::Nothing })
        }
        Some(_) => Err(Crash),
    }
}

/// Whether an object chooses lines of the terminal, by flags or by patterns. There are no lines, so the
/// patterns are not read.
fn is_choice(choice: &serde_json::Map<String, Value>) -> bool {
    ["logs", "messages"]
        .iter()
        .all(|name| choice.get(*name).is_none_or(|value| value.is_boolean() || value.is_string()))
}

fn state(wanted: Option<&Value>) -> State {
    match wanted {
        None | Some(Value::Bool(false)) => State::Unwanted,
        Some(wanted) => State::Wanted(print(wanted)),
    }
}

/// Equal values have equal prints. The order of the members of an object does not count.
fn print(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Object(members) => {
            let one = |(name, value): (&String, &Value)| {
                let mut hasher = DefaultHasher::new();
                (name, print(value)).hash(&mut hasher);
                hasher.finish()
            };
            let sum = members.iter().map(one).fold(0, u64::wrapping_add);
            ("object", sum).hash(&mut hasher);
        }
        Value::Array(items) => {
            ("array", items.iter().map(print).collect::<Vec<_>>()).hash(&mut hasher);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            value.to_string().hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// `user:session`.
fn pair(auth: &str) -> Option<(String, String)> {
    let (user, session) = auth.split_once(':')?;
    (!session.contains(':')).then(|| (user.to_owned(), session.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_the_server_does() {
        let auth = |user: &str, session: &str| Asked::Auth(Some((user.into(), session.into())));
        let read = |frame| read(Transport::SockJs, frame);
        assert_eq!(
            read(r#"["{\"auth\":\"a:b\"}","5x"]"#),
            Ok(vec![auth("a", "b"), Asked::Nothing])
        );
        assert_eq!(read(r#""{\"auth\":\"a:b\"}""#), Ok(vec![auth("a", "b")]));
        for (frame, expected) in [
            ("", vec![]),
            ("[]", vec![]),
            ("5", vec![Asked::Nothing]),
            (r#"[{"auth":"a:b"}]"#, vec![Asked::Nothing]),
            (r#"["{\"auth\":\"a:b:c\"}"]"#, vec![Asked::Auth(None)]),
            (r#"["{\"auth\":\"\"}"]"#, vec![Asked::Auth(None)]),
            (r#"["{\"throttle\":\"x\"}"]"#, vec![Asked::Nothing]),
            (r#"["{\"subscribe\":{\"plugins\":5}}"]"#, vec![Asked::Nothing]),
            (r#"["{\"subscribe\":{}}"]"#, vec![Asked::Subscribe(State::Unwanted)]),
        ] {
            assert_eq!(read(frame), Ok(expected), "{frame}");
        }
        for frame in [
            "garbage",
            r#"["5"]"#,
            r#"["\"auth\""]"#,
            r#"["{\"auth\":5}"]"#,
            r#"["{\"auth\":null}"]"#,
            r#"["{\"throttle\":null}"]"#,
            r#"["{\"subscribe\":5}"]"#,
            &format!("[{}5]", "5,".repeat(MOST)),
        ] {
            assert_eq!(read(frame), Err(Crash), "{frame}");
        }
    }

    /// 125 sockets of a client without credentials took 600 MB, when each kept what it had asked for.
    #[test]
    fn what_a_client_asks_for_is_not_kept_and_has_a_limit() {
        let subscribe = |state: &str| {
            let read = read(Transport::Raw, &format!("{{\"subscribe\":{{\"state\":{state}}}}}"));
            read.map(|mut asked| asked.remove(0))
        };
        let one = subscribe(r#"{"logs":true,"messages":"a"}"#).unwrap();
        assert!(matches!(one, Asked::Subscribe(State::Wanted(_))), "{one:?}");
        assert_eq!(subscribe(r#"{"messages":"a","logs":true}"#).unwrap(), one);
        assert_ne!(subscribe(r#"{"messages":"b","logs":true}"#).unwrap(), one);
        assert!(size_of::<State>() <= 16);
        let many = format!("[{}0]", r#"{"":0},"#.repeat(MOST_VALUES / 3));
        assert_eq!(subscribe(&format!("{{\"x\":{many}}}")), Err(Crash));
    }
}
