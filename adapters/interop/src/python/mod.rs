//! Values, JSON and forms as Python holds, reads and writes them.

pub mod base64;
pub mod dict;
pub mod float;
pub mod form;
pub mod json;
mod layout;
pub mod repr;
pub mod simplejson;
pub mod stored;
pub mod text;
pub mod value;
