//! The dandelion adapter.
