//! simplejson 3 under Python 2.

pub mod read;
#[cfg(test)]
mod tests;
mod utf8;
pub mod write;
