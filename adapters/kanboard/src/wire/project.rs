//! A private project of a user: how it is stored, and its row.

use isogloss_canonical::user::User;
use isogloss_interop::php::value::{Key, Php};
use serde_json::{Value, json};

use crate::database::Database;
use crate::options::Options;
use crate::wire::columns::{exists, flag, number};
use crate::wire::user::UserRow;

/// The columns of a new board.
const BOARD: [&str; 4] = ["Backlog", "Ready", "Work in progress", "Done"];

/// One project.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Project {
    /// Its id.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Its description.
    pub(crate) description: Option<String>,
    /// When it was last changed, in seconds since 1970.
    pub(crate) modified: i64,
}

impl Project {
    /// The bytes of its texts.
    pub(crate) fn bytes(&self) -> usize {
        self.name.len() + self.description.as_ref().map_or(0, String::len)
    }

    /// The form in which it is stored in an attribute.
    pub(crate) fn stored(&self) -> Value {
        json!([self.id, self.name, self.description, self.modified])
    }

    /// Reads the stored form.
    pub(crate) fn read(stored: &Value) -> Option<Self> {
        Some(Self {
            id: stored.get(0)?.as_i64()?,
            name: stored.get(1)?.as_str()?.to_owned(),
            description: stored.get(2)?.as_str().map(str::to_owned),
            modified: stored.get(3)?.as_i64()?,
        })
    }

    /// Its row: `fixtures/transcripts/kanboard/me.json`.
    pub(crate) fn row(&self, options: &Options, owner: i64) -> Php {
        let number = |value| number(options, value);
        let flag = |on| flag(options, on);
        let mut row = vec![
            ("id", number(self.id)),
            ("name", Php::from(self.name.as_str())),
            ("is_active", flag(true)),
            ("token", Php::from("")),
            ("last_modified", number(self.modified)),
            ("is_public", flag(false)),
            ("is_private", flag(true)),
        ];
        if options.database == Database::Sqlite {
            row.extend([
                ("is_everybody_allowed", number(0)),
                ("default_swimlane", Php::from("Default swimlane")),
                ("show_default_swimlane", number(1)),
            ]);
        }
        row.extend([
            ("description", Php::from(self.description.clone())),
            ("identifier", Php::from("")),
            ("start_date", Php::from("")),
            ("end_date", Php::from("")),
            ("owner_id", number(owner)),
            ("priority_default", number(0)),
            ("priority_start", number(0)),
            ("priority_end", number(3)),
            ("email", Php::Null),
            ("predefined_email_subjects", Php::Null),
            ("per_swimlane_task_limits", flag(false)),
            ("task_limit", number(0)),
            ("enable_global_tags", flag(true)),
            ("url", self.urls(options)),
        ]);
        Php::map(row.into_iter().filter(|(name, _)| exists(options, name)))
    }

    /// Its row in the dashboard of version 1.0: the owner's names and the columns stand before the
    /// URLs. A board begins with four columns, whose ids follow those of the project before it.
    pub(crate) fn dashboard_row(&self, options: &Options, owner: &User) -> Php {
        let Php::Array(mut row) = self.row(options, options.user_id(owner)) else {
            return Php::Null;
        };
        let urls = row.pop();
        let columns = BOARD.into_iter().zip(1..).map(|column| self.column(options, column));
        let more = [
            ("owner_username", Php::from(owner.username.as_str())),
            ("owner_name", UserRow::new(options, owner, Php::Null).column("name")),
            ("columns", columns.collect()),
            ("nb_active_tasks", Php::Int(0)),
        ];
        row.extend(more.map(|(name, value)| (Key::Name(name.into()), value)));
        row.extend(urls);
        Php::Array(row)
    }

    fn column(&self, options: &Options, (title, position): (&str, i64)) -> Php {
        let number = |value| number(options, value);
        let before = 4 * (self.id - 1);
        Php::map([
            ("id", number(before + position)),
            ("title", Php::from(title)),
            ("position", number(position)),
            ("task_limit", number(0)),
            ("description", Php::from("")),
            ("hide_in_dashboard", number(0)),
            ("project_id", number(self.id)),
            ("nb_open_tasks", number(0)),
            ("nb_closed_tasks", number(0)),
        ])
    }

    fn urls(&self, options: &Options) -> Php {
        let url = |(page, controller): &(&'static str, &str)| {
            let id = self.id;
            let url =
                format!("http://localhost/?controller={controller}&action=show&project_id={id}");
            (*page, Php::Text(url))
        };
        Php::map(options.differences().project_pages.iter().map(url))
    }
}
