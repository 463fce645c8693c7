//! What the backend does otherwise with servers of another version.

use std::sync::Arc;

use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, UserPatch, UserRef};
use isogloss_testkit::scripted::upstream::System;
use serde_json::{Value, json};

use crate::backend::make;
use crate::backend::tests::server::{batched, calls, row, server, service};

fn of_version(system: &Arc<System>, version: &str) -> Arc<dyn Backend> {
    let service = Service { version: Some(version.to_owned()), ..service(None) };
    make(&service, Arc::clone(system) as Arc<dyn Upstream>)
}

fn named(name: &str) -> UserRef {
    UserRef::Name(name.to_owned())
}

/// Whether a backend accepts this secret of a user whose row has these columns.
async fn verified(version: &str, columns: &Value, secret: &str) -> bool {
    let row = row(2, "ada", columns);
    let system = server([row.clone(), row]);
    let command = Command::VerifyPassword(named("ada"), Secret::new(secret));
    let verified = of_version(&system, version).execute(command).await.unwrap();
    matches!(verified, Outcome::Verified(true))
}

#[tokio::test]
async fn a_password_alone_proves_nobody_with_a_second_factor() {
    // A server before 1.2.8 accepts the password alone: fixtures/transcripts/kanboard10/auth-2fa.json.
    for version in ["1.0", "1.2"] {
        for (activated, right) in [
            (json!(false), true),
            (json!("0"), true),
            (json!(0), true),
            (json!(true), false),
            (json!("1"), false),
            (json!(1), false),
        ] {
            let columns = json!({"twofactor_activated": activated, "api_access_token": "token"});
            let told = format!("{version} {activated}");
            assert_eq!(verified(version, &columns, "secret1").await, right, "{told}");
            assert!(verified(version, &columns, "token").await, "{told}");
        }
        let none = json!({"twofactor_activated": 1, "api_access_token": null});
        assert!(!verified(version, &none, "token").await, "{version}");
    }
}

async fn from_directory<const N: usize>(version: &str, answers: [Value; N]) -> Fault {
    let system = server(answers);
    let command = Command::CreateFromDirectory("ada".to_owned());
    of_version(&system, version).execute(command).await.unwrap_err()
}

#[tokio::test]
async fn a_refusal_of_an_old_server_does_not_say_that_the_directory_has_no_such_user() {
    // 1.0.39 answers false to an unknown user and to a directory that does not answer.
    let fault = from_directory("1.0", [json!(false), json!(null)]).await;
    assert_eq!((fault.kind, fault.subject), (FaultKind::Unavailable, Some(Subject::Directory)));
    let fault = from_directory("1.2", [json!(false), json!(null)]).await;
    assert!(fault.is_absence_of(Subject::User));
    for version in ["1.0", "1.2"] {
        let taken = row(2, "ada", &json!({}));
        let fault = from_directory(version, [json!(false), taken]).await;
        assert_eq!(fault.kind, FaultKind::Conflict, "{version}");
    }
}

#[tokio::test]
async fn a_name_that_the_server_would_trim_is_not_sent() {
    for name in [" ada", "ada ", "\tada\n", "ada\0", "  "] {
        let new = NewUser { username: name.to_owned(), ..NewUser::default() };
        let create = Command::CreateUser(Box::new(new));
        let system = server([]);
        let fault = of_version(&system, "1.2").execute(create.clone()).await.unwrap_err();
        assert_eq!((fault.kind, calls(&system).len()), (FaultKind::Invalid, 0), "{name:?}");
        let patch = UserPatch { username: Some(name.to_owned()), ..UserPatch::default() };
        let system = server([]);
        let rename = Command::UpdateUser(named("ada"), Box::new(patch));
        let fault = of_version(&system, "1.2").execute(rename).await.unwrap_err();
        assert_eq!((fault.kind, calls(&system).len()), (FaultKind::Invalid, 0), "{name:?}");
        // A server of version 1.0 stores it as it is.
        let system = batched([json!(2), row(2, name, &json!({}))]);
        let made = of_version(&system, "1.0").execute(create).await.unwrap().user().unwrap();
        assert_eq!(made.username, name);
    }
}

#[tokio::test]
async fn a_password_with_a_nul_is_not_sent() {
    for version in ["1.0", "1.2"] {
        let system = server([]);
        let new = NewUser {
            username: "ada".to_owned(),
            password: Some(Secret::new("secret1\0")),
            ..NewUser::default()
        };
        let create = Command::CreateUser(Box::new(new));
        let fault = of_version(&system, version).execute(create).await.unwrap_err();
        assert_eq!((fault.kind, calls(&system).len()), (FaultKind::Invalid, 0), "{version}");
    }
}
