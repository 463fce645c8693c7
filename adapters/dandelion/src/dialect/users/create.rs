//! `users/create`.

use isogloss_canonical::command::Command;
use isogloss_canonical::user::{Attributes, Matching, NewUser, Uniqueness};
use serde_json::json;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::roles::memberships::{membership, role_of};
use crate::wire::attributes::{CHEESTO, INITIAL_LOGIN};
use crate::wire::columns;

/// User names are unique; case and trailing blanks do not count
/// (`fixtures/transcripts/dandelion/create-user-duplicate.json`).
const UNIQUE: Uniqueness = Uniqueness { name: Matching::Folded, email: false };

/// `users/create`.
pub(crate) async fn create(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("createuser").await?;
    let text = |name: &str| call.arguments.text(name).unwrap_or_default();
    let group = call.arguments.gid("role");
    let user = NewUser {
        username: columns::username(text("username")),
        // The server stores an empty password, but nobody can log in with it. Other dialects
        // could accept it, so the gateway stores none.
        password: Some(text("password")).filter(|text| !text.is_empty()).map(columns::password),
        display_name: Some(columns::text(text("fullname"))),
        role: role_of(group),
        groups: Some(membership(group)),
        attributes: attributes(call),
        unique: UNIQUE,
        ..NewUser::default()
    };
    call.run(Command::CreateUser(Box::new(user))).await?;
    Ok("User created successfully".into())
}

fn attributes(call: &Call<'_>) -> Attributes {
    let mut attributes = Attributes::new();
    let prompt = i32::from(call.arguments.flag("force_reset"));
    attributes.insert(INITIAL_LOGIN.to_owned(), json!(prompt));
    if !call.arguments.flag("cheesto") {
        attributes.insert(CHEESTO.to_owned(), json!(false));
    }
    attributes
}
