//! What RhodeCode's API and this adapter agree on: built-in accounts, tokens, and the attributes
//! that hold what only RhodeCode has a column for. Both the dialect and the backend use it.

pub(crate) mod values;

use isogloss_interop::python::dict::Dict;
use isogloss_interop::python::value::Py;

/// An object of an answer. Its members have the order of Python 2's hash table.
pub(crate) type Object = Dict<Py>;

/// The id of the user `default`.
pub(crate) const DEFAULT_USER_ID: i64 = 1;

/// The fact that is its row as the server shows it, with what everybody may do there.
pub(crate) const DEFAULT_USER_FACT: &str = "default_user";

/// Its e-mail address.
pub(crate) const DEFAULT_EMAIL: &str = "anonymous@rhodecode.org";

/// The id of the first administrator.
pub(crate) const FIRST_ADMINISTRATOR: &str = "2";

/// The plugin of RhodeCode's own accounts.
pub(crate) const OWN_PLUGIN: &str = "rhodecode";

/// The plugin of accounts from LDAP.
pub(crate) const LDAP_PLUGIN: &str = "ldap";

/// The label of the key that version 4.3 gives every person besides the tokens.
pub(crate) const BUILT_IN_KEY: &str = "Built-in API key";

/// The label of the token that every new person gets.
pub(crate) const FEED_TOKEN: &str = "Generated feed token";

/// Names of attributes.
pub(crate) mod attribute {
    /// A null in the column `active`, of a user or of a user group.
    pub(crate) const ACTIVE: &str = "rhodecode.active";
    /// A null in the column `admin`.
    pub(crate) const ADMIN: &str = "rhodecode.admin";
    /// The description of a user; a null in that of a user group.
    pub(crate) const DESCRIPTION: &str = "rhodecode.description";
    /// The name of the account in its plugin.
    pub(crate) const EXTERN_NAME: &str = "rhodecode.extern_name";
    /// The plugin of the account.
    pub(crate) const EXTERN_TYPE: &str = "rhodecode.extern_type";
    /// Whether the person must change their password.
    pub(crate) const FORCE_PASSWORD_CHANGE: &str = "rhodecode.force_password_change";
    /// The placeholder for a user name that was set to null.
    pub(crate) const NAMELESS: &str = "rhodecode.nameless";
    /// What the person owns in RhodeCode.
    pub(crate) const OWNS: &str = "rhodecode.owns";
    /// The repository group that was created with the person.
    pub(crate) const REPO_GROUP: &str = "rhodecode.personal_repo_group";
    /// What the row of a RhodeCode server shows and no canonical field holds: of a user e-mail
    /// addresses, language, last activity and permissions; of a user group the owner and the
    /// permissions. The backend makes it from each row, and nothing stores it.
    pub(crate) const SYSTEM: &str = "rhodecode.system";
    /// How a user group is synchronised.
    pub(crate) const SYNC: &str = "rhodecode.sync";
    /// The permissions of people on a user group.
    pub(crate) const USER_PERMISSIONS: &str = "rhodecode.user_permissions";
    /// The permissions of other user groups on a user group.
    pub(crate) const GROUP_PERMISSIONS: &str = "rhodecode.group_permissions";
    /// Whether `default` is a member of a user group.
    pub(crate) const DEFAULT_MEMBER: &str = "rhodecode.default_is_member";
    /// Whether `default` owns a user group.
    pub(crate) const DEFAULT_OWNER: &str = "rhodecode.default_is_owner";
}

/// The user name under which the gateway stores a person whose name was set to null. Nobody types
/// its first letter.
pub(crate) fn placeholder(id: &str) -> String {
    format!("\u{2205}{id}")
}

/// Whether a user name is such a placeholder.
pub(crate) fn is_placeholder(username: &str) -> bool {
    username.starts_with('\u{2205}')
}

/// The source that a plugin stands for in every system; `None` for RhodeCode's own plugins.
pub(crate) fn source_of(plugin: &str) -> Option<String> {
    (plugin == LDAP_PLUGIN).then(|| plugin.to_owned())
}

/// A token: forty hexadecimal digits.
pub(crate) fn token(random: &[u8; 32]) -> String {
    let mut token = hex::encode(random);
    token.truncate(40);
    token
}
