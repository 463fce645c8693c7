//! The octoprint adapter.
