//! The messages of Kanboard's LDAP exceptions. The dialect writes them, the backend reads them.

/// No directory is configured.
pub(crate) const NOT_CONFIGURED: &str =
    "LDAP server not configured, check the parameter LDAP_SERVER";
/// How the message begins when the directory does not answer.
pub(crate) const NOT_REACHED: &str = "Unable to connect to LDAP server";
/// The whole message when the directory does not answer.
pub(crate) const NOT_REACHED_WHOLE: &str = "Unable to connect to LDAP server (Code=\"-1\"; \
                                            Error=\"Can't contact LDAP server\"; \
                                            ExtendedError=\"\")";
