//! The methods of each version, and how one is found by its name. The table of an older version is
//! that of the newest with some rows replaced.

mod newest;
mod v1_0;

use std::sync::LazyLock;

use isogloss_canonical::credentials::Caller;
use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::failure::Failure;
use crate::dialect::method::{Access, Method};
use crate::options::version::Version;

/// The methods of one version.
#[derive(Debug)]
pub(crate) struct Table {
    /// The methods.
    pub(crate) methods: Vec<Method>,
    /// Their rows of the manual.
    pub(crate) infos: Vec<MethodInfo>,
}

static V1_2: LazyLock<Table> = LazyLock::new(|| Table::replacing(&[]));
static V1_0: LazyLock<Table> = LazyLock::new(|| Table::replacing(&v1_0::METHODS));

/// The methods of a version.
pub(crate) fn table(version: Version) -> &'static Table {
    match version {
        Version::V1_2 => &V1_2,
        Version::V1_0 => &V1_0,
    }
}

impl Table {
    /// The methods of the newest version with these in the places of their namesakes.
    fn replacing(older: &[Method]) -> Self {
        let replaced = |newest: &Method| {
            let own = older.iter().find(|own| own.info.name == newest.info.name);
            *own.unwrap_or(newest)
        };
        let methods: Vec<_> = newest::METHODS.iter().map(replaced).collect();
        let infos = methods.iter().map(|method| method.info).collect();
        Self { methods, infos }
    }
}

/// Methods of Kanboard that the gateway does not have and not everybody may call. A caller without
/// the permission is forbidden before the gateway says that there is no such method.
const RESERVED: [(&str, Access); 10] = [
    ("getLinkById", Access::Administrators),
    ("getLinkByLabel", Access::Administrators),
    ("getOppositeLinkId", Access::Administrators),
    ("getAllLinks", Access::Administrators),
    ("createLink", Access::Administrators),
    ("updateLink", Access::Administrators),
    ("removeLink", Access::Administrators),
    ("getOverdueTasks", Access::Administrators),
    ("getAllProjects", Access::Administrators),
    ("createProject", Access::Managers),
];

/// Methods about projects: the origin answers them where the route has one.
const ABOUT_PROJECTS: [&str; 7] = [
    "getMyDashboard",
    "getMyActivityStream",
    "createMyPrivateProject",
    "getMyProjectsList",
    "getMyOverdueTasks",
    "getMyProjects",
    "getProjectById",
];

/// Facts about the server: the origin knows its own, where the route has one.
const ABOUT_THE_SERVER: [&str; 7] = [
    "getTimezone",
    "getVersion",
    "getDefaultTaskColor",
    "getDefaultTaskColors",
    "getColorList",
    "getApplicationRoles",
    "getProjectRoles",
];

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|own| own.eq_ignore_ascii_case(name))
}

impl Table {
    /// A method by its name in any case.
    fn method(&self, name: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.info.name.eq_ignore_ascii_case(name))
    }
}

/// Whether the gateway itself answers a method, even where the route has an origin.
pub(crate) fn is_translated(version: Version, name: &str) -> bool {
    table(version).method(name).is_some()
        && !is_one_of(&ABOUT_PROJECTS, name)
        && !is_one_of(&ABOUT_THE_SERVER, name)
}

/// Whether the gateway itself answers a method, and the method changes nothing.
pub(crate) fn is_read(version: Version, name: &str) -> bool {
    let method = table(version).method(name);
    is_translated(version, name)
        && method.is_some_and(|method| method.info.verbs.iter().all(|verb| !verb.changes()))
}

/// The name of a method as the manual writes it, from one in any case.
pub(crate) fn spelled(version: Version, name: String) -> String {
    let known = table(version).method(&name).map(|method| method.info.name.to_owned());
    known.unwrap_or(name)
}

/// Finds a method by its name in any case, and checks that the caller may call it. The gateway has the
/// projects of the embedded store only: of a remote system it knows none.
pub(crate) fn find(
    version: Version,
    name: &str,
    caller: &Caller,
    is_embedded: bool,
) -> Result<&'static Method, Failure> {
    if let Some(method) = table(version).method(name) {
        method.access.check(method.info.name == name, caller)?;
        let is_known = is_embedded || !is_one_of(&ABOUT_PROJECTS, name);
        return if is_known { Ok(method) } else { Err(Failure::unknown_method()) };
    }
    if let Some((_, access)) = RESERVED.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
        access.check(true, caller)?;
    }
    Err(Failure::unknown_method())
}
