//! Plays a scenario: sends each request, captures, compares.

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::client::{Answer, Base};
use crate::comparison::{Difference, compare};
use crate::ledger::Deviation;
use crate::played::Played;
use crate::transcript::{Exchange, Transcript};
use crate::variables::Variables;

/// Plays every exchange in order. An exchange that fails does not stop the next ones.
pub fn play(
    transcript: &Transcript,
    bases: &[Base],
    variables: &mut Variables,
    deviations: &[Deviation],
) -> Vec<Played> {
    let exchanges = transcript.exchanges.iter().zip(bases.iter().cycle());
    exchanges
        .map(|(exchange, base)| {
            let mut ours = deviations.iter().filter(|row| row.is_for(transcript, exchange));
            play_one(exchange, base, variables, ours.next())
        })
        .collect()
}

fn play_one(
    exchange: &Exchange,
    base: &Base,
    variables: &mut Variables,
    deviation: Option<&Deviation>,
) -> Played {
    let word = |key: &str| exchange.request.get(key).and_then(Value::as_str).unwrap_or_default();
    let sent = format!("{} {}", word("method"), word("path"));
    let body = ["json", "form", "text"].into_iter().find_map(|key| exchange.request.get(key));
    let sent = body.map_or(sent.clone(), |body| format!("{sent} {body}"));
    let sent: String = sent.chars().take(300).collect();
    let mut needless_deviation = false;
    let verdict = judge(exchange, base, variables, deviation).map(|(differences, as_recorded)| {
        needless_deviation = deviation.is_some() && as_recorded;
        differences
    });
    let verdict = verdict.map_err(|error| format!("{error:#}"));
    Played { label: exchange.label.clone(), sent, verdict, needless_deviation }
}

/// The differences from the expected answer, and whether the answer is equal to the recorded one.
fn judge(
    exchange: &Exchange,
    base: &Base,
    variables: &mut Variables,
    deviation: Option<&Deviation>,
) -> Result<(Vec<Difference>, bool)> {
    let answer = base.send(&exchange.request, variables)?;
    let captured = capture(exchange, &answer, variables);
    let expected =
        deviation.map_or_else(|| exchange.response.clone(), |row| row.expected(&exchange.response));
    let differences = compare(&expected, &answer, variables)?;
    // If the answer differs, the differences are reported, not the missing capture.
    if differences.is_empty() {
        captured?;
    }
    let as_recorded =
        deviation.is_some() && compare(&exchange.response, &answer, variables)?.is_empty();
    Ok((differences, as_recorded))
}

/// Takes out of an answer what later requests of the transcript need. The error says what is not there.
pub fn capture(exchange: &Exchange, answer: &Answer, variables: &mut Variables) -> Result<()> {
    for (name, place) in &exchange.capture {
        let value =
            find(answer, place).with_context(|| format!("nothing to capture at {place}"))?;
        variables.set(name.as_str(), value);
    }
    Ok(())
}

fn find(answer: &Answer, place: &str) -> Option<Value> {
    if let Some(header) = place.strip_prefix("header:") {
        return answer.headers.get(&header.to_ascii_lowercase()).map(|value| value.as_str().into());
    }
    let steps = place.split('/').skip(1);
    steps.map(|step| step.replace("~1", "/").replace("~0", "~")).try_fold(
        answer.json.clone()?,
        |value, step| match value {
            Value::Array(items) => nth(items, &step),
            Value::Object(members) => member(members, &step),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        },
    )
}

/// An item by its index. A negative index counts from the end.
fn nth(mut items: Vec<Value>, step: &str) -> Option<Value> {
    let index: i64 = step.parse().ok()?;
    let from_end = index.checked_neg().and_then(|index| usize::try_from(index).ok());
    let index = if index < 0 {
        items.len().checked_sub(from_end?)?
    } else {
        usize::try_from(index).ok()?
    };
    (index < items.len()).then(|| items.swap_remove(index))
}

fn member(mut members: Map<String, Value>, step: &str) -> Option<Value> {
    members.remove(step)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;

    /// A server that answers each connection in turn with one of these bodies.
    fn scripted(bodies: Vec<&'static str>) -> Base {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for body in bodies {
                let (mut stream, _) = listener.accept().unwrap();
                let mut buffer = [0; 4096];
                assert!(stream.read(&mut buffer).unwrap() > 0);
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all((head + body).as_bytes()).unwrap();
            }
        });
        Base::parse(&url).unwrap()
    }

    fn exchange(path: &str, json: &Value, capture: &[(&str, &str)]) -> Exchange {
        let object = |value: Value| value.as_object().unwrap().clone();
        let own = |(name, place): &(&str, &str)| ((*name).to_owned(), (*place).to_owned());
        Exchange {
            label: path.to_owned(),
            request: object(json!({"method": "GET", "path": path})),
            response: object(json!({"status": 200, "json": json})),
            capture: capture.iter().map(own).collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn captures_before_it_compares_and_goes_on_after_a_failure() {
        let transcript = Transcript {
            name: "x::y".to_owned(),
            folder: "x".to_owned(),
            scenario: "y".to_owned(),
            profile: "default".to_owned(),
            about: String::new(),
            exchanges: vec![
                exchange("/last", &json!([{"id": 1}, {"id": "{{#id}}"}]), &[("id", "/-1/id")]),
                exchange("/lost", &json!([]), &[("lost", "/0")]),
                exchange("/{{lost}}", &json!([]), &[]),
                exchange("/{{id}}", &json!("{{id}}"), &[]),
            ],
        };
        let base = scripted(vec![r#"[{"id":1},{"id":7}]"#, "[]", r#""7""#]);
        let played = play(&transcript, &[base], &mut Variables::default(), &[]);
        let matched: Vec<_> = played.iter().map(Played::matched).collect();
        assert_eq!(matched, [true, false, false, true], "{played:?}");
    }
}
