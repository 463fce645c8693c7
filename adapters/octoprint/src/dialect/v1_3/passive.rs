//! Passive logins: who is signed in already.

use isogloss_canonical::credentials::Caller;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::User;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::Answer;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::keys::api_key;
use crate::dialect::login::sign_in_local_guest;
use crate::dialect::sessions::Mechanism;
use crate::dialect::sessions::signed_in::SignedIn;
use crate::dialect::v1_3::answers::{json, no_content};
use crate::wire::values::APPLICATION;
use crate::wire::{DUMMY, Shown};

/// A passive login: signs the caller in as whoever they are already, and a guest from a local network
/// by `autologin_as`. A session that a token of "remember me" opened gets the administrator's role.
pub(crate) async fn login(call: &mut Call<'_>) -> Answer {
    if call.options.access_control && call.name().is_none() {
        sign_in_local_guest(call).await?;
    }
    match call.caller.clone() {
        Caller::Person(person) => {
            sign_in(call, person.user()).await?;
            describe_user(call, person.user()).await
        }
        Caller::Application(_) => describe(call, &Shown::nobody(APPLICATION)),
        Caller::Nobody | Caller::Gateway if !call.options.access_control => {
            describe(call, &Shown::nobody(DUMMY))
        }
        Caller::Nobody | Caller::Gateway => Ok(no_content()),
    }
}

/// Signs the caller's browser in. A call by key and one through a proxy get no session.
pub(crate) async fn sign_in(call: &mut Call<'_>, user: &User) -> Result<(), Failure> {
    require_ascii(call, user)?;
    if call.by_key || call.session.mechanism == Some(Mechanism::RemoteUser) {
        return Ok(());
    }
    open_session(call, user).await
}

/// Opens a session with the administrator's role, if the user has it.
pub(crate) async fn open_session(call: &mut Call<'_>, user: &User) -> Result<(), Failure> {
    call.session.sign_in_without_login(call.exchange, SignedIn::now(user)).await?;
    call.session.mechanism = Some(Mechanism::Password);
    call.sets_session_cookie = true;
    Ok(())
}

/// OctoPrint fails to log a login by a name outside ASCII.
pub(crate) fn require_ascii(call: &Call<'_>, user: &User) -> Result<(), Failure> {
    let fits = !call.differences().ascii_logins || user.username.is_ascii();
    if fits { Ok(()) } else { Err(CRASH) }
}

/// The answer to the login of a user.
pub(crate) async fn describe_user(call: &Call<'_>, user: &User) -> Answer {
    let key = api_key(call, user).await?;
    describe(call, &Shown::with_role(user, key.as_ref().map(Secret::expose)))
}

/// The answer to a login.
fn describe(call: &Call<'_>, shown: &Shown<'_>) -> Answer {
    let mut shape = shown.shape(call.differences());
    if call.differences().login_details {
        shape.set("_is_external_client", Py::Bool(!call.site.is_local()));
        if call.options.access_control || matches!(call.caller, Caller::Person(_)) {
            shape.set("session", Py::text(session_id(call)));
        }
    }
    json(call, &shape)
}

/// The id under which OctoPrint's web socket finds the login: 10 letters and digits. Nothing here
/// takes it.
fn session_id(call: &Call<'_>) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let bytes = call.exchange.random();
    let letters = bytes.iter().take(10).map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()]);
    letters.map(char::from).collect()
}
