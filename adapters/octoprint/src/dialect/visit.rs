//! One request under way: what it carries, who it is from, and what will be answered with it.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::Request;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grant;
use isogloss_canonical::user::{User, UserRef};

use super::answers::{CRASH, Refusal, abort, abort_with};
use super::cookies::Cookies;
use super::form;
use super::session::{Mechanism, Session};
use super::site::Site;
use crate::options::Settings;
use crate::pyjson::{Py, Unreadable, read};
use crate::rights::{Membership, Needs, Rights};
use crate::wire;

/// One request under way. It holds secrets, and is never printed.
pub(crate) struct Visit<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) request: &'a Request,
    pub(crate) exchange: &'a dyn Exchange,
    pub(crate) site: Site,
    pub(crate) cookies: Cookies,
    /// The query and the form.
    pub(crate) values: Vec<(String, String)>,
    /// The session as it is by now.
    pub(crate) session: Session,
    /// Whether there is anything in it, so that a cookie is due.
    pub(crate) has_session: bool,
    /// The session as it came, and the cookie it came by.
    pub(crate) came_by: Option<(String, Session)>,
    /// Who calls.
    pub(crate) caller: Caller,
    rights: Option<Rights>,
}

impl<'a> Visit<'a> {
    /// A request of whom nothing is known yet.
    pub(crate) fn new(
        settings: &'a Settings,
        request: &'a Request,
        exchange: &'a dyn Exchange,
    ) -> Self {
        let site = Site::of(request);
        let cookies = Cookies::of(request, &site);
        Self {
            settings,
            request,
            exchange,
            site,
            cookies,
            values: form::values(request),
            session: Session::default(),
            has_session: false,
            came_by: None,
            caller: Caller::Nobody,
            rights: None,
        }
    }

    /// Runs a command for the caller.
    pub(crate) async fn call(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.call(&self.caller, command).await
    }

    /// Runs a command on the gateway's own behalf: reads only.
    pub(crate) async fn ask(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.read(command).await
    }

    /// The groups and permissions, read once a request.
    pub(crate) async fn rights(&mut self) -> Result<&Rights, Refusal> {
        let rights = match self.rights.take() {
            Some(rights) => rights,
            None => self.fresh_rights().await?,
        };
        Ok(self.rights.insert(rights))
    }

    /// The groups and permissions as they are after a change.
    pub(crate) async fn fresh_rights(&self) -> Result<Rights, Refusal> {
        let groups = Command::ListGroups(Some(self.settings.namespace.clone()));
        let groups = self.ask(groups).await?.groups()?;
        Ok(Rights::new(groups, self.settings.bundled))
    }

    /// Whoever calls, as OctoPrint reckons them.
    pub(crate) async fn member(&mut self) -> Result<Membership, Refusal> {
        let rights = self.rights().await?.clone();
        Ok(match &self.caller {
            Caller::Person(person) => rights.member(person.user()),
            Caller::Application(_) => Rights::application(),
            Caller::Nobody | Caller::Gateway => Rights::guest(),
        })
    }

    /// What whoever calls has.
    pub(crate) async fn needs(&mut self) -> Result<Needs, Refusal> {
        let member = self.member().await?;
        Ok(self.rights().await?.needs(&member)?)
    }

    /// Refuses whoever lacks a permission.
    pub(crate) async fn require(&mut self, permission: &str) -> Result<(), Refusal> {
        if self.needs().await?.allow_key(permission) { Ok(()) } else { Err(abort(403)) }
    }

    /// Whether the caller may do everything.
    pub(crate) fn is_admin(&self) -> bool {
        self.caller.holds(Grant::Administer)
    }

    /// Refuses everybody but administrators.
    pub(crate) fn require_admin(&self) -> Result<(), Refusal> {
        if self.is_admin() { Ok(()) } else { Err(abort(403)) }
    }

    /// The caller's name; a guest has none.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.caller {
            Caller::Person(person) => Some(&person.user().username),
            Caller::Application(_) => Some(wire::APPLICATION),
            Caller::Nobody | Caller::Gateway => None,
        }
    }

    /// Refuses everybody but administrators and the person of this name.
    pub(crate) fn require_self_or_admin(&self, name: &str) -> Result<(), Refusal> {
        let allowed = self.name() == Some(name) || self.is_admin();
        if allowed { Ok(()) } else { Err(abort(403)) }
    }

    /// The person of a name, as far as the caller may see them.
    pub(crate) async fn user(&self, name: &str) -> Result<User, Refusal> {
        let command = Command::GetUser(UserRef::Name(name.to_owned()));
        Ok(*self.call(command).await?.user()?)
    }

    /// Whether the caller showed a password lately, or came by what needs none.
    pub(crate) fn recent(&self) -> bool {
        let Some(limit) = self.settings.recent else { return true };
        match self.session.mechanism {
            Some(Mechanism::Apikey | Mechanism::Authheader | Mechanism::RemoteUser) => return true,
            None if self.name().is_none() => return true,
            _ => {}
        }
        let now = self.exchange.now().as_second();
        self.session
            .seen
            .is_some_and(|seen| now.saturating_sub(seen) < limit.as_secs().cast_signed())
    }

    /// Refuses whoever did not.
    pub(crate) fn require_recent(&self) -> Result<(), Refusal> {
        const AGAIN: &str = "Please reauthenticate with your credentials";
        if self.recent() { Ok(()) } else { Err(abort_with(403, AGAIN)) }
    }

    /// Refuses everybody while nobody has an account yet and the wizard is to make the first:
    /// `fixtures/transcripts/octoprint/profile-firstrun.json`.
    pub(crate) async fn require_set_up(&self) -> Result<(), Refusal> {
        if self.settings.first_run && !self.has_users().await? {
            return Err(abort(403));
        }
        Ok(())
    }

    /// Whether anybody has an account.
    pub(crate) async fn has_users(&self) -> Result<bool, Refusal> {
        Ok(!self.ask(Command::ListUsers).await?.users()?.is_empty())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Py, Refusal> {
        if !self.is_json() {
            return Err(abort(415));
        }
        read(&self.request.body).map_err(|error| match error {
            Unreadable::Malformed => abort(400),
            Unreadable::TooDeep | Unreadable::Surrogate => CRASH,
        })
    }

    /// The body as JSON, or the fields of query and form if it is none or says nothing.
    pub(crate) fn json_or_values(&self) -> Py {
        let body = if self.is_json() { read(&self.request.body).ok() } else { None };
        body.filter(Py::truthy).unwrap_or_else(|| form::dict(&self.values))
    }

    fn is_json(&self) -> bool {
        let media_type = form::media_type(self.request);
        let vendor = media_type.starts_with("application/") && media_type.ends_with("+json");
        media_type == "application/json" || vendor
    }
}
