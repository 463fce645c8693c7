//! The table of verbs: one row for each command, with everything that the gateway decides by it.
//!
//! To add a verb, add a row here and a variant to [`crate::command::Command`]. The compiler then
//! asks for the rest.

use std::fmt;

use crate::permission::{Grant, Guard, Permission};

/// Which kind of [`crate::outcome::Outcome`] a verb answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// That it is done.
    Done,
    /// One person.
    User,
    /// People.
    Users,
    /// One group.
    Group,
    /// Groups.
    Groups,
    /// Keys.
    Keys,
    /// A key that was found by its value, with its owner.
    KeyFound,
    /// Attributes of a person, or facts about the server.
    Settings,
    /// The names of what is locked.
    Locks,
    /// Whether a password is right.
    Verified,
}

/// The kind of thing that the reference in a command names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A person. Where the reference is optional, `None` is the application itself.
    Person,
    /// A group.
    Group,
    /// A key, by its value.
    Key,
    /// Nothing that exists already: the command creates, or lists everything.
    Nothing,
}

/// What a verb does to the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Read,
    /// It changes the counters of failed sign-ins, and nothing else.
    Count,
    /// It changes people, groups or keys.
    Write,
}

/// Whether a command may be sent again when its answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// A second execution changes nothing more and answers the same.
    Safe,
    /// A second execution changes something again, or answers otherwise.
    Unsafe,
}

/// What executes a verb where the backend is a remote system with a sidecar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The system. The sidecar adds what the system has no place for.
    System,
    /// The sidecar, whatever the system can do.
    Sidecar,
    /// The system if it has the verb, otherwise the sidecar.
    Either,
    /// The system for its own id namespace: the dialect of the route is then that of the system, and a
    /// verb that the system does not have is refused. The sidecar for every other id namespace.
    Own,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it answers.
    pub answers: Answers,
    /// The kind of thing that its reference names.
    pub target: Target,
    /// What it does to the data.
    pub effect: Effect,
    /// Whether it may be sent again.
    pub repeat: Repeat,
    /// What executes it where there is a sidecar.
    pub place: Place,
    /// What the caller needs.
    pub permission: Permission,
    /// What else is checked, by the payload.
    pub guards: &'static [Guard],
}

/// Makes [`Verb`] and its accessors from the table.
macro_rules! verbs {
    ($($verb:ident $answers:ident $target:ident $effect:ident $repeat:ident $place:ident
        $permission:ident $(($grant:ident))? [$($guard:ident)*];)*) => {
        /// The name of a [`crate::command::Command`]: the key of tables, metrics and permissions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb {
            $(
                #[doc = concat!("The name of [`crate::command::Command::", stringify!($verb), "`].")]
                $verb,
            )*
        }

        impl Verb {
            /// Every verb, in the order of the table.
            pub const ALL: [Self; [$(stringify!($verb)),*].len()] = [$(Self::$verb),*];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$verb => stringify!($verb),)*
                }
            }

            /// Its row of the table.
            #[must_use]
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$verb => Row {
                        answers: Answers::$answers,
                        target: Target::$target,
                        effect: Effect::$effect,
                        repeat: Repeat::$repeat,
                        place: Place::$place,
                        permission: Permission::$permission $((Grant::$grant))?,
                        guards: &[$(Guard::$guard),*],
                    },)*
                }
            }
        }
    };
}

