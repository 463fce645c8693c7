//! The methods `key/*`. A user has at most one key.

use serde_json::{Value, json};

use crate::fake::call::Said;
use crate::fake::form::Form;
use crate::fake::{Fake, User};

impl Fake {
    fn set_key(&mut self, id: i64, key: Option<String>) {
        if let Some(user) = self.users.iter_mut().find(|user| user.id == id) {
            user.key = key;
        }
    }

    /// The key of the caller. If there is none, the server makes one.
    pub(super) fn get_key(&mut self, me: &User) -> Value {
        match &me.key {
            Some(key) => json!(key),
            None => self.generate_key(me),
        }
    }

    /// A new key of the caller. The old one is void.
    pub(super) fn generate_key(&mut self, me: &User) -> Value {
        let key = format!("{:030x}", self.fresh());
        self.set_key(me.id, Some(key.clone()));
        json!(key)
    }

    /// Revokes a key. It is done too if there is none.
    pub(super) fn revoke_key(&mut self, me: &User, form: &Form) -> Said {
        let id = form.int("uid").filter(|id| *id != 0).unwrap_or(me.id);
        if id != me.id {
            self.need(me, "edituser")?;
        }
        self.set_key(id, None);
        Ok(json!("Key revoked successfully"))
    }
}
