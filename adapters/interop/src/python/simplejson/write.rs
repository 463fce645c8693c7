//! `simplejson.dumps(value, indent=4)` under Python 2.

use std::fmt;

use crate::python::layout::{Layout, Order, write as lay_out};
use crate::python::value::Py;

const LAYOUT: Layout = Layout { indent: 4, order: Order::Hashed, comma: ",", nan: true };

/// Writes a document as `dumps(value, indent=4)` does.
#[must_use]
pub fn write(value: &Py) -> String {
    let mut out = String::new();
    write_at(&mut out, value, 0);
    out
}

/// Writes a value that stands at a depth of nesting in a document.
pub fn write_at(out: &mut String, value: &Py, depth: usize) {
    // Writing to a string cannot fail.
    lay_out(out, value, depth, LAYOUT).unwrap_or_default();
}

/// Whether a value takes at most so many bytes as a member of an answer. It is not stored to find out.
/// Each line is indented, so that a short text can become a thousand times as long.
#[must_use]
pub fn fits(value: &Py, most: usize) -> bool {
    lay_out(&mut Room(most), value, 1, LAYOUT).is_ok()
}

/// A writer that counts down the bytes that are left.
struct Room(usize);

impl fmt::Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}
