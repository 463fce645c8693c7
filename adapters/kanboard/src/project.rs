//! A project that a person made for themselves: how it is kept, and its row.

use serde_json::{Value, json};

use crate::database::Database;
use crate::php::Php;
use crate::wire::Shape;

/// One project.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Project {
    /// Its number.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: Option<String>,
    /// When it was last changed, in seconds.
    pub(crate) modified: i64,
}

impl Project {
    /// How many bytes of text it has.
    pub(crate) fn bytes(&self) -> usize {
        self.name.len() + self.description.as_ref().map_or(0, String::len)
    }

    /// As it is kept.
    pub(crate) fn kept(&self) -> Value {
        json!([self.id, self.name, self.description, self.modified])
    }

    /// Reads what was kept.
    pub(crate) fn read(kept: &Value) -> Option<Self> {
        Some(Self {
            id: kept.get(0)?.as_i64()?,
            name: kept.get(1)?.as_str()?.to_owned(),
            description: kept.get(2)?.as_str().map(str::to_owned),
            modified: kept.get(3)?.as_i64()?,
        })
    }

    /// Its row: `fixtures/transcripts/kanboard/me.json`.
    pub(crate) fn row(&self, shape: &Shape, owner: i64) -> Php {
        let number = |value| shape.number(value);
        let flag = |on| shape.flag(on);
        let mut row = vec![
            ("id", number(self.id)),
            ("name", Php::from(self.name.as_str())),
            ("is_active", flag(true)),
            ("token", Php::from("")),
            ("last_modified", number(self.modified)),
            ("is_public", flag(false)),
            ("is_private", flag(true)),
        ];
        if shape.database == Database::Sqlite {
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
            ("url", self.addresses()),
        ]);
        Php::map(row)
    }

    fn addresses(&self) -> Php {
        let address = |controller| {
            let id = self.id;
            Php::Text(format!(
                "http://localhost/?controller={controller}&action=show&project_id={id}"
            ))
        };
        Php::map([
            ("board", address("BoardViewController")),
            ("list", address("TaskListController")),
        ])
    }
}
