//! Passwords: set with the gateway's key, tried as a browser does.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use serde_json::{Map, json};

use crate::backend::OctoPrintBackend;
use crate::backend::api::{Said, unexpected};
use crate::backend::people::addressed;
use crate::dialect::secrets;

/// OctoPrint fails over longer passwords
/// (`fixtures/transcripts/octoprint/users-create-names.json`).
const LONGEST: usize = 4096;

impl OctoPrintBackend {
    /// Sets a password; `None` sets one that nobody knows.
    pub(super) async fn set_password(
        &self,
        user: &UserRef,
        password: Option<Secret>,
    ) -> Result<Outcome, Fault> {
        let name = self.name(user)?;
        let tail = format!("{}/password", addressed(name)?);
        let password = password.unwrap_or_else(|| self.nobody_knows());
        let mut body = Map::new();
        body.insert("password".to_owned(), json!(settable(&password)?.expose()));
        match self.api.say("PUT", &tail, &body).await? {
            Said::Data(data) if data == json!({}) => Ok(Outcome::Done),
            // Whose key it is has to prove the old password, since 1.8
            // (`fixtures/transcripts/octoprint/users-password-self.json`).
            Said::Refused(words) if words.contains("current password") => {
                let detail = "the gateway's own account there cannot set its password by key";
                Err(Fault::new(FaultKind::Unsupported, detail).about(Subject::Password))
            }
            Said::Data(_) => Err(unexpected("a password is set with other words")),
            said => Err(self.why_not(name, said).await),
        }
    }

    /// Tries a password. Whoever is inactive is let in by none.
    pub(super) async fn verify(&self, user: &UserRef, secret: &Secret) -> Result<Outcome, Fault> {
        let name = self.name(user)?;
        if checked(secret).is_err() {
            return Ok(Outcome::Verified(false));
        }
        Ok(Outcome::Verified(self.api.lets_in(name, secret).await?))
    }

    /// A password for somebody who is created without one.
    pub(super) fn nobody_knows(&self) -> Secret {
        Secret::new(secrets::key(&(self.service.random)()))
    }
}

/// A password that OctoPrint sets.
pub(super) fn settable(password: &Secret) -> Result<&Secret, Fault> {
    if password.expose().is_empty() {
        return Err(invalid("OctoPrint sets no empty password"));
    }
    checked(password)
}

/// A password that OctoPrint can hash.
pub(super) fn checked(password: &Secret) -> Result<&Secret, Fault> {
    if password.expose().chars().count() > LONGEST {
        return Err(invalid("OctoPrint takes no password so long"));
    }
    Ok(password)
}

fn invalid(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Invalid, detail).about(Subject::Password)
}
