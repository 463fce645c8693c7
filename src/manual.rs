//! The manual of a dialect with all its methods, generated from the tables of the code.

use isogloss_canonical::adapter::{Adapter, Untranslated};
use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::verb::Verb;
use isogloss_canonical::version::VersionInfo;
use serde_json::{Value, json};

use crate::listing::{self, Listed};

/// A dialect's manual as JSON.
pub fn value(adapter: &Adapter) -> Result<Value, String> {
    let options = adapter.options.iter();
    let options = options
        .map(|row| json!({"name": row.name, "takes": row.takes, "about": row.about}))
        .collect::<Vec<_>>();
    let methods = listing::methods(adapter)?;
    Ok(json!({
        "dialect": adapter.name,
        "versions": adapter.versions.iter().map(version_value).collect::<Vec<_>>(),
        "options": options,
        "methods": methods.iter().map(method_value).collect::<Vec<_>>(),
        "untranslated": adapter.untranslated.iter().map(untranslated_value).collect::<Vec<_>>(),
    }))
}

fn version_value(version: &VersionInfo) -> Value {
    json!({"name": version.name, "releases": version.releases, "recorded": version.recorded})
}

fn untranslated_value(row: &Untranslated) -> Value {
    json!({"what": row.what, "embedded": row.embedded, "remote": row.remote})
}

fn method_value(row: &Listed) -> Value {
    json!({
        "name": row.info.name,
        "versions": row.versions.iter().map(|version| version.name).collect::<Vec<_>>(),
        "derived": row.derived().collect::<Vec<_>>(),
        "commands": commands(&row.info),
        "about": row.info.about,
    })
}

/// A dialect's manual as a Markdown page.
pub fn page(adapter: &Adapter) -> Result<String, String> {
    let mut lines = vec![
        format!("# {}\n", adapter.name),
        format!("Written by `isogloss dialects {} --markdown`.\n", adapter.name),
        "## Versions\n".to_owned(),
        "The first is the default. What is *derived* comes from documents or source code: no \
         recording of that version shows it.\n"
            .to_owned(),
        "| version | releases | evidence |\n|---|---|---|".to_owned(),
    ];
    lines.extend(adapter.versions.iter().map(|version| {
        format!("| {} | {} | {} |", version.name, version.releases, version.evidence())
    }));
    lines.extend(adapter.versions.last().map(|oldest| {
        format!(
            "\nA route names its version: `version = \"{}\"`. `isogloss config check` refuses an option that \
             the version lacks.",
            oldest.name
        )
    }));
    lines.push("\n## Options of a route\n".to_owned());
    if adapter.options.is_empty() {
        lines.push("None.".to_owned());
    } else {
        lines.push("| option | takes | what it does |\n|---|---|---|".to_owned());
    }
    for row in adapter.options {
        lines.push(format!("| `{}` | {} | {} |", row.name, row.takes, row.about));
    }
    lines.push("\n## Methods\n".to_owned());
    lines.push("| method | versions | commands | what it is for |\n|---|---|---|---|".to_owned());
    for row in listing::methods(adapter)? {
        let (name, about) = (row.info.name, row.info.about);
        let commands = commands(&row.info).join(", ");
        lines.push(format!("| `{name}` | {} | {commands} | {about} |", row.versions()));
    }
    lines.push(untranslated(adapter));
    Ok(lines.join("\n") + "\n")
}

/// What the dialect does not translate.
fn untranslated(adapter: &Adapter) -> String {
    let mut lines = vec![
        "\n## What is not translated\n\nThe origin of the route answers it. Without an origin the answer \
         is:\n"
            .to_owned(),
        "| what | on the embedded store | with a remote backend |\n|---|---|---|".to_owned(),
    ];
    let row = |row: &Untranslated| format!("| {} | {} | {} |", row.what, row.embedded, row.remote);
    lines.extend(adapter.untranslated.iter().map(row));
    lines.join("\n")
}

fn commands(method: &MethodInfo) -> Vec<String> {
    method.verbs.iter().map(ToString::to_string).collect()
}

/// The table of permissions as a Markdown page.
#[must_use]
pub fn permissions() -> String {
    let mut lines = vec![
        "# Who may do what\n".to_owned(),
        "The gateway checks every command against the table in `canonical/src/verb.rs`. \
         *Known*: any caller who is authenticated. *Own*: the person that the command is about, or \
         a holder of the grant. *OwnGroup*: the owner or a manager of the group, or a holder of the \
         grant. *Holder*: a holder of the grant. *Gateway*: only the gateway itself. \
         Administrators and applications hold every grant. An inactive person is refused every \
         command.\n"
            .to_owned(),
        "A guard checks the values of the command and the person or group that it is about. Guards \
         apply to all callers except administrators and applications. No such caller can give, \
         change or obtain rights that they do not hold. *Subject*: the person is the caller, or \
         has no role and no grant that the caller does not have. *Given*: the role and the groups \
         that the command gives to a person have no right that the caller does not hold. \
         *Group*: the same for the group that the command is about. *Rights*: the same for the \
         rights that the command gives to a group. *Attributes*: attributes that store \
         rights of one system have only rights of the caller's own groups. Example: a person \
         whose only right is Dandelion's `edituser` can rename an ordinary person. The same person \
         cannot set the password of an administrator, and cannot put anyone into a group with the right `deleteuser`.\n"
            .to_owned(),
        "| command | takes | guards |\n|---|---|---|".to_owned(),
    ];
    for verb in Verb::ALL {
        let guards: Vec<_> = verb.guards().iter().map(|guard| format!("{guard:?}")).collect();
        lines.push(format!("| {verb} | {:?} | {} |", verb.permission(), guards.join(", ")));
    }
    lines.join("\n") + "\n"
}
