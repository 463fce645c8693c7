//! Who calls: the credentials of a request, checked by the gateway once for each call of a batch.

pub(crate) mod login;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Proof};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::http::Request;

use crate::dialect::failure::{Abort, Failure, none_if};
use crate::dialect::identity::login::Login;
use crate::options::Options;
use crate::wire::attributes::PREFIX;
use crate::wire::user::{first_sign_in, password_is_disabled};

/// The caller of one request.
#[derive(Debug)]
pub(crate) struct Identity<'a> {
    options: &'a Options,
    exchange: &'a dyn Exchange,
    login: Login,
    /// The caller as the first call read them. Kanboard keeps that row for the whole request: an
    /// administrator who demotes himself in a batch stays one until its end
    /// (`fixtures/transcripts/kanboard/rpc-batch.json`).
    first: Option<Caller>,
    /// Whether the next call needs no check, because [`Identity::check_ahead`] has just made it.
    is_checked: bool,
}

impl<'a> Identity<'a> {
    /// Reads the credentials; asks nothing of the gateway.
    pub(crate) fn new(options: &'a Options, request: &Request, exchange: &'a dyn Exchange) -> Self {
        let login = Login::of(request, options.authentication_header.as_deref());
        Self { options, exchange, login, first: None, is_checked: false }
    }

    /// The caller, once [`Identity::check`] has succeeded.
    pub(crate) fn caller(&self) -> &Caller {
        self.first.as_ref().unwrap_or(&Caller::Nobody)
    }

    /// Whether [`Identity::check`] has succeeded.
    pub(crate) const fn is_known(&self) -> bool {
        self.first.is_some()
    }

    /// Checks the credentials before the first call instead of with it.
    pub(crate) async fn check_ahead(&mut self) -> Result<(), Failure> {
        self.check().await?;
        self.is_checked = true;
        Ok(())
    }

    /// Checks the credentials. Each call of a batch does so, since an earlier one may have disabled
    /// or renamed the caller.
    pub(crate) async fn check(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_checked) {
            return Ok(());
        }
        let credentials = self.login.credentials(self.options).ok_or(Abort::Unauthorized)?;
        let caller = self.exchange.identify(credentials).await?;
        if !self.is_accepted(&caller) {
            return Err(Abort::Unauthorized.into());
        }
        if self.first.is_none() {
            self.record_sign_in(&caller).await?;
            self.first = Some(caller);
        }
        Ok(())
    }

    /// A user's token does not sign in as the application, nor the application's as a user.
    fn is_accepted(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Application(_) => self.login.is_application(),
            Caller::Person(person) => {
                let by_token = *person.proof() != Proof::Password;
                let allowed = by_token || !password_is_disabled(person.user());
                allowed && !self.login.is_application()
            }
            Caller::Nobody | Caller::Gateway => false,
        }
    }

    /// Stores what the first sign-in changes in the caller's row. A backend that stores no settings
    /// is no reason to refuse the call.
    async fn record_sign_in(&self, caller: &Caller) -> Result<(), Failure> {
        let Some(user) = caller.user() else { return Ok(()) };
        let Some(changes) = first_sign_in(self.options, user) else { return Ok(()) };
        let command = Command::MergeSettings(user.into(), PREFIX.to_owned(), changes);
        none_if(self.exchange.call(caller, command).await, &[FaultKind::Unsupported])?;
        Ok(())
    }
}
