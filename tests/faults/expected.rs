//! What must be there if a call was answered as done.

use isogloss_testkit::calls::answers::Shown;
use serde_json::Value;

use crate::scene::Case;

/// What is missing of that which a call was answered to have done or to have found.
pub(crate) fn missing(case: Case, answer: &Value, after: &[Shown]) -> Option<String> {
    let named = |name: &str| after.iter().find(|one| one.name == name);
    let (person, new) = (named(&case.person()), named(&case.new_name()));
    let lacks = |what: &str, is_there: bool| (!is_there).then(|| format!("{what}: {person:?}"));
    let active = person.is_some_and(|person| person.active);
    let administrator = person.is_some_and(|person| person.administrator);
    match case.name {
        "create" | "create_administrator" => lacks("nobody was created", new.is_some()),
        "rename" => lacks("nobody was renamed", new.is_some() && person.is_none()),
        "delete" => lacks("nobody was deleted", person.is_none()),
        "activate" => lacks("nobody is active", active),
        "deactivate" => lacks("somebody is active", !active && person.is_some()),
        "administrator" => lacks("no administrator", administrator),
        "no_administrator" => lacks("an administrator", !administrator && person.is_some()),
        "manager" => {
            let shown = person.is_some_and(|person| person.manager != Some(false));
            lacks("no manager", shown)
        }
        "read" | "read_by_id" => {
            let found = answer.to_string().contains(&case.person());
            lacks("nobody is shown", found)
        }
        "list" => {
            let listed = case.calls.people.of(answer).unwrap_or_default();
            let all = listed.len() >= after.len() / 2;
            lacks("the list is too short", all && listed.iter().any(|one| one.name == "admin"))
        }
        _ => None,
    }
}
