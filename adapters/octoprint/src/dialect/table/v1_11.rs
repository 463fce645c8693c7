//! The methods of 1.11, the newest version.

use crate::dialect::appkeys::{dialog, keys as appkeys, requests};
use crate::dialect::method::{Method, methods};
use crate::dialect::{
    account, groups, keys, login, pages, printer, server, settings, users, wizard,
};

/// The methods.
#[rustfmt::skip]
pub(super) const METHODS: &[Method] = methods![
    "GET /api/access/users", Api, Admin, users::list, [ListUsers, ListKeys], "Lists every user.";
    "POST /api/access/users", Api, RecentAdmin, users::add, [CreateUser, GetUser, ListUsers, ListKeys], "Creates a user.";
    "GET /api/access/users/<name>", Api, SelfOrAdmin, users::get, [GetUser, ListKeys], "Reads a user.";
    "PUT /api/access/users/<name>", Api, RecentAdmin, users::update, [UpdateUser, GetUser, ListUsers, ListKeys], "Changes a user's activity, groups and permissions.";
    "DELETE /api/access/users/<name>", Api, RecentAdmin, users::remove, [DeleteUser, ListUsers, ListKeys], "Deletes a user.";
    "PUT /api/access/users/<name>/password", Api, SelfOrAdmin, account::change_password, [ChangePassword, GetUser], "Changes a user's password.";
    "GET /api/access/users/<name>/settings", Api, SelfOrAdmin, settings::get, [ReadSettings], "Reads a user's settings.";
    "PATCH /api/access/users/<name>/settings", Api, SelfOrAdmin, settings::merge, [MergeSettings, GetUser], "Merges into a user's settings.";
    "POST /api/access/users/<name>/apikey", Api, RecentSelfOrAdmin, keys::issue, [IssueKey], "Gives a user a new API key.";
    "DELETE /api/access/users/<name>/apikey", Api, RecentSelfOrAdmin, keys::revoke, [RevokeKeys], "Revokes a user's API key.";
    "GET /api/access/groups", Api, Admin, groups::list, [ListGroups], "Lists the groups.";
    "POST /api/access/groups", Api, RecentAdmin, groups::add, [CreateGroup, UpdateGroup, ListGroups], "Creates a group.";
    "GET /api/access/groups/<key>", Api, Admin, groups::get, [ListGroups], "Reads a group.";
    "PUT /api/access/groups/<key>", Api, RecentAdmin, groups::update, [UpdateGroup, ListGroups], "Changes a group.";
    "DELETE /api/access/groups/<key>", Api, RecentAdmin, groups::remove, [DeleteGroup, UpdateGroup, ListGroups], "Deletes a group.";
    "GET /api/access/permissions", Api, Anybody, groups::permissions, [ListGroups], "Lists the permissions.";
    "GET /api/users", Api, Anybody, server::moved, [], "Redirects to the list of users.";
    "POST /api/users", Api, Anybody, server::moved, [], "Redirects to where users are created.";
    "GET /api/users/<name>", Api, Anybody, server::moved, [], "Redirects to where a user is read.";
    "PUT /api/users/<name>", Api, Anybody, server::moved, [], "Redirects to where a user is changed.";
    "DELETE /api/users/<name>", Api, Anybody, server::moved, [], "Redirects to where a user is deleted.";
    "PUT /api/users/<name>/password", Api, Anybody, server::moved, [], "Redirects to where passwords are changed.";
    "GET /api/users/<name>/settings", Api, Anybody, server::moved, [], "Redirects to where settings are read.";
    "PATCH /api/users/<name>/settings", Api, Anybody, server::moved, [], "Redirects to where settings are merged.";
    "POST /api/users/<name>/apikey", Api, Anybody, server::moved, [], "Redirects to where API keys are issued.";
    "DELETE /api/users/<name>/apikey", Api, Anybody, server::moved, [], "Redirects to where API keys are revoked.";
    "POST /api/login", Api, Anybody, login::login, [GetUser, ListKeys, ListGroups], "Signs in, or says who is signed in.";
    "POST /api/logout", Api, Anybody, login::logout, [ListGroups], "Signs out.";
    "GET /api/currentuser", Api, Anybody, account::current_user, [ListGroups], "Says who calls and what they may do.";
    "GET /api/version", Api, Status, server::version, [ListGroups], "Says which version answers.";
    "GET /api/server", Api, Status, server::server, [ListGroups], "Says which version answers, and whether it is in safe mode.";
    "GET /api/plugin/<name>", Api, Anybody, appkeys::get, [ListKeys, ListUsers], "Lists application keys.";
    "POST /api/plugin/<name>", Api, OnceSetUp, appkeys::command, [IssueKey, RevokeKeys, ListKeys, GetUser], "Issues or revokes an application key.";
    "GET /plugin/appkeys/probe", OpenPlugin, OnceSetUp, requests::probe, [], "Says that applications may ask for keys.";
    "POST /plugin/appkeys/request", OpenPlugin, Anybody, requests::request, [], "Asks for an application key.";
    "GET /plugin/appkeys/request/<token>", Plugin, OnceSetUp, requests::poll, [IssueKey, ListKeys], "Asks whether a request for a key was granted.";
    "POST /plugin/appkeys/decision/<token>", Plugin, OnceSetUp, requests::decide, [ListGroups], "Grants or denies a request for a key.";
    "GET /plugin/appkeys/auth/<token>", Plugin, OnceSetUp, dialog::dialog, [ListGroups], "Shows the page on which a user decides.";
    "POST /plugin/appkeys/auth/<token>", OpenPlugin, OnceSetUp, dialog::submit, [ListGroups], "Grants or denies a request for a key, by the form of that page.";
    "GET /api/setup/wizard", Api, Anybody, wizard::state, [ListUsers], "Says what is to be set up, on a route with first_run.";
    "POST /api/setup/wizard", Api, Anybody, wizard::end, [ListUsers], "Ends the setup wizard, on a route with first_run.";
    "POST /plugin/corewizard/acl", Plugin, Anybody, wizard::first_user, [CreateUser, ListUsers], "Creates the first user, on a route with first_run.";
    "GET /login/", Page, Anybody, pages::login::login, [], "Shows the login page, and gives the CSRF token.";
    "POST /login/", Page, Anybody, pages::login::submit, [GetUser, ListKeys, ListGroups], "Signs in or out, by the form of a page. Only of a route without an origin.";
    "GET /", Page, Anybody, pages::index::index, [ListGroups], "Shows who is signed in, and gives the CSRF token.";
    "POST /", Page, Anybody, pages::setup::submit, [CreateUser, ListUsers, GetUser], "Creates the first user, by the form of the page, on a route with first_run.";
];

/// What clients ask about the printer. The gateway does not translate it.
#[rustfmt::skip]
pub(super) const PRINTER: &[Method] = methods![
    "GET /api/settings", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/connection", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printer", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printer/tool", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printer/bed", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printer/chamber", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printer/sd", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printer/error", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printer/command/custom", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/job", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printerprofiles", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/printerprofiles/_default", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/files", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/files/local", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/files/sdcard", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/system/commands", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/timelapse", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/languages", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
    "GET /api/slicing", Printer, OnceSetUp, printer::answer, [], "Of a server without a printer.";
];
