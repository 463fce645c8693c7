//! The kanboard adapter.
