//! The steps in the words of each front.

use serde_json::{Value, json};

use super::model::Person;
use super::{Front, KEY, LOGIN, Step};
use crate::calls::{Asked, dandelion, kanboard, octoprint, quoted, rhodecode};

/// A creation.
pub(super) fn creation(front: Front, name: &str, password: &str, admin: bool) -> Asked {
    match front {
        Front::Kanboard => {
            let role = if admin { "app-admin" } else { "app-user" };
            let params = json!({"username": name, "password": password, "role": role});
            kanboard(LOGIN, "createUser", &params)
        }
        Front::OctoPrint => {
            let groups = if admin { vec!["admins", "users"] } else { vec!["users"] };
            let body =
                json!({"name": name, "password": password, "active": true, "groups": groups});
            octoprint(KEY, "POST /api/access/users", &body)
        }
        Front::RhodeCode => {
            let email = format!("{}@example.org", password.replace([' ', '\u{fc}'], ""));
            let args = json!({"username": name, "password": password, "email": email,
                "admin": admin});
            rhodecode(KEY, "create_user", &args)
        }
        Front::Dandelion => {
            let role = if admin { "2" } else { "1" };
            let form =
                json!({"username": name, "password": password, "fullname": name, "role": role});
            dandelion(KEY, "POST /api/users/create", &form)
        }
    }
}

/// Any other step about a person.
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
        Step::Rename(Front::RhodeCode, _, name) => update(json!({"username": name})),
        Step::Rename(_, _, name) => {
            kanboard(LOGIN, "updateUser", &json!({"id": person.kanboard, "username": name}))
        }
        Step::Manager(_) => role(person, "app-manager"),
        Step::Administrator(Front::Kanboard, _, on) => {
            role(person, if *on { "app-admin" } else { "app-user" })
        }
        Step::Administrator(Front::OctoPrint, _, true) => {
            put(json!({"groups": ["admins", "users"]}))
        }
        Step::Administrator(Front::OctoPrint, ..) => put(json!({"groups": ["users"]})),
        Step::Administrator(Front::RhodeCode, _, on) => update(json!({"admin": on})),
        Step::Administrator(Front::Dandelion, _, on) => {
            let role = if *on { "2" } else { "1" };
            let form = json!({"uid": person.dandelion, "role": role});
            dandelion(KEY, "POST /api/users/edit", &form)
        }
        Step::Active(Front::Kanboard, _, true) => kanboard_id("enableUser"),
        Step::Active(Front::Kanboard, ..) => kanboard_id("disableUser"),
        Step::Active(Front::OctoPrint, _, on) => put(json!({"active": on})),
        Step::Active(Front::RhodeCode, _, on) => update(json!({"active": on})),
        Step::Active(Front::Dandelion, _, true) => uid("POST /api/users/enable"),
        Step::Active(Front::Dandelion, ..) => uid("POST /api/users/disable"),
        Step::Password(Front::RhodeCode, ..) => update(json!({"password": password})),
        Step::Password(Front::Dandelion, ..) => {
            let form = json!({"uid": person.dandelion, "pw": password});
            dandelion(KEY, "POST /api/users/resetpassword", &form)
        }
        Step::Password(..) => by_name("PUT", "/password", json!({"password": password})),
        Step::Delete(Front::Kanboard, _) => kanboard_id("removeUser"),
        Step::Delete(Front::OctoPrint, _) => by_name("DELETE", "", Value::Null),
        Step::Delete(Front::RhodeCode, _) => {
            rhodecode(KEY, "delete_user", &json!({"userid": person.rhodecode}))
        }
        Step::Delete(Front::Dandelion, _) => uid("POST /api/users/delete"),
        Step::Join(Front::Kanboard, _) => kanboard(LOGIN, "addGroupMember", &pair),
        Step::Join(..) => rhodecode(KEY, "add_user_to_user_group", &member),
        Step::Leave(Front::Kanboard, _) => kanboard(LOGIN, "removeGroupMember", &pair),
        Step::Leave(..) => rhodecode(KEY, "remove_user_from_user_group", &member),
        Step::NoKey(_) => by_name("DELETE", "/apikey", Value::Null),
        Step::Key(_) | Step::Create(..) => by_name("POST", "/apikey", json!({})),
    }
}

fn role(person: &Person, role: &str) -> Asked {
    kanboard(LOGIN, "updateUser", &json!({"id": person.kanboard, "role": role}))
}
