//! Every method of the dialect in one table, and how a method is found by its name.

use std::sync::LazyLock;

use isogloss_canonical::command::Verb;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::failure::Failure;
use crate::dialect::method::{Access, DefaultValue, Method, Parameter, optional, required, run};
use crate::dialect::{account, groups, members, projects, server, users};

const MEMBERSHIP: &[Parameter] = &[required("group_id"), required("user_id")];

/// The methods.
pub(crate) static METHODS: [Method; 35] = [
    // The caller's own account and projects.
    Method::new("getMe", &[Verb::ListKeys], "Gives the caller's own row.", &[], run!(account::get))
        .open_to(Access::Users),
    Method::new(
        "getMyDashboard",
        &[],
        "Gives the caller's tasks: none.",
        &[],
        run!(ready projects::no_tasks),
    )
    .open_to(Access::Users),
    Method::new(
        "getMyActivityStream",
        &[],
        "Gives the activity in the caller's projects: none.",
        &[],
        run!(ready projects::no_tasks),
    )
    .open_to(Access::Users),
    Method::new(
        "createMyPrivateProject",
        &[Verb::GetUser, Verb::MergeSettings],
        "Creates a private project of the caller and gives its id, or false.",
        &[required("name"), optional("description", DefaultValue::Null)],
        run!(projects::create),
    )
    .open_to(Access::Users),
    Method::new(
        "getMyProjectsList",
        &[],
        "Gives the names of the caller's projects by id.",
        &[],
        run!(ready projects::names),
    )
    .open_to(Access::Users),
    Method::new(
        "getMyOverdueTasks",
        &[],
        "Gives the caller's late tasks: none.",
        &[],
        run!(ready projects::no_tasks),
    )
    .open_to(Access::Users),
    Method::new(
        "getMyProjects",
        &[],
        "Gives the caller's projects.",
        &[],
        run!(ready projects::rows),
    )
    .open_to(Access::Users),
    Method::new(
        "getProjectById",
        &[Verb::GetUser],
        "Gives a private project, or null.",
        &[required("project_id")],
        run!(projects::get),
    )
    .open_to(Access::Everybody),
    // The server.
    Method::new(
        "getTimezone",
        &[],
        "Gives the time zone of the caller, or of the server.",
        &[],
        run!(ready server::timezone),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getVersion",
        &[],
        "Gives the version of Kanboard that the dialect answers as.",
        &[],
        run!(ready server::version),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getDefaultTaskColor",
        &[],
        "Gives the colour of a new task.",
        &[],
        run!(ready server::default_color),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getDefaultTaskColors",
        &[],
        "Gives the colours of tasks, each with its shades.",
        &[],
        run!(ready server::colors),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getColorList",
        &[],
        "Gives the names of the colours of tasks.",
        &[],
        run!(ready server::color_names),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getApplicationRoles",
        &[],
        "Gives the names of the roles of users.",
        &[],
        run!(ready server::application_roles),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getProjectRoles",
        &[],
        "Gives the names of the roles within projects.",
        &[],
        run!(ready server::project_roles),
    )
    .open_to(Access::Everybody),
    // Users.
    Method::new(
        "createUser",
        &[Verb::CreateUser],
        "Creates a user and gives the new id, or false.",
        &[
            required("username"),
            required("password"),
            optional("name", DefaultValue::Text("")),
            optional("email", DefaultValue::Text("")),
            optional("role", DefaultValue::Text("app-user")),
        ],
        run!(users::create::create),
    ),
    Method::new(
        "createLdapUser",
        &[Verb::CreateFromDirectory],
        "Creates a user who is found in the directory and gives the new id, or false.",
        &[required("username")],
        run!(users::create::create_from_directory),
    ),
    Method::new(
        "getUser",
        &[Verb::GetUser, Verb::ListKeys],
        "Gives a user's row by id, or null.",
        &[required("user_id")],
        run!(users::get),
    ),
    Method::new(
        "getUserByName",
        &[Verb::GetUser, Verb::ListKeys],
        "Gives a user's row by name, or null.",
        &[required("username")],
        run!(users::get_by_name),
    ),
    Method::new(
        "getAllUsers",
        &[Verb::ListUsers, Verb::ListKeys],
        "Gives every user's row, sorted by name.",
        &[],
        run!(users::get_all),
    ),
    Method::new(
        "updateUser",
        &[Verb::UpdateUser, Verb::GetUser],
        "Changes a user; true even if there is none of that id.",
        &[
            required("id"),
            optional("username", DefaultValue::Null),
            optional("name", DefaultValue::Null),
            optional("email", DefaultValue::Null),
            optional("role", DefaultValue::Null),
        ],
        run!(users::update::update),
    ),
    Method::new(
        "removeUser",
        &[Verb::DeleteUser],
        "Removes a user; false if there is none of that id.",
        &[required("user_id")],
        run!(users::remove),
    ),
    Method::new(
        "disableUser",
        &[Verb::DeactivateUser],
        "Disables a user, who can then not sign in; true even if there is none of that id.",
        &[required("user_id")],
        run!(users::disable),
    ),
    Method::new(
        "enableUser",
        &[Verb::ActivateUser],
        "Enables a user, who can then sign in again; true even if there is none of that id.",
        &[required("user_id")],
        run!(users::enable),
    ),
    Method::new(
        "isActiveUser",
        &[Verb::GetUser],
        "Says whether there is an enabled user of that id.",
        &[required("user_id")],
        run!(users::is_active),
    ),
    // Groups.
    Method::new(
        "createGroup",
        &[Verb::CreateGroup, Verb::ListGroups],
        "Creates a group and gives its id, or false.",
        &[required("name"), optional("external_id", DefaultValue::Text(""))],
        run!(groups::create),
    ),
    Method::new(
        "updateGroup",
        &[Verb::UpdateGroup, Verb::ListGroups],
        "Changes a group; true even if there is none of that id.",
        &[
            required("group_id"),
            optional("name", DefaultValue::Null),
            optional("external_id", DefaultValue::Null),
        ],
        run!(groups::update),
    ),
    Method::new(
        "removeGroup",
        &[Verb::DeleteGroup],
        "Removes a group; false if there is none of that id.",
        &[required("group_id")],
        run!(groups::remove),
    ),
    Method::new(
        "getGroup",
        &[Verb::GetGroup],
        "Gives a group by id, or null.",
        &[required("group_id")],
        run!(groups::get),
    ),
    Method::new(
        "getAllGroups",
        &[Verb::ListGroups],
        "Gives every group with the number of its members, sorted by name.",
        &[],
        run!(groups::get_all),
    ),
    // The members of groups.
    Method::new(
        "getMemberGroups",
        &[Verb::GroupsOf],
        "Gives the groups of a user, sorted by name.",
        &[required("user_id")],
        run!(members::groups_of),
    ),
    Method::new(
        "getGroupMembers",
        &[Verb::GetGroup, Verb::ListMembers, Verb::ListKeys],
        "Gives the rows of a group's members.",
        &[required("group_id")],
        run!(members::members_of),
    ),
    Method::new(
        "addGroupMember",
        &[Verb::GetGroup, Verb::AddMember],
        "Adds a user to a group; false if already a member, or if one of them does not exist.",
        MEMBERSHIP,
        run!(members::add),
    ),
    Method::new(
        "removeGroupMember",
        &[Verb::GetGroup, Verb::RemoveMember],
        "Removes a user from a group; false if not a member.",
        MEMBERSHIP,
        run!(members::remove),
    ),
    Method::new(
        "isGroupMember",
        &[Verb::GetGroup, Verb::GetUser],
        "Says whether a user is a member of a group.",
        MEMBERSHIP,
        run!(members::is_member),
    ),
];

