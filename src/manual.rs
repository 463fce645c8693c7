//! The manual of a dialect, method by method, from the tables that the code itself uses.

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::command::Verb;
use isogloss_canonical::dialect::MethodInfo;
use serde_json::{Value, json};

use crate::registry;

/// A dialect's manual for a program.
pub fn value(adapter: &Adapter) -> Result<Value, String> {
    let options = adapter.options.iter();
    let options = options
        .map(|row| json!({"name": row.name, "takes": row.takes, "about": row.about}))
        .collect::<Vec<_>>();
    let methods = registry::methods(adapter)?.iter();
    let methods = methods
        .map(|row| json!({"name": row.name, "commands": commands(row), "about": row.about}))
        .collect::<Vec<_>>();
    Ok(json!({
        "dialect": adapter.name,
        "versions": adapter.versions,
        "options": options,
        "methods": methods,
    }))
}

/// A dialect's manual as a page.
pub fn page(adapter: &Adapter) -> Result<String, String> {
    let mut lines = vec![
        format!("# {}\n", adapter.name),
        format!("Written by `isogloss dialects {} --markdown`.\n", adapter.name),
        format!("Versions, the default first: {}.\n", adapter.versions.join(", ")),
        "## Options of a route\n".to_owned(),
    ];
    if adapter.options.is_empty() {
        lines.push("None.".to_owned());
    } else {
        lines.push("| option | takes | what it does |\n|---|---|---|".to_owned());
    }
    for row in adapter.options {
        lines.push(format!("| `{}` | {} | {} |", row.name, row.takes, row.about));
    }
    lines.push("\n## Methods\n".to_owned());
    lines.push("| method | commands | what it is for |\n|---|---|---|".to_owned());
    for row in registry::methods(adapter)? {
        let commands = commands(row).join(", ");
        lines.push(format!("| `{}` | {commands} | {} |", row.name, row.about));
    }
    Ok(lines.join("\n") + "\n")
}

fn commands(method: &MethodInfo) -> Vec<String> {
    method.verbs.iter().map(ToString::to_string).collect()
}

/// The table of permissions as a page.
#[must_use]
pub fn permissions() -> String {
    let mut lines = vec![
        "# Who may do what\n".to_owned(),
        "The one table, `canonical/src/verb.rs`, consulted for every command. *Known*: any \
         caller who has proved who they are. *Own*: the person it is about, or a holder of the \
         grant. *OwnGroup*: the owner or a steward of the group, or a holder. *Holder*: a holder. \
         *Gateway*: nobody but the gateway itself. Administrators and applications hold every \
         grant; an inactive person may do nothing.\n"
            .to_owned(),
        "The guards look at what the command holds, and at the person or group it is about. They \
         are for everybody but administrators and applications: nobody gives, changes or comes by \
         rights that they do not hold. *Subject*: the person it is about is the caller, or holds \
         no role and no grant beyond the caller's. *Given*: the role and the groups that it gives \
         to a person convey nothing beyond the caller's own. *Group*: the group it is about \
         conveys nothing beyond the caller's own. *Rights*: the rights that it gives to a group \
         are the caller's own. *Attributes*: what a system keeps of its own rights stays within \
         the rights of the caller's own groups. For example, a person with Dandelion's right \
         `edituser` alone can rename an ordinary person; they cannot set an administrator's \
         password, and cannot put anybody into a group with the right `deleteuser`.\n"
            .to_owned(),
        "| command | takes | guards |\n|---|---|---|".to_owned(),
    ];
    for verb in Verb::ALL {
        let guards: Vec<_> = verb.guards().iter().map(|guard| format!("{guard:?}")).collect();
        lines.push(format!("| {verb} | {:?} | {} |", verb.permission(), guards.join(", ")));
    }
    lines.join("\n") + "\n"
}
