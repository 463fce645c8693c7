//! The LDAP client. Each question uses its own connection.

use std::fmt::Display;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use ldap3::{
    LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry, ldap_escape,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use crate::layers::directory::config::DirectoryConfig;

/// Result codes of a bind that refuse the password: constraint violation (locked), no such object,
/// inappropriate authentication, invalid credentials, insufficient access rights, unwilling to
/// perform (RFC 4511, section 4.1.9).
const NOT_LET_IN: [u32; 6] = [19, 32, 48, 49, 50, 53];

/// A user in the directory. An empty attribute is absent here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) username: String,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    /// `None` if no group stands for a role.
    pub(super) role: Option<Role>,
}

/// The directory.
#[derive(Debug)]
pub(super) struct Ldap {
    config: DirectoryConfig,
    /// The certificate authorities, if they are not those of the operating system.
    tls: Option<Arc<ClientConfig>>,
}

impl Ldap {
    /// The error says what is wrong with the configuration.
    pub(super) fn new(config: DirectoryConfig) -> Result<Self, String> {
        config.check()?;
        // The process may have a provider already. It is the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let tls = config.ca_file.as_deref().map(trusting).transpose();
        let tls = tls.map_err(|why| format!("directory.ca_file: {why}"))?;
        Ok(Self { config, tls })
    }

    pub(super) fn config(&self) -> &DirectoryConfig {
        &self.config
    }

    /// The entry of a user name.
    pub(super) async fn find(&self, name: &str) -> Result<Option<Entry>, Fault> {
        self.in_time(async {
            let mut ldap = self.connect().await?;
            let found = self.search(&mut ldap, name).await?;
            found.map(|found| self.entry(&found)).transpose()
        })
        .await
    }

    /// The entry of a user name, if the password is correct. An empty password is refused: a server
    /// would accept it as an anonymous bind (RFC 4513, section 5.1.2).
    pub(super) async fn prove(
        &self,
        name: &str,
        password: &Secret,
    ) -> Result<Option<Entry>, Fault> {
        if password.expose().is_empty() {
            return Ok(None);
        }
        self.in_time(async {
            let mut ldap = self.connect().await?;
            let Some(found) = self.search(&mut ldap, name).await? else { return Ok(None) };
            if found.dn.is_empty() {
                return Ok(None);
            }
            let bound = ldap.simple_bind(&found.dn, password.expose()).await.map_err(broken)?;
            match bound.rc {
                0 => self.entry(&found).map(Some),
                code if NOT_LET_IN.contains(&code) => Ok(None),
                _ => Err(refused("the bind as the user", bound)),
            }
        })
        .await
    }

    /// A user name in the form of the accounts.
    pub(super) fn spell(&self, name: &str) -> String {
        if self.config.case_sensitive { name.to_owned() } else { name.to_lowercase() }
    }

    async fn in_time<T>(&self, asking: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        timeout(self.config.timeout, asking).await.unwrap_or_else(|elapsed| {
            let fault = Fault::new(FaultKind::Timeout, "the directory took too long");
            Err(fault.about(Subject::Directory).because(elapsed))
        })
    }

    async fn connect(&self) -> Result<ldap3::Ldap, Fault> {
        let mut settings = LdapConnSettings::new().set_starttls(self.config.start_tls);
        if let Some(tls) = &self.tls {
            settings = settings.set_config(Arc::clone(tls));
        }
        let connecting = LdapConnAsync::with_settings(settings, &self.config.url);
        let (connection, mut ldap) = connecting.await.map_err(broken)?;
        tokio::spawn(async move {
            if let Err(error) = connection.drive().await {
                tracing::debug!(%error, "the connection to the directory failed");
            }
        });
        if let (Some(name), Some(password)) = (&self.config.bind_dn, &self.config.bind_password) {
            let bound = ldap.simple_bind(name, password.expose()).await.map_err(broken)?;
            if bound.rc != 0 {
                return Err(refused("the bind for the search", bound));
            }
        }
        Ok(ldap)
    }

