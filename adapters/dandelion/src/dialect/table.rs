//! Every method of the API: what it takes, what runs it, what it may do.

use std::future::Future;
use std::pin::Pin;

use isogloss_canonical::command::Verb;
use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::call::{Asked, Failure, Said};
use crate::dialect::parameters::{
    Takes, flag_or, int, int_or, maybe_int, maybe_text, text, text_or,
};
use crate::dialect::{cheesto, groups, keys, settings, users};

/// What a method comes to.
type Reply<'a> = Pin<Box<dyn Future<Output = Result<Said, Failure>> + Send + 'a>>;

/// A method of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// As the manual has it.
    method: MethodInfo,
    /// The HTTP verb it takes.
    pub(crate) verb: &'static str,
    /// Its module.
    pub(crate) module: &'static str,
    /// Its name in the module.
    name: &'static str,
    /// Its parameters, in the order of the complaints about them.
    pub(crate) takes: &'static [Takes],
    /// What runs it.
    pub(crate) run: for<'a> fn(&'a Asked<'a>) -> Reply<'a>,
}

/// Makes a row: verb, module and name, parameters, what runs it, commands, and what it is for.
macro_rules! row {
    ($verb:literal $module:literal $name:literal, $takes:expr, $run:path, $verbs:expr, $about:literal) => {
        Row {
            method: MethodInfo {
                name: concat!($verb, " /api/", $module, "/", $name),
                verbs: $verbs,
                about: $about,
            },
            verb: $verb,
            module: $module,
            name: $name,
            takes: $takes,
            run: |asked| Box::pin($run(asked)),
        }
    };
}

const UID: &[Takes] = &[int("uid")];
const MAYBE_UID: &[Takes] = &[maybe_int("uid")];
const GROUP: &[Takes] = &[int("groupid")];

/// The methods. Each is also there below `/api/i/`, for who is logged in.
const ROWS: &[Row] = &[
    row!("POST" "users" "resetpassword",
        &[maybe_int("uid"), text("pw"), flag_or("force_reset", false)], users::reset_password,
        &[Verb::GetGroup, Verb::UpdateUser, Verb::ChangePassword, Verb::MergeSettings, Verb::GetUser],
        "Set a person's password, or one's own."),
    row!("POST" "users" "create",
        &[text("username"), text("password"), text("fullname"), int("role"),
            flag_or("cheesto", true), flag_or("force_reset", true)], users::create,
        &[Verb::GetGroup, Verb::CreateUser],
        "Create a person."),
    row!("POST" "users" "edit",
        &[int("uid"), maybe_text("fullname"), maybe_int("role"), maybe_int("prompt"),
            maybe_text("theme")], users::edit,
        &[Verb::GetGroup, Verb::GetUser, Verb::UpdateUser],
        "Change a person's name, group, prompt or theme."),
    row!("POST" "users" "delete", UID, users::delete,
        &[Verb::GetGroup, Verb::GetUser, Verb::ListGroups, Verb::DeleteUser],
        "Delete a person."),
    row!("POST" "users" "enable", UID, users::enable, &[Verb::GetGroup, Verb::ActivateUser],
        "Let a person act again."),
    row!("POST" "users" "disable", UID, users::disable, &[Verb::GetGroup, Verb::DeactivateUser],
        "Keep a person, who may no longer act."),
    row!("GET" "users" "getusers", &[], users::get_users, &[Verb::GetGroup, Verb::ListUsers],
        "Read everybody."),
    row!("GET" "users" "getuser", MAYBE_UID, users::get_user, &[Verb::GetGroup, Verb::GetUser],
        "Read a person, or oneself."),
    row!("GET" "groups" "getlist", &[], groups::get_list, &[Verb::ListGroups],
        "Read the groups' names."),
    row!("GET" "groups" "getgroup", GROUP, groups::get_group, &[Verb::GetGroup],
        "Read a group's rights."),
    row!("GET" "groups" "getuserrights", &[], users::get_rights, &[Verb::GetGroup],
        "Read one's own rights."),
    row!("POST" "groups" "create", &[text("name"), text_or("rights", "")], groups::create,
        &[Verb::GetGroup, Verb::CreateGroup],
        "Create a group."),
    row!("POST" "groups" "edit", &[int("groupid"), text("rights")], groups::edit,
        &[Verb::GetGroup, Verb::UpdateGroup],
        "Set a group's rights."),
    row!("POST" "groups" "delete", GROUP, groups::delete,
        &[Verb::GetGroup, Verb::ListUsers, Verb::DeleteGroup],
        "Delete a group that nobody is in."),
    row!("GET" "key" "get", &[], keys::get, &[Verb::ListKeys, Verb::IssueKey],
        "Read one's API key; a first one is made."),
    row!("POST" "key" "generate", &[], keys::generate, &[Verb::IssueKey],
        "Make a new API key, which voids the old one."),
    row!("POST" "key" "revoke", &[int_or("uid", 0)], keys::revoke,
        &[Verb::GetGroup, Verb::RevokeKeys],
        "Void a person's API key, or one's own."),
    row!("GET" "key" "test", &[], keys::test, &[], "Say that the API key is good."),
    row!("GET" "usersettings" "getthemelist", &[], settings::get_theme_list, &[],
        "Read the themes."),
    row!("POST" "usersettings" "saveloglimit", &[int_or("limit", 25)], settings::save_log_limit,
        &[Verb::MergeSettings],
        "Set how many logs one sees on a page."),
    row!("POST" "usersettings" "savetheme", &[text_or("theme", "")], settings::save_theme,
        &[Verb::MergeSettings],
        "Set one's own theme."),
    row!("GET" "cheesto" "read", MAYBE_UID, cheesto::read,
        &[Verb::GetGroup, Verb::GetUser, Verb::ListUsers],
        "Read the board of who is in and who is out, or one place on it."),
    row!("GET" "cheesto" "statustexts", &[], cheesto::status_texts, &[],
        "Read the suggestions for a status."),
    row!("POST" "cheesto" "update",
        &[text_or("message", ""), text_or("status", "Available"),
            text_or("returntime", "00:00:00"), maybe_int("uid")], cheesto::update,
        &[Verb::GetGroup, Verb::GetUser, Verb::UpdateUser, Verb::MergeSettings],
        "Set one's own status, or another person's."),
    row!("GET" "dandelion" "version", &[], settings::version, &[], "Say which version this is."),
];

/// What is no part of the API, but is how a person gets a session and a first key.
const PAGES: [MethodInfo; 2] = [
    MethodInfo { name: "POST /login", verbs: &[], about: "Open a session." },
    MethodInfo { name: "GET /logout", verbs: &[], about: "End a session." },
];

/// Every method, for the manual.
pub(crate) const METHODS: [MethodInfo; ROWS.len() + PAGES.len()] = {
    let mut all = [PAGES[0]; ROWS.len() + PAGES.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < ROWS.len() { ROWS[at].method } else { PAGES[at - ROWS.len()] };
        at += 1;
    }
    all
};

/// Whether there is such a module.
pub(crate) fn has_module(module: &str) -> bool {
    ROWS.iter().any(|row| row.module == module)
}

/// A method; names are told apart by case, and never decoded
/// (`fixtures/transcripts/dandelion/routing.json`).
pub(crate) fn find(module: &str, name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.module == module && row.name == name)
}