// `CreateFromDirectory` takes an administrator: the directory decides the role, which may be the
// administrator's. `VerifyPassword` is not repeated: the system counts a wrong password twice.
// `UpdateUser` and `UpdateGroup` are not repeated: after a renaming the name in them is unknown.
verbs! {
// verb             answers  target  effect repeat place   permission            guards
CreateUser          User     Nothing Write  Unsafe System  Holder(CreateUsers)   [Given Attributes];
CreateFromDirectory User     Nothing Write  Unsafe System  Holder(Administer)    [];
GetUser             User     Person  Read   Safe   System  Own(SeeUsers)         [];
ListUsers           Users    Nothing Read   Safe   System  Holder(SeeUsers)      [];
UpdateUser          User     Person  Write  Unsafe System  Holder(EditUsers)     [Subject Given Attributes];
ActivateUser        User     Person  Write  Safe   System  Holder(EditUsers)     [Subject];
DeactivateUser      User     Person  Write  Safe   System  Holder(EditUsers)     [Subject];
DeleteUser          Done     Person  Write  Unsafe System  Holder(DeleteUsers)   [Subject];
ChangePassword      Done     Person  Write  Safe   System  Own(EditUsers)        [Subject];
IssueKey            Keys     Person  Write  Unsafe Own     Own(Administer)       [Subject];
RevokeKeys          Keys     Person  Write  Unsafe Own     Own(EditUsers)        [Subject];
ListKeys            Keys     Person  Read   Safe   Own     Own(Administer)       [];
ReadSettings        Settings Person  Read   Safe   Sidecar Own(SeeUsers)         [];
MergeSettings       Done     Person  Write  Safe   Sidecar Own(EditUsers)        [Subject Attributes];
CreateGroup         Group    Nothing Write  Unsafe Either  Holder(CreateGroups)  [Rights Attributes];
GetGroup            Group    Group   Read   Safe   Either  Known                 [];
ListGroups          Groups   Nothing Read   Safe   Either  Known                 [];
UpdateGroup         Group    Group   Write  Unsafe Either  OwnGroup(EditGroups)  [Group Rights Attributes];
DeleteGroup         Done     Group   Write  Unsafe Either  OwnGroup(DeleteGroups)[Group];
AddMember           Done     Group   Write  Unsafe Either  OwnGroup(EditGroups)  [Group];
RemoveMember        Done     Group   Write  Unsafe Either  OwnGroup(EditGroups)  [Group];
ListMembers         Users    Group   Read   Safe   Either  Known                 [];
GroupsOf            Groups   Person  Read   Safe   Either  Own(SeeUsers)         [];
ListLocks           Locks    Person  Read   Safe   Either  Own(SeeUsers)         [];
ServerFacts         Settings Nothing Read   Safe   Either  Known                 [];
AssignIds           Done     Nothing Write  Safe   Sidecar Gateway               [];
FindKey             KeyFound Key     Read   Safe   Sidecar Gateway               [];
VerifyPassword      Verified Person  Read   Unsafe System  Gateway               [];
VerifyKey           Keys     Person  Read   Safe   Sidecar Gateway               [];
CountFailure        User     Person  Count  Unsafe Sidecar Gateway               [];
ClearFailures       Done     Person  Count  Safe   Sidecar Gateway               [];
}

impl Verb {
    /// What it answers.
    #[must_use]
    pub const fn answers(self) -> Answers {
        self.row().answers
    }

    /// The kind of thing that its reference names.
    #[must_use]
    pub const fn target(self) -> Target {
        self.row().target
    }

    /// What executes it where there is a sidecar.
    #[must_use]
    pub const fn place(self) -> Place {
        self.row().place
    }

    /// What the caller needs.
    #[must_use]
    pub const fn permission(self) -> Permission {
        self.row().permission
    }

    /// What else is checked, by the payload. An administrator passes every guard.
    #[must_use]
    pub const fn guards(self) -> &'static [Guard] {
        self.row().guards
    }

    /// Whether it changes people, groups or keys.
    #[must_use]
    pub const fn changes(self) -> bool {
        matches!(self.row().effect, Effect::Write)
    }

    /// Whether it may be sent again when its answer was lost.
    #[must_use]
    pub const fn is_repeatable(self) -> bool {
        matches!(self.row().repeat, Repeat::Safe)
    }

    /// Whether it is about groups or their members.
    #[must_use]
    pub const fn is_about_groups(self) -> bool {
        let row = self.row();
        matches!(row.target, Target::Group)
            || matches!(row.answers, Answers::Group | Answers::Groups)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_verb_has_one_row_and_its_own_name() {
        let names: BTreeSet<_> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
        assert_eq!(names.len(), Verb::ALL.len());
        for (place, verb) in Verb::ALL.into_iter().enumerate() {
            assert_eq!(verb as usize, place, "{verb} is not where its row is");
            assert_eq!(format!("{verb}"), format!("{verb:?}"));
        }
    }

    /// A write needs more than an authenticated caller. A verb that only the gateway may use has no
    /// guard.
    #[test]
    fn the_columns_of_each_row_agree() {
        for verb in Verb::ALL {
            let row = verb.row();
            if row.effect == Effect::Write {
                assert_ne!(row.permission, Permission::Known, "{verb}");
            } else {
                assert_eq!(row.guards, [], "{verb} changes nothing that a guard protects");
            }
            if row.effect == Effect::Count || row.permission == Permission::Gateway {
                assert_eq!(row.permission, Permission::Gateway, "{verb}");
                assert_eq!(row.guards, [], "{verb}");
            }
            if matches!(row.permission, Permission::OwnGroup(_)) {
                assert_eq!(row.target, Target::Group, "{verb}");
            }
            if matches!(row.permission, Permission::Own(_)) {
                assert_eq!(row.target, Target::Person, "{verb}");
            }
        }
    }
}
