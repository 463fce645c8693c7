//! The table of all methods.

use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::verb::Verb;

use crate::dialect::arguments::{
    Parameter, flag_or, int, int_or, maybe_int, maybe_text, text, text_or,
};
use crate::dialect::method::{Method, method};
use crate::dialect::users::{create, delete, password, read, update};
use crate::dialect::{cheesto, groups, keys, server, settings};

const UID: &[Parameter] = &[int("uid")];
const MAYBE_UID: &[Parameter] = &[maybe_int("uid")];
const GROUP: &[Parameter] = &[int("groupid")];

/// The methods of the API. Each exists below `/api/` for callers with a key, and below `/api/i/`
/// for callers with a session.
const TABLE: &[Method] = &[
    method!("POST" "users" "resetpassword",
        &[maybe_int("uid"), text("pw"), flag_or("force_reset", false)], password::reset,
        &[Verb::GetGroup, Verb::UpdateUser, Verb::ChangePassword, Verb::MergeSettings, Verb::GetUser],
        "Set the password of a user or of the caller."),
    method!("POST" "users" "create",
        &[text("username"), text("password"), text("fullname"), int("role"),
            flag_or("cheesto", true), flag_or("force_reset", true)], create::create,
        &[Verb::GetGroup, Verb::CreateUser],
        "Create a user."),
    method!("POST" "users" "edit",
        &[int("uid"), maybe_text("fullname"), maybe_int("role"), maybe_int("prompt"),
            maybe_text("theme")], update::edit,
        &[Verb::GetGroup, Verb::GetUser, Verb::UpdateUser],
        "Change the full name, the group, the prompt or the theme of a user."),
    method!("POST" "users" "delete", UID, delete::delete,
        &[Verb::GetGroup, Verb::GetUser, Verb::DeleteUser],
        "Delete a user."),
    method!("POST" "users" "enable", UID, update::enable, &[Verb::GetGroup, Verb::ActivateUser],
        "Enable a user."),
    method!("POST" "users" "disable", UID, update::disable, &[Verb::GetGroup, Verb::DeactivateUser],
        "Disable a user."),
    method!("GET" "users" "getusers", &[], read::get_users, &[Verb::GetGroup, Verb::ListUsers],
        "List all users."),
    method!("GET" "users" "getuser", MAYBE_UID, read::get_user, &[Verb::GetGroup, Verb::GetUser],
        "Read a user or the caller."),
    method!("GET" "groups" "getlist", &[], groups::get_list, &[Verb::ListGroups],
        "List the ids and names of all groups."),
    method!("GET" "groups" "getgroup", GROUP, groups::get_group, &[Verb::GetGroup],
        "Read the rights of a group."),
    method!("GET" "groups" "getuserrights", &[], groups::get_rights, &[Verb::GetGroup],
        "Read the rights of the caller."),
    method!("POST" "groups" "create", &[text("name"), text_or("rights", "")], groups::create,
        &[Verb::GetGroup, Verb::CreateGroup],
        "Create a group."),
    method!("POST" "groups" "edit", &[int("groupid"), text("rights")], groups::edit,
        &[Verb::GetGroup, Verb::UpdateGroup],
        "Set the rights of a group."),
    method!("POST" "groups" "delete", GROUP, groups::delete,
        &[Verb::GetGroup, Verb::ListUsers, Verb::DeleteGroup],
        "Delete a group without members."),
    method!("GET" "key" "get", &[], keys::get, &[Verb::ListKeys, Verb::IssueKey],
        "Read the API key of the caller. If there is none, one is made."),
    method!("POST" "key" "generate", &[], keys::generate, &[Verb::IssueKey],
        "Make a new API key for the caller and revoke the old one."),
    method!("POST" "key" "revoke", &[int_or("uid", 0)], keys::revoke,
        &[Verb::GetGroup, Verb::RevokeKeys],
        "Revoke the API key of a user or of the caller."),
    method!("GET" "key" "test", &[], keys::test, &[], "Check the API key of the caller."),
    method!("GET" "usersettings" "getthemelist", &[], settings::get_theme_list, &[],
        "List the themes."),
    method!("POST" "usersettings" "saveloglimit", &[int_or("limit", 25)], settings::save_log_limit,
        &[Verb::MergeSettings],
        "Set how many logs the caller sees on a page."),
    method!("POST" "usersettings" "savetheme", &[text_or("theme", "")], settings::save_theme,
        &[Verb::MergeSettings],
        "Set the theme of the caller."),
    method!("GET" "cheesto" "read", MAYBE_UID, cheesto::read,
        &[Verb::GetGroup, Verb::GetUser, Verb::ListUsers],
        "Read the Cheesto board, which shows who is present, or the row of one user."),
    method!("GET" "cheesto" "statustexts", &[], cheesto::status_texts, &[],
        "List the suggestions for a status."),
    method!("POST" "cheesto" "update",
        &[text_or("message", ""), text_or("status", "Available"),
            text_or("returntime", "00:00:00"), maybe_int("uid")], cheesto::update,
        &[Verb::GetGroup, Verb::GetUser, Verb::UpdateUser, Verb::MergeSettings],
        "Set the status of a user or of the caller."),
    method!("GET" "dandelion" "version", &[], server::version, &[], "Read the version of the server."),
];

/// The requests beside the API with which a user opens and ends a session.
const PAGES: [MethodInfo; 2] = [
    MethodInfo { name: "POST /login", verbs: &[], about: "Open a session." },
    MethodInfo { name: "GET /logout", verbs: &[], about: "End a session." },
];

/// Every method, for the manual.
pub(crate) const METHODS: [MethodInfo; TABLE.len() + PAGES.len()] = {
    let mut all = [PAGES[0]; TABLE.len() + PAGES.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < TABLE.len() { TABLE[at].info } else { PAGES[at - TABLE.len()] };
        at += 1;
    }
    all
};

/// Whether there is such a module.
pub(crate) fn has_module(module: &str) -> bool {
    TABLE.iter().any(|method| method.module == module)
}

/// Finds a method. Case counts in names, and nothing is decoded
/// (`fixtures/transcripts/dandelion/routing.json`).
pub(crate) fn find(module: &str, name: &str) -> Option<&'static Method> {
    TABLE.iter().find(|method| method.module == module && method.name == name)
}
