//! The procedures that people alone may call, about themselves. Of projects there are only those
//! that a person makes alone and for themselves, kept with the person; tasks there are none.

use std::time::Duration;

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::user::{AttributeChanges, User, UserId, UserRef};
use serde_json::{Value, json};

use crate::dialect::procedure::{
    Access, Answering, Call, Otherwise, Procedure, Run, optional, required,
};
use crate::dialect::refusal::{Ending, Failure};
use crate::dialect::users::{find, token_holders};
use crate::php::{Key, Php};
use crate::project::Project;
use crate::wire::PREFIX;

/// Where each of a person's projects is kept, by its number: two that are made at the same moment do
/// not overwrite each other.
const PROJECT: &str = "kanboard.project.";
/// Where they were kept together before.
const PROJECTS: &str = "kanboard.projects";
/// Where the owner of a project is remembered, and the number of the last one.
const OWNERS: &str = "kanboard.project";
/// As good as for ever.
const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
/// How many projects a person may have. Kanboard sets no limit, but one account must not be able to
/// fill the gateway's disk.
const MOST_PROJECTS: usize = 100;
/// How many bytes of names and descriptions a person's projects may have together.
const MOST_BYTES: usize = 1 << 20;
/// The most characters of a project's name.
const NAME_LENGTH: usize = 65_535;

const fn own(
    name: &'static str,
    verbs: &'static [Verb],
    about: &'static str,
    parameters: &'static [crate::dialect::procedure::Parameter],
    run: Run,
) -> Procedure {
    Procedure { method: MethodInfo { name, verbs, about }, parameters, access: Access::People, run }
}

/// The rows.
pub(crate) static PROCEDURES: [Procedure; 8] = [
    own("getMe", &[Verb::ListKeys], "Gives the caller's own row.", &[], |call| Box::pin(me(call))),
    own("getMyDashboard", &[], "Gives the caller's tasks: none.", &[], |_| nothing()),
    own(
        "getMyActivityStream",
        &[],
        "Gives what happened in the caller's projects: nothing.",
        &[],
        |_| nothing(),
    ),
    own(
        "createMyPrivateProject",
        &[Verb::GetUser, Verb::MergeSettings],
        "Makes a project for the caller alone and gives its id, or false.",
        &[required("name"), optional("description", Otherwise::Null)],
        |call| Box::pin(create_project(call)),
    ),
    own("getMyProjectsList", &[], "Gives the names of the caller's projects by id.", &[], |call| {
        Box::pin(async move { Ok(project_names(call)) })
    }),
    own("getMyOverdueTasks", &[], "Gives the caller's late tasks: none.", &[], |_| nothing()),
    own("getMyProjects", &[], "Gives the caller's projects.", &[], |call| {
        Box::pin(async move { Ok(project_rows(call)) })
    }),
    Procedure {
        method: MethodInfo {
            name: "getProjectById",
            verbs: &[Verb::GetUser],
            about: "Gives a person's own project, or null.",
        },
        parameters: &[required("project_id")],
        access: Access::Everybody,
        run: |call| Box::pin(project(call)),
    },
];

fn nothing<'a>() -> Answering<'a> {
    Box::pin(async { Ok(Php::Array(Vec::new())) })
}

/// Null for the application, which slips in here by `getme`.
async fn me(call: &Call<'_>) -> Result<Php, Failure> {
    let Some(user) = call.caller.user() else { return Ok(Php::Null) };
    let namespace = call.dialect.shape.namespace.clone();
    let holders = token_holders(call, Some(user.id)).await?;
    let mut token = Php::Null;
    if holders.contains(&user.id) {
        let listed = call.ask(Command::ListKeys(Some(UserRef::Id(user.id)), namespace)).await?;
        let shown = listed.keys()?.into_iter().find_map(|key| key.shown);
        token = shown.map_or(Php::Null, |token| Php::from(token.expose()));
    }
    Ok(call.dialect.shape.me(user, token))
}

