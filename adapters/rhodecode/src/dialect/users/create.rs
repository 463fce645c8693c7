//! `create_user`.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::NewKey;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Attributes, NewUser, Uniqueness, User, UserRef};
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::tokens::{BUILT_IN_KEY, FEED, FEED_TOKEN};
use crate::dialect::answers::{self, users};
use crate::dialect::arguments::{self, Refused, compared_text};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{FoundUser, find_user};
use crate::dialect::method::Answer;
use crate::dialect::validation::{self, Schema};
use crate::options::Version;
use crate::roles::role_of;
use crate::wire::{DEFAULT_EMAIL, DEFAULT_USER, OWN_PLUGIN, attribute, source_of};

/// The arguments, in the types of the columns.
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

/// `create_user`.
pub(crate) async fn create_user(call: &Call<'_>) -> Answer {
    let (username, email) = (call.required("username"), call.required("email"));
    let failed = || Failure::error(format!("failed to create user `{}`", username.to_text()));
    refuse_duplicates(call, username, email).await?;
    let draft = match call.version() {
        Version::V4_26 => validated(call)?,
        Version::V4_3 => unvalidated(call).await.map_err(|_| failed())?,
    };
    let draft = Draft { password: password(call, draft.password), ..draft };
    refuse_other_case(call, &draft.username).await?;
    if draft.password.as_ref().is_some_and(|password| password.expose().contains('\0')) {
        return Err(failed());
    }
    let feed = draft.feed;
    let created = call.run(Command::CreateUser(Box::new(new_user(call, draft)))).await;
    let user = created.and_then(Outcome::user).map_err(|fault| {
        if fault.kind == FaultKind::Conflict {
            duplicate(&fault, username, email)
        } else {
            failed()
        }
    })?;
    issue_tokens(call, &user, feed).await.map_err(|_| failed())?;
    let shape = users::with_tokens(call, &FoundUser::Person(user)).await?;
    Ok(answers::done(format!("created new user `{}`", username.to_text()), "user", shape))
}

/// A name or an address that is taken is refused before anything is validated, the name first:
/// fixtures/transcripts/rhodecode/create-user-duplicate.json.
async fn refuse_duplicates(call: &Call<'_>, username: &Py, email: &Py) -> Result<(), Failure> {
    if let Some(name) = compared_text(username)? {
        let taken = name == DEFAULT_USER || exists(call, UserRef::Name(name)).await?;
        if taken {
            return Err(name_taken(username));
        }
    }
    if let Some(address) = compared_text(email)?.filter(|address| !address.is_empty()) {
        let taken = address.eq_ignore_ascii_case(DEFAULT_EMAIL)
            || exists(call, UserRef::Email(address)).await?;
        if taken {
            return Err(email_taken(email));
        }
    }
    Ok(())
}

