//! Facts that only a real server knows: what it is, what it logs, what it stores where.

use crate::namespace::IdNamespace;
use crate::secret::Secret;
use crate::user::{Attributes, UserRef};

/// A question to the server behind a backend, in the words of one system. Only a backend of that
/// system answers it ([`crate::capability::Capability::knows`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The id namespace of the system whose words these are.
    pub namespace: IdNamespace,
    /// The system's own name of the question: `get_server_info`.
    pub name: &'static str,
    /// The person it is about. Then that person may ask it; otherwise only an administrator.
    pub person: Option<UserRef>,
    /// The other arguments, as the client gave them.
    pub arguments: Attributes,
    /// The key that the caller has shown, for a question that the system answers to its holder only.
    pub shown: Option<Secret>,
}