async fn create_project(call: &Call<'_>) -> Result<Php, Failure> {
    let (name, description) = (call.argument(0), call.argument(1));
    if name.is_array() {
        return Err(Ending::Fatal.into());
    }
    let database = call.dialect.shape.database;
    let long = name.to_text().chars().count() > NAME_LENGTH;
    let (true, false, Some(caller)) = (name.is_given(), long, call.caller.user()) else {
        return Ok(Php::Bool(false));
    };
    // Read anew: an earlier call of the batch may have made one too.
    let person = Some(UserRef::Id(caller.id));
    let Some(owner) = find(call, person).await? else { return Ok(Php::Bool(false)) };
    let (name, description) =
        (database.bound(name).unwrap_or_default(), database.bound(description));
    if !has_room(&projects(&owner), name.len() + description.as_ref().map_or(0, String::len)) {
        return Ok(Php::Bool(false));
    }
    // Counted too, so that many at the same moment are not more.
    let sessions = call.exchange.sessions();
    if sessions.count(OWNERS, &format!("of {}", owner.id), CENTURY).await? > MOST_PROJECTS as u64 {
        return Ok(Php::Bool(false));
    }
    let number = sessions.count(OWNERS, "number", CENTURY).await?;
    let id = i64::try_from(number).unwrap_or(i64::MAX);
    let modified = call.exchange.now().as_second();
    let kept = Project { id, name, description, modified }.kept();
    sessions.remember(OWNERS, &id.to_string(), json!(owner.id.to_string()), CENTURY).await?;
    let changes = AttributeChanges::from([(format!("{PROJECT}{id}"), Some(kept))]);
    call.ask(Command::MergeSettings(UserRef::Id(owner.id), PREFIX.to_owned(), changes)).await?;
    Ok(Php::Int(id))
}

/// Whether a person may have one more project, with so many bytes of text.
fn has_room(projects: &[Project], bytes: usize) -> bool {
    let held: usize = projects.iter().map(Project::bytes).sum();
    projects.len() < MOST_PROJECTS && held + bytes <= MOST_BYTES
}

fn project_names(call: &Call<'_>) -> Php {
    let entry = |project: &Project| (Key::Index(project.id), Php::from(project.name.as_str()));
    Php::Object(own_projects(call).iter().map(entry).collect())
}

fn project_rows(call: &Call<'_>) -> Php {
    let Some(owner) = call.caller.user() else { return Php::Array(Vec::new()) };
    let shape = &call.dialect.shape;
    own_projects(call).iter().map(|project| project.row(shape, shape.user_id(owner))).collect()
}

/// A person may see a project of their own only, and is forbidden whatever else the id may be; to
/// the application it is null: `fixtures/transcripts/kanboard/me.json`.
async fn project(call: &Call<'_>) -> Result<Php, Failure> {
    let shape = &call.dialect.shape;
    let id = shape.database.id(call.argument(0), 1).map_err(Failure::exception)?;
    let owner = owner(call, id).await?;
    if let Some(caller) = call.caller.user()
        && owner.as_ref().is_none_or(|owner| owner.id != caller.id)
    {
        return Err(Ending::Forbidden.into());
    }
    let Some(owner) = owner else { return Ok(Php::Null) };
    let found = projects(&owner).into_iter().find(|project| Some(project.id) == id);
    Ok(found.map_or(Php::Null, |project| project.row(shape, shape.user_id(&owner))))
}

async fn owner(call: &Call<'_>, id: Option<i64>) -> Result<Option<Box<User>>, Failure> {
    let Some(id) = id else { return Ok(None) };
    let remembered = call.exchange.sessions().recall(OWNERS, &id.to_string()).await?;
    let owner = remembered.as_ref().and_then(Value::as_str).and_then(|owner| owner.parse().ok());
    find(call, owner.map(|owner| UserRef::Id(UserId(owner)))).await
}

/// The caller's projects by name.
fn own_projects(call: &Call<'_>) -> Vec<Project> {
    let mut projects = call.caller.user().map(projects).unwrap_or_default();
    projects.sort_by_cached_key(|project| call.dialect.shape.database.sort_key(&project.name));
    projects
}

/// A person's projects in the order in which they were made.
fn projects(user: &User) -> Vec<Project> {
    let together = user.attribute(PROJECTS).and_then(Value::as_array).into_iter().flatten();
    let alone = user.attributes.iter().filter(|(name, _)| name.starts_with(PROJECT));
    let kept = together.chain(alone.map(|(_, kept)| kept));
    let mut projects: Vec<_> = kept.filter_map(Project::read).collect();
    projects.sort_by_key(|project| project.id);
    projects
}
