//! Groups of the gateway are those of the server.

use isogloss_testkit::client::Base;
use serde_json::json;

use crate::bridge::{ADA, ADMIN, Bridge, get, post};

#[test]
fn groups_are_created_changed_and_deleted_in_the_server() {
    let bridge = Bridge::with_key(ADMIN);
    let Bridge { there, here, .. } = &bridge;
    let crew = json!({"name": "crew", "rights": r#"{"viewlog":true}"#});
    assert_eq!(post(here, ADMIN, "groups/create", &crew).0, 0);
    let listed = get(there, ADMIN, "groups/getlist");
    assert_eq!(listed, get(here, ADMIN, "groups/getlist"));
    let made = listed.as_array().unwrap().iter().find(|group| group["name"] == "crew").unwrap();
    let id = made["id"].as_str().unwrap();
    let read = format!("groups/getgroup?groupid={id}");
    assert_eq!(get(there, ADMIN, &read)["permissions"]["viewlog"], true);

    let more = json!({"groupid": id, "rights": r#"{"viewlog":true,"edituser":true}"#});
    assert_eq!(post(here, ADMIN, "groups/edit", &more).0, 0);
    assert_eq!(get(there, ADMIN, &read)["permissions"]["edituser"], true);
    assert_eq!(get(there, ADMIN, &read), get(here, ADMIN, &read));

    // A member has the rights of the group in the server, and the group is not deleted.
    let list = |base: &Base| get(base, ADA, "users/getusers");
    assert!(list(here).is_string());
    let moved = json!({"uid": "51", "role": id});
    assert_eq!(post(here, ADMIN, "users/edit", &moved).0, 0);
    for base in [there, here] {
        assert_eq!(get(base, ADMIN, "users/getuser?uid=51")["group_id"], id);
        assert_eq!(list(base).as_array().unwrap().len(), 2);
    }
    let delete = json!({"groupid": id});
    let in_use = json!("This group is assigned to users. Cannot delete group.");
    assert_eq!(post(here, ADMIN, "groups/delete", &delete), (json!(5), in_use));
    assert_eq!(get(there, ADMIN, &read)["name"], "crew");

    let back = json!({"uid": "51", "role": "1"});
    assert_eq!(post(here, ADMIN, "users/edit", &back).0, 0);
    assert_eq!(post(here, ADMIN, "groups/delete", &delete).0, 0);
    assert!(get(there, ADMIN, &read).get("name").is_none());
    assert!(list(here).is_string());
}

#[test]
fn nobody_is_put_into_a_group_that_the_server_does_not_have() {
    let bridge = Bridge::with_key(ADMIN);
    let Bridge { there, here, .. } = &bridge;
    for id in ["99", "-1"] {
        let moved = json!({"uid": "51", "role": id});
        assert_eq!(post(here, ADMIN, "users/edit", &moved).0, 6, "{id}");
        let new =
            json!({"username": "bob", "password": "bob-secret", "fullname": "Bob", "role": id});
        assert_eq!(post(here, ADMIN, "users/create", &new).0, 6, "{id}");
    }
    assert_eq!(get(there, ADMIN, "users/getuser?uid=51")["group_id"], "1");
    assert_eq!(get(there, ADMIN, "users/getusers").as_array().unwrap().len(), 2);
}

#[test]
fn what_the_server_refuses_is_not_answered_as_done() {
    // The key is that of somebody who may change no group.
    let bridge = Bridge::with_key(ADA);
    let Bridge { there, here, .. } = &bridge;
    let before = get(there, ADMIN, "groups/getlist");
    let guests = get(there, ADMIN, "groups/getgroup?groupid=3");
    let calls = [
        ("groups/create", json!({"name": "crew", "rights": "{}"})),
        ("groups/edit", json!({"groupid": "3", "rights": r#"{"admin":true}"#})),
        ("groups/delete", json!({"groupid": "3"})),
    ];
    for (method, fields) in calls {
        assert_ne!(post(here, ADMIN, method, &fields).0, 0, "{method}");
    }
    assert_eq!(get(there, ADMIN, "groups/getlist"), before);
    assert_eq!(get(there, ADMIN, "groups/getgroup?groupid=3"), guests);
}
