//! The table of the dialect: every method, and which one a request calls.

use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::appkeys::{keys as appkeys, requests};
use crate::dialect::method::{Area, Method, methods};
use crate::dialect::{account, groups, keys, login, pages, server, settings, users, wizard};
use crate::options::Options;
use crate::options::version::{ALL, BEFORE_1_4, SINCE_1_4};

#[rustfmt::skip]
const TABLE: &[Method] = methods![
    "GET /api/access/users", Api, ALL, Admin, users::list, [ListUsers, ListKeys], "Lists every user.";
    "POST /api/access/users", Api, ALL, RecentAdmin, users::add, [CreateUser, GetUser, ListUsers, ListKeys], "Creates a user.";
    "GET /api/access/users/<name>", Api, ALL, SelfOrAdmin, users::get, [GetUser, ListKeys], "Reads a user.";
    "PUT /api/access/users/<name>", Api, ALL, RecentAdmin, users::update, [UpdateUser, GetUser, ListUsers, ListKeys], "Changes a user's activity, groups and permissions.";
    "DELETE /api/access/users/<name>", Api, ALL, RecentAdmin, users::remove, [DeleteUser, ListUsers, ListKeys], "Deletes a user.";
    "PUT /api/access/users/<name>/password", Api, ALL, SelfOrAdmin, account::change_password, [ChangePassword, GetUser], "Changes a user's password.";
    "GET /api/access/users/<name>/settings", Api, ALL, SelfOrAdmin, settings::get, [ReadSettings], "Reads a user's settings.";
    "PATCH /api/access/users/<name>/settings", Api, ALL, SelfOrAdmin, settings::merge, [MergeSettings, GetUser], "Merges into a user's settings.";
    "POST /api/access/users/<name>/apikey", Api, ALL, RecentSelfOrAdmin, keys::issue, [IssueKey], "Gives a user a new API key.";
    "DELETE /api/access/users/<name>/apikey", Api, ALL, RecentSelfOrAdmin, keys::revoke, [RevokeKeys], "Revokes a user's API key.";
    "GET /api/access/groups", Api, ALL, Admin, groups::list, [ListGroups], "Lists the groups.";
    "POST /api/access/groups", Api, ALL, RecentAdmin, groups::add, [CreateGroup, UpdateGroup, ListGroups], "Creates a group.";
    "GET /api/access/groups/<key>", Api, ALL, Admin, groups::get, [ListGroups], "Reads a group.";
    "PUT /api/access/groups/<key>", Api, ALL, RecentAdmin, groups::update, [UpdateGroup, ListGroups], "Changes a group.";
    "DELETE /api/access/groups/<key>", Api, ALL, RecentAdmin, groups::remove, [DeleteGroup, UpdateGroup, ListGroups], "Deletes a group.";
    "GET /api/access/permissions", Api, ALL, Anybody, groups::permissions, [ListGroups], "Lists the permissions.";
    "GET /api/users", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to the list of users.";
    "POST /api/users", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where users are created.";
    "GET /api/users/<name>", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where a user is read.";
    "PUT /api/users/<name>", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where a user is changed.";
    "DELETE /api/users/<name>", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where a user is deleted.";
    "PUT /api/users/<name>/password", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where passwords are changed.";
    "GET /api/users/<name>/settings", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where settings are read.";
    "PATCH /api/users/<name>/settings", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where settings are merged.";
    "POST /api/users/<name>/apikey", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where API keys are issued.";
    "DELETE /api/users/<name>/apikey", Api, SINCE_1_4, Anybody, server::moved, [], "Redirects to where API keys are revoked.";
    "GET /api/users", Api, BEFORE_1_4, Admin, users::list, [ListUsers, ListKeys], "Lists every user, before 1.4.";
    "POST /api/users", Api, BEFORE_1_4, RecentAdmin, users::add, [CreateUser, GetUser, ListUsers, ListKeys], "Creates a user, before 1.4.";
    "GET /api/users/<name>", Api, BEFORE_1_4, SelfOrAdmin, users::get, [GetUser, ListKeys], "Reads a user, before 1.4.";
    "PUT /api/users/<name>", Api, BEFORE_1_4, RecentAdmin, users::update, [UpdateUser, GetUser, ListUsers, ListKeys], "Changes whether a user is active and an administrator, before 1.4.";
    "DELETE /api/users/<name>", Api, BEFORE_1_4, RecentAdmin, users::remove, [DeleteUser, ListUsers, ListKeys], "Deletes a user, before 1.4.";
    "PUT /api/users/<name>/password", Api, BEFORE_1_4, SelfOrAdmin, account::change_password, [ChangePassword, GetUser], "Changes a user's password, before 1.4.";
    "GET /api/users/<name>/settings", Api, BEFORE_1_4, SelfOrAdmin, settings::get, [ReadSettings], "Reads a user's settings, before 1.4.";
    "PATCH /api/users/<name>/settings", Api, BEFORE_1_4, SelfOrAdmin, settings::merge, [MergeSettings, GetUser], "Merges into a user's settings, before 1.4.";
    "POST /api/users/<name>/apikey", Api, BEFORE_1_4, RecentSelfOrAdmin, keys::issue, [IssueKey], "Gives a user a new API key, before 1.4.";
    "DELETE /api/users/<name>/apikey", Api, BEFORE_1_4, RecentSelfOrAdmin, keys::revoke, [RevokeKeys], "Revokes a user's API key, before 1.4.";
    "POST /api/login", Api, ALL, Anybody, login::login, [GetUser, ListKeys, ListGroups], "Signs in, or says who is signed in.";
    "POST /api/logout", Api, ALL, Anybody, login::logout, [ListGroups], "Signs out.";
    "GET /api/currentuser", Api, ALL, Anybody, account::current_user, [ListGroups], "Says who calls and what they may do.";
    "GET /api/version", Api, ALL, Status, server::version, [ListGroups], "Says which version answers.";
    "GET /api/server", Api, ALL, Status, server::server, [ListGroups], "Says which version answers, and whether it is in safe mode.";
    "GET /api/plugin/<name>", Api, ALL, Anybody, appkeys::get, [ListKeys, ListUsers], "Lists application keys.";
    "POST /api/plugin/<name>", Api, ALL, OnceSetUp, appkeys::command, [IssueKey, RevokeKeys, ListKeys, GetUser], "Issues or revokes an application key.";
    "GET /plugin/appkeys/probe", OpenPlugin, ALL, OnceSetUp, requests::probe, [], "Says that applications may ask for keys.";
    "POST /plugin/appkeys/request", OpenPlugin, ALL, Anybody, requests::request, [], "Asks for an application key.";
    "GET /plugin/appkeys/request/<token>", Plugin, ALL, OnceSetUp, requests::poll, [IssueKey, ListKeys], "Asks whether a request for a key was granted.";
    "POST /plugin/appkeys/decision/<token>", Plugin, ALL, OnceSetUp, requests::decide, [ListGroups], "Grants or denies a request for a key.";
    "GET /plugin/appkeys/auth/<token>", Plugin, ALL, OnceSetUp, requests::dialog, [ListGroups], "Shows the page on which a user decides.";
    "POST /plugin/corewizard/acl", Plugin, ALL, Anybody, wizard::first_user, [CreateUser, ListUsers], "Creates the first user, on a route with first_run.";
    "GET /login/", Page, ALL, Anybody, pages::login, [], "Gives the CSRF token.";
    "GET /", Page, ALL, Anybody, pages::index, [ListGroups], "Gives the CSRF token.";
];

