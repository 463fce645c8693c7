//! What may be done with which path: the dialect's manual as a table.

use std::future::Future;
use std::pin::Pin;

use isogloss_canonical::command::Verb;
use isogloss_canonical::dialect::MethodInfo;

use super::answers::Reply;
use super::form::percent_decoded;
use super::visit::Visit;
use super::{account, appkeys, groups, legacy, login, pages, pending, users, wizard};

/// Answers one request; the texts are what stood in the path's places.
pub(crate) type Handler = for<'a, 'b> fn(
    &'a mut Visit<'b>,
    &'a [String],
) -> Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Which part of the server answers: each has its own headers and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// `/api`.
    Api,
    /// `/plugin`, where writing needs a token against forged requests.
    Plugin,
    /// `/plugin`, where it does not.
    OpenPlugin,
    /// Pages for people.
    Page,
}

/// Which versions have a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Era {
    Before14,
    Since14,
    Always,
}

/// One row: a verb on a path.
pub(crate) struct Route {
    method: MethodInfo,
    area: Area,
    era: Era,
    handler: Handler,
}

macro_rules! routes {
    ($($name:literal, $area:ident, $era:ident, $handler:path, [$($verb:ident),*], $about:literal;)*) => {
        &[$(Route {
            method: MethodInfo { name: $name, verbs: &[$(Verb::$verb),*], about: $about },
            area: Area::$area,
            era: Era::$era,
            handler: |visit, names| Box::pin($handler(visit, names)),
        }),*]
    };
}

