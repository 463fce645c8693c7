//! The rows of groups.

use isogloss_canonical::group::Group;
use isogloss_interop::php::value::Php;
use serde_json::Value;

use crate::options::Options;
use crate::wire::attributes::EXTERNAL_ID;
use crate::wire::columns::{found_id, number};

/// The columns of a group, in the order of the table.
const COLUMNS: &[&str] = &["id", "external_id", "name"];

/// The row that `getGroup` answers to this id.
pub(crate) fn found_group_row(options: &Options, group: &Group, asked: &Php) -> Php {
    columns(options, group, &found_id(options, asked, options.group_id(group)), COLUMNS)
}

/// The row that `getMemberGroups` answers.
pub(crate) fn group_row(options: &Options, group: &Group) -> Php {
    columns(options, group, &number(options, options.group_id(group)), COLUMNS)
}

/// The row that `getAllGroups` answers. Its columns depend on the version.
pub(crate) fn listed_group_row(options: &Options, group: &Group) -> Php {
    let listed = options.differences().listed_group;
    columns(options, group, &number(options, options.group_id(group)), listed)
}

fn columns(options: &Options, group: &Group, id: &Php, names: &[&'static str]) -> Php {
    let column = |name: &&'static str| {
        let value = match *name {
            "id" => id.clone(),
            "external_id" => external_id(group),
            "name" => Php::from(group.name.as_str()),
            _ => number(options, i64::try_from(group.members).unwrap_or(i64::MAX)),
        };
        (*name, value)
    };
    Php::map(names.iter().map(column))
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
