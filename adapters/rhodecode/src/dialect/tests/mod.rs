//! The dialect's tests, with scripted exchanges in place of the gateway.

mod costs;
mod outages;
mod script;
