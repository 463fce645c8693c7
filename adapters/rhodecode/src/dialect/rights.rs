//! Who may do what with a user group: the rows that RhodeCode keeps of each.
//!
//! The group's owner and stewards are known to all systems and are what the gateway asks for; rows
//! of lesser rights, and those of other groups, are kept aside.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::{Group, GroupId, GroupPatch};
use isogloss_canonical::user::{User, UserId};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::dialect::call::{Call, Raised};
use crate::mapping::Mapping;
use crate::python::Py;
use crate::wire::{DEFAULT_USER, kept, shown_name};

/// The rights on a user group, from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Right {
    None,
    Read,
    Write,
    Admin,
}

impl Right {
    const ALL: [Self; 4] = [Self::None, Self::Read, Self::Write, Self::Admin];

    /// Its name: `usergroup.read`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "usergroup.none",
            Self::Read => "usergroup.read",
            Self::Write => "usergroup.write",
            Self::Admin => "usergroup.admin",
        }
    }

    /// The right of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }

    /// What RhodeCode sorts rows by: the more signs, the earlier.
    pub(crate) fn sorting(self) -> String {
        "#".repeat(self as usize + 1)
    }
}

/// Whose row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The built-in user's: everybody's.
    Everybody,
    /// A person's.
    Person(UserId),
}

/// The rows of a group, in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) people: Vec<(Whose, Right)>,
    pub(crate) groups: Vec<(GroupId, Right)>,
}

impl Rows {
    /// Those of a new group: everybody may read it, its owner everything.
    pub(crate) fn new(owner: Whose) -> Self {
        let people = vec![(Whose::Everybody, Right::Read)];
        let mut rows = Self { people, groups: Vec::new() };
        rows.grant(owner, Right::Admin);
        rows
    }

    /// Those of a group.
    pub(crate) fn of(group: &Group) -> Self {
        let mut rows = match group.attributes.get(kept::USER_ROWS) {
            Some(Value::Object(kept)) => Self { people: people(kept), groups: Vec::new() },
            _ => Self { people: vec![(Whose::Everybody, Right::Read)], groups: Vec::new() },
        };
        // A steward who lost the row's right, or has none yet, has what all systems know of.
        for steward in &group.stewards {
            rows.grant(Whose::Person(*steward), Right::Admin);
        }
        if let Some(Value::Object(kept)) = group.attributes.get(kept::GROUP_ROWS) {
            rows.groups = kept.iter().filter_map(group_row).collect();
        }
        rows
    }

    /// Makes a row, or changes it.
    pub(crate) fn grant(&mut self, whose: Whose, right: Right) {
        match self.people.iter_mut().find(|(own, _)| *own == whose) {
            Some((_, own)) => *own = right,
            None => self.people.push((whose, right)),
        }
    }

    /// Takes a row away.
    pub(crate) fn revoke(&mut self, whose: Whose) {
        self.people.retain(|(own, _)| *own != whose);
    }

    /// Makes a row of a group, or changes it.
    pub(crate) fn grant_group(&mut self, group: GroupId, right: Right) {
        match self.groups.iter_mut().find(|(own, _)| *own == group) {
            Some((_, own)) => *own = right,
            None => self.groups.push((group, right)),
        }
    }

    /// Takes the row of a group away.
    pub(crate) fn revoke_group(&mut self, group: GroupId) {
        self.groups.retain(|(own, _)| *own != group);
    }

    /// The row for people, as it is kept.
    pub(crate) fn kept_people(&self) -> Value {
        let rows = self.people.iter().map(|(whose, right)| {
            let whose = match whose {
                Whose::Everybody => DEFAULT_USER.to_owned(),
                Whose::Person(user) => user.to_string(),
            };
            (whose, Value::from(right.name()))
        });
        Value::Object(rows.collect())
    }

    /// The change that keeps these rows.
    pub(crate) fn patch(&self) -> GroupPatch {
        let mut patch = GroupPatch::default();
        let admins = self.people.iter().filter(|(_, right)| *right == Right::Admin);
        patch.stewards = Some(
            admins
                .filter_map(|(whose, _)| match whose {
                    Whose::Everybody => None,
                    Whose::Person(user) => Some(*user),
                })
                .collect(),
        );
        let groups = self.groups.iter();
        let groups = groups.map(|(group, right)| (group.to_string(), Value::from(right.name())));
        patch.attributes.insert(kept::USER_ROWS.to_owned(), Some(self.kept_people()));
        let groups = Value::Object(groups.collect());
        patch.attributes.insert(kept::GROUP_ROWS.to_owned(), Some(groups));
        patch
    }
}

fn people(kept: &Map<String, Value>) -> Vec<(Whose, Right)> {
    let row = |(whose, right): (&String, &Value)| {
        let right = right.as_str().and_then(Right::named)?;
        if whose == DEFAULT_USER {
            return Some((Whose::Everybody, right));
        }
        let user = UserId(Uuid::parse_str(whose).ok()?);
        // Administration is the stewards': they are added from there.
        Some((Whose::Person(user), right))
    };
    kept.iter().filter_map(row).collect()
}

