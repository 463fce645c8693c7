//! Facts that only a real server knows: what the RhodeCode server behind the route says of itself.

use isogloss_canonical::fact::Fact;
use isogloss_canonical::user::{Attributes, UserRef};
use isogloss_interop::python::simplejson::write::write;
use isogloss_interop::python::value::Py;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{FoundUser, user_or_caller};
use crate::dialect::method::{Answer, Method};
use crate::wire::DEFAULT_USER_FACT;

/// The argument that names a person.
const PERSON: &str = "userid";

/// What the system behind the route answers to a method. `None`: it has no such method.
pub(crate) async fn of_system(call: &Call<'_>, method: &Method) -> Option<Answer> {
    match fact(call, method).await {
        Ok(fact) => {
            let answer = call.exchange.fact(call.caller, fact).await?;
            Some(answer.map(|value| Py::from(&value)).map_err(Failure::from))
        }
        Err(failure) => Some(Err(failure)),
    }
}

/// The row of `default` as the RhodeCode server behind the route shows it, permissions included.
/// `None`: there is no such server.
pub(crate) async fn default_user(call: &Call<'_>) -> Option<Answer> {
    if !call.exchange.knows(DEFAULT_USER_FACT) {
        return None;
    }
    let (namespace, arguments) = (call.options.namespace.clone(), Attributes::new());
    let fact = Fact { namespace, name: DEFAULT_USER_FACT, person: None, arguments, shown: None };
    let answer = call.exchange.fact(call.caller, fact).await?;
    Some(answer.map(|row| Py::from(&row)).map_err(Failure::from))
}

/// The question of a call: the arguments that the method has, the person by their record.
async fn fact(call: &Call<'_>, method: &Method) -> Result<Fact, Failure> {
    let parameters = method.signature.parameters(call.version());
    let mut person = None;
    let mut arguments = Attributes::new();
    for parameter in parameters {
        if parameter.name == PERSON {
            person = match user_or_caller(call).await? {
                FoundUser::Person(user) => Some(UserRef::from(user.as_ref())),
                FoundUser::Default => return Err(Failure::Forbidden),
            };
        } else if let Some(value) = call.argument(&parameter.name) {
            let value = serde_json::from_str(&write(value));
            let value = value.map_err(|_| Failure::Exception("ValueError"))?;
            arguments.insert(parameter.name.clone(), value);
        }
    }
    let (namespace, name) = (call.options.namespace.clone(), method.info.name);
    Ok(Fact { namespace, name, person, arguments, shown: None })
}
