//! Creates, changes and deletes users.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{Matching, NewUser, Uniqueness, User, UserPatch, UserRef, folded};
use isogloss_canonical::value::{Target, of_new, of_patch};
use jiff::Timestamp;
use uuid::Uuid;

use crate::held::{self, no_user_holds};
use crate::inner::Inner;
use crate::lookup::people;
use crate::rows::{now, to_json};
use crate::settings::apply;
use crate::sql::{self, Connection};
use crate::user_rows::select_users;
use crate::values;

impl Inner {
    pub(crate) async fn get_user(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let found = self.find_user(&mut self.database.read().await?, user).await?;
        Ok(Outcome::User(Box::new(found)))
    }

    pub(crate) async fn list_users(&self) -> Result<Outcome, Fault> {
        let everybody = sql::query(select_users!(
            "WHERE u.backend = $1 AND u.state = 'active' ORDER BY u.id, m.place"
        ));
        let everybody = everybody.bind(&self.backend);
        Ok(Outcome::Users(people(&mut self.database.list().await?, everybody).await?))
    }

    pub(crate) async fn create_user(&self, new: &NewUser) -> Result<Outcome, Fault> {
        values::check_user(of_new(new), Target::New)?;
        values::check_ids(&new.ids, Subject::User)?;
        let password = &self.passwords.hash_optional(new.password.as_ref()).await?;
        self.database
            .transact(|mut write| async move {
                let id = write.fresh_id();
                let mail = new.email.as_deref();
                if new.first {
                    self.refuse_second(&mut write).await?;
                }
                self.check_unique(&mut write, id, (Some(&new.username), mail), new.unique).await?;
                self.insert_user(&mut write, id, new, password.clone()).await?;
                self.name_user(&mut write, id, &new.ids).await?;
                if let Some(change) = &new.groups {
                    self.replace_groups(&mut write, id, change).await?;
                }
                let created = self.require(&mut write, id).await?;
                write.commit().await?;
                Ok(Outcome::User(Box::new(created)))
            })
            .await
    }

    pub(crate) async fn update_user(
        &self,
        user: &UserRef,
        mut patch: UserPatch,
    ) -> Result<Outcome, Fault> {
        let password = match patch.password.take() {
            Some(password) => Some(self.passwords.hash_optional(password.as_ref()).await?),
            None => None,
        };
        let (patch, password) = (&patch, &password);
        self.database
            .transact(|mut write| async move {
                let (mut changed, mut patch) =
                    (self.find_user(&mut write, user).await?, patch.clone());
                values::check_user(of_patch(&patch), Target::User(&changed))?;
                let id = changed.id.0;
                let mail = patch.email.as_ref().and_then(|email| email.as_deref());
                self.check_unique(&mut write, id, (patch.username.as_deref(), mail), patch.unique)
                    .await?;
                let (groups, unique) = (patch.groups.take(), asked(&patch));
                patch_user(&mut changed, patch);
                update(&mut write, &changed, unique).await?;
                if let Some(hash) = password {
                    set_password(&mut write, id, hash.clone()).await?;
                }
                if let Some(change) = groups {
                    self.replace_groups(&mut write, id, &change).await?;
                }
                let changed = self.require(&mut write, id).await?;
                write.commit().await?;
                Ok(Outcome::User(Box::new(changed)))
            })
            .await
    }

    pub(crate) async fn set_active(&self, user: &UserRef, active: bool) -> Result<Outcome, Fault> {
        let patch = UserPatch { active: Some(active), ..UserPatch::default() };
        self.update_user(user, patch).await
    }

    /// Deletes a user. Keys, memberships and co-ownerships are deleted with the row. The user's ids
    /// are never used again.
    pub(crate) async fn delete_user(&self, user: &UserRef) -> Result<Outcome, Fault> {
        self.database
            .transact(|mut write| async move {
                let known = self.find_user(&mut write, user).await?;
                let query = sql::query("DELETE FROM users WHERE id = $1");
                query.bind(known.id.to_string()).execute(&mut write).await?;
                write.commit().await?;
                Ok(Outcome::Done)
            })
            .await
    }

    /// Refuses the first user if there was one before. The ids of deleted users stay.
    async fn refuse_second(&self, write: &mut Connection) -> Result<(), Fault> {
        let query = sql::query(
            "SELECT id FROM users WHERE backend = $1 \
             UNION ALL SELECT id FROM identities WHERE backend = $1 AND kind = 'user' LIMIT 1",
        );
        let before: Option<String> = query.bind(&self.backend).scalar(write).await?;
        if before.is_some() {
            return Err(Fault::new(FaultKind::Forbidden, "there was a user before"));
        }
        Ok(())
    }

    /// Checks the uniqueness that the command asks for. Another index checks the exact name.
    async fn check_unique(
        &self,
        write: &mut Connection,
        id: Uuid,
        (username, email): (Option<&str>, Option<&str>),
        unique: Uniqueness,
    ) -> Result<(), Fault> {
        if let (Some(name), Matching::Folded) = (username, unique.name) {
            let words = (self.backend.as_str(), folded(name));
            let name = (sql::query(held::NAME), Subject::Username);
            held::refuse_other(write, name, (words.0, &words.1, id), None).await?;
        }
        if let Some(email) = email.filter(|email| unique.email && !email.is_empty()) {
            let words = (self.backend.as_str(), email.to_lowercase());
            let email = (sql::query(held::EMAIL), Subject::Email);
            held::refuse_other(write, email, (words.0, &words.1, id), None).await?;
        }
        Ok(())
    }

