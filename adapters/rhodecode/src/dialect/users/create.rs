//! `create_user`.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::NewKey;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Attributes, NewUser, Role, Uniqueness, User, UserRef};
use serde_json::Value;

use crate::dialect::call::{Answer, Call, Raised};
use crate::dialect::coerce::{self, Refused};
use crate::dialect::lookup::{self, Key, Someone};
use crate::dialect::validation::{self, Schema};
use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;
use crate::wire::{self, BUILT_IN_KEY, DEFAULT_EMAIL, DEFAULT_USER, FEED, FEED_TOKEN, kept};

/// A person as asked for, in the types that will be kept.
struct Draft {
    username: String,
    password: Option<Secret>,
    email: Option<String>,
    first: Option<String>,
    last: Option<String>,
    description: String,
    active: Option<bool>,
    admin: Option<bool>,
    extern_type: String,
    extern_name: String,
    repo_group: bool,
    feed: bool,
}

pub(super) async fn create_user(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let (username, email) = (call.required("username"), call.required("email"));
    let failed = || Raised::error(format!("failed to create user `{}`", username.text()));
    refuse_duplicates(call, username, email).await?;
    let draft = match call.version() {
        Version::Current => checked(call)?,
        Version::Early => unchecked(call).await.map_err(|_| failed())?,
    };
    let draft = Draft { password: password(call, draft.password), ..draft };
    refuse_other_case(call, &draft.username).await?;
    if draft.password.as_ref().is_some_and(|password| password.expose().contains('\0')) {
        return Err(failed());
    }
    let feed = draft.feed;
    let made = call.run(Command::CreateUser(Box::new(new_user(call, draft)))).await;
    let user = made.and_then(Outcome::user).map_err(|fault| match fault.kind {
        FaultKind::Conflict => duplicate(&fault, username, email),
        _ => failed(),
    })?;
    issue_tokens(call, &user, feed).await.map_err(|_| failed())?;
    let shape = Mapping::default().with("msg", format!("created new user `{}`", username.text()));
    Ok(shape.with("user", super::shown(call, &Someone::Person(user)).await?).into())
}

/// Duplicates are told before anything is validated, the name first:
/// fixtures/transcripts/rhodecode/create-user-duplicate.json.
async fn refuse_duplicates(call: &Call<'_>, username: &Py, email: &Py) -> Result<(), Raised> {
    if let Some(name) = column(username)? {
        let taken = name == DEFAULT_USER || exists(call, UserRef::Name(name)).await?;
        if taken {
            return Err(taken_name(username));
        }
    }
    if let Some(address) = column(email)?.filter(|address| !address.is_empty()) {
        let taken = address.eq_ignore_ascii_case(DEFAULT_EMAIL)
            || exists(call, UserRef::Email(address)).await?;
        if taken {
            return Err(taken_email(email));
        }
    }
    Ok(())
}

/// What the database compares a column of text with.
fn column(value: &Py) -> Result<Option<String>, Raised> {
    match lookup::key(value)? {
        Key::Id(number) => Ok(Some(number.to_string())),
        Key::Name(name) => Ok(Some(name)),
        Key::Nothing => Ok(None),
    }
}