    /// The only entry of a user name. If several entries match, there is none: it is unclear whose
    /// password would be verified.
    async fn search(
        &self,
        ldap: &mut ldap3::Ldap,
        name: &str,
    ) -> Result<Option<SearchEntry>, Fault> {
        if name.is_empty() {
            return Ok(None);
        }
        let config = &self.config;
        let filter = config.user_filter.replace("%s", &ldap_escape(name));
        let wanted = [
            &config.username_attribute,
            &config.fullname_attribute,
            &config.email_attribute,
            &config.groups_attribute,
        ];
        let wanted: Vec<_> = wanted.into_iter().filter(|name| !name.is_empty()).collect();
        let search = ldap.search(&config.user_base_dn, Scope::Subtree, &filter, wanted);
        let result = search.await.map_err(broken)?;
        let (mut found, result) = (result.0, result.1);
        if result.rc != 0 {
            return Err(refused("searching", result));
        }
        if found.len() > 1 {
            tracing::warn!(
                entries = found.len(),
                "a user name has several entries in the directory"
            );
            return Ok(None);
        }
        Ok(found.pop().map(SearchEntry::construct))
    }

    fn entry(&self, found: &SearchEntry) -> Result<Entry, Fault> {
        let config = &self.config;
        let Some(username) = value(found, &config.username_attribute) else {
            let detail = format!("an entry of the directory has no {}", config.username_attribute);
            return Err(Fault::new(FaultKind::Unexpected, detail).about(Subject::Directory));
        };
        Ok(Entry {
            username: self.spell(&username),
            name: value(found, &config.fullname_attribute),
            email: value(found, &config.email_attribute),
            role: self.role(found),
        })
    }

    /// The highest role that the user's groups stand for. `None` if no group is configured.
    fn role(&self, found: &SearchEntry) -> Option<Role> {
        let (admins, managers) = (&self.config.admin_group_dn, &self.config.manager_group_dn);
        if admins.is_none() && managers.is_none() {
            return None;
        }
        let is_in = |group: &Option<String>| {
            let Some(group) = group.as_ref().map(|group| group.to_lowercase()) else {
                return false;
            };
            let mut groups = values(found, &self.config.groups_attribute);
            groups.any(|value| value.to_lowercase() == group)
        };
        Some(match (is_in(admins), is_in(managers)) {
            (true, _) => Role::Administrator,
            (false, true) => Role::Manager,
            (false, false) => Role::User,
        })
    }
}

/// Checks that a file has certificate authorities. The error names the file.
pub fn check_authorities(path: &std::path::Path) -> Result<(), String> {
    trusting(path).map(drop)
}

/// A TLS configuration that trusts only the authorities of a file.
fn trusting(path: &Path) -> Result<Arc<ClientConfig>, String> {
    let failed = |why: &dyn Display| format!("{}: {why}", path.display());
    let mut authorities = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| failed(&error))?;
        authorities.add(certificate).map_err(|error| failed(&error))?;
    }
    if authorities.is_empty() {
        return Err(failed(&"holds no certificate"));
    }
    let config = ClientConfig::builder().with_root_certificates(authorities);
    Ok(Arc::new(config.with_no_client_auth()))
}

/// The values of an attribute. The server may write its name in another case.
fn values<'e>(entry: &'e SearchEntry, name: &'e str) -> impl Iterator<Item = &'e String> {
    let named = entry.attrs.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    named.flat_map(|(_, values)| values)
}

fn value(entry: &SearchEntry, name: &str) -> Option<String> {
    values(entry, name).find(|value| !value.is_empty()).cloned()
}

/// The fault for a directory that cannot be reached or ends the connection.
fn broken(error: LdapError) -> Fault {
    let kind = match &error {
        LdapError::FilterParsing | LdapError::UrlParsing { .. } | LdapError::UnknownScheme(_) => {
            FaultKind::Unexpected
        }
        LdapError::Timeout { .. } => FaultKind::Timeout,
        LdapError::EmptyUnixPath
        | LdapError::PortInUnixPath
        | LdapError::MismatchedStreamType
        | LdapError::Io { .. }
        | LdapError::OpSend { .. }
        | LdapError::ResultRecv { .. }
        | LdapError::IdScrubSend { .. }
        | LdapError::MiscSend { .. }
        | LdapError::EndOfStream
        | LdapError::Rustls { .. }
        | LdapError::DNSName { .. }
        | LdapError::LdapResult { .. }
        | LdapError::AddNoValues
        | LdapError::AdapterInit(_)
        | LdapError::DecodingUTF8
        | LdapError::InvalidScopeString(_)
        | LdapError::UnrecognizedCriticalExtension(_) => FaultKind::Unavailable,
    };
    Fault::new(kind, "the directory cannot be asked").about(Subject::Directory).because(error)
}

/// The fault for a directory that refuses the gateway.
fn refused(what: &str, result: LdapResult) -> Fault {
    let detail = format!("the directory refuses {what}");
    let fault = Fault::new(FaultKind::Unavailable, detail).about(Subject::Directory);
    fault.because(LdapError::from(result))
}
