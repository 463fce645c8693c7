//! Attributes: values that only one system has.

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{AttributeChanges, Attributes, UserRef};
use serde_json::Value;

use crate::inner::Inner;
use crate::rows::to_json;
use crate::sql;

impl Inner {
    pub(crate) async fn read_settings(
        &self,
        user: &UserRef,
        prefix: &str,
    ) -> Result<Outcome, Fault> {
        let user = self.find_user(&mut self.database.read().await?, user).await?;
        let own = user.attributes.into_iter().filter(|(name, _)| name.starts_with(prefix));
        Ok(Outcome::Settings(own.collect()))
    }

    pub(crate) async fn merge_settings(
        &self,
        user: &UserRef,
        prefix: &str,
        changes: &AttributeChanges,
    ) -> Result<Outcome, Fault> {
        if let Some(stray) = changes.keys().find(|name| !name.starts_with(prefix)) {
            let detail = format!("the setting {stray:?} does not start with {prefix:?}");
            return Err(Fault::new(FaultKind::Invalid, detail));
        }
        self.database
            .transact(|mut write| async move {
                let mut user = self.find_user(&mut write, user).await?;
                apply(&mut user.attributes, changes.clone());
                let query = sql::query("UPDATE users SET attributes = $2 WHERE id = $1");
                let query = query.bind(user.id.to_string()).bind(to_json(&user.attributes)?);
                query.execute(&mut write).await?;
                write.commit().await?;
                Ok(Outcome::Done)
            })
            .await
    }

    /// The repositories that a user has locked in RhodeCode.
    pub(crate) async fn list_locks(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let user = self.find_user(&mut self.database.read().await?, user).await?;
        let locks = user.attribute("rhodecode.locks").and_then(Value::as_array);
        let names = locks.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Ok(Outcome::Locks(names.collect()))
    }

    /// The facts about the store. A fault if the store cannot be written.
    pub(crate) async fn server_facts(&self) -> Result<Outcome, Fault> {
        self.health.check(&self.database).await?;
        let (engine, version) = self.database.engine().await?;
        let facts = [("system", Value::from(engine)), ("version", Value::from(version))];
        Ok(Outcome::Settings(
            facts.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
        ))
    }
}

/// Applies changes. An attribute that exists stays at its position.
pub(crate) fn apply(attributes: &mut Attributes, changes: AttributeChanges) {
    for (name, change) in changes {
        match change {
            Some(value) => attributes.insert(name, value),
            None => attributes.shift_remove(&name),
        };
    }
}
