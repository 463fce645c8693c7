//! The methods `cheesto/*`: the statuses of users.

use serde_json::{Map, Value, json};

use crate::fake::call::{Error, Said};
use crate::fake::form::Form;
use crate::fake::users::shown;
use crate::fake::{Fake, Status, User, columns};

/// The columns that a client sets, and their values in a new row.
const COLUMNS: [(&str, &str); 3] =
    [("status", "Available"), ("message", ""), ("returntime", "00:00:00")];

/// The texts that the server offers.
pub(super) fn options() -> Value {
    json!([
        "Available",
        "Away From Desk",
        "At Lunch",
        "Out for Day",
        "Out",
        "Appointment",
        "Do Not Disturb",
        "Meeting",
        "Out Sick",
        "Vacation"
    ])
}

impl Fake {
    /// The status of a new user.
    pub(super) fn create_status(&mut self, user: i64) {
        let id = self.fresh();
        let values = COLUMNS.map(|(name, value)| (name, value.into())).into();
        self.statuses.push(Status { id, user, values });
    }

    fn status_row(&self, status: &Status) -> Option<Map<String, Value>> {
        let user = self.user(status.user).filter(|user| !user.disabled)?;
        let value = |name: &str| shown(&status.values[name]).to_owned();
        let row = json!({
            "id": status.id.to_string(), "user_id": user.id.to_string(), "status": value("status"),
            "message": value("message"), "returntime": value("returntime"),
            "modified": "2026-11-21 20:00:00", "disabled": "0", "fullname": shown(&user.fullname)
        });
        row.as_object().cloned()
    }

    /// The status of a user, or those of all users who are not disabled.
    pub(super) fn read_status(&mut self, me: &User, form: &Form) -> Said {
        self.need(me, "viewcheesto")?;
        let id = form.int("uid").unwrap_or_default();
        let rows = self.statuses.iter().filter(|status| id == 0 || status.user == id);
        let mut rows = rows.filter_map(|status| self.status_row(status));
        let mut shown = if id == 0 {
            rows.enumerate().map(|(number, row)| (number.to_string(), Value::Object(row))).collect()
        } else {
            let Some(row) = rows.next() else { return Ok(Value::Null) };
            row
        };
        shown.insert("statusOptions".to_owned(), options());
        Ok(shown.into())
    }

    pub(super) fn update_status(&mut self, me: &User, form: &Form) -> Said {
        self.need(me, "updatecheesto")?;
        let id = form.int("uid").filter(|id| *id != 0).unwrap_or(me.id);
        if id != me.id {
            self.need(me, "edituser")?;
        }
        let found = self.statuses.iter_mut().find(|status| status.user == id);
        let Some(status) = found else { return Err(Error::general("Error updating status")) };
        for (name, default) in COLUMNS {
            let value = form.text(name).unwrap_or_else(|| default.into());
            status.values.insert(name, columns::text(value));
        }
        Ok(json!("Status updated successfully"))
    }
}
