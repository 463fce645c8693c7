//! One call under way: its request, its caller, its session, and what handlers ask of them.

use std::sync::OnceLock;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::Request;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::people::{self, Order, PeopleQuery};
use isogloss_canonical::permission::Grant;
use isogloss_canonical::secret::same;
use isogloss_canonical::session_store::SessionKind;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::form;
use isogloss_interop::python::value::Py;

use crate::dialect::arguments;
use crate::dialect::cookies::Cookies;
use crate::dialect::facts as server;
use crate::dialect::failure::Failure;
use crate::dialect::sessions::{Mechanism, Session};
use crate::dialect::site::Site;
use crate::options::Options;
use crate::options::version::{Differences, Gate};
use crate::roles::rights::{Membership, Needs, Rights};
use crate::wire;

/// One call under way. It holds secrets, so it has no `Debug`.
pub(crate) struct Call<'a> {
    /// The options of the route.
    pub(crate) options: &'a Options,
    pub(crate) request: &'a Request,
    pub(crate) exchange: &'a dyn Exchange,
    pub(crate) site: Site,
    pub(crate) cookies: Cookies,
    /// The fields of the query and of the form.
    pub(crate) values: Vec<(String, String)>,
    /// The text at the parameter of the path, such as a user name; empty if the path has none.
    pub(crate) parameter: String,
    /// The session as it will be stored.
    pub(crate) session: Session,
    /// Whether the answer sets the cookie of the session.
    pub(crate) sets_session_cookie: bool,
    /// The cookie that the client sent, with the session as it was then.
    pub(crate) sent_session: Option<(String, Session)>,
    /// Who calls.
    pub(crate) caller: Caller,
    /// Whether a key proved the caller, or let the request in.
    pub(crate) by_key: bool,
    /// Whose key let the request in, where a key alone does not say who calls; `None`: an inactive
    /// user's.
    pub(crate) key_owner: Option<Caller>,
    rights: OnceLock<Rights>,
}

impl<'a> Call<'a> {
    /// A call by nobody, until `identity::identify` has read its credentials.
    pub(crate) fn new(
        options: &'a Options,
        request: &'a Request,
        exchange: &'a dyn Exchange,
    ) -> Self {
        let site = Site::of(request);
        let cookies = Cookies::of(request, &site);
        Self {
            options,
            request,
            exchange,
            site,
            cookies,
            values: form::values(request),
            parameter: String::new(),
            session: Session::default(),
            sets_session_cookie: false,
            sent_session: None,
            caller: Caller::Nobody,
            by_key: false,
            key_owner: None,
            rights: OnceLock::new(),
        }
    }