fn group_row((group, right): (&String, &Value)) -> Option<(GroupId, Right)> {
    let group = GroupId(Uuid::parse_str(group).ok()?);
    Some((group, right.as_str().and_then(Right::named)?))
}

/// What the caller may do with a group, super administrators everything.
pub(crate) fn of_caller(call: &Call<'_>, group: &Group) -> Right {
    if call.is_admin() {
        return Right::Admin;
    }
    call.caller.user().map_or(Right::None, |user| of_user(user, group))
}

/// What somebody who is no super administrator may do with a group: the best of all rows.
fn of_user(user: &User, group: &Group) -> Right {
    if group.owner == Some(user.id) || group.stewards.contains(&user.id) {
        return Right::Admin;
    }
    let rows = Rows::of(group);
    let own = rows.people.iter().filter(|(whose, _)| match whose {
        Whose::Everybody => true,
        Whose::Person(person) => *person == user.id,
    });
    let member = |group: GroupId| user.groups.iter().any(|membership| membership.group == group);
    let shared = rows.groups.iter().filter(|(group, _)| member(*group));
    let own = own.map(|(_, right)| *right);
    own.chain(shared.map(|(_, right)| *right)).max().unwrap_or(Right::None)
}

/// The rights of a person on each user group, by name.
pub(crate) async fn of_person(
    call: &Call<'_>,
    user: Option<&User>,
    admin: bool,
) -> Result<Mapping, Fault> {
    let teams = call.run(Command::ListGroups(None)).await?.groups()?;
    let right = |team: &Group| match user {
        _ if admin => Right::Admin,
        Some(user) => of_user(user, team),
        None => everybody(team),
    };
    let rows = teams.iter().map(|team| (team.name.clone(), Py::from(right(team).name())));
    Ok(rows.collect())
}

fn everybody(group: &Group) -> Right {
    let rows = Rows::of(group);
    let row = rows.people.iter().find(|(whose, _)| *whose == Whose::Everybody);
    row.map_or(Right::None, |(_, right)| *right)
}

/// A name of a permission: those that RhodeCode knows but that are not for user groups are told
/// apart: fixtures/transcripts/rhodecode/user-group-permissions.json.
pub(crate) fn permission(call: &Call<'_>, value: &Py) -> Result<Right, Raised> {
    use crate::version::Version::{Current, Early};
    if matches!(value, Py::List(_) | Py::Dict(_)) {
        return Err(Raised::Exception("InterfaceError"));
    }
    let name = value.text();
    if let Some(right) = Right::named(&name) {
        return Ok(right);
    }
    let later = LATER.iter().any(|start| name.starts_with(start));
    if KNOWN.contains(&name.as_str()) && !(later && call.version() == Early) {
        let sentence = format!("permission `{name}` is invalid, should start with usergroup.");
        return Err(Raised::error(sentence));
    }
    Err(match call.version() {
        // It cannot put what is not ASCII into its sentence.
        Current if !name.is_ascii() => Raised::Exception("UnicodeEncodeError"),
        Current => Raised::error(format!(
            "permission `{name}` does not exist. Permission should start with prefix: `usergroup.`"
        )),
        Early => Raised::error(format!("permission `{name}` does not exist")),
    })
}

/// The permissions that are not for user groups.
const KNOWN: [&str; 33] = [
    "branch.merge",
    "branch.none",
    "branch.push",
    "branch.push_force",
    "group.admin",
    "group.none",
    "group.read",
    "group.write",
    "hg.admin",
    "hg.create.none",
    "hg.create.repository",
    "hg.create.write_on_repogroup.false",
    "hg.create.write_on_repogroup.true",
    "hg.extern_activate.auto",
    "hg.extern_activate.manual",
    "hg.fork.none",
    "hg.fork.repository",
    "hg.inherit_default_perms.false",
    "hg.inherit_default_perms.true",
    "hg.password_reset.disabled",
    "hg.password_reset.enabled",
    "hg.password_reset.hidden",
    "hg.register.auto_activate",
    "hg.register.manual_activate",
    "hg.register.none",
    "hg.repogroup.create.false",
    "hg.repogroup.create.true",
    "hg.usergroup.create.false",
    "hg.usergroup.create.true",
    "repository.admin",
    "repository.none",
    "repository.read",
    "repository.write",
];

/// How those begin that version 4.3 does not have yet.
const LATER: [&str; 2] = ["branch.", "hg.password_reset."];

/// One row as `get_user_group` shows it.
pub(crate) fn entry(kind: &str, origin: &str, name: Py, right: Right) -> Py {
    let row = Mapping::default().with("name", name).with("permission", right.name());
    Py::from(row.with("origin", origin).with("type", kind))
}

/// The name that a person's row shows.
pub(crate) fn row_name(user: &User) -> Py {
    shown_name(user)
}
