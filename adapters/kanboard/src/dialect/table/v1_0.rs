//! The methods of version 1.0 that are not those of version 1.2.

use isogloss_canonical::verb::Verb;

use crate::dialect::method::{Access, Method, run};
use crate::dialect::projects;

/// The methods, each in the place of the one of its name.
pub(super) const METHODS: [Method; 1] = [Method::new(
    "getMyDashboard",
    &[] as &[Verb],
    "Gives the caller's projects, and tasks: none.",
    &[],
    run!(ready projects::dashboard),
)
.open_to(Access::Users)];
