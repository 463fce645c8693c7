//! The module `json` of Python 3: NaN and Infinity are read, integers are exact, floats are written
//! by `repr`, everything outside ASCII is escaped.

mod encoding;
pub mod read;
#[cfg(test)]
mod tests;
pub mod write;