/// The rows of the manual.
pub(crate) static METHOD_INFOS: LazyLock<Vec<MethodInfo>> =
    LazyLock::new(|| METHODS.iter().map(|method| method.info).collect());

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

/// Whether the gateway itself answers a method, even where the route has an origin.
pub(crate) fn is_translated(name: &str) -> bool {
    METHODS.iter().any(|method| method.info.name.eq_ignore_ascii_case(name))
        && !is_one_of(&ABOUT_PROJECTS, name)
        && !is_one_of(&ABOUT_THE_SERVER, name)
}

/// The name of a method as the manual writes it, from one in any case.
pub(crate) fn spelled(name: String) -> String {
    let known = METHODS.iter().find(|method| method.info.name.eq_ignore_ascii_case(&name));
    known.map_or(name, |method| method.info.name.to_owned())
}

/// Finds a method by its name in any case, and checks that the caller may call it. The gateway has the
/// projects of the embedded store only: of a remote system it knows none.
pub(crate) fn find(
    name: &str,
    caller: &Caller,
    is_embedded: bool,
) -> Result<&'static Method, Failure> {
    let named = |own: &str| own.eq_ignore_ascii_case(name);
    if let Some(method) = METHODS.iter().find(|method| named(method.info.name)) {
        method.access.check(method.info.name == name, caller)?;
        let is_known = is_embedded || !is_one_of(&ABOUT_PROJECTS, name);
        return if is_known { Ok(method) } else { Err(Failure::unknown_method()) };
    }
    if let Some((_, access)) = RESERVED.iter().find(|(own, _)| named(own)) {
        access.check(true, caller)?;
    }
    Err(Failure::unknown_method())
}
