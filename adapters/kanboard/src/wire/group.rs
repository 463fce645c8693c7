//! The rows of groups.

use isogloss_canonical::group::Group;
use isogloss_interop::php::value::Php;
use serde_json::Value;

use crate::options::Options;
use crate::wire::attributes::EXTERNAL_ID;
use crate::wire::columns::number;

/// The row that `getGroup` answers.
pub(crate) fn group_row(options: &Options, group: &Group) -> Php {
    Php::map([
        ("id", number(options, options.group_id(group))),
        ("external_id", external_id(group)),
        ("name", Php::from(group.name.as_str())),
    ])
}

/// The row that `getAllGroups` answers. Its columns have another order.
pub(crate) fn listed_group_row(options: &Options, group: &Group) -> Php {
    let members = i64::try_from(group.members).unwrap_or(i64::MAX);
    Php::map([
        ("id", number(options, options.group_id(group))),
        ("name", Php::from(group.name.as_str())),
        ("external_id", external_id(group)),
        ("nb_users", number(options, members)),
    ])
}

/// The empty text if it was never given; null if it was given as null.
fn external_id(group: &Group) -> Php {
    match group.attributes.get(EXTERNAL_ID) {
        None => Php::from(""),
        Some(Value::String(text)) => Php::from(text.as_str()),
        Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_),
        ) => Php::Null,
    }
}
