//! The methods: who may call them, their parameters, and what they do.

use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::{Fake, ROLES};

/// Why a call is not answered with a result.
#[derive(Debug)]
pub(super) enum Refusal {
    Unauthorized,
    Forbidden,
    Unknown,
    Parameters(String),
    /// An exception: the message.
    Exception(&'static str),
    /// PHP stops: HTTP 500 with an empty body.
    Fatal,
}

/// A result of a call.
pub(super) type Answer = Result<Value, Refusal>;
/// The arguments in the order of the parameters. `None`: not given.
pub(super) type Given = [Option<Value>];

/// Who may call a method besides administrators and the application.
#[derive(Clone, Copy, Debug, PartialEq)]
enum For {
    Everybody,
    /// Users only, not the application.
    Users,
    Managers,
    Administrators,
}

/// A method: its name, its parameters, how many of them it needs, who may call it.
type Method = (&'static str, &'static [&'static str], usize, For);

#[rustfmt::skip]
const METHODS: &[Method] = &[
    ("createUser", &["username", "password", "name", "email", "role"], 2, For::Administrators),
    ("createLdapUser", &["username"], 1, For::Administrators),
    ("getUser", &["user_id"], 1, For::Administrators),
    ("getUserByName", &["username"], 1, For::Administrators),
    ("getAllUsers", &[], 0, For::Administrators),
    ("updateUser", &["id", "username", "name", "email", "role"], 1, For::Administrators),
    ("removeUser", &["user_id"], 1, For::Administrators),
    ("disableUser", &["user_id"], 1, For::Administrators),
    ("enableUser", &["user_id"], 1, For::Administrators),
    ("isActiveUser", &["user_id"], 1, For::Administrators),
    ("createGroup", &["name", "external_id"], 1, For::Administrators),
    ("updateGroup", &["group_id", "name", "external_id"], 1, For::Administrators),
    ("removeGroup", &["group_id"], 1, For::Administrators),
    ("getGroup", &["group_id"], 1, For::Administrators),
    ("getAllGroups", &[], 0, For::Administrators),
    ("getMemberGroups", &["user_id"], 1, For::Administrators),
    ("getGroupMembers", &["group_id"], 1, For::Administrators),
    ("addGroupMember", &["group_id", "user_id"], 2, For::Administrators),
    ("removeGroupMember", &["group_id", "user_id"], 2, For::Administrators),
    ("isGroupMember", &["group_id", "user_id"], 2, For::Administrators),
    ("getMe", &[], 0, For::Users), ("getMyDashboard", &[], 0, For::Users),
    ("getMyActivityStream", &[], 0, For::Users), ("getMyProjectsList", &[], 0, For::Users),
    ("getMyProjects", &[], 0, For::Users), ("getMyOverdueTasks", &[], 0, For::Users),
    ("createMyPrivateProject", &["name", "description"], 1, For::Users),
    ("getAllLinks", &[], 0, For::Administrators), ("getOverdueTasks", &[], 0, For::Administrators),
    ("getAllProjects", &[], 0, For::Administrators), ("getProjectById", &["project_id"], 1, For::Administrators),
    ("createProject", &["name", "description"], 1, For::Managers),
    ("getVersion", &[], 0, For::Everybody), ("getTimezone", &[], 0, For::Everybody),
    ("getApplicationRoles", &[], 0, For::Everybody), ("getProjectRoles", &[], 0, For::Everybody),
    ("getDefaultTaskColor", &[], 0, For::Everybody),
    ("getDefaultTaskColors", &[], 0, For::Everybody), ("getColorList", &[], 0, For::Everybody),
];

/// The colours of tasks.
const COLOURS: [(&str, &str); 16] = [
    ("yellow", "Yellow"),
    ("blue", "Blue"),
    ("green", "Green"),
    ("purple", "Purple"),
    ("red", "Red"),
    ("orange", "Orange"),
    ("grey", "Grey"),
    ("brown", "Brown"),
    ("deep_orange", "Deep Orange"),
    ("dark_grey", "Dark Grey"),
    ("pink", "Pink"),
    ("teal", "Teal"),
    ("cyan", "Cyan"),
    ("lime", "Lime"),
    ("light_green", "Light Green"),
    ("amber", "Amber"),
];

/// The message of SQLite for an update without a column.
const NOTHING_TO_SET: &str =
    "SQL Error[HY000]: SQLSTATE[HY000]: General error: 1 near \"WHERE\": syntax error";

/// Nothing to update.
pub(super) const NO_COLUMN: Refusal = Refusal::Exception(NOTHING_TO_SET);

impl Fake {
    /// Carries out a call of a caller.
    pub(super) fn call(&mut self, caller: &Caller, name: &str, params: &Value) -> Answer {
        // PHP compares names of methods without case, the permissions are exact.
        let known = METHODS.iter().find(|(own, ..)| own.eq_ignore_ascii_case(name));
        let (method, parameters, required, who) = known.ok_or(Refusal::Unknown)?;
        match caller {
            Caller::Application if *who == For::Users && *method == name => {
                return Err(Refusal::Forbidden);
            }
            Caller::Application => {}
            Caller::User(user) => {
                let open = match who {
                    For::Everybody | For::Users => ROLES.contains(&&*user.role),
                    For::Managers => user.role == "app-manager",
                    For::Administrators => false,
                };
                if user.role != "app-admin" && !(open && *method == name) {
                    return Err(Refusal::Forbidden);
                }
            }
        }
        let given = arguments(params, parameters, *required)?;
        self.run(method, caller, &given)
    }

    fn run(&mut self, method: &str, caller: &Caller, given: &Given) -> Answer {
        match method {
            "getMe" => Ok(match caller {
                Caller::Application => Value::Null,
                Caller::User(user) => user.as_themselves(),
            }),
            "getMyProjectsList" | "getDefaultTaskColors" => Ok(json!({})),
            "getMyDashboard"
            | "getMyActivityStream"
            | "getMyProjects"
            | "getMyOverdueTasks"
            | "getAllLinks"
            | "getOverdueTasks"
            | "getAllProjects" => Ok(json!([])),
            "createMyPrivateProject" | "createProject" => Ok(json!(false)),
            "getProjectById" => Ok(Value::Null),
            "getVersion" => Ok(json!("1.2.53")),
            "getTimezone" => Ok(json!("UTC")),
            "getApplicationRoles" => Ok(
                json!({"app-admin": "Administrator", "app-manager": "Manager", "app-user": "User"}),
            ),
            "getProjectRoles" => Ok(json!({"project-manager": "Project Manager",
                "project-member": "Project Member", "project-viewer": "Project Viewer"})),
            "getDefaultTaskColor" => Ok(json!("yellow")),
            "getColorList" => Ok(COLOURS.iter().map(|(id, name)| (*id, *name)).collect()),
            "createLdapUser" => Err(Refusal::Exception(
                "LDAP server not configured, check the parameter LDAP_SERVER",
            )),
            _ if method.contains("Group") => self.run_on_group(method, given),
            _ => self.run_on_user(method, caller, given),
        }
    }
}

/// The arguments in the order of the parameters.
fn arguments(
    given: &Value,
    names: &[&str],
    required: usize,
) -> Result<Vec<Option<Value>>, Refusal> {
    let refused = |why: String| Err(Refusal::Parameters(why));
    let named = given.as_object().filter(|object| !is_list(object));
    let values: Vec<&Value> = match given {
        Value::Array(items) => items.iter().collect(),
        Value::Object(object) => object.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    if values.len() < required {
        return refused("Wrong number of arguments".to_owned());
    }
    if values.len() > names.len() {
        return refused("Too many arguments".to_owned());
    }
    let one = |(at, name): (usize, &&str)| {
        named.map_or_else(|| values.get(at).copied(), |object| object.get(*name)).cloned()
    };
    let all: Vec<_> = names.iter().enumerate().map(one).collect();
    match all.iter().take(required).position(Option::is_none) {
        Some(at) => refused(format!("Missing argument: {}", names[at])),
        None => Ok(all),
    }
}

/// Whether an object is a list for PHP: its keys are the numbers from 0.
pub(super) fn is_list(object: &Map<String, Value>) -> bool {
    !object.is_empty() && object.keys().enumerate().all(|(at, key)| *key == at.to_string())
}
