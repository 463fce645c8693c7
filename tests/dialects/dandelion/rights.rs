//! Rights that only Dandelion has: nobody gives what the giver does not have.

use isogloss_canonical::command::Command;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::permission::Grant;
use isogloss_canonical::user::{GroupChange, User, UserPatch, UserRef};
use isogloss_testkit::suite;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::block_on;
use crate::calls::{Answer, Class};
use crate::gateway::{PreparedStore, TestGateway};

const RIGHTS: IdNamespace = IdNamespace::named("dandelion");

pub(super) fn trial() -> Trial {
    suite::trial("authorisation::dandelion::edituser-alone", || block_on(edituser_alone()))
}

fn update(user: UserRef, patch: UserPatch) -> Command {
    Command::UpdateUser(user, Box::new(patch))
}

/// Attempts of a holder of Dandelion's `edituser` and `editgroup`, in Dandelion's format.
async fn edituser_alone() -> Result<(), Failed> {
    let gateway = furnished().await;
    let id = |user: &User| user.native(&RIGHTS).unwrap().to_owned();
    let (own, admin) = (id(&gateway.user("ed").await), id(&gateway.user("admin").await));
    let group = gateway
        .ask(Command::GetGroup(GroupRef::Name(Some(RIGHTS), "editors".to_owned())))
        .await
        .group()
        .unwrap();
    let group = group.native(&RIGHTS).unwrap().to_owned();
    let before = gateway.picture().await;
    let all = r#"{"edituser":true,"editgroup":true,"deleteuser":true}"#;
    let words = r#"{"edituser":true,"editgroup":true,"editlogall":true}"#;
    for (path, form) in [
        ("users/edit", json!({"uid": own, "role": "2"})),
        ("users/edit", json!({"uid": admin, "fullname": "Changed"})),
        ("users/resetpassword", json!({"uid": admin, "pw": "taken over"})),
        ("users/disable", json!({"uid": admin})),
        ("users/enable", json!({"uid": admin})),
        ("users/create", json!({"username": "new", "password": "secret", "role": "2"})),
        ("key/revoke", json!({"uid": admin})),
        ("groups/edit", json!({"groupid": group, "rights": all})),
        ("groups/edit", json!({"groupid": group, "rights": words})),
        ("groups/edit", json!({"groupid": "2", "rights": "{}"})),
    ] {
        let answer = call(&gateway, path, &form).await;
        if answer.class() == Class::Done || gateway.picture().await != before {
            return Err(format!("{path} {form}: {}", answer.text).into());
        }
    }
    let more = id(&gateway.user("more").await);
    let before = gateway.picture().await;
    for (path, form) in [
        ("users/edit", json!({"uid": more, "fullname": "Changed"})),
        ("users/resetpassword", json!({"uid": more, "pw": "taken over"})),
        ("key/revoke", json!({"uid": more})),
    ] {
        let answer = call(&gateway, path, &form).await;
        if answer.class() == Class::Done || gateway.picture().await != before {
            return Err(format!("{path} of somebody with more rights: {}", answer.text).into());
        }
    }
    let narrower = json!({"groupid": group, "rights": r#"{"edituser":true,"editgroup":"1"}"#});
    let ann = id(&gateway.user("ann").await);
    for (path, form) in [
        ("users/edit", json!({"uid": ann, "fullname": "Changed"})),
        ("users/resetpassword", json!({"uid": ann, "pw": "a new one"})),
        ("groups/edit", narrower),
    ] {
        let answer = call(&gateway, path, &form).await;
        if answer.class() != Class::Done {
            return Err(format!("{path} {form}: {}", answer.text).into());
        }
    }
    Ok(())
}

const KEY: &str = "editor-key-0123456789abcdef0123456789abcdef";

async fn call(gateway: &TestGateway, path: &str, form: &Value) -> Answer {
    gateway.send(super::dandelion(KEY, &format!("POST /api/{path}"), form)).await
}

async fn furnished() -> TestGateway {
    let keys = json!([{"dialect": "dandelion", "value": KEY}]);
    let users = json!({"users": [{"username": "admin", "admin": true}, {"username": "ann"},
        {"username": "more"}, {"username": "ed", "keys": keys}]});
    let gateway = PreparedStore::of(&users).await.open().await;
    let rights = json!({"edituser": true, "editgroup": true});
    let group = NewGroup {
        namespace: Some(RIGHTS),
        name: "editors".to_owned(),
        grants: [Grant::SeeUsers, Grant::EditUsers, Grant::EditGroups].into_iter().collect(),
        attributes: [("dandelion.rights".to_owned(), rights)].into_iter().collect(),
        ..NewGroup::default()
    };
    let group = gateway.ask(Command::CreateGroup(Box::new(group))).await.group().unwrap();
    let attributes = [("dandelion.rights".to_owned(), json!({"editlogall": "1"}))];
    let more = NewGroup {
        namespace: Some(RIGHTS),
        name: "writers".to_owned(),
        attributes: attributes.into_iter().collect(),
        ..NewGroup::default()
    };
    let more = gateway.ask(Command::CreateGroup(Box::new(more))).await.group().unwrap();
    let groups = Some(GroupChange { namespace: RIGHTS, groups: vec![more.as_ref().into()] });
    gateway
        .ask(update(UserRef::Name("more".to_owned()), UserPatch { groups, ..UserPatch::default() }))
        .await;
    let groups = Some(GroupChange { namespace: RIGHTS, groups: vec![group.as_ref().into()] });
    gateway
        .ask(update(UserRef::Name("ed".to_owned()), UserPatch { groups, ..UserPatch::default() }))
        .await;
    gateway
}
