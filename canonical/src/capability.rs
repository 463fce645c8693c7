//! What a backend can do, as data: it is read before a command is sent to the backend.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::{Fault, FaultKind};
use crate::namespace::IdNamespace;
use crate::user::UserRef;
use crate::value::ValueRule;
use crate::verb::Verb;

/// How a backend does a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// In one call of its own.
    Native,
    /// By several calls, or by reading more than was asked; says how.
    Composed(&'static str),
    /// From the sidecar, the gateway's own database.
    Sidecar,
    /// Not whole; says what is lost.
    Lossy(&'static str),
}

/// What a backend can store of a person or a team. The sidecar stores the rest.
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
    /// Whether the account is active.
    Active,
    /// A change of the password.
    Password,
    /// Where the account comes from.
    Source,
    /// Memberships in its own rights groups.
    Groups,
    /// Whether a team is active.
    TeamActive,
    /// The owner of a team, and who else has which right on it.
    GroupRights,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 12] = [
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
        Self::GroupRights,
    ];
}

/// How a backend can look a person up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lookup {
    /// By the id of its own namespace.
    Id,
    /// By the exact user name.
    Name,
    /// By the user name in any case.
    FoldedName,
    /// By the e-mail address.
    Email,
}

impl Lookup {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Id, Self::Name, Self::FoldedName, Self::Email];

    /// The look-up that a reference asks for. `None`: a canonical id, which no system knows.
    #[must_use]
    pub const fn of(user: &UserRef) -> Option<Self> {
        match user {
            UserRef::Id(_) => None,
            UserRef::Native(..) => Some(Self::Id),
            UserRef::Name(_) => Some(Self::Name),
            UserRef::FoldedName(_) => Some(Self::FoldedName),
            UserRef::Email(_) => Some(Self::Email),
        }
    }

    /// Its name in the matrix.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "user name",
            Self::FoldedName => "user name in any case",
            Self::Email => "e-mail address",
        }
    }
}

/// A rule of a system about values that must be unique. It decides what the gateway checks before a
/// creation or a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It refuses a user name that differs from another person's in case only.
    RefusesFoldedName,
    /// It takes a new user name that differs from another person's in case only for that person, and
    /// overwrites them. So the gateway always refuses such a name.
    OverwritesFoldedName,
    /// It refuses an e-mail address that another person has.
    RefusesEmail,
    /// It lets a person whose addresses are restricted sign in from those only, and it cannot end the
    /// session of a sign-in from another one. So the gateway sends no password from there.
    BindsSignIn,
}

/// The verbs that a backend has, the fields that it holds, and how it finds people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    verbs: BTreeMap<Verb, Support>,
    fields: BTreeSet<Field>,
    attributes: BTreeSet<&'static str>,
    team_attributes: BTreeSet<&'static str>,
    owned: BTreeSet<&'static str>,
    rights_groups: Option<Support>,
    rights_namespace: Option<IdNamespace>,
    lookups: BTreeSet<Lookup>,
    paged: BTreeSet<Verb>,
    rules: BTreeSet<Rule>,
    values: Vec<ValueRule>,
    facts: BTreeSet<&'static str>,
    shows_keys: bool,
    counts_failures: bool,
}

impl Capability {
    /// Exactly these verbs, each in one call of the backend's own.
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

