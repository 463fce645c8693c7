//! A bound value. `None` is NULL, of a known type: PostgreSQL needs the type of every parameter.

use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, error::BoxDynError};

use crate::sql::text::escaped;

/// A value of a parameter.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Boolean(Option<bool>),
}

impl Value {
    pub(super) fn add_sqlite(self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Text(text) => arguments.add(text),
            Self::Integer(number) => arguments.add(number),
            Self::Boolean(truth) => arguments.add(truth),
        }
    }

    pub(super) fn add_postgres(self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Text(text) => arguments.add(text.map(|text| escaped(&text).into_owned())),
            Self::Integer(number) => arguments.add(number),
            Self::Boolean(truth) => arguments.add(truth),
        }
    }
}

/// Values that bind as one of the three types, owned or borrowed, optional or not.
macro_rules! bindable {
    ($($variant:ident: $type:ty, $value:ident => $owned:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$variant($owned)
            }
        }
    )*};
}

bindable! {
    Text: String, value => Some(value);
    Text: &String, value => Some(value.clone());
    Text: &str, value => Some(value.to_owned());
    Text: Option<String>, value => value;
    Text: &Option<String>, value => value.clone();
    Text: Option<&String>, value => value.cloned();
    Text: Option<&str>, value => value.map(str::to_owned);
    Integer: i64, value => Some(value);
    Integer: Option<i64>, value => value;
    Boolean: bool, value => Some(value);
}
