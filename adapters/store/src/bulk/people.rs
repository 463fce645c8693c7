//! New people, each with ids, memberships and keys.

use std::collections::{BTreeMap, HashSet};

use futures_util::future::try_join_all;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::NewKey;
use isogloss_canonical::membership::GroupId;
use isogloss_canonical::user::{NewUser, UserId, folded};
use isogloss_canonical::value::{self, of_new};
use uuid::Uuid;

use crate::bulk::fault::{BatchFault, finish};
use crate::bulk::ids::NewIds;
use crate::bulk::look::{Look, among};
use crate::inner::Inner;
use crate::insert::{Target, insert};
use crate::keys::{KEY_COLUMNS, room};
use crate::rows::{now, to_json};
use crate::sidecar::claims::Claim;
use crate::sql::{Connection, Row, Value, column};
use crate::store::Store;
use crate::values;
use crate::write::Write;

/// How many passwords of a batch are hashed at a time. There are fewer threads for it.
const HASHING: usize = 16;

const USERS: Target<'static> = Target {
    table: "users",
    columns: &[
        "id",
        "username",
        "folded_name",
        "display_name",
        "given_name",
        "family_name",
        "email",
        "folded_email",
        "role",
        "active",
        "password",
        "source",
        "failures",
        "addresses",
        "attributes",
        "created",
        "password_changed",
        "backend",
        "holds_name",
        "holds_email",
    ],
    end: "",
};

const MEMBERSHIPS: Target<'static> =
    Target { table: "memberships", columns: &["group_id", "user_id", "place"], end: "" };

const KEYS: Target<'static> = Target { table: "keys", columns: &KEY_COLUMNS, end: "" };

/// A person to be created with others.
#[derive(Clone, Debug, Default)]
pub struct Newcomer {
    /// The person. `groups`, `unique` and `first` are not looked at: only the exact name is unique.
    pub user: NewUser,
    /// The groups that the person joins, in this order.
    pub groups: Vec<GroupId>,
    /// The person's keys.
    pub keys: Vec<NewKey>,
}

/// The words that a batch has not taken yet, or that nobody holds.
struct Held {
    names: HashSet<String>,
    emails: HashSet<String>,
}

impl Store {
    /// Creates people in one transaction: all of them or none. The first person at fault is named by
    /// its place. With a claim, the transaction is refused if another gateway has taken it over.
    pub async fn add_people(
        &self,
        people: &[Newcomer],
        claim: Option<&Claim>,
    ) -> Result<(), BatchFault> {
        let inner = &*self.0;
        for (row, Newcomer { user, .. }) in people.iter().enumerate() {
            let checked = values::check_user(of_new(user), value::Target::New)
                .and_then(|()| values::check_ids(&user.ids, Subject::User));
            checked.map_err(|fault| BatchFault::of(row, fault))?;
        }
        let mut hashes = Vec::with_capacity(people.len());
        for part in people.chunks(HASHING) {
            let part: Vec<_> = part
                .iter()
                .map(|one| inner.passwords.hash_optional(one.user.password.as_ref()))
                .collect();
            hashes.extend(try_join_all(part).await?);
        }
        let hashes = &hashes;
        let work = |mut write: Write| async move {
            let done = inner.write_people(&mut write, people, hashes, claim).await;
            finish(write, done).await
        };
        inner.database.transact(work).await?
    }
}

impl Inner {
    async fn write_people(
        &self,
        write: &mut Write,
        people: &[Newcomer],
        hashes: &[Option<String>],
        claim: Option<&Claim>,
    ) -> Result<(), BatchFault> {
        write.expect_many().await?;
        if let Some(claim) = claim {
            claim.renew(write).await?;
        }
        let ids: Vec<_> = people.iter().map(|_| write.fresh_id()).collect();
        let mut new_ids = NewIds::begin(self, write).await?;
        for (row, (id, person)) in ids.iter().zip(people).enumerate() {
            new_ids.name(row, *id, &person.user.ids)?;
        }
        new_ids.check(write).await?;
        let mut held = self.held(write, people).await?;
        let mut users = Vec::with_capacity(people.len() * USERS.columns.len());
        for ((id, person), hash) in ids.iter().zip(people).zip(hashes) {
            users.extend(self.user_values((*id, hash.as_ref()), &person.user, &mut held)?);
        }
        insert(write, USERS, users).await?;
        new_ids.write(write).await?;
        self.write_memberships(write, &ids, people).await?;
        self.write_keys_of(write, &ids, people).await
    }

