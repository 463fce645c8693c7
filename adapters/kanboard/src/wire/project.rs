//! A private project of a user: how it is stored, and its row.

use isogloss_interop::php::value::Php;
use serde_json::{Value, json};

use crate::database::Database;
use crate::options::Options;
use crate::wire::columns::{flag, number};

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
            ("url", self.urls()),
        ]);
        Php::map(row)
    }

    fn urls(&self) -> Php {
        let url = |controller| {
            let id = self.id;
            Php::Text(format!(
                "http://localhost/?controller={controller}&action=show&project_id={id}"
            ))
        };
        Php::map([("board", url("BoardViewController")), ("list", url("TaskListController"))])
    }
}
