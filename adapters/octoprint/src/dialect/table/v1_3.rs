//! What 1.3.12 has other than 1.11, and 1.3.0 other than 1.3.12.

use crate::dialect::appkeys::requests;
use crate::dialect::method::{Method, methods};
use crate::dialect::server;
use crate::dialect::table::overlay::Overlay;
use crate::dialect::v1_3::{account, appkeys, keys, login, pages, settings, users, wizard};

/// 1.3.12: the users' API is `/api/users` itself. There are no groups, no page for logins and no page
/// on which a user decides about a request for a key. How its wizard is ended is not recorded.
pub(super) const V1_3: Overlay = Overlay {
    lacks: &[
        "/api/access",
        "/api/users",
        "/api/currentuser",
        "/api/server",
        "/login/",
        "/plugin/appkeys/auth",
        "/api/setup/wizard",
        "POST /",
    ],
    rows: CHANGED_BY_1_3,
};

#[rustfmt::skip]
const CHANGED_BY_1_3: &[Method] = methods![
    "GET /api/users", Api, SignedInAdmin, users::list, [ListUsers, ListKeys], "Lists every user.";
    "POST /api/users", Api, SignedInAdmin, users::add, [CreateUser, GetUser, ListUsers, ListKeys], "Creates a user.";
    "GET /api/users/<name>", Api, SignedInSelfOrAdmin, users::get, [GetUser, ListKeys], "Reads a user.";
    "PUT /api/users/<name>", Api, SignedInAdmin, users::update, [UpdateUser, GetUser, ListUsers, ListKeys], "Changes whether a user is active and an administrator.";
    "DELETE /api/users/<name>", Api, SignedInAdmin, users::remove, [DeleteUser, ListUsers, ListKeys], "Deletes a user.";
    "PUT /api/users/<name>/password", Api, SignedInSelfOrAdminText, account::change_password, [ChangePassword, GetUser], "Changes a user's password.";
    "GET /api/users/<name>/settings", Api, SignedInSelfOrAdminText, settings::get, [ReadSettings], "Reads a user's settings.";
    "PATCH /api/users/<name>/settings", Api, SignedInSelfOrAdminText, settings::merge, [MergeSettings, ReadSettings, GetUser], "Merges into a user's settings.";
    "POST /api/users/<name>/apikey", Api, SignedInSelfOrAdminText, keys::issue, [IssueKey], "Gives a user a new API key.";
    "DELETE /api/users/<name>/apikey", Api, SignedInSelfOrAdminText, keys::revoke, [RevokeKeys], "Revokes a user's API key.";
    "POST /api/login", OpenApi, Anybody, login::login, [GetUser, ListKeys], "Signs in, or says who is signed in.";
    "POST /api/logout", Api, SignedIn, login::logout, [], "Signs out.";
    "GET /api/version", Api, SignedIn, server::version, [], "Says which version answers.";
    "GET /api/plugin/<name>", Api, Anybody, appkeys::get, [ListKeys, ListUsers], "Lists application keys.";
    "POST /api/plugin/<name>", Api, SignedIn, appkeys::command, [IssueKey, RevokeKeys, ListKeys, ListUsers], "Issues or revokes an application key.";
    "GET /plugin/appkeys/probe", OpenPlugin, OnceSetUp, appkeys::probe, [], "Says that applications may ask for keys.";
    "POST /plugin/appkeys/request", OpenPlugin, OnceSetUp, appkeys::request, [], "Asks for an application key.";
    "GET /plugin/appkeys/request/<token>", OpenPlugin, OnceSetUp, requests::poll, [IssueKey, ListKeys], "Asks whether a request for a key was granted.";
    "POST /plugin/appkeys/decision/<token>", OpenPlugin, SignedIn, appkeys::decide, [], "Grants or denies a request for a key.";
    "POST /plugin/corewizard/acl", Plugin, Anybody, wizard::first_user, [CreateUser, ListUsers], "Creates the first user, on a route with first_run.";
    "GET /", Page, Anybody, pages::index, [], "Signs a browser in as who it is already.";
];

/// 1.3.0: the login needs a key, the settings cannot be read, and there is no plugin `appkeys`.
pub(super) const V1_3_0: Overlay = Overlay { lacks: &["/plugin/appkeys"], rows: CHANGED_BY_1_3_0 };

#[rustfmt::skip]
const CHANGED_BY_1_3_0: &[Method] = methods![
    "GET /api/users/<name>/settings", Api, SignedInSelfOrAdminText, settings::unreadable, [], "Fails: 1.3.0 answers every such request with an error.";
    "POST /api/login", Api, Anybody, login::login, [GetUser, ListKeys], "Signs in, or says who is signed in.";
    "GET /api/plugin/<name>", Api, Anybody, appkeys::absent, [], "Says that there is no such plugin.";
    "POST /api/plugin/<name>", Api, SignedIn, appkeys::absent, [], "Says that there is no such plugin.";
];
