//! `/api/login` and `/api/logout`.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Credentials;
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::Answer;
use crate::dialect::arguments::is_yes_as;
use crate::dialect::call::Call;
use crate::dialect::cookies::{ACTIVE_LOGOUT, REMEMBER};
use crate::dialect::failure::Failure;
use crate::dialect::identity::proof::{Proof, prove};
use crate::dialect::limits;
use crate::dialect::login::remember_me;
use crate::dialect::sessions::{Session, forget_remembered};
use crate::dialect::v1_3::answers::{json, no_content};
use crate::dialect::v1_3::bodies::json_or_values;
use crate::dialect::v1_3::passive;
use crate::options::version::InactiveLogin;
use crate::secrets::hex_token;
use crate::wire::Shown;

/// `POST /api/login`: with a name and a password, or passively. Anything else does nothing.
pub(crate) async fn login(call: &mut Call<'_>) -> Answer {
    let fields = json_or_values(call);
    let named =
        call.options.access_control && fields.contains("user")? && fields.contains("pass")?;
    if named {
        let remember = fields.get("remember");
        let remember = remember.map_or(Ok(false), |on| is_yes_as(on, call.differences().trues))?;
        let shown = (fields.item("user")?, fields.item("pass")?);
        return limited(call, shown, remember).await;
    }
    if fields.contains("passive")? {
        return passive::login(call).await;
    }
    Ok(no_content())
}

/// A login with a name and a password. With `login_rate_limit`, failed ones count as in later
/// versions.
async fn limited(call: &mut Call<'_>, shown: (&Py, &Py), remember: bool) -> Answer {
    if !call.options.rate_limit {
        return by_password(call, shown, remember).await;
    }
    let client = call.site.network();
    if limits::exceeded(call.exchange, limits::LOGIN, &client).await?
        || limits::count(call.exchange, limits::LOGIN, &client).await?
    {
        return Err(Failure::of(429));
    }
    let answer = by_password(call, shown, remember).await;
    let refused = answer.as_ref().is_err_and(|failure| matches!(failure.status, 401 | 403));
    if !refused {
        limits::take_back(call.exchange, limits::LOGIN, &client).await?;
    }
    answer
}

/// A failed login ends no session, and a login as another user does not end the session before it:
/// `fixtures/transcripts/octoprint13/cookie-session.json`.
async fn by_password(call: &mut Call<'_>, (name, password): (&Py, &Py), remember: bool) -> Answer {
    const WRONG: Failure = Failure::text(401, "User unknown or password incorrect");
    let name = name.as_str().ok_or(WRONG)?;
    // A password that is no text is checked as a wrong one: it takes as long, and counts as a guess.
    let text = password.as_str().map_or_else(|| hex_token(call.exchange), str::to_owned);
    let (user, secret) = (UserRef::Name(name.to_owned()), Secret::new(text));
    let login = Credentials::Login { user, secret, keys: None, lockout: None };
    let caller = match prove(call, login).await? {
        Proof::Valid(caller) => caller,
        Proof::Inactive => return inactive(call, name, WRONG).await,
        Proof::Invalid => return Err(WRONG),
    };
    let user = caller.user().cloned().ok_or(WRONG)?;
    passive::require_ascii(call, &user)?;
    if call.session.signed_in.as_ref().is_some_and(|who| who.person() != UserRef::Id(user.id)) {
        call.session = Session::default();
    }
    call.caller = caller;
    passive::open_session(call, &user).await?;
    if remember {
        remember_me(call).await?;
    }
    if call.differences().remembers_logout {
        call.cookies.remove(ACTIVE_LOGOUT);
    }
    passive::describe_user(call, &user).await
}

/// An inactive user whose password is right.
async fn inactive(call: &Call<'_>, name: &str, wrong: Failure) -> Answer {
    match call.differences().inactive_login {
        InactiveLogin::AsWrong => Err(wrong),
        InactiveLogin::Told => Err(Failure::text(403, "Your account is deactivated")),
        InactiveLogin::Shown => {
            let command = Command::GetUser(UserRef::Name(name.to_owned()));
            let user = call.read(command).await?.user()?;
            let key = own_key(call, &user).await?;
            let shown = Shown::with_role(&user, key.as_ref().map(Secret::expose));
            json(call, &shown.shape(call.differences()))
        }
    }
}

/// The key of an inactive user, which opens nothing. It is read in the gateway's own name: the user
/// has shown the password, but may do nothing.
async fn own_key(call: &Call<'_>, user: &User) -> Result<Option<Secret>, Failure> {
    let namespace = call.options.namespace.clone();
    let command = Command::ListKeys(Some(UserRef::Id(user.id)), namespace, KeyChoice::Plain);
    let keys = call.read(command).await?.keys()?;
    Ok(keys.into_iter().find(|key| key.label.is_none()).and_then(|key| key.shown))
}

/// `POST /api/logout`: ends the whole sign-in, with every copy of a token of "remember me" and the
/// sessions that it opened. OctoPrint ends none of them.
pub(crate) async fn logout(call: &mut Call<'_>) -> Answer {
    call.session.log_out(call.exchange).await?;
    call.sets_session_cookie = true;
    if let Some(token) = call.cookies.get(REMEMBER).map(str::to_owned) {
        forget_remembered(call.exchange, &token).await?;
        call.cookies.remove(REMEMBER);
    }
    if call.differences().remembers_logout {
        call.cookies.set_open(ACTIVE_LOGOUT, "true");
    }
    Ok(no_content())
}
