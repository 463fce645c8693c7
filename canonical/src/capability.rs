//! What a backend can do, as data: asked once, before a command is sent to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::command::Verb;
use crate::fault::{Fault, FaultKind};

/// How a backend does a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// In one call of its own.
    Native,
    /// By several calls, or by reading more than was asked; says how.
    Composed(&'static str),
    /// Not whole; says what is lost.
    Lossy(&'static str),
}

/// What of a person or a team a backend can hold. What it cannot is kept aside by the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A change of the user name.
    Rename,
    /// The full name as one text.
    DisplayName,
    /// First and last name.
    Names,
    /// The e-mail address.
    Email,
    /// The role: administrators and others.
    Role,
    /// The role between the two.
    Managers,
    /// Activity.
    Active,
    /// A change of the password.
    Password,
    /// Where the account comes from.
    Source,
    /// Memberships in its own sets of rights.
    Groups,
    /// Whether a team is in force.
    TeamActive,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 11] = [
        Self::Rename,
        Self::DisplayName,
        Self::Names,
        Self::Email,
        Self::Role,
        Self::Managers,
        Self::Active,
        Self::Password,
        Self::Source,
        Self::Groups,
        Self::TeamActive,
    ];
}

/// The verbs a backend has, and the fields it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    verbs: BTreeMap<Verb, Support>,
    fields: BTreeSet<Field>,
    attributes: BTreeSet<&'static str>,
}

impl Capability {
    /// Just these, each in one call of the backend's own.
    #[must_use]
    pub fn of(verbs: impl IntoIterator<Item = Verb>) -> Self {
        let verbs = verbs.into_iter().map(|verb| (verb, Support::Native)).collect();
        Self { verbs, ..Self::default() }
    }

    /// Adds a verb, and how it is done.
    #[must_use]
    pub fn with(mut self, verb: Verb, support: Support) -> Self {
        self.verbs.insert(verb, support);
        self
    }

    /// Says which fields it holds.
    #[must_use]
    pub fn holding(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Says which attributes of people it keeps: it changes them with [`Verb::UpdateUser`], and its
    /// people have them.
    #[must_use]
    pub fn keeping(mut self, attributes: &[&'static str]) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Whether it keeps this attribute of people.
    #[must_use]
    pub fn keeps(&self, attribute: &str) -> bool {
        self.attributes.contains(attribute)
    }

    /// Whether it has this verb.
    #[must_use]
    pub fn has(&self, verb: Verb) -> bool {
        self.verbs.contains_key(&verb)
    }

    /// Whether it holds this field.
    #[must_use]
    pub fn holds(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }

    /// How it does a verb.
    #[must_use]
    pub fn support(&self, verb: Verb) -> Option<Support> {
        self.verbs.get(&verb).copied()
    }

    /// Its verbs.
    pub fn verbs(&self) -> impl Iterator<Item = Verb> + '_ {
        self.verbs.keys().copied()
    }

    /// An `Unsupported` fault for a verb it does not have.
    pub fn check(&self, verb: Verb) -> Result<(), Fault> {
        if self.has(verb) {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Unsupported, format!("the backend has no {verb}")))
    }
}