#[rustfmt::skip]
const ROUTES: &[Route] = routes![
    "GET /api/access/users", Api, Always, users::list, [ListUsers, ListKeys], "Lists everybody.";
    "POST /api/access/users", Api, Always, users::add, [CreateUser, GetUser, ListUsers, ListKeys], "Creates somebody.";
    "GET /api/access/users/<name>", Api, Always, users::get, [GetUser, ListKeys], "Reads somebody.";
    "PUT /api/access/users/<name>", Api, Always, users::update, [UpdateUser, GetUser, ListUsers, ListKeys], "Changes somebody's activity, groups and permissions.";
    "DELETE /api/access/users/<name>", Api, Always, users::remove, [DeleteUser, ListUsers, ListKeys], "Deletes somebody.";
    "PUT /api/access/users/<name>/password", Api, Always, account::change_password, [ChangePassword, GetUser], "Changes somebody's password.";
    "GET /api/access/users/<name>/settings", Api, Always, account::settings, [ReadSettings], "Reads somebody's settings.";
    "PATCH /api/access/users/<name>/settings", Api, Always, account::merge_settings, [MergeSettings, GetUser], "Merges into somebody's settings.";
    "POST /api/access/users/<name>/apikey", Api, Always, account::issue_key, [IssueKey], "Gives somebody a new API key.";
    "DELETE /api/access/users/<name>/apikey", Api, Always, account::revoke_key, [RevokeKeys], "Takes somebody's API key away.";
    "GET /api/access/groups", Api, Always, groups::list, [ListGroups], "Lists the groups.";
    "POST /api/access/groups", Api, Always, groups::add, [CreateGroup, UpdateGroup, ListGroups], "Creates a group.";
    "GET /api/access/groups/<key>", Api, Always, groups::get, [ListGroups], "Reads a group.";
    "PUT /api/access/groups/<key>", Api, Always, groups::update, [UpdateGroup, ListGroups], "Changes a group.";
    "DELETE /api/access/groups/<key>", Api, Always, groups::remove, [DeleteGroup, UpdateGroup, ListGroups], "Deletes a group.";
    "GET /api/access/permissions", Api, Always, groups::permissions, [ListGroups], "Lists the permissions there are.";
    "GET /api/users", Api, Since14, legacy::redirect, [], "Points to where users are listed now.";
    "POST /api/users", Api, Since14, legacy::redirect, [], "Points to where users are created now.";
    "GET /api/users/<name>", Api, Since14, legacy::redirect, [], "Points to where a user is read now.";
    "PUT /api/users/<name>", Api, Since14, legacy::redirect, [], "Points to where a user is changed now.";
    "DELETE /api/users/<name>", Api, Since14, legacy::redirect, [], "Points to where a user is deleted now.";
    "PUT /api/users/<name>/password", Api, Since14, legacy::redirect, [], "Points to where passwords are changed now.";
    "GET /api/users/<name>/settings", Api, Since14, legacy::redirect, [], "Points to where settings are read now.";
    "PATCH /api/users/<name>/settings", Api, Since14, legacy::redirect, [], "Points to where settings are merged now.";
    "POST /api/users/<name>/apikey", Api, Since14, legacy::redirect, [], "Points to where keys are issued now.";
    "DELETE /api/users/<name>/apikey", Api, Since14, legacy::redirect, [], "Points to where keys are revoked now.";
    "GET /api/users", Api, Before14, users::list, [ListUsers, ListKeys], "Lists everybody, before 1.4.";
    "POST /api/users", Api, Before14, users::add, [CreateUser, GetUser, ListUsers, ListKeys], "Creates somebody, before 1.4.";
    "GET /api/users/<name>", Api, Before14, users::get, [GetUser, ListKeys], "Reads somebody, before 1.4.";
    "PUT /api/users/<name>", Api, Before14, users::update, [UpdateUser, GetUser, ListUsers, ListKeys], "Changes whether somebody is active and an administrator, before 1.4.";
    "DELETE /api/users/<name>", Api, Before14, users::remove, [DeleteUser, ListUsers, ListKeys], "Deletes somebody, before 1.4.";
    "PUT /api/users/<name>/password", Api, Before14, account::change_password, [ChangePassword, GetUser], "Changes somebody's password, before 1.4.";
    "GET /api/users/<name>/settings", Api, Before14, account::settings, [ReadSettings], "Reads somebody's settings, before 1.4.";
    "PATCH /api/users/<name>/settings", Api, Before14, account::merge_settings, [MergeSettings, GetUser], "Merges into somebody's settings, before 1.4.";
    "POST /api/users/<name>/apikey", Api, Before14, account::issue_key, [IssueKey], "Gives somebody a new API key, before 1.4.";
    "DELETE /api/users/<name>/apikey", Api, Before14, account::revoke_key, [RevokeKeys], "Takes somebody's API key away, before 1.4.";
    "POST /api/login", Api, Always, login::login, [GetUser, ListKeys, ListGroups], "Signs in, or says who is signed in.";
    "POST /api/logout", Api, Always, login::logout, [ListGroups], "Signs out.";
    "GET /api/currentuser", Api, Always, pages::current_user, [ListGroups], "Says who calls and what they may do.";
    "GET /api/version", Api, Always, pages::version, [ListGroups], "Says which version is spoken.";
    "GET /api/server", Api, Always, pages::server, [ListGroups], "Says which version is spoken and whether in safe mode.";
    "GET /api/plugin/<name>", Api, Always, appkeys::get, [ListKeys, ListUsers], "Lists application keys.";
    "POST /api/plugin/<name>", Api, Always, appkeys::command, [IssueKey, RevokeKeys, ListKeys, GetUser], "Gives or revokes an application key.";
    "GET /plugin/appkeys/probe", OpenPlugin, Always, pending::probe, [], "Says that applications may ask for keys.";
    "POST /plugin/appkeys/request", OpenPlugin, Always, pending::request, [], "Asks for an application key.";
    "GET /plugin/appkeys/request/<token>", Plugin, Always, pending::poll, [IssueKey, ListKeys], "Asks what was decided.";
    "POST /plugin/appkeys/decision/<token>", Plugin, Always, pending::decide, [ListGroups], "Decides.";
    "GET /plugin/appkeys/auth/<token>", Plugin, Always, pending::dialog, [ListGroups], "Shows the page to decide on.";
    "POST /plugin/corewizard/acl", Plugin, Always, wizard::first_user, [CreateUser, ListUsers], "Makes the first user, on a route that waits for one.";
    "GET /login/", Page, Always, pages::login, [], "Gives the token against forged requests.";
    "GET /", Page, Always, pages::index, [ListGroups], "Gives the token against forged requests.";
];

/// The methods, for the manual.
pub(crate) static METHODS: [MethodInfo; ROUTES.len()] = {
    let mut methods = [ROUTES[0].method; ROUTES.len()];
    let mut index = 0;
    while index < ROUTES.len() {
        methods[index] = ROUTES[index].method;
        index += 1;
    }
    methods
};

