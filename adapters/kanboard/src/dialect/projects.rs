//! The methods about projects. There are only the private projects that users create for
//! themselves; they are stored as attributes of their owner. There are no tasks.

use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::user::{AttributeChanges, User, UserId, UserRef};
use isogloss_interop::php::value::{Key, Php};
use serde_json::{Value, json};

use crate::dialect::call::Call;
use crate::dialect::failure::{Abort, Failure};
use crate::dialect::validation::check_type;
use crate::wire::attributes::{PREFIX, PROJECT, PROJECTS};
use crate::wire::project::Project;

/// The kind of session in which the owner of each project is remembered, and the last id.
const OWNERS: &str = "kanboard.project";
/// How long that is remembered: practically for ever.
const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
/// How many projects a user may have. Kanboard has no limit; here one account must not be able to
/// fill the gateway's disk.
const PROJECTS_LIMIT: usize = 100;
/// How many bytes the names and descriptions of a user's projects may have together.
const BYTES_LIMIT: usize = 1 << 20;

/// `createMyPrivateProject`.
pub(crate) async fn create(call: &Call<'_>) -> Result<Php, Failure> {
    let (name, description) = (call.argument(0), call.argument(1));
    let differences = call.options.differences();
    check_type(name, differences.arrays)?;
    if !name.is_given() || name.to_text().chars().count() > differences.project_name {
        return Ok(Php::Bool(false));
    }
    let Some(caller) = call.caller.user() else { return Ok(Php::Bool(false)) };
    // The owner is read again: an earlier call of the batch may have created a project too.
    let Some(owner) = call.find_user(Some(UserRef::Id(caller.id))).await? else {
        return Ok(Php::Bool(false));
    };
    let database = call.options.database;
    let project = Project {
        id: 0,
        name: database.bound(name).unwrap_or_default(),
        description: database.bound(description),
        modified: call.exchange.now().as_second(),
    };
    if !has_room(&projects(&owner), project.bytes()) {
        return Ok(Php::Bool(false));
    }
    store(call, &owner, project).await
}

/// Whether a user may have one more project with this many bytes of text.
fn has_room(projects: &[Project], bytes: usize) -> bool {
    let stored: usize = projects.iter().map(Project::bytes).sum();
    projects.len() < PROJECTS_LIMIT && stored + bytes <= BYTES_LIMIT
}

/// Stores a new project and answers its id.
async fn store(call: &Call<'_>, owner: &User, project: Project) -> Result<Php, Failure> {
    let sessions = call.exchange.sessions();
    // Creations are counted as well, so that concurrent ones cannot exceed the limit.
    let created = sessions.count(OWNERS, &format!("of {}", owner.id), CENTURY).await?;
    if created > PROJECTS_LIMIT as u64 {
        return Ok(Php::Bool(false));
    }
    let number = sessions.count(OWNERS, "number", CENTURY).await?;
    let id = i64::try_from(number).unwrap_or(i64::MAX);
    sessions.remember(OWNERS, &id.to_string(), json!(owner.id.to_string()), CENTURY).await?;
    let stored = Project { id, ..project }.stored();
    let changes = AttributeChanges::from([(format!("{PROJECT}{id}"), Some(stored))]);
    call.run(Command::MergeSettings(UserRef::Id(owner.id), PREFIX.to_owned(), changes)).await?;
    Ok(Php::Int(id))
}

/// `getMyProjectsList`.
pub(crate) fn names(call: &Call<'_>) -> Php {
    let entry = |project: &Project| (Key::Index(project.id), Php::from(project.name.as_str()));
    Php::Object(own_projects(call).iter().map(entry).collect())
}

/// `getMyProjects`.
pub(crate) fn rows(call: &Call<'_>) -> Php {
    let Some(owner) = call.caller.user() else { return Php::Array(Vec::new()) };
    let owner = call.options.user_id(owner);
    own_projects(call).iter().map(|project| project.row(call.options, owner)).collect()
}

/// `getMyDashboard` of version 1.0: the projects, and no tasks. Each project has its owner's names and
/// its columns, from the source of 1.0.39.
pub(crate) fn dashboard(call: &Call<'_>) -> Php {
    let none = || Php::Array(Vec::new());
    let Some(owner) = call.caller.user() else { return none() };
    let row = |project: &Project| project.dashboard_row(call.options, owner);
    let rows: Php = own_projects(call).iter().map(row).collect();
    Php::map([("projects", rows), ("tasks", none()), ("subtasks", none())])
}

/// `getMyDashboard`, `getMyActivityStream` and `getMyOverdueTasks`: there are no tasks.
pub(crate) fn no_tasks(_: &Call<'_>) -> Php {
    Php::Array(Vec::new())
}

/// `getProjectById`. Users may read their own projects and are forbidden every other id, even one
/// that nobody has; for the application such an id is null: `fixtures/transcripts/kanboard/me.json`.
pub(crate) async fn get(call: &Call<'_>) -> Result<Php, Failure> {
    let id = call.options.database.id(call.argument(0), 1)?;
    let owner = owner(call, id).await?;
    if let Some(caller) = call.caller.user()
        && owner.as_ref().is_none_or(|owner| owner.id != caller.id)
    {
        return Err(Abort::Forbidden.into());
    }
    let Some(owner) = owner else { return Ok(Php::Null) };
    let found = projects(&owner).into_iter().find(|project| Some(project.id) == id);
    let row = |project: Project| project.row(call.options, call.options.user_id(&owner));
    Ok(found.map_or(Php::Null, row))
}

async fn owner(call: &Call<'_>, id: Option<i64>) -> Result<Option<Box<User>>, Failure> {
    let Some(id) = id else { return Ok(None) };
    let remembered = call.exchange.sessions().recall(OWNERS, &id.to_string()).await?;
    let owner = remembered.as_ref().and_then(Value::as_str).and_then(|owner| owner.parse().ok());
    call.find_user(owner.map(|owner| UserRef::Id(UserId(owner)))).await
}

/// The caller's projects, sorted by name.
fn own_projects(call: &Call<'_>) -> Vec<Project> {
    let mut projects = call.caller.user().map(projects).unwrap_or_default();
    projects.sort_by_cached_key(|project| call.options.database.sort_key(&project.name));
    projects
}

/// A user's projects in the order of their creation.
fn projects(user: &User) -> Vec<Project> {
    let together = user.attribute(PROJECTS).and_then(Value::as_array).into_iter().flatten();
    let alone = user.attributes.iter().filter(|(name, _)| name.starts_with(PROJECT));
    let stored = together.chain(alone.map(|(_, stored)| stored));
    let mut projects: Vec<_> = stored.filter_map(Project::read).collect();
    projects.sort_by_key(|project| project.id);
    projects
}
