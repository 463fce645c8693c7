//! The configuration of the directory, and its checks.

use std::path::PathBuf;
use std::time::Duration;

use isogloss_canonical::secret::Secret;

/// The configuration of the directory. The defaults are Kanboard's.
#[derive(Clone, Debug)]
pub struct DirectoryConfig {
    /// The URL: `ldap://`, `ldaps://` or `ldapi://`.
    pub url: String,
    /// Whether an `ldap://` connection starts TLS before anything else is sent.
    pub start_tls: bool,
    /// A file of certificate authorities (PEM) that replaces those of the operating system.
    pub ca_file: Option<PathBuf>,
    /// The user (DN) for the search. `None`: the search is anonymous.
    pub bind_dn: Option<String>,
    /// The password of this user.
    pub bind_password: Option<Secret>,
    /// The entry below which users are searched.
    pub user_base_dn: String,
    /// The filter of the search. `%s` is the user name, escaped (RFC 4515).
    pub user_filter: String,
    /// The attribute with the user name.
    pub username_attribute: String,
    /// The attribute with the full name.
    pub fullname_attribute: String,
    /// The attribute with the e-mail address.
    pub email_attribute: String,
    /// The attribute with the groups (DN) of a user.
    pub groups_attribute: String,
    /// The group whose members are administrators.
    pub admin_group_dn: Option<String>,
    /// The group whose members are managers.
    pub manager_group_dn: Option<String>,
    /// Whether user names keep their upper case. If not, they are converted to lower case.
    pub case_sensitive: bool,
    /// Whether a user who is only in the directory is created at the first sign-in.
    pub create_at_login: bool,
    /// The limit for one answer of the directory.
    pub timeout: Duration,
}

impl DirectoryConfig {
    /// A directory with an anonymous search.
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

    /// Checks the configuration. The error is a sentence about what is wrong.
    pub fn check(&self) -> Result<(), String> {
        check_url(&self.url).map_err(|why| format!("directory.url: {why}"))?;
        check_filter(&self.user_filter).map_err(|why| format!("directory.user_filter: {why}"))?;
        let password = self.bind_password.as_ref().map_or("", Secret::expose);
        if self.bind_dn.is_some() && password.is_empty() {
            // A bind with a name and without a password is anonymous (RFC 4513, section 5.1.2).
            return Err("directory.bind_password: is missing or empty".to_owned());
        }
        Ok(())
    }
}

/// Checks the URL of a directory. The error never contains the URL, which can have a password.
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

/// Checks a filter (RFC 4515). It must have a place for the user name.
pub fn check_filter(filter: &str) -> Result<(), String> {
    if !filter.contains("%s") {
        return Err(format!("{filter:?} has no %s"));
    }
    match ldap3::parse_filter(filter.replace("%s", "ada")) {
        Ok(_) => Ok(()),
        Err(()) => Err(format!("{filter:?} is no filter")),
    }
}
