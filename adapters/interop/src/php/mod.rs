//! Values, JSON and forms as PHP holds, reads and writes them.

pub mod base64;
pub mod filter;
pub mod float;
pub mod form;
pub mod json;
pub mod numeric;
pub mod text;
pub mod truth;
pub mod value;
