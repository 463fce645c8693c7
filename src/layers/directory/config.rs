//! How the directory is asked, and what is wrong with that.

use std::path::PathBuf;
use std::time::Duration;

use isogloss_canonical::secret::Secret;

/// How the directory is asked. What is not said here has Kanboard's defaults.
#[derive(Clone, Debug)]
pub struct DirectoryConfig {
    /// Where it is: `ldap://`, `ldaps://` or `ldapi://`.
    pub url: String,
    /// Whether an `ldap://` connection turns to TLS before anything else is said.
    pub start_tls: bool,
    /// A file of the certificate authorities (PEM) that vouch for it, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Who searches; `None`: anybody may.
    pub bind_dn: Option<String>,
    /// The searcher's password.
    pub bind_password: Option<Secret>,
    /// Below which entry people are searched.
    pub user_base_dn: String,
    /// How they are searched; `%s` is the user name, escaped (RFC 4515).
    pub user_filter: String,
    /// The attribute that holds the user name.
    pub username_attribute: String,
    /// The attribute that holds the full name.
    pub fullname_attribute: String,
    /// The attribute that holds the e-mail address.
    pub email_attribute: String,
    /// The attribute that holds the names (DN) of the groups somebody is in.
    pub groups_attribute: String,
    /// The group whose members are administrators.
    pub admin_group_dn: Option<String>,
    /// The group whose members are managers.
    pub manager_group_dn: Option<String>,
    /// Whether upper case in a user name is kept; else it is lowered.
    pub case_sensitive: bool,
    /// Whether somebody who is only in the directory is created when they first sign in.
    pub create_at_login: bool,
    /// How long one answer may take altogether.
    pub timeout: Duration,
}

impl DirectoryConfig {
    /// A directory that anybody may search.
    #[must_use]
    pub fn new(url: impl Into<String>, user_base_dn: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            start_tls: false,
            ca_file: None,
            bind_dn: None,
            bind_password: None,
            user_base_dn: user_base_dn.into(),
            user_filter: "uid=%s".to_owned(),
            username_attribute: "uid".to_owned(),
            fullname_attribute: "cn".to_owned(),
            email_attribute: "mail".to_owned(),
            groups_attribute: "memberof".to_owned(),
            admin_group_dn: None,
            manager_group_dn: None,
            case_sensitive: false,
            create_at_login: true,
            timeout: Duration::from_secs(5),
        }
    }

    /// A sentence that says what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        check_url(&self.url).map_err(|why| format!("directory.url: {why}"))?;
        check_filter(&self.user_filter).map_err(|why| format!("directory.user_filter: {why}"))?;
        let password = self.bind_password.as_ref().map_or("", Secret::expose);
        if self.bind_dn.is_some() && password.is_empty() {
            // A name without a password is let in as nobody (RFC 4513, section 5.1.2).
            return Err("directory.bind_password: is missing or empty".to_owned());
        }
        Ok(())
    }
}

/// Whether this is the URL of a directory. The error never repeats it: it may hold a password.
pub fn check_url(url: &str) -> Result<(), String> {
    let host = ["ldap://", "ldaps://", "ldapi://"].iter().find_map(|own| url.strip_prefix(own));
    match host {
        None => Err("it is no ldap://, ldaps:// or ldapi:// URL".to_owned()),
        Some("") => Err("it has no host".to_owned()),
        Some(host) if host.contains('@') => Err("it holds a user name or a password".to_owned()),
        Some(host) if host.contains(['?', '#', ' ']) => Err("it holds more than a host".to_owned()),
        Some(_) => Ok(()),
    }
}

/// Whether this is a filter (RFC 4515) with a place for the user name.
pub fn check_filter(filter: &str) -> Result<(), String> {
    if !filter.contains("%s") {
        return Err(format!("{filter:?} has no %s"));
    }
    match ldap3::parse_filter(filter.replace("%s", "ada")) {
        Ok(_) => Ok(()),
        Err(()) => Err(format!("{filter:?} is no filter")),
    }
}