    /// Inserts the row of a new user.
    pub(crate) async fn insert_user(
        &self,
        write: &mut Connection,
        id: Uuid,
        new: &NewUser,
        password: Option<String>,
    ) -> Result<(), Fault> {
        let now = now();
        sql::query(concat!(
            "INSERT INTO users (id, username, folded_name, display_name, given_name, family_name, \
             email, folded_email, role, active, password, source, failures, addresses, attributes, \
             created, password_changed, backend, holds_name, holds_email) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15, $16, \
             $17, $18 OR ",
            no_user_holds!("folded_name", "holds_name", "$3", "$17", "$1"),
            ", $19 OR ",
            no_user_holds!("folded_email", "holds_email", "$8", "$17", "$1"),
            ")"
        ))
        .bind(id.to_string())
        .bind(&new.username)
        .bind(folded(&new.username))
        .bind(&new.display_name)
        .bind(&new.given_name)
        .bind(&new.family_name)
        .bind(&new.email)
        .bind(new.email.as_ref().map(|email| email.to_lowercase()))
        .bind(new.role.as_str())
        .bind(!new.inactive)
        .bind(password)
        .bind(&new.source)
        .bind(to_json(&new.addresses)?)
        .bind(to_json(&new.attributes)?)
        .bind(now)
        .bind(now)
        .bind(&self.backend)
        .bind(new.unique.name == Matching::Folded)
        .bind(new.unique.email)
        .execute(write)
        .await
        .map(drop)
    }
}

/// Sets the password hash. All earlier sessions of the user end.
pub(crate) async fn set_password(
    write: &mut Connection,
    id: Uuid,
    hash: Option<String>,
) -> Result<(), Fault> {
    let sql = "UPDATE users SET password = $2, password_changed = $3 WHERE id = $1";
    let query = sql::query(sql).bind(id.to_string()).bind(hash).bind(now());
    query.execute(write).await.map(drop)
}

/// Sets the fields of an existing user to those of a new one. Attributes that the new one does not
/// have stay.
pub(crate) async fn overwrite(
    write: &mut Connection,
    mut user: User,
    new: &NewUser,
) -> Result<(), Fault> {
    user.display_name.clone_from(&new.display_name);
    user.given_name.clone_from(&new.given_name);
    user.family_name.clone_from(&new.family_name);
    user.email.clone_from(&new.email);
    user.source.clone_from(&new.source);
    (user.role, user.active) = (new.role, !new.inactive);
    user.attributes.extend(new.attributes.clone());
    update(write, &user, Uniqueness::default()).await?;
    let query = sql::query("UPDATE users SET addresses = $2 WHERE id = $1");
    let query = query.bind(user.id.to_string()).bind(to_json(&new.addresses)?);
    query.execute(write).await.map(drop)
}

/// Writes the fields of a user. `asked` says which of the words the user must hold.
pub(crate) async fn update(
    write: &mut Connection,
    user: &User,
    asked: Uniqueness,
) -> Result<(), Fault> {
    sql::query(concat!(
        "UPDATE users SET username = $2, folded_name = $3, display_name = $4, given_name = $5, \
         family_name = $6, email = $7, folded_email = $8, role = $9, active = $10, source = $11, \
         attributes = $12, sessions_since = $13, holds_name = $14 OR ",
        no_user_holds!("folded_name", "holds_name", "$3", "users.backend", "users.id"),
        ", holds_email = $15 OR ",
        no_user_holds!("folded_email", "holds_email", "$8", "users.backend", "users.id"),
        " WHERE id = $1"
    ))
    .bind(user.id.to_string())
    .bind(&user.username)
    .bind(folded(&user.username))
    .bind(&user.display_name)
    .bind(&user.given_name)
    .bind(&user.family_name)
    .bind(&user.email)
    .bind(user.email.as_ref().map(|email| email.to_lowercase()))
    .bind(user.role.as_str())
    .bind(user.active)
    .bind(&user.source)
    .bind(to_json(&user.attributes)?)
    .bind(user.sessions_since.as_microsecond())
    .bind(asked.name == Matching::Folded)
    .bind(asked.email)
    .execute(write)
    .await
    .map(drop)
}

/// Which words of a patch must be unique: only those that it sets.
fn asked(patch: &UserPatch) -> Uniqueness {
    let name = if patch.username.is_some() { patch.unique.name } else { Matching::Exact };
    let email = patch.email.iter().flatten().any(|email| !email.is_empty());
    Uniqueness { name, email: patch.unique.email && email }
}

/// Applies a patch to the user's own row, except for the password. A deactivation ends the user's
/// open sessions.
pub(crate) fn patch_user(user: &mut User, patch: UserPatch) {
    if patch.active == Some(false) {
        user.sessions_since = Timestamp::now();
    }
    if let Some(name) = patch.display_name {
        (user.display_name, user.given_name, user.family_name) = (name, None, None);
    }
    if patch.given_name.is_some() || patch.family_name.is_some() {
        split_name(user);
    }
    set(&mut user.given_name, patch.given_name);
    set(&mut user.family_name, patch.family_name);
    set(&mut user.username, patch.username);
    set(&mut user.email, patch.email);
    set(&mut user.role, patch.role);
    set(&mut user.active, patch.active);
    set(&mut user.source, patch.source);
    apply(&mut user.attributes, patch.attributes);
}

/// Splits a display name into given name and family name.
fn split_name(user: &mut User) {
    if user.display_name.is_some() {
        let (given, family) = user.names();
        (user.given_name, user.family_name) = (Some(given), Some(family));
        user.display_name = None;
    }
}

fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}
