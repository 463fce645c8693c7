//! The `test` methods, which every RhodeCode leaves open:
//! fixtures/transcripts/rhodecode/testing-methods.json.

use crate::dialect::call::{Answer, Call, Raised, told};
use crate::dialect::envelope;
use crate::dialect::registry::Row;
use crate::mapping::Mapping;
use crate::python::Py;
use crate::{simplejson, wire};

/// The methods for tests.
pub(crate) const ROWS: &[Row] = &[
    Row::own("test", "args", |call| told(test(call))).about(&[], "Answers its argument."),
    Row::own("test_deprecated_method", "", |_| told(Ok(Py::from("value"))))
        .deprecated("test_ok")
        .about(&[], "Answers with a warning that it is deprecated."),
    Row::own("test_error", "", |_| told(Err(Raised::error("error happened"))))
        .about(&[], "Fails with a sentence."),
    Row::own("test_exception", "", |_| told(Err(Raised::Exception("Exception"))))
        .about(&[], "Fails with an exception that nobody catches."),
    Row::own("test_forbidden_method", "", |_| told(Err(Raised::Forbidden)))
        .about(&[], "Refuses everybody."),
    Row::own("test_ok", "", |call| told(Ok(test_ok(call))))
        .about(&[], "Says who the caller is and what time it is."),
    Row::own("test_params", "params", |call| told(Ok(test_params(call))))
        .about(&[], "Says who the caller is and what the argument is."),
    Row::own("test_params_opt", "params opt1:False opt2=True opt3=@", |call| {
        told(Ok(test_params_opt(call)))
    })
    .about(&[], "The same with optional arguments."),
];

/// The answer is indented like an id, and bounded like one.
fn test(call: &Call<'_>) -> Answer {
    let args = call.required("args");
    let fits = simplejson::fits(args, envelope::most_echoed(call.request));
    if fits { Ok(args.clone()) } else { Err(Raised::Exception("MemoryError")) }
}

fn test_ok(call: &Call<'_>) -> Py {
    let now = call.exchange.now();
    #[expect(clippy::cast_precision_loss, reason = "Python's time() is a float too")]
    let seconds = now.as_microsecond() as f64 / 1e6;
    let facts = Mapping::default()
        .with("time", Py::Float(seconds))
        .with("dt", wire::date(now))
        .with("decimal", "0.123");
    let shape = Mapping::default().with("who", format!("hello {} ", caller(call)));
    shape.with("obj", facts).into()
}

fn test_params(call: &Call<'_>) -> Py {
    let params = call.required("params").text();
    format!("hello apiuser:{} params:{params}", caller(call)).into()
}

fn test_params_opt(call: &Call<'_>) -> Py {
    let given =
        |name: &str, default: &str| call.arg(name).map_or_else(|| default.to_owned(), Py::text);
    let who = caller(call);
    let params = call.required("params").text();
    let (one, two, three) = (given("opt1", "False"), given("opt2", "True"), given("opt3", &who));
    format!("hello apiuser:{who} params:{params}, opt:[{one},{two},{three}]").into()
}

/// The caller as Python prints it.
fn caller(call: &Call<'_>) -> String {
    let Some(user) = call.caller.user() else { return String::new() };
    let (id, name) = (wire::id_of(call.view, user), wire::shown_name(user).text());
    format!("<AuthUser('id:{id}[{name}] ip:{} auth:False')>", call.address)
}