/// The methods, for the manual.
pub(crate) static METHODS: [MethodInfo; TABLE.len()] = {
    let mut methods = [TABLE[0].info; TABLE.len()];
    let mut index = 0;
    while index < TABLE.len() {
        methods[index] = TABLE[index].info;
        index += 1;
    }
    methods
};

/// What a request calls.
pub(crate) enum Found {
    /// A method, with the text at the parameter of its path.
    Method(&'static Method, String),
    /// `OPTIONS`: the verbs of the path are asked for.
    Options(Area, Vec<&'static str>),
    /// No method: the path has only these verbs.
    WrongVerb(Vec<&'static str>),
    /// No method: the path has another spelling, to which Flask redirects.
    Redirect(String),
    /// No method: there is no such path.
    Nothing,
}

/// Finds what a request calls. The path is decoded.
pub(crate) fn find(options: &Options, verb: &str, path: &str) -> Found {
    // Flask answers this page without its slash, too.
    let path = if path == "/login" { "/login/" } else { path };
    let matching: Vec<_> = matching(options, path).collect();
    let Some((first, _)) = matching.first() else { return merged(options, path) };
    let verbs = allowed(&matching);
    if verb == "OPTIONS" {
        return Found::Options(first.area, verbs);
    }
    let wanted = if verb == "HEAD" { "GET" } else { verb };
    match matching.into_iter().find(|(method, _)| method.verb() == wanted) {
        Some((method, parameter)) => Found::Method(method, parameter.to_owned()),
        None => Found::WrongVerb(verbs),
    }
}

/// Flask redirects a path with `//` to the one with `/`.
fn merged(options: &Options, path: &str) -> Found {
    let merged = path.replace("//", "/");
    if merged != path && matching(options, &merged).next().is_some() {
        return Found::Redirect(merged);
    }
    Found::Nothing
}

/// The methods of a path, each with the text at the parameter.
fn matching<'a>(
    options: &Options,
    path: &'a str,
) -> impl Iterator<Item = (&'static Method, &'a str)> {
    let (version, wizard) = (options.version, options.first_run);
    let has = move |method: &&Method| {
        method.versions.contains(&version)
            && (wizard || !method.path().starts_with("/plugin/corewizard"))
    };
    let methods = TABLE.iter().filter(has);
    methods.filter_map(move |method| Some((method, parameter(method.path(), path)?)))
}

/// The verbs of a path, in Flask's order.
fn allowed(methods: &[(&'static Method, &str)]) -> Vec<&'static str> {
    let mut verbs = vec!["OPTIONS"];
    for (method, _) in methods {
        verbs.push(method.verb());
        if method.verb() == "GET" {
            verbs.push("HEAD");
        }
    }
    verbs
}

/// The text at the parameter of a pattern, empty if the pattern has none. `None`: the path does not
/// match.
fn parameter<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let mut parameter = "";
    let mut steps = path.split('/');
    for expected in pattern.split('/') {
        let step = steps.next()?;
        if expected.starts_with('<') && !step.is_empty() {
            parameter = step;
        } else if expected != step {
            return None;
        }
    }
    steps.next().is_none().then_some(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_parameter_of_a_path() {
        let pattern = "/api/users/<name>/apikey";
        assert_eq!(parameter(pattern, "/api/users/ada/apikey"), Some("ada"));
        assert_eq!(parameter("/api/users", "/api/users"), Some(""));
        for other in ["/api/users//apikey", "/api/users/ada", "/api/users/ada/apikey/"] {
            assert_eq!(parameter(pattern, other), None, "{other}");
        }
    }
}