async fn exists(call: &Call<'_>, user: UserRef) -> Result<bool, Fault> {
    match call.run(Command::GetUser(user)).await {
        Ok(_) => Ok(true),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn name_taken(username: &Py) -> Failure {
    Failure::error(format!("user `{}` already exist", username.to_text()))
}

fn email_taken(email: &Py) -> Failure {
    Failure::error(format!("email `{}` already exist", email.to_text()))
}

fn duplicate(fault: &Fault, username: &Py, email: &Py) -> Failure {
    if fault.subject == Some(Subject::Email) { email_taken(email) } else { name_taken(username) }
}

/// RhodeCode takes a name that differs from another user's in case only for that user, and
/// overwrites them with their rights. The gateway refuses the name as taken.
async fn refuse_other_case(call: &Call<'_>, username: &str) -> Result<(), Failure> {
    if username.eq_ignore_ascii_case(DEFAULT_USER) {
        return Err(Failure::error(format!("failed to create user `{username}`")));
    }
    match call.run(Command::GetUser(UserRef::FoldedName(username.to_owned()))).await {
        Ok(found) if found.clone().user()?.username.eq_ignore_ascii_case(username) => {
            Err(name_taken(&Py::from(username)))
        }
        Ok(_) => Ok(()),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(()),
        Err(fault) => Err(fault.into()),
    }
}

/// Version 4.26 validates the arguments by a schema.
fn validated(call: &Call<'_>) -> Result<Draft, Failure> {
    let mut schema = Schema::default();
    let or_own = |plugin: String| if plugin.is_empty() { OWN_PLUGIN.to_owned() } else { plugin };
    let draft = Draft {
        username: schema.required("username", call.required("username"), validation::username),
        email: Some(schema.required("email", call.required("email"), validation::email)),
        password: validated_password(call, &mut schema),
        first: Some(schema.text("first_name", &call.argument_or("firstname", ""))),
        last: Some(schema.text("last_name", &call.argument_or("lastname", ""))),
        description: schema.text("description", &call.argument_or("description", "")),
        active: Some(schema.flag("active", &call.argument_or("active", true))),
        admin: Some(schema.flag("admin", &call.argument_or("admin", false))),
        extern_type: or_own(
            schema.text("extern_type", &call.argument_or("extern_type", OWN_PLUGIN)),
        ),
        extern_name: or_own(
            schema.text("extern_name", &call.argument_or("extern_name", OWN_PLUGIN)),
        ),
        repo_group: wants_repo_group(call),
        feed: true,
    };
    schema.done()?;
    Ok(Draft { email: draft.email.map(|email| email.to_lowercase()), ..draft })
}

fn validated_password(call: &Call<'_>, schema: &mut Schema) -> Option<Secret> {
    if is_external(call) {
        return None;
    }
    let text = schema.text("password", call.argument("password").unwrap_or(&Py::None));
    (!text.is_empty()).then(|| Secret::new(text))
}

/// Version 4.3 validates nothing: what the database refuses fails, the rest is stored.
async fn unvalidated(call: &Call<'_>) -> Result<Draft, Failure> {
    let refused = |_: Refused| Failure::Exception("Exception");
    let column = |name: &str, default: Py| {
        arguments::text(&call.argument_or(name, default)).map_err(refused)
    };
    let flag = |name: &str| {
        arguments::flag(call.version(), &call.argument_or(name, Py::None)).map_err(refused)
    };
    let username = call.required("username");
    let feed = gets_feed_token(call, username).await?;
    let password = if is_external(call) {
        None
    } else {
        arguments::password(call.argument("password").unwrap_or(&Py::None)).map_err(refused)?
    };
    Ok(Draft {
        username: arguments::text(username).map_err(refused)?.unwrap_or_default(),
        email: arguments::email(call.required("email")).map_err(refused)?,
        password,
        first: column("firstname", Py::from(""))?,
        last: column("lastname", Py::from(""))?,
        description: String::new(),
        // This SQLAlchemy takes a null for no value, and stores the column's default.
        active: flag("active")?.or(Some(true)),
        admin: flag("admin")?.or(Some(false)),
        extern_type: arguments::plugin(&call.argument_or("extern_type", Py::None)),
        extern_name: arguments::plugin(&call.argument_or("extern_name", Py::None)),
        repo_group: false,
        feed,
    })
}

/// Version 4.3 looks its new user up again by the given name, to issue the feed token. A number is
/// then the id of another user, who must exist and gets the token; an empty name finds nobody:
/// fixtures/transcripts/rhodecode43/create-user-usernames.json.
async fn gets_feed_token(call: &Call<'_>, username: &Py) -> Result<bool, Failure> {
    if !username.truthy() {
        return Err(Failure::Exception("AttributeError"));
    }
    if matches!(username, Py::Bool(_) | Py::Int(_)) {
        find_user(call, username).await?;
        return Ok(false);
    }
    Ok(true)
}

/// Whether the account belongs to another plugin, which then has its password.
fn is_external(call: &Call<'_>) -> bool {
    call.argument("extern_name").is_some_and(|name| name.as_str() != Some(OWN_PLUGIN))
}

/// RhodeCode gives the account of another plugin a random password in place of the given one.
fn password(call: &Call<'_>, given: Option<Secret>) -> Option<Secret> {
    if is_external(call) { Some(Secret::new(call.new_token())) } else { given }
}

fn wants_repo_group(call: &Call<'_>) -> bool {
    const YES: [&str; 6] = ["t", "true", "y", "yes", "on", "1"];
    match call.argument("create_personal_repo_group") {
        Some(Py::Str(word)) => YES.contains(&word.trim().to_lowercase().as_str()),
        Some(value) => value.truthy(),
        None => false,
    }
}

fn new_user(call: &Call<'_>, draft: Draft) -> NewUser {
    NewUser {
        attributes: attributes(call, &draft),
        username: draft.username,
        password: draft.password,
        given_name: draft.first,
        family_name: draft.last,
        email: draft.email,
        role: role_of(draft.admin),
        inactive: draft.active != Some(true),
        source: source_of(&draft.extern_type),
        unique: Uniqueness { email: true, ..Uniqueness::default() },
        ..NewUser::default()
    }
}

fn attributes(call: &Call<'_>, draft: &Draft) -> Attributes {
    let mut attributes = Attributes::new();
    let mut store = |name: &str, value: Value| {
        attributes.insert(name.to_owned(), value);
    };
    if call.version() == Version::V4_26 {
        store(attribute::DESCRIPTION, draft.description.as_str().into());
    }
    store(attribute::EXTERN_NAME, draft.extern_name.as_str().into());
    store(attribute::EXTERN_TYPE, draft.extern_type.as_str().into());
    for (name, flag) in [(attribute::ACTIVE, draft.active), (attribute::ADMIN, draft.admin)] {
        if flag.is_none() {
            store(name, Value::Null);
        }
    }
    if draft.repo_group {
        store(attribute::REPO_GROUP, draft.username.as_str().into());
    }
    if call.argument("force_password_change").is_some_and(Py::truthy) {
        store(attribute::FORCE_PASSWORD_CHANGE, true.into());
    }
    attributes
}

/// Issues a new person's tokens: one for feeds, and in version 4.3 a built-in key that opens
/// everything.
async fn issue_tokens(call: &Call<'_>, user: &User, feed: bool) -> Result<(), Fault> {
    let key = |label: &str, scope: &str| NewKey {
        namespace: call.options.namespace.clone(),
        value: Secret::new(call.new_token()),
        label: Some(label.to_owned()),
        scope: Some(scope.to_owned()),
        expires: None,
        addresses: Vec::new(),
        replaces: false,
    };
    let mut keys = Vec::new();
    if call.version() == Version::V4_3 {
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
