//! Commands, credentials and permissions in words, without secrets.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Credentials;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::http::Request;
use isogloss_canonical::key::{KeyChoice, NewKey};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::permission::{Grant, Permission};
use isogloss_canonical::user::{AttributeChanges, NewUser, UserPatch, UserRef};
use isogloss_canonical::vouching::Voucher;

/// A command as a sentence: `delete the person with the kanboard id 7`.
pub(super) fn command(command: &Command) -> String {
    let of = person;
    match command {
        Command::CreateUser(new) => created(new),
        Command::CreateFromDirectory(name) => format!("create {name:?} from the directory"),
        Command::GetUser(user) => format!("read {}", of(user)),
        Command::ListUsers => "read all people".to_owned(),
        Command::UpdateUser(user, patch) => format!("change {}{}", of(user), with(&changed(patch))),
        Command::ActivateUser(user) => format!("activate {}", of(user)),
        Command::DeactivateUser(user) => format!("deactivate {}", of(user)),
        Command::DeleteUser(user) => format!("delete {}", of(user)),
        Command::ChangePassword(user, Some(_)) => format!("set the password of {}", of(user)),
        Command::ChangePassword(user, None) => format!("remove the password of {}", of(user)),
        Command::IssueKey(owner, new) => issued(owner.as_ref(), new),
        Command::RevokeKeys(owner, space, choice) => revoked(owner.as_ref(), space, choice),
        Command::ListKeys(Some(user), space, _) => {
            format!("list the keys of {} in {space}", of(user))
        }
        Command::ListKeys(None, space, _) => format!("list all keys in {space}"),
        Command::ReadSettings(user, prefix) => {
            format!("read the attributes {prefix}* of {}", of(user))
        }
        Command::MergeSettings(user, _, changes) => set(user, changes),
        Command::CreateGroup(new) => format!("create the group {:?}{}", new.name, grants(new)),
        Command::GetGroup(one) => format!("read {}", group(one)),
        Command::ListGroups(Some(space)) => format!("read the groups of {space}"),
        Command::ListGroups(None) => "read the teams".to_owned(),
        Command::UpdateGroup(one, patch) => {
            format!("change {}{}", group(one), with(&changed_group(patch)))
        }
        Command::DeleteGroup(one) => format!("delete {}", group(one)),
        Command::AddMember(one, user) => format!("add {} to {}", of(user), group(one)),
        Command::RemoveMember(one, user) => format!("remove {} from {}", of(user), group(one)),
        Command::ListMembers(one) => format!("read the members of {}", group(one)),
        Command::GroupsOf(user) => format!("read the groups of {}", of(user)),
        Command::ListLocks(user) => format!("list what {} has locked", of(user)),
        Command::ServerFacts => "read the facts about the server".to_owned(),
        Command::AssignIds(all) => format!("assign ids to {} people", all.len()),
        Command::FindKey(space, _) => format!("find a key in {space} by its value"),
        Command::VerifyPassword(user, _) => format!("check the password of {}", of(user)),
        Command::VerifyKey(user, space, _) => format!("check a key of {} in {space}", of(user)),
        Command::CountFailure(user, _) => format!("count a failed sign-in of {}", of(user)),
        Command::ClearFailures(user) => format!("reset the failed sign-ins of {}", of(user)),
    }
}

fn created(new: &NewUser) -> String {
    format!("create the person {:?}{}", new.username, with(&given(new)))
}

fn issued(owner: Option<&UserRef>, new: &NewKey) -> String {
    let label = new.label.as_ref().map(|label| format!(" for {label:?}")).unwrap_or_default();
    format!("issue a key in {}{label} to {}", new.namespace, holder(owner))
}

fn revoked(owner: Option<&UserRef>, namespace: &IdNamespace, choice: &KeyChoice) -> String {
    format!("revoke {} of {} in {namespace}", keys(choice), holder(owner))
}

fn set(user: &UserRef, changes: &AttributeChanges) -> String {
    let names: Vec<_> = changes.keys().map(String::as_str).collect();
    format!("set the attributes {} of {}", names.join(", "), person(user))
}

fn person(user: &UserRef) -> String {
    match user {
        UserRef::Id(id) => format!("the person with the canonical id {id}"),
        UserRef::Native(namespace, id) => format!("the person with the {namespace} id {id}"),
        UserRef::Name(name) => format!("the person {name:?}"),
        UserRef::FoldedName(name) => format!("the person {name:?} in any case"),
        UserRef::Email(email) => format!("the person with the e-mail address {email:?}"),
    }
}

fn holder(owner: Option<&UserRef>) -> String {
    owner.map_or("the application".to_owned(), person)
}

fn group(of: &GroupRef) -> String {
    match of {
        GroupRef::Id(id) => format!("the group with the canonical id {id}"),
        GroupRef::Native(namespace, id) => format!("the group with the {namespace} id {id}"),
        GroupRef::Name(Some(namespace), name) => format!("the group {name:?} of {namespace}"),
        GroupRef::Name(None, name) => format!("the team {name:?}"),
    }
}

fn keys(choice: &KeyChoice) -> String {
    match choice {
        KeyChoice::All => "every key".to_owned(),
        KeyChoice::Plain => "the keys without a label".to_owned(),
        KeyChoice::Labelled(label) => format!("the keys with the label {label:?}"),
        KeyChoice::Id(_) => "one key".to_owned(),
    }
}

fn with(fields: &[String]) -> String {
    if fields.is_empty() { String::new() } else { format!(" with {}", fields.join(", ")) }
}

