//! `/api/users`: the users, with one switch in place of groups.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::listing::Rows;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, UserPatch, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, listing, write_row};
use crate::dialect::arguments::is_yes_as;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::gate;
use crate::dialect::keys::api_key;
use crate::dialect::users::{own_key, pages};
use crate::dialect::v1_3::account::hashable;
use crate::dialect::v1_3::answers::json;
use crate::dialect::v1_3::bodies::required_json;
use crate::wire::Shown;
use crate::wire::values::may_be_named;

/// `GET /api/users`
pub(crate) async fn list(call: &Call<'_>) -> Answer {
    all(call).await
}

/// `GET /api/users/NAME`
pub(crate) async fn get(call: &Call<'_>) -> Answer {
    let user = call.user(&call.parameter).await?;
    let key = api_key(call, &user).await?;
    let shown = Shown::with_role(&user, key.as_ref().map(Secret::expose));
    json(call, &shown.shape(call.differences()))
}

/// The fields that a new user must have, and the sentence about each that is missing.
const REQUIRED: [(&str, &str); 3] = [
    ("name", "Missing mandatory name field"),
    ("password", "Missing mandatory password field"),
    ("active", "Missing mandatory active field"),
];

/// `POST /api/users`
pub(crate) async fn add(call: &mut Call<'_>) -> Answer {
    let body = required_json(call)?;
    for (field, sentence) in REQUIRED {
        if !body.contains(field)? {
            return Err(Failure::text(400, sentence));
        }
    }
    let (name, password) = (body.item("name")?, body.item("password")?);
    let active = flag(call, &body, "active")? == Some(true);
    let role = role(flag(call, &body, "admin")?);
    let username = free_name(call, name).await?;
    let password = Some(hashable(call, password)?);
    let new = NewUser { username, password, role, inactive: !active, ..NewUser::default() };
    call.run(Command::CreateUser(Box::new(new))).await?;
    changed(call).await
}

/// `PUT /api/users/NAME`: the role is changed before the activity is read, also if that fails. A body
/// that does not name the switch takes the role away.
pub(crate) async fn update(call: &mut Call<'_>) -> Answer {
    let user = call.user(&call.parameter).await?;
    let body = required_json(call)?;
    let role = role(flag(call, &body, "admin")?);
    let active = flag(call, &body, "active");
    let wished = active.as_ref().ok().copied().flatten();
    // There are no managers here: a manager stays one unless they become an administrator.
    let changes = role != user.role && Role::Administrator == role.max(user.role);
    let patch = UserPatch {
        role: changes.then_some(role),
        active: wished.filter(|active| *active != user.active),
        ..UserPatch::default()
    };
    if patch != UserPatch::default() {
        call.run(Command::UpdateUser(UserRef::Id(user.id), Box::new(patch))).await?;
    }
    active?;
    changed(call).await
}

/// `DELETE /api/users/NAME`: administrators can delete themselves.
pub(crate) async fn remove(call: &mut Call<'_>) -> Answer {
    call.run(Command::DeleteUser(call.named_user())).await?;
    changed(call).await
}

/// The answer to a change: every user.
async fn changed(call: &mut Call<'_>) -> Answer {
    gate::check_again(call).await?;
    all(call).await
}

/// Every user, with their keys.
async fn all(call: &Call<'_>) -> Answer {
    let differences = call.differences();
    let rows = Rows::new(pages(call, true).await?, move |user, keys, text| {
        let shape = Shown::with_role(user, own_key(keys)).shape(differences);
        write_row(text, &shape, differences.json)
    });
    listing(rows, differences.json).await
}

/// A switch of a body; `None`: the body does not name it.
fn flag(call: &Call<'_>, body: &Py, field: &str) -> Result<Option<bool>, Failure> {
    if !body.contains(field)? {
        return Ok(None);
    }
    Ok(Some(is_yes_as(body.item(field)?, call.differences().trues)?))
}

fn role(admin: Option<bool>) -> Role {
    if admin == Some(true) { Role::Administrator } else { Role::User }
}

/// A name that no user has. OctoPrint also creates users whose name is a number, whom no path can
/// address; here a name is a text.
async fn free_name(call: &Call<'_>, name: &Py) -> Result<String, Failure> {
    const WRONG: Failure = Failure::text(400, "Username invalid");
    if !name.hashable() {
        return Err(CRASH);
    }
    let name = name.as_str().ok_or(WRONG)?;
    match call.run(Command::GetUser(UserRef::Name(name.to_owned()))).await {
        Ok(_) => return Err(Failure::of(409)),
        Err(fault) if !fault.is_absence_of(Subject::User) => return Err(fault.into()),
        Err(_) => {}
    }
    if may_be_named(name, call.differences().names) { Ok(name.to_owned()) } else { Err(WRONG) }
}
