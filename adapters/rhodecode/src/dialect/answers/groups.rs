//! User groups with their members and owners.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::tokens::{self, AllKeys, Tokens};
use crate::dialect::answers::users;
use crate::dialect::call::Call;
use crate::dialect::lookup::{read_user, shown_name};
use crate::wire::values::DEFAULT_USER;
use crate::wire::{DEFAULT_EMAIL, FIRST_ADMINISTRATOR, Object, attribute};

/// The tokens of a group's members.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MemberTokens<'a> {
    /// For a caller who may see them.
    Shown(&'a AllKeys),
    /// For any other caller.
    Masked,
}

impl<'a> MemberTokens<'a> {
    fn of(self, user: &User) -> Tokens<'a> {
        match self {
            Self::Masked => Tokens::Masked,
            Self::Shown(keys) => {
                Tokens::Shown(keys.get(&user.id).map_or(&[][..], Vec::as_slice).into())
            }
        }
    }
}

/// Groups, with the tokens of their members if the caller is a super administrator.
pub(crate) async fn with_tokens(call: &Call<'_>, groups: &[&Group]) -> Result<Vec<Py>, Fault> {
    let keys = if call.is_admin() { Some(tokens::of_everybody(call).await?) } else { None };
    let member_tokens = keys.as_ref().map_or(MemberTokens::Masked, MemberTokens::Shown);
    let mut shapes = Vec::new();
    for group in groups {
        shapes.push(Py::from(group_with(call, group, member_tokens).await?));
    }
    Ok(shapes)
}

/// A group, with the tokens of its members masked.
pub(crate) async fn masked(call: &Call<'_>, group: &Group) -> Result<Object, Fault> {
    group_with(call, group, MemberTokens::Masked).await
}

async fn group_with(
    call: &Call<'_>,
    group: &Group,
    member_tokens: MemberTokens<'_>,
) -> Result<Object, Fault> {
    let (owner, owner_email) = match owner(call, group).await? {
        Owner::Default => (Py::from(DEFAULT_USER), Py::from(DEFAULT_EMAIL)),
        Owner::Person(user) => (shown_name(&user), users::email_of(&user)),
        Owner::Shown(name, email) => (name, email),
        Owner::None => (Py::None, Py::None),
    };
    let null = group.attributes.get(attribute::ACTIVE) == Some(&Value::Null) && !group.active;
    let mut shape = Object::default()
        .with("users_group_id", Py::Int(call.options.group_id(group).to_owned()))
        .with("group_name", group.name.as_str())
        .with("group_description", description(group))
        .with("active", if null { Py::None } else { Py::Bool(group.active) })
        .with("owner", owner);
    if call.differences().group_sync {
        shape.set("sync", group.attributes.get(attribute::SYNC).map_or(Py::None, Py::from));
        shape.set("owner_email", owner_email);
    }
    Ok(shape.with("users", Py::List(members(call, group, member_tokens).await?)))
}

async fn members(
    call: &Call<'_>,
    group: &Group,
    member_tokens: MemberTokens<'_>,
) -> Result<Vec<Py>, Fault> {
    let people = call.run(Command::ListMembers(GroupRef::from(group))).await?.users()?;
    let shape = |user: &User| users::person(call.options, user, &member_tokens.of(user));
    let mut shapes: Vec<_> = people.iter().map(|user| Py::from(shape(user))).collect();
    if has_default_member(group) {
        let masked = matches!(member_tokens, MemberTokens::Masked);
        shapes.push(Py::from(users::default_user(call.differences(), masked)));
    }
    Ok(shapes)
}

/// Whether `default` is a member.
pub(crate) fn has_default_member(group: &Group) -> bool {
    group.attributes.get(attribute::DEFAULT_MEMBER) == Some(&Value::Bool(true))
}

/// The description: empty if none was given, null if it was set to null.
fn description(group: &Group) -> Py {
    match (&group.description, group.attributes.get(attribute::DESCRIPTION)) {
        (Some(text), _) => Py::from(text.as_str()),
        (None, Some(Value::Null)) => Py::None,
        (None, _) => Py::from(""),
    }
}

/// A column of the row of a RhodeCode server, if that is where the group is.
pub(crate) fn systems<'g>(group: &'g Group, column: &str) -> Option<&'g Value> {
    group.attributes.get(attribute::SYSTEM)?.get(column)
}

/// The owner of a group.
#[derive(Debug)]
pub(crate) enum Owner {
    /// The built-in user `default`.
    Default,
    /// A person.
    Person(Box<User>),
    /// The user whose name and address a RhodeCode server shows.
    Shown(Py, Py),
    /// No user.
    None,
}

/// Reads the owner of a group. A group without one belongs to the first administrator, as RhodeCode
/// decides for groups that it did not create itself.
pub(crate) async fn owner(call: &Call<'_>, group: &Group) -> Result<Owner, Fault> {
    if let Some(name) = systems(group, "owner") {
        let email = systems(group, "owner_email").map_or(Py::None, Py::from);
        return Ok(Owner::Shown(Py::from(name), email));
    }
    if group.attributes.get(attribute::DEFAULT_OWNER) == Some(&Value::Bool(true)) {
        return Ok(Owner::Default);
    }
    let namespace = &call.options.namespace;
    let first = || UserRef::Native(namespace.clone(), FIRST_ADMINISTRATOR.to_owned());
    let owner = read_user(call, group.owner.map_or_else(first, UserRef::Id)).await?;
    Ok(owner.map_or(Owner::None, |user| Owner::Person(Box::new(user))))
}
