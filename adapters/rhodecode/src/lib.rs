//! The rhodecode adapter.
