//! The steps as requests of each dialect.

use serde_json::{Value, json};

use super::model::Person;
use super::{Dialect, KEY, LOGIN, Step};
use crate::calls::{Asked, dandelion, kanboard, octoprint, quoted, rhodecode};

/// A creation.
pub(super) fn creation(dialect: Dialect, name: &str, password: &str, admin: bool) -> Asked {
    match dialect {
        Dialect::Kanboard => {
            let role = if admin { "app-admin" } else { "app-user" };
            let params = json!({"username": name, "password": password, "role": role});
            kanboard(LOGIN, "createUser", &params)
        }
        Dialect::OctoPrint => {
            let groups = if admin { vec!["admins", "users"] } else { vec!["users"] };
            let body =
                json!({"name": name, "password": password, "active": true, "groups": groups});
            octoprint(KEY, "POST /api/access/users", &body)
        }
        Dialect::RhodeCode => {
            let email = format!("{}@example.org", password.replace([' ', '\u{fc}'], ""));
            let args = json!({"username": name, "password": password, "email": email,
                "admin": admin});
            rhodecode(KEY, "create_user", &args)
        }
        Dialect::Dandelion => {
            let role = if admin { "2" } else { "1" };
            let form =
                json!({"username": name, "password": password, "fullname": name, "role": role});
            dandelion(KEY, "POST /api/users/create", &form)
        }
    }
}

/// Any other step about a user.
pub(super) fn asked(step: &Step, person: &Person, password: &str) -> Asked {
    let update = |change: Value| {
        let mut args = json!({"userid": person.rhodecode});
        args.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        rhodecode(KEY, "update_user", &args)
    };
    let kanboard_id = |method| kanboard(LOGIN, method, &json!([person.kanboard]));
    let by_name = |verb: &str, rest: &str, body: Value| {
        let line = format!("{verb} /api/access/users/{}{rest}", quoted(&person.name));
        octoprint(KEY, &line, &body)
    };
    let put = |body: Value| by_name("PUT", "", body);
    let uid = |line| dandelion(KEY, line, &json!({"uid": person.dandelion}));
    let pair = json!([1, person.kanboard]);
    let member = json!({"usergroupid": "crew", "userid": person.rhodecode});
    match step {
        Step::Rename(Dialect::RhodeCode, _, name) => update(json!({"username": name})),
        Step::Rename(_, _, name) => {
            kanboard(LOGIN, "updateUser", &json!({"id": person.kanboard, "username": name}))
        }
        Step::Manager(_) => role(person, "app-manager"),
        Step::Administrator(Dialect::Kanboard, _, on) => {
            role(person, if *on { "app-admin" } else { "app-user" })
        }
        Step::Administrator(Dialect::OctoPrint, _, true) => {
            put(json!({"groups": ["admins", "users"]}))
        }
        Step::Administrator(Dialect::OctoPrint, ..) => put(json!({"groups": ["users"]})),
        Step::Administrator(Dialect::RhodeCode, _, on) => update(json!({"admin": on})),
        Step::Administrator(Dialect::Dandelion, _, on) => {
            let role = if *on { "2" } else { "1" };
            let form = json!({"uid": person.dandelion, "role": role});
            dandelion(KEY, "POST /api/users/edit", &form)
        }
        Step::Active(Dialect::Kanboard, _, true) => kanboard_id("enableUser"),
        Step::Active(Dialect::Kanboard, ..) => kanboard_id("disableUser"),
        Step::Active(Dialect::OctoPrint, _, on) => put(json!({"active": on})),
        Step::Active(Dialect::RhodeCode, _, on) => update(json!({"active": on})),
        Step::Active(Dialect::Dandelion, _, true) => uid("POST /api/users/enable"),
        Step::Active(Dialect::Dandelion, ..) => uid("POST /api/users/disable"),
        Step::Password(Dialect::RhodeCode, ..) => update(json!({"password": password})),
        Step::Password(Dialect::Dandelion, ..) => {
            let form = json!({"uid": person.dandelion, "pw": password});
            dandelion(KEY, "POST /api/users/resetpassword", &form)
        }
        Step::Password(..) => by_name("PUT", "/password", json!({"password": password})),
        Step::Delete(Dialect::Kanboard, _) => kanboard_id("removeUser"),
        Step::Delete(Dialect::OctoPrint, _) => by_name("DELETE", "", Value::Null),
        Step::Delete(Dialect::RhodeCode, _) => {
            rhodecode(KEY, "delete_user", &json!({"userid": person.rhodecode}))
        }
        Step::Delete(Dialect::Dandelion, _) => uid("POST /api/users/delete"),
        Step::Join(Dialect::Kanboard, _) => kanboard(LOGIN, "addGroupMember", &pair),
        Step::Join(..) => rhodecode(KEY, "add_user_to_user_group", &member),
        Step::Leave(Dialect::Kanboard, _) => kanboard(LOGIN, "removeGroupMember", &pair),
        Step::Leave(..) => rhodecode(KEY, "remove_user_from_user_group", &member),
        Step::NoKey(_) => by_name("DELETE", "/apikey", Value::Null),
        Step::Key(_) | Step::Create(..) => by_name("POST", "/apikey", json!({})),
    }
}

fn role(person: &Person, role: &str) -> Asked {
    kanboard(LOGIN, "updateUser", &json!({"id": person.kanboard, "role": role}))
}
