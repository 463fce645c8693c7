//! The user and the groups that a trusted proxy names in headers.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::user::{NewUser, User, UserRef};
use isogloss_canonical::vouching::Voucher;
use isogloss_interop::python::value::Py;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::identity::proof::by_name;
use crate::dialect::members;
use crate::options::Remote;
use crate::options::version::{KeyFormat, RightsModel};
use crate::secrets::fresh_key;
use crate::wire::values::may_be_named;

/// The user whom a trusted proxy names in a header.
pub(super) async fn named(call: &Call<'_>) -> Result<Option<Caller>, Failure> {
    let Some(remote) = &call.options.remote else { return Ok(None) };
    let Some(name) = header(call, &remote.user) else { return Ok(None) };
    let mut found = by_name(call, Voucher::Proxy, &name).await?;
    if found.is_none() && remote.add && may_be_named(&name, call.differences().names) {
        add(call, &name).await?;
        found = by_name(call, Voucher::Proxy, &name).await?;
    }
    let Some(user) = found.as_ref().and_then(Caller::user) else { return Ok(None) };
    let has_groups = call.differences().rights == RightsModel::Groups;
    let groups = remote.groups.as_ref().filter(|_| has_groups);
    if let Some(groups) = groups.and_then(|groups| header(call, groups)) {
        set_groups(call, user, remote, &groups).await?;
        found = by_name(call, Voucher::Proxy, &name).await?;
    }
    Ok(found)
}

/// A header by its name, in which `-` and `_` are the same. Several headers are one value, as for a
/// key: a header of the client's does not hide the one that the proxy adds.
fn header(call: &Call<'_>, name: &str) -> Option<String> {
    let same = |own: &str| own.replace('_', "-").eq_ignore_ascii_case(&name.replace('_', "-"));
    let values = call.request.headers.iter().filter(|(own, _)| same(own));
    let values: Vec<_> = values.map(|(_, value)| String::from_utf8_lossy(value)).collect();
    Some(values.join(",")).filter(|value| !value.is_empty())
}

/// Creates the user whom the proxy names, with a random password.
async fn add(call: &Call<'_>, name: &str) -> Result<(), Failure> {
    let mut new = NewUser {
        username: name.to_owned(),
        password: Some(fresh_key(call.exchange, KeyFormat::Base64)),
        ..NewUser::default()
    };
    if call.differences().rights == RightsModel::Groups {
        let rights = call.fresh_rights().await?;
        let groups = members::default_groups(&rights);
        members::give_new(&mut new, &rights, &call.options.namespace, &groups, &[]);
    }
    match call.exchange.vouch(Voucher::Proxy, Command::CreateUser(Box::new(new))).await {
        // A simultaneous call may have created the user. The caller reads whether there is one.
        Err(fault) if !matches!(fault.kind, FaultKind::Conflict | FaultKind::Invalid) => {
            Err(fault.into())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Gives a user the groups that the proxy names.
async fn set_groups(
    call: &Call<'_>,
    user: &User,
    remote: &Remote,
    groups: &str,
) -> Result<(), Failure> {
    let rights = call.fresh_rights().await?;
    let named = groups.split(',').map(|name| remote.mapping.get(name).map_or(name, String::as_str));
    let groups = members::groups(&rights, &Py::texts(named))?;
    let member = rights.member(user);
    let groups = members::toggled(&rights, &member.groups, &groups);
    if groups == member.groups {
        return Ok(());
    }
    let namespace = &call.options.namespace;
    let patch = members::change(&rights, namespace, user.role, &groups, &member.permissions);
    let command = Command::UpdateUser(UserRef::Id(user.id), Box::new(patch));
    call.exchange.vouch(Voucher::Proxy, command).await?;
    Ok(())
}
