//! The methods of version 1.2.

use isogloss_canonical::verb::Verb;

use crate::dialect::method::{Access, DefaultValue, Method, Parameter, optional, required, run};
use crate::dialect::{account, groups, members, projects, server, users};

const MEMBERSHIP: &[Parameter] = &[required("group_id"), required("user_id")];

/// The methods.
pub(super) const METHODS: [Method; 35] = [
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
        &[Verb::ServerFacts],
        "Gives the time zone of the caller, or of the server.",
        &[],
        run!(server::timezone),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getVersion",
        &[Verb::ServerFacts],
        "Gives the version of the Kanboard server behind, or the one that the dialect answers as.",
        &[],
        run!(server::version),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getDefaultTaskColor",
        &[Verb::ServerFacts],
        "Gives the colour of a new task.",
        &[],
        run!(server::default_color),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getDefaultTaskColors",
        &[Verb::ServerFacts],
        "Gives the colours of tasks, each with its shades.",
        &[],
        run!(server::colors),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getColorList",
        &[Verb::ServerFacts],
        "Gives the names of the colours of tasks.",
        &[],
        run!(server::color_names),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getApplicationRoles",
        &[Verb::ServerFacts],
        "Gives the names of the roles of users.",
        &[],
        run!(server::application_roles),
    )
    .open_to(Access::Everybody),
    Method::new(
        "getProjectRoles",
        &[Verb::ServerFacts],
        "Gives the names of the roles within projects.",
        &[],
        run!(server::project_roles),
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