    /// What differs in the version of the route.
    pub(crate) fn differences(&self) -> &'static Differences {
        self.options.version.differences()
    }

    /// Runs a command with the caller's rights.
    pub(crate) async fn run(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.call(&self.caller, command).await
    }

    /// Reads in the gateway's own name what the caller need not be allowed to see.
    pub(crate) async fn read(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.read(command).await
    }

    /// The groups and their rights. They are read once a call.
    pub(crate) async fn rights(&self) -> Result<&Rights, Failure> {
        if let Some(rights) = self.rights.get() {
            return Ok(rights);
        }
        let rights = self.fresh_rights().await?;
        Ok(self.rights.get_or_init(|| rights))
    }

    /// The groups and their rights as they are after a change.
    pub(crate) async fn fresh_rights(&self) -> Result<Rights, Failure> {
        let command = Command::ListGroups(Some(self.options.namespace.clone()));
        let groups = self.read(command).await?.groups()?;
        if groups.iter().any(|group| group.id.is_derived()) {
            let permissions = server::permissions(self.exchange).await?;
            return Ok(Rights::of_server(groups, permissions));
        }
        Ok(Rights::new(groups, self.options.bundled))
    }

    /// The groups and permissions of the caller.
    pub(crate) async fn member(&self) -> Result<Membership, Failure> {
        let rights = self.rights().await?;
        Ok(match &self.caller {
            Caller::Person(person) => rights.member(person.user()),
            Caller::Application(_) => Rights::application(),
            Caller::Nobody | Caller::Gateway => Rights::guest(),
        })
    }

    /// The needs of the caller: what the caller's groups and permissions allow.
    pub(crate) async fn needs(&self) -> Result<Needs, Failure> {
        let member = self.member().await?;
        Ok(self.rights().await?.needs(&member)?)
    }

    /// Whether the caller is an administrator.
    pub(crate) fn is_admin(&self) -> bool {
        self.caller.holds(Grant::Administer)
    }

    /// The caller's name; a guest has none.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.caller {
            Caller::Person(person) => Some(&person.user().username),
            Caller::Application(_) => Some(wire::values::APPLICATION),
            Caller::Nobody | Caller::Gateway if !self.options.access_control => Some(wire::DUMMY),
            Caller::Nobody | Caller::Gateway => None,
        }
    }

    /// Whether the caller is the user whom the path names.
    pub(crate) fn is_about_caller(&self) -> bool {
        self.name() == Some(&self.parameter)
    }

    /// Refuses callers without a permission.
    pub(crate) async fn require(&self, permission: &str) -> Result<(), Failure> {
        if self.needs().await?.allow_key(permission) { Ok(()) } else { Err(Failure::of(403)) }
    }

    /// Refuses callers who are no administrators.
    pub(crate) fn require_admin(&self) -> Result<(), Failure> {
        if self.is_admin() { Ok(()) } else { Err(Failure::of(403)) }
    }

    /// Refuses callers who are neither administrators nor the user whom the path names.
    pub(crate) fn require_self_or_admin(&self) -> Result<(), Failure> {
        let allowed = self.is_about_caller() || self.is_admin();
        if allowed { Ok(()) } else { Err(Failure::of(403)) }
    }

    /// Refuses callers whose password is not recent.
    pub(crate) fn require_recent_password(&self) -> Result<(), Failure> {
        const AGAIN: &str = "Please reauthenticate with your credentials";
        if self.is_password_recent() { Ok(()) } else { Err(Failure::with(403, AGAIN)) }
    }

    /// Whether the setup wizard has not created the first user yet.
    pub(crate) async fn awaits_setup(&self) -> Result<bool, Failure> {
        Ok(self.options.first_run && !self.has_users().await?)
    }

    /// Refuses everybody until the setup wizard has created the first user:
    /// `fixtures/transcripts/octoprint/profile-firstrun.json`.
    pub(crate) async fn require_set_up(&self) -> Result<(), Failure> {
        if self.options.access_control && self.awaits_setup().await? {
            let text = self.differences().not_set_up;
            return Err(text.map_or(Failure::of(403), |text| Failure::text(403, text)));
        }
        Ok(())
    }

    /// Whether the caller has sent a password recently, or proved who they are without one: by a
    /// key, a Basic header or a proxy.
    pub(crate) fn is_password_recent(&self) -> bool {
        let Some(limit) = self.options.recent else { return true };
        match self.session.mechanism {
            Some(Mechanism::Apikey | Mechanism::Authheader | Mechanism::RemoteUser) => true,
            None if self.name().is_none() => true,
            None | Some(Mechanism::Password | Mechanism::RememberMe | Mechanism::Autologin) => {
                let now = self.exchange.now().as_second();
                let age = self.session.seen.map(|seen| now.saturating_sub(seen));
                age.is_some_and(|age| age < limit.as_secs().cast_signed())
            }
        }
    }

    /// Whether this is the key that the page of 1.3.0 carries. It proves nothing, and says that the
    /// session shall say who calls.
    pub(crate) fn is_page_key(&self, key: &str) -> Result<bool, Failure> {
        Ok(self.differences().gate == Gate::Key && same(&self.page_key()?, key))
    }

    /// The key that the page of 1.3.0 carries.
    pub(crate) fn page_key(&self) -> Result<String, Failure> {
        const PAGE: SessionKind = "octoprint.page";
        let signature = self.exchange.sessions().sign(PAGE, "the key of the page")?;
        let digits = signature.chars().filter(char::is_ascii_hexdigit).take(32);
        Ok(digits.collect::<String>().to_uppercase())
    }

    /// Whether there is any user.
    pub(crate) async fn has_users(&self) -> Result<bool, Failure> {
        let everybody = self.exchange.list(None, PeopleQuery::in_order(Order::Created)).await?;
        Ok(people::find(everybody, |_| Some(())).await?.is_some())
    }

    /// The user of this name, if the caller may see them.
    pub(crate) async fn user(&self, name: &str) -> Result<User, Failure> {
        let command = Command::GetUser(UserRef::Name(name.to_owned()));
        Ok(*self.run(command).await?.user()?)
    }

    /// The user whom the path names, for a command.
    pub(crate) fn named_user(&self) -> UserRef {
        UserRef::Name(self.parameter.clone())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Py, Failure> {
        arguments::json(self.request)
    }

    /// The body as JSON. If it is no JSON or is empty, the fields of the query and of the form.
    pub(crate) fn json_or_values(&self) -> Py {
        arguments::json_or_values(self.request, &self.values)
    }

    /// The first value of a field of the query or of the form.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        form::value(&self.values, name)
    }
}