async fn exists(call: &Call<'_>, user: UserRef) -> Result<bool, Fault> {
    match call.run(Command::GetUser(user)).await {
        Ok(_) => Ok(true),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn taken_name(username: &Py) -> Raised {
    Raised::error(format!("user `{}` already exist", username.text()))
}

fn taken_email(email: &Py) -> Raised {
    Raised::error(format!("email `{}` already exist", email.text()))
}

fn duplicate(fault: &Fault, username: &Py, email: &Py) -> Raised {
    if fault.subject == Some(Subject::Email) { taken_email(email) } else { taken_name(username) }
}

/// RhodeCode takes a name that differs from another's in case only for that other person, whom it
/// then overwrites, rights and all. We do not: the name is taken.
async fn refuse_other_case(call: &Call<'_>, username: &str) -> Result<(), Raised> {
    if username.eq_ignore_ascii_case(DEFAULT_USER) {
        return Err(Raised::error(format!("failed to create user `{username}`")));
    }
    match call.run(Command::GetUser(UserRef::FoldedName(username.to_owned()))).await {
        Ok(found) if found.clone().user()?.username.eq_ignore_ascii_case(username) => {
            Err(taken_name(&Py::from(username)))
        }
        Ok(_) => Ok(()),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(()),
        Err(fault) => Err(fault.into()),
    }
}

/// Version 4.26 checks everything against a schema.
fn checked(call: &Call<'_>) -> Result<Draft, Raised> {
    let given = |name: &str, default: Py| call.arg(name).cloned().unwrap_or(default);
    let own = || Py::from(wire::OWN_PLUGIN);
    let mut schema = Schema::default();
    let or_own = |plugin: String| if plugin.is_empty() { wire::OWN_PLUGIN.into() } else { plugin };
    let draft = Draft {
        username: schema.required("username", call.required("username"), validation::username),
        email: Some(schema.required("email", call.required("email"), validation::email)),
        password: password_text(call, &mut schema),
        first: Some(schema.text("first_name", &given("firstname", Py::from("")))),
        last: Some(schema.text("last_name", &given("lastname", Py::from("")))),
        description: schema.text("description", &given("description", Py::from(""))),
        active: Some(schema.flag("active", &given("active", Py::Bool(true)))),
        admin: Some(schema.flag("admin", &given("admin", Py::Bool(false)))),
        extern_type: or_own(schema.text("extern_type", &given("extern_type", own()))),
        extern_name: or_own(schema.text("extern_name", &given("extern_name", own()))),
        repo_group: wants_repo_group(call),
        feed: true,
    };
    schema.done()?;
    Ok(Draft { email: draft.email.map(|email| email.to_lowercase()), ..draft })
}

fn password_text(call: &Call<'_>, schema: &mut Schema) -> Option<Secret> {
    if is_external(call) {
        return None;
    }
    let text = schema.text("password", call.arg("password").unwrap_or(&Py::None));
    (!text.is_empty()).then(|| Secret::new(text))
}

/// Version 4.3 checks nothing: what the database does not take fails, the rest is stored.
async fn unchecked(call: &Call<'_>) -> Result<Draft, Raised> {
    let refused = |_: Refused| Raised::Exception("Exception");
    let version = call.version();
    let given = |name: &str, default: Py| call.arg(name).cloned().unwrap_or(default);
    let flag = |name: &str| coerce::flag(version, &given(name, Py::None)).map_err(refused);
    let username = call.required("username");
    let feed = early_feed(call, username).await?;
    let password = if is_external(call) {
        None
    } else {
        coerce::password(call.arg("password").unwrap_or(&Py::None)).map_err(refused)?
    };
    Ok(Draft {
        username: coerce::text(username).map_err(refused)?.unwrap_or_default(),
        email: coerce::email(call.required("email")).map_err(refused)?,
        password,
        first: coerce::text(&given("firstname", Py::from(""))).map_err(refused)?,
        last: coerce::text(&given("lastname", Py::from(""))).map_err(refused)?,
        description: String::new(),
        // A null is no value to its SQLAlchemy, which puts the column's default in its place.
        active: flag("active")?.or(Some(true)),
        admin: flag("admin")?.or(Some(false)),
        extern_type: coerce::plugin(&given("extern_type", Py::None)),
        extern_name: coerce::plugin(&given("extern_name", Py::None)),
        repo_group: false,
        feed,
    })
}

/// Version 4.3 looks its new person up again by the name given, to issue the feed token: a number is
/// then the id of somebody else, who must exist and gets the token, and an empty name finds nobody:
/// fixtures/transcripts/rhodecode43/create-user-usernames.json.
async fn early_feed(call: &Call<'_>, username: &Py) -> Result<bool, Raised> {
    match username {
        value if !value.truthy() => Err(Raised::Exception("AttributeError")),
        Py::Bool(_) | Py::Int(_) => lookup::user(call, username).await.map(|_| false),
        _ => Ok(true),
    }
}

/// Whether the account is another plugin's, so that its password is not ours to set.
fn is_external(call: &Call<'_>) -> bool {
    call.arg("extern_name").is_some_and(|name| name.as_str() != Some(wire::OWN_PLUGIN))
}

/// RhodeCode gives the account of another plugin a random password in place of the one given.
fn password(call: &Call<'_>, given: Option<Secret>) -> Option<Secret> {
    if is_external(call) { Some(Secret::new(call.mint())) } else { given }
}

fn wants_repo_group(call: &Call<'_>) -> bool {
    const WORDS: [&str; 6] = ["t", "true", "y", "yes", "on", "1"];
    match call.arg("create_personal_repo_group") {
        Some(Py::Str(word)) => WORDS.contains(&word.trim().to_lowercase().as_str()),
        Some(value) => value.truthy(),
        None => false,
    }
}

fn new_user(call: &Call<'_>, draft: Draft) -> NewUser {
    let mut attributes = Attributes::new();
    let mut keep = |name: &str, value: Value| {
        attributes.insert(name.to_owned(), value);
    };
    if call.version() == Version::Current {
        keep(kept::DESCRIPTION, draft.description.into());
    }
    keep(kept::EXTERN_NAME, draft.extern_name.into());
    keep(kept::EXTERN_TYPE, draft.extern_type.clone().into());
    for (name, flag) in [(kept::ACTIVE, draft.active), (kept::ADMIN, draft.admin)] {
        if flag.is_none() {
            keep(name, Value::Null);
        }
    }
    if draft.repo_group {
        keep(kept::REPO_GROUP, draft.username.clone().into());
    }
    if call.arg("force_password_change").is_some_and(Py::truthy) {
        keep(kept::FORCE_PASSWORD_CHANGE, true.into());
    }
    NewUser {
        username: draft.username,
        password: draft.password,
        given_name: draft.first,
        family_name: draft.last,
        email: draft.email,
        role: if draft.admin == Some(true) { Role::Administrator } else { Role::User },
        inactive: draft.active != Some(true),
        source: (draft.extern_type == "ldap").then_some(draft.extern_type),
        attributes,
        unique: Uniqueness { email: true, ..Uniqueness::default() },
        ..NewUser::default()
    }
}

/// A new person's tokens: one for feeds, and in version 4.3 a built-in key that opens everything.
async fn issue_tokens(call: &Call<'_>, user: &User, feed: bool) -> Result<(), Fault> {
    let key = |label: &str, scope: &str| NewKey {
        namespace: call.view.namespace.clone(),
        value: Secret::new(call.mint()),
        label: Some(label.to_owned()),
        scope: Some(scope.to_owned()),
        expires: None,
        addresses: Vec::new(),
        replaces: false,
    };
    let mut keys = Vec::new();
    if call.version() == Version::Early {
        keys.push(key(BUILT_IN_KEY, "all"));
    }
    if feed {
        keys.push(key(FEED_TOKEN, FEED));
    }
    for key in keys {
        call.run(Command::IssueKey(Some(UserRef::from(user)), Box::new(key))).await?;
    }
    Ok(())
}