    /// The folded names and addresses of these people that somebody holds already.
    async fn held(&self, write: &mut Connection, people: &[Newcomer]) -> Result<Held, Fault> {
        let names: Vec<_> = people.iter().map(|one| folded(&one.user.username)).collect();
        let emails = people.iter().filter_map(|one| one.user.email.as_deref());
        let emails: Vec<_> = emails.filter(|one| !one.is_empty()).map(str::to_lowercase).collect();
        let by_name = Look {
            sql: "SELECT folded_name FROM users WHERE holds_name AND state = 'active' AND backend = ",
            fixed: &[(&self.backend, " AND folded_name IN ")],
            end: "",
        };
        let by_email = Look {
            sql: "SELECT folded_email FROM users WHERE holds_email AND state = 'active' \
                  AND folded_email <> '' AND backend = ",
            fixed: &[(&self.backend, " AND folded_email IN ")],
            end: "",
        };
        let word = |row: &Row| column(row, 0);
        let names = among(write, by_name, &names).await?;
        let emails = among(write, by_email, &emails).await?;
        Ok(Held {
            names: names.iter().map(word).collect::<Result<_, _>>()?,
            emails: emails.iter().map(word).collect::<Result<_, _>>()?,
        })
    }

    /// The values of the row of a new user. A word that nobody holds is held by this row.
    fn user_values(
        &self,
        (id, hash): (Uuid, Option<&String>),
        new: &NewUser,
        held: &mut Held,
    ) -> Result<[Value; USERS.columns.len()], Fault> {
        let (now, name) = (now(), folded(&new.username));
        let email = new.email.as_ref().map(|email| email.to_lowercase());
        let holds_name = held.names.insert(name.clone());
        let holds_email = email.as_ref().is_none_or(|email| held.emails.insert(email.clone()));
        Ok([
            id.to_string().into(),
            (&new.username).into(),
            name.into(),
            (&new.display_name).into(),
            (&new.given_name).into(),
            (&new.family_name).into(),
            (&new.email).into(),
            email.into(),
            new.role.as_str().into(),
            (!new.inactive).into(),
            hash.into(),
            (&new.source).into(),
            0.into(),
            to_json(&new.addresses)?.into(),
            to_json(&new.attributes)?.into(),
            now.into(),
            now.into(),
            (&self.backend).into(),
            holds_name.into(),
            holds_email.into(),
        ])
    }

    async fn write_memberships(
        &self,
        write: &mut Write,
        ids: &[Uuid],
        people: &[Newcomer],
    ) -> Result<(), Fault> {
        let mut rows = Vec::new();
        for (id, person) in ids.iter().zip(people) {
            for group in &person.groups {
                let place = write.fresh_id().to_string();
                let [group, person] = [group.to_string(), id.to_string()];
                rows.extend::<[Value; 3]>([group.into(), person.into(), place.into()]);
            }
        }
        insert(write, MEMBERSHIPS, rows).await.map(drop)
    }

    async fn write_keys_of(
        &self,
        write: &mut Write,
        ids: &[Uuid],
        people: &[Newcomer],
    ) -> Result<(), BatchFault> {
        let mut rows = Vec::new();
        for (row, (owner, person)) in ids.iter().zip(people).enumerate() {
            let mut counts = BTreeMap::new();
            for new in &person.keys {
                let count = counts.entry(&new.namespace).or_insert(0);
                room(*count).map_err(|fault| BatchFault::of_key(row, fault))?;
                *count += 1;
                let place = (write.fresh_id(), Some(UserId(*owner)), now());
                rows.extend(self.key_values(place, new)?);
            }
        }
        insert(write, KEYS, rows).await?;
        Ok(())
    }
}
