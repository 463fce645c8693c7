//! Checks credentials.

use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::fault::{Fault, FaultKind, Refusal, Subject};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::vouching::Voucher;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::wire::values::LONGEST_PASSWORD;

/// The result of checking credentials.
pub(crate) enum Proof {
    /// They are valid.
    Valid(Caller),
    /// They are not.
    Invalid,
    /// They are valid, but the user is inactive.
    Inactive,
}

impl Proof {
    /// The caller, if the caller may act.
    pub(crate) fn caller(self) -> Option<Caller> {
        match self {
            Self::Valid(caller) => Some(caller),
            Self::Invalid | Self::Inactive => None,
        }
    }
}

/// Checks credentials.
pub(crate) async fn prove(call: &Call<'_>, credentials: Credentials) -> Result<Proof, Failure> {
    match call.exchange.identify(credentials).await {
        Ok(caller) => Ok(Proof::Valid(caller)),
        Err(Fault { refusal: Some(Refusal::Inactive), .. }) => Ok(Proof::Inactive),
        Err(fault) if fault.kind == FaultKind::Unauthenticated => Ok(Proof::Invalid),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(Proof::Invalid),
        Err(fault) => Err(fault.into()),
    }
}

/// Checks a name and a password. `None`: the password is wrong, or the user is inactive.
pub(crate) async fn check_password(
    call: &Call<'_>,
    user: UserRef,
    password: &str,
) -> Result<Option<Caller>, Failure> {
    // A longer password is always wrong: `users-create-names.json`.
    if password.chars().count() > LONGEST_PASSWORD {
        return Ok(None);
    }
    let secret = Secret::new(password);
    let credentials = Credentials::Login { user, secret, keys: None, lockout: None };
    Ok(prove(call, credentials).await?.caller())
}

/// The user whom a proxy or the route's options name.
pub(crate) async fn by_name(
    call: &Call<'_>,
    voucher: Voucher,
    name: &str,
) -> Result<Option<Caller>, Failure> {
    Ok(prove(call, Credentials::Named(voucher, name.to_owned())).await?.caller())
}