/// What a path and a verb lead to.
pub(crate) enum Found {
    /// To a row, with the texts in the path's places.
    Row(&'static Route, Vec<String>),
    /// To the question what may be done.
    Options(Area, Vec<&'static str>),
    /// To a path that has other verbs.
    WrongVerb(Vec<&'static str>),
    /// To another spelling of a path.
    Elsewhere(String),
    /// Nowhere.
    Nothing,
}

impl Route {
    pub(crate) const fn area(&self) -> Area {
        self.area
    }

    /// Whether writing here takes a token against forged requests.
    pub(crate) fn guarded(&self) -> bool {
        matches!(self.area, Area::Api | Area::Plugin)
    }

    pub(crate) fn run<'a>(
        &self,
        visit: &'a mut Visit<'_>,
        names: &'a [String],
    ) -> Pin<Box<dyn Future<Output = Reply> + Send + 'a>> {
        (self.handler)(visit, names)
    }

    fn verb(&self) -> &'static str {
        self.method.name.split_once(' ').map_or("", |(verb, _)| verb)
    }

    fn path(&self) -> &'static str {
        self.method.name.split_once(' ').map_or("", |(_, path)| path)
    }
}

/// Which paths there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    /// Whether this is a server from before 1.4.
    pub(crate) old: bool,
    /// Whether the setup wizard is there.
    pub(crate) wizard: bool,
}

impl Map {
    /// Finds the row for a request.
    pub(crate) fn find(self, verb: &str, path: &str) -> Found {
        // The one path that may do without its slash.
        let path = if path == "/login" { "/login/" } else { path };
        let rows: Vec<_> = self.matching(path).collect();
        if rows.is_empty() {
            return self.merged(path);
        }
        let wanted = if verb == "HEAD" { "GET" } else { verb };
        if verb == "OPTIONS" {
            return Found::Options(rows[0].0.area, allowed(&rows));
        }
        let verbs = allowed(&rows);
        match rows.into_iter().find(|(row, _)| row.verb() == wanted) {
            Some((row, names)) => Found::Row(row, names),
            None => Found::WrongVerb(verbs),
        }
    }

    /// `//` in a path stands for `/`, once the client was told so.
    fn merged(self, path: &str) -> Found {
        let merged = path.replace("//", "/");
        if merged != path && self.matching(&merged).next().is_some() {
            return Found::Elsewhere(merged);
        }
        Found::Nothing
    }

    fn matching(self, path: &str) -> impl Iterator<Item = (&'static Route, Vec<String>)> {
        ROUTES.iter().filter(move |row| self.has(row)).filter_map(move |row| {
            let names = places(row.path(), path)?;
            Some((row, names))
        })
    }

    fn has(self, row: &Route) -> bool {
        let era = match row.era {
            Era::Always => true,
            Era::Before14 => self.old,
            Era::Since14 => !self.old,
        };
        era && (self.wizard || !row.path().starts_with("/plugin/corewizard"))
    }
}

fn allowed(rows: &[(&'static Route, Vec<String>)]) -> Vec<&'static str> {
    let mut verbs = vec!["OPTIONS"];
    for (row, _) in rows {
        verbs.push(row.verb());
        if row.verb() == "GET" {
            verbs.push("HEAD");
        }
    }
    verbs
}

/// The texts in a pattern's places, if a path fits.
fn places(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('<') {
            if segment.is_empty() {
                return None;
            }
            names.push(segment.to_owned());
        } else if expected != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(names)
}

/// A path as Flask routes it: decoded, so that an encoded slash is a slash.
pub(crate) fn decoded_path(path: &str, root: &str) -> String {
    let path = String::from_utf8_lossy(&percent_decoded(path.as_bytes())).into_owned();
    // A proxy that names its prefix may have left it in the path.
    let path = match path.strip_prefix(root) {
        Some(below) if !root.is_empty() && below.starts_with('/') => below,
        _ => &path,
    };
    format!("/{}", path.trim_start_matches('/'))
}

/// A path as it stands in a Location.
pub(crate) fn quoted(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"_.-~!$&'()*+,/:;=@".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}
