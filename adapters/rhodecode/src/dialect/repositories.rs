//! The methods about repositories, repository groups, pull requests and gists.
//!
//! The gateway has none of them. A call is checked like any other, and then the answer is that there
//! is no such repository. That is true of the embedded store. Of a route with an origin the origin
//! answers these methods; of a remote backend without one the gateway does not know, and says that
//! there is no such method.

use isogloss_canonical::command::Command;
use isogloss_canonical::people::{self, Order, PeopleQuery};
use isogloss_canonical::user::{User, UserPatch, UserRef};
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::done;
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::wire::attribute;

/// There is no such repository.
pub(crate) async fn no_repository(call: &Call<'_>) -> Answer {
    Err(absent(call, "repository", "repoid"))
}

/// There is no such repository to pull from.
pub(crate) async fn no_source_repository(call: &Call<'_>) -> Answer {
    Err(absent(call, "repository", "source_repo"))
}

/// There is no such pull request. Version 4.3 looks for the repository first.
pub(crate) async fn no_pull_request(call: &Call<'_>) -> Answer {
    if call.differences().repository_before_pull_request {
        return Err(absent(call, "repository", "repoid"));
    }
    Err(absent(call, "pull request", "pullrequestid"))
}

/// There is no such comment.
pub(crate) async fn no_comment(call: &Call<'_>) -> Answer {
    Err(absent(call, "comment", "comment_id"))
}

/// There is no such gist.
pub(crate) async fn no_gist(call: &Call<'_>) -> Answer {
    Err(absent(call, "gist", "gistid"))
}

/// There is no such repository group.
pub(crate) async fn no_repository_group(call: &Call<'_>) -> Answer {
    Err(absent_group(call))
}

/// An empty list.
pub(crate) async fn empty_list(_: &Call<'_>) -> Answer {
    Ok(Py::List(Vec::new()))
}

/// `create_gist`: fails.
pub(crate) async fn create_gist(_: &Call<'_>) -> Answer {
    Err(Failure::error("failed to create gist"))
}

/// `create_repo`: fails.
pub(crate) async fn create_repo(call: &Call<'_>) -> Answer {
    let name = call.required("repo_name").to_text();
    Err(Failure::error(format!("failed to create repository `{name}`")))
}

/// `create_repo_group`: fails.
pub(crate) async fn create_repo_group(call: &Call<'_>) -> Answer {
    let name = call.required("group_name").to_text();
    Err(Failure::error(format!("failed to create repo group `{name}`")))
}

/// `delete_repo_group`. The only repository groups are those that were created with a person. Such a
/// person can be deleted only after the group:
/// fixtures/transcripts/rhodecode/personal-repo-group.json.
pub(crate) async fn delete_repo_group(call: &Call<'_>) -> Answer {
    if !call.is_admin() {
        return Err(absent_group(call));
    }
    let name = call.required("repogroupid").as_str().ok_or_else(|| absent_group(call))?;
    let query = PeopleQuery::in_order(Order::Created);
    let everybody = call.exchange.list(Some(call.caller), query).await?;
    let owns = |own: Option<&Value>| own.and_then(Value::as_str) == Some(name);
    let owner = |user: &User| owns(user.attribute(attribute::REPO_GROUP)).then(|| user.clone());
    let owner = &people::find(everybody, owner).await?.ok_or_else(|| absent_group(call))?;
    let mut patch = UserPatch::default();
    patch.attributes.insert(attribute::REPO_GROUP.to_owned(), None);
    call.run(Command::UpdateUser(UserRef::from(owner), Box::new(patch))).await?;
    let id = call.options.user_id(owner);
    Ok(done(format!("deleted repo group ID:{id} {name}"), "repo_group", Py::None))
}

fn absent_group(call: &Call<'_>) -> Failure {
    absent(call, "repository group", "repogroupid")
}

/// `repository ... does not exist`.
fn absent(call: &Call<'_>, what: &str, argument: &str) -> Failure {
    let value = call.required(argument).to_text();
    Failure::error(format!("{what} `{value}` does not exist"))
}