/// The fields that are set: each with its value, or with the name alone where the value is a secret.
fn given(new: &NewUser) -> Vec<String> {
    let texts = [
        ("full name", &new.display_name),
        ("first name", &new.given_name),
        ("last name", &new.family_name),
        ("e-mail address", &new.email),
        ("source", &new.source),
    ];
    let texts = texts.into_iter();
    let texts = texts.filter_map(|(name, text)| Some(format!("{name} {:?}", text.as_ref()?)));
    let mut all: Vec<_> = texts.collect();
    all.push(format!("role {}", new.role.as_str()));
    all.extend(new.password.as_ref().map(|_| "password".to_owned()));
    all.extend(new.inactive.then(|| "inactive".to_owned()));
    all.extend(new.groups.as_ref().map(|_| "groups".to_owned()));
    all.extend((!new.addresses.is_empty()).then(|| "allowed addresses".to_owned()));
    all.extend(new.attributes.keys().map(|name| format!("attribute {name}")));
    all
}

fn changed(patch: &UserPatch) -> Vec<String> {
    let texts = [
        ("full name", &patch.display_name),
        ("first name", &patch.given_name),
        ("last name", &patch.family_name),
        ("e-mail address", &patch.email),
        ("source", &patch.source),
    ];
    let texts = texts.into_iter();
    let texts =
        texts.filter_map(|(name, text)| Some(format!("{name} {}", value(text.as_ref()?.as_ref()))));
    let mut all: Vec<_> = patch.username.iter().map(|name| format!("user name {name:?}")).collect();
    all.extend(texts);
    all.extend(patch.role.map(|role| format!("role {}", role.as_str())));
    all.extend(patch.active.map(activity));
    all.extend(patch.password.as_ref().map(|_| "password".to_owned()));
    all.extend(patch.groups.as_ref().map(|_| "groups".to_owned()));
    all.extend(patch.attributes.keys().map(|name| format!("attribute {name}")));
    all
}

fn changed_group(patch: &GroupPatch) -> Vec<String> {
    let mut all: Vec<_> = patch.name.iter().map(|name| format!("name {name:?}")).collect();
    all.extend(
        patch.description.as_ref().map(|text| format!("description {}", value(text.as_ref()))),
    );
    all.extend(patch.owner.as_ref().map(|_| "owner".to_owned()));
    all.extend(patch.co_owners.as_ref().map(|_| "co-owners".to_owned()));
    all.extend((!patch.rights.is_empty()).then(|| "rights".to_owned()));
    all.extend(patch.active.map(activity));
    all.extend(patch.grants.as_ref().map(|_| "grants".to_owned()));
    all.extend(patch.attributes.keys().map(|name| format!("attribute {name}")));
    all
}

fn grants(new: &NewGroup) -> String {
    let names: Vec<_> = new.grants.iter().map(Grant::as_str).collect();
    let text = |names: &[&str]| format!(" with the grants {}", names.join(", "));
    if names.is_empty() { String::new() } else { text(&names) }
}

fn value(text: Option<&String>) -> String {
    text.map_or("removed".to_owned(), |text| format!("{text:?}"))
}

fn activity(active: bool) -> String {
    if active { "active" } else { "inactive" }.to_owned()
}

/// A request in one line: verb, path, query and body.
pub(super) fn request(request: &Request) -> String {
    let query = request.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {}{query} {body}", request.method, request.path).trim_end().to_owned()
}

/// Who may run a command.
pub(super) fn permission(needed: Permission) -> String {
    match needed {
        Permission::Known => "any authenticated caller".to_owned(),
        Permission::Own(grant) => format!("the person, or the grant {}", grant.as_str()),
        Permission::Holder(grant) => format!("the grant {}", grant.as_str()),
        Permission::OwnGroup(grant) => {
            format!("an owner of the group, or the grant {}", grant.as_str())
        }
        Permission::Gateway => "the gateway itself".to_owned(),
    }
}

/// What a caller shows.
pub(super) fn credentials(shown: &Credentials) -> String {
    match shown {
        Credentials::Key { namespace, .. } => format!("a key of {namespace}"),
        Credentials::Login { user, keys: None, .. } => format!("the password of {}", person(user)),
        Credentials::Login { user, keys: Some(namespace), .. } => {
            format!("the password, or a key of {namespace}, of {}", person(user))
        }
        Credentials::Vouched(user) => format!("a session of {}", person(user)),
        Credentials::Named(voucher, name) => format!("{name:?}, named by {}", names(*voucher)),
    }
}

fn names(voucher: Voucher) -> &'static str {
    match voucher {
        Voucher::Proxy => "a trusted proxy",
        Voucher::Network => "the options of the route",
        Voucher::Wizard => "the setup wizard",
    }
}

/// The kind of a fault.
pub(super) const fn fault(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Malformed => "malformed",
        FaultKind::TooLarge => "too large",
        FaultKind::UnknownMethod => "unknown method",
        FaultKind::Invalid => "invalid value",
        FaultKind::Unauthenticated => "not authenticated",
        FaultKind::Forbidden => "forbidden",
        FaultKind::NotFound => "not found",
        FaultKind::Conflict => "exists already",
        FaultKind::Unsupported => "not supported",
        FaultKind::Throttled => "too many requests",
        FaultKind::Unavailable => "unavailable",
        FaultKind::Timeout => "timeout",
        FaultKind::Unexpected => "defect",
    }
}