    /// Says which attributes of people it stores: it changes them with [`Verb::UpdateUser`], and
    /// shows them with each person.
    #[must_use]
    pub fn storing(mut self, attributes: &[&'static str]) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// The attributes of people that it stores.
    #[must_use]
    pub fn stored(&self) -> Vec<&'static str> {
        self.attributes.iter().copied().collect()
    }

    /// Says which attributes of people are the system's alone, by the beginnings of their names. It
    /// stores them as those of [`Capability::storing`], and the sidecar has none of them.
    #[must_use]
    pub fn owning(mut self, attributes: &[&'static str]) -> Self {
        self.owned.extend(attributes);
        self
    }

    /// Whether an attribute of people is the system's alone.
    #[must_use]
    pub fn owns(&self, attribute: &str) -> bool {
        self.owned.iter().any(|own| attribute.starts_with(own))
    }

    /// Whether it stores this attribute of people.
    #[must_use]
    pub fn stores(&self, attribute: &str) -> bool {
        self.attributes.contains(attribute) || self.owns(attribute)
    }

    /// Says that it has the rights groups of its own id namespace, and how it lists, reads, creates,
    /// changes and deletes them. It shows and changes the memberships with each person. Their ids are
    /// [derived](crate::membership::GroupId::derived).
    #[must_use]
    pub fn with_rights_groups(self, support: Support) -> Self {
        Self { rights_groups: Some(support), ..self }
    }

    /// How it does the verbs about the rights groups of its own id namespace. `None`: the sidecar has
    /// them.
    #[must_use]
    pub const fn rights_groups(&self) -> Option<Support> {
        self.rights_groups
    }

    /// Says that its rights groups are those of this id namespace, whichever namespace its people
    /// have.
    #[must_use]
    pub fn naming_rights_groups(self, namespace: IdNamespace) -> Self {
        Self { rights_namespace: Some(namespace), ..self }
    }

    /// The id namespace of the rights groups that it has itself, if its people have this one. `None`:
    /// it has no such groups.
    #[must_use]
    pub fn rights_namespace<'a>(&'a self, people: &'a IdNamespace) -> Option<&'a IdNamespace> {
        self.rights_groups?;
        Some(self.rights_namespace.as_ref().unwrap_or(people))
    }

    /// Says which attributes of teams it stores: it changes them with [`Verb::CreateGroup`] and
    /// [`Verb::UpdateGroup`], and shows them with each team.
    #[must_use]
    pub fn storing_of_teams(mut self, attributes: &[&'static str]) -> Self {
        self.team_attributes.extend(attributes);
        self
    }

    /// Whether it stores this attribute of teams.
    #[must_use]
    pub fn stores_of_teams(&self, attribute: &str) -> bool {
        self.team_attributes.contains(attribute)
    }

    /// Says which facts about its server it knows ([`crate::fact::Fact`]).
    #[must_use]
    pub fn knowing(mut self, facts: impl IntoIterator<Item = &'static str>) -> Self {
        self.facts.extend(facts);
        self
    }

    /// The facts about its server that it knows.
    pub fn facts(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.facts.iter().copied()
    }

    /// Whether it knows this fact about its server.
    #[must_use]
    pub fn knows(&self, fact: &str) -> bool {
        self.facts.contains(fact)
    }

    /// Says how it finds people.
    #[must_use]
    pub fn finding(mut self, lookups: impl IntoIterator<Item = Lookup>) -> Self {
        self.lookups.extend(lookups);
        self
    }

    /// Whether it finds people this way.
    #[must_use]
    pub fn finds(&self, lookup: Lookup) -> bool {
        self.lookups.contains(&lookup)
    }

    /// Whether it finds people by this kind of reference.
    #[must_use]
    pub fn finds_by(&self, user: &UserRef) -> bool {
        Lookup::of(user).is_some_and(|lookup| self.finds(lookup))
    }

    /// Says which lists it reads page by page. Such a list can miss a person whose position changes
    /// while it is read.
    #[must_use]
    pub fn paging(mut self, lists: impl IntoIterator<Item = Verb>) -> Self {
        self.paged.extend(lists);
        self
    }

    /// The lists that it reads page by page.
    pub fn paged(&self) -> impl Iterator<Item = Verb> + '_ {
        self.paged.iter().copied()
    }

    /// Says which rules the system has about unique values.
    #[must_use]
    pub fn ruled_by(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Whether the system has this rule.
    #[must_use]
    pub fn has_rule(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }

    /// Says which values the system does not take, or nobody could sign in with.
    #[must_use]
    pub fn refusing(mut self, values: impl IntoIterator<Item = ValueRule>) -> Self {
        self.values.extend(values);
        self
    }

    /// Its rules about values.
    #[must_use]
    pub fn values(&self) -> &[ValueRule] {
        &self.values
    }

    /// Says that it shows the keys of a person with the person
    /// ([`crate::user::Evidence::keys`]). If it has [`Verb::ListKeys`] too, that verb lists the keys
    /// that are not shown so.
    #[must_use]
    pub fn showing_keys(self) -> Self {
        Self { shows_keys: true, ..self }
    }

    /// Whether it shows the keys of a person with the person.
    #[must_use]
    pub const fn shows_keys(&self) -> bool {
        self.shows_keys
    }

    /// Says that it counts failed sign-ins itself, locks accounts, and shows both with the person
    /// ([`crate::user::User::failures`], [`crate::user::User::locked_until`]).
    #[must_use]
    pub fn counting_failures(self) -> Self {
        Self { counts_failures: true, ..self }
    }

    /// Whether it counts failed sign-ins and locks accounts itself.
    #[must_use]
    pub const fn counts_failures(&self) -> bool {
        self.counts_failures
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
