//! The `test` methods, which every RhodeCode offers to authors of clients:
//! fixtures/transcripts/rhodecode/testing-methods.json.

use isogloss_interop::python::simplejson::write::fits;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::users;
use crate::dialect::call::Call;
use crate::dialect::envelope::most_echoed;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::shown_name;
use crate::dialect::method::Answer;
use crate::wire::Object;

/// `test`: the argument. It is indented like an id, and its length has the same limit.
pub(crate) async fn test(call: &Call<'_>) -> Answer {
    let argument = call.required("args");
    let fits = fits(argument, most_echoed(call.request));
    if fits { Ok(argument.clone()) } else { Err(Failure::Exception("MemoryError")) }
}

/// `test_deprecated_method`.
pub(crate) async fn test_deprecated_method(_: &Call<'_>) -> Answer {
    Ok(Py::from("value"))
}

/// `test_error`.
pub(crate) async fn test_error(_: &Call<'_>) -> Answer {
    Err(Failure::error("error happened"))
}

/// `test_exception`.
pub(crate) async fn test_exception(_: &Call<'_>) -> Answer {
    Err(Failure::Exception("Exception"))
}

/// `test_forbidden_method`.
pub(crate) async fn test_forbidden_method(_: &Call<'_>) -> Answer {
    Err(Failure::Forbidden)
}

/// `test_ok`.
pub(crate) async fn test_ok(call: &Call<'_>) -> Answer {
    let now = call.exchange.now();
    #[expect(clippy::cast_precision_loss, reason = "Python's time() is a float too")]
    let seconds = now.as_microsecond() as f64 / 1e6;
    let facts = Object::default()
        .with("time", Py::Float(seconds))
        .with("dt", users::date(now))
        .with("decimal", "0.123");
    let shape = Object::default().with("who", format!("hello {} ", caller(call)));
    Ok(shape.with("obj", facts).into())
}

/// `test_params`.
pub(crate) async fn test_params(call: &Call<'_>) -> Answer {
    let params = call.required("params").to_text();
    Ok(format!("hello apiuser:{} params:{params}", caller(call)).into())
}

/// `test_params_opt`.
pub(crate) async fn test_params_opt(call: &Call<'_>) -> Answer {
    let given = |name: &str, default: &str| {
        call.argument(name).map_or_else(|| default.to_owned(), Py::to_text)
    };
    let who = caller(call);
    let params = call.required("params").to_text();
    let (one, two, three) = (given("opt1", "False"), given("opt2", "True"), given("opt3", &who));
    Ok(format!("hello apiuser:{who} params:{params}, opt:[{one},{two},{three}]").into())
}

/// The caller as Python prints it.
fn caller(call: &Call<'_>) -> String {
    let Some(user) = call.caller.user() else { return String::new() };
    let (id, name) = (call.options.user_id(user), shown_name(user).to_text());
    format!("<AuthUser('id:{id}[{name}] ip:{} auth:False')>", call.address)
}
