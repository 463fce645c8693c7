//! The columns of a row, by type. A column of another type is a fault.

use isogloss_canonical::fault::Fault;
use serde_json::{Map, Value};

use crate::backend::fault::unexpected;

/// The columns of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns<'a>(&'a Map<String, Value>);

impl<'a> Columns<'a> {
    pub(super) fn of(value: &'a Value, otherwise: &'static str) -> Result<Self, Fault> {
        value.as_object().map(Self).ok_or_else(|| unexpected(otherwise))
    }

    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// An object of those of these columns that the row has.
    pub(super) fn picked<'n>(self, names: impl Iterator<Item = &'n &'n str>) -> Value {
        let column = |name: &'n &'n str| Some(((*name).to_owned(), self.get(name)?.clone()));
        Value::Object(names.filter_map(column).collect())
    }

    pub(super) fn number(self, name: &str) -> Result<i64, Fault> {
        self.get(name).and_then(Value::as_i64).ok_or_else(|| unexpected("no number"))
    }

    /// A text or null. A column that is not shown at all is refused.
    pub(super) fn text(self, name: &str) -> Result<Option<String>, Fault> {
        match self.get(name) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Null) => Ok(None),
            _ => Err(unexpected("no text")),
        }
    }

    pub(super) fn text_or_null(self, name: &str) -> Result<Value, Fault> {
        Ok(self.text(name)?.map_or(Value::Null, Value::from))
    }

    /// A flag; null means no.
    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, Fault> {
        match self.get(name) {
            Some(Value::Bool(on)) => Ok(Some(*on)),
            Some(Value::Null) => Ok(None),
            _ => Err(unexpected("no flag")),
        }
    }

    pub(super) fn texts(self, name: &str) -> Result<Vec<String>, Fault> {
        let list = self.get(name).and_then(Value::as_array);
        let list = list.ok_or_else(|| unexpected("no list of texts"))?;
        let texts: Option<Vec<_>> =
            list.iter().map(|one| one.as_str().map(str::to_owned)).collect();
        texts.ok_or_else(|| unexpected("a list that holds more than texts"))
    }
}
