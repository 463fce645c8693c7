//! The methods about what only RhodeCode has: repositories, their groups, pull requests, gists.
//!
//! The envelope is theirs too (a missing argument is named, an unknown caller refused), and then
//! there is no such repository: that is the truth of a gateway.

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::user::{UserPatch, UserRef};
use serde_json::Value;

use crate::dialect::call::{Answer, Call, Raised, told};
use crate::dialect::registry::{Row, Since};
use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;
use crate::wire::{self, kept};

/// The earlier name of `comment_commit`.
pub(crate) const CHANGESET_COMMENT: Row =
    Row::own("changeset_comment", "repoid revision message userid=@ status=None", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere()
    .deprecated("comment_commit");

/// Gists.
pub(crate) const GISTS: &[Row] = &[
    Row::own(
        "create_gist",
        "files gistid=None owner=@ gist_type=u'public' lifetime=-1 \
         acl_level=u'acl_public' description=''",
        |_| told(failed("failed to create gist".to_owned())),
    )
    .elsewhere(),
    Row::own("delete_gist", "gistid", |call| told(absent(call, "gist", "gistid"))).elsewhere(),
    Row::own("get_gist", "gistid content=False", |call| told(absent(call, "gist", "gistid")))
        .elsewhere(),
    Row::own("get_gists", "userid=@", |_| told(Ok(nothing()))).elsewhere(),
];

/// Pull requests.
pub(crate) const PULL_REQUESTS: &[Row] = &[
    Row::own(
        "close_pull_request",
        "-repoid pullrequestid +repoid=None userid=@ +message=''",
        |call| told(absent_pull_request(call)),
    )
    .elsewhere(),
    Row::own(
        "comment_pull_request",
        "-repoid pullrequestid +repoid=None message=None +commit_id=None \
         status=None +comment_type=u'note' +resolves_comment_id=None \
         +extra_recipients=[] userid=@ +send_email=True",
        |call| told(absent_pull_request(call)),
    )
    .elsewhere(),
    Row::own(
        "create_pull_request",
        "-title source_repo target_repo source_ref target_ref +owner=@ \
         +title='' description='' +description_renderer='' reviewers=None \
         +observers=None",
        |call| told(absent(call, "repository", "source_repo")),
    )
    .elsewhere(),
    Row::own("get_pull_request", "-repoid pullrequestid +repoid=None +merge_state=False", |call| {
        told(absent_pull_request(call))
    })
    .elsewhere(),
    Row::own("get_pull_request_comments", "pullrequestid repoid=None", |call| {
        told(absent_pull_request(call))
    })
    .since(Since::Current)
    .elsewhere(),
    Row::own("get_pull_requests", "repoid status='new' +merge_state=False", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("merge_pull_request", "-repoid pullrequestid +repoid=None userid=@", |call| {
        told(absent_pull_request(call))
    })
    .elsewhere(),
    Row::own(
        "update_pull_request",
        "-repoid -close_pull_request=None pullrequestid +repoid=None title='' \
         description='' +description_renderer='' reviewers=None +observers=None \
         update_commits=None",
        |call| told(absent_pull_request(call)),
    )
    .elsewhere(),
];

/// Repositories.
pub(crate) const REPOSITORIES: &[Row] = &[
    Row::own("add_field_to_repo", "repoid key label='' description=''", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own(
        "comment_commit",
        "repoid commit_id message status=None +comment_type=u'note' \
         +resolves_comment_id=None +extra_recipients=[] userid=@ \
         +send_email=True",
        |call| told(absent(call, "repository", "repoid")),
    )
    .elsewhere(),
    Row::own(
        "create_repo",
        "-landing_rev='rev:tip' repo_name repo_type owner=@ description='' \
         private=False clone_uri=None +push_uri=None +landing_rev=None \
         enable_statistics=False enable_locking=False enable_downloads=False \
         copy_permissions=False",
        |call| told(failed(sentence("failed to create repository", call, "repo_name"))),
    )
    .elsewhere(),
    Row::own("delete_repo", "repoid forks=''", |call| told(absent(call, "repository", "repoid")))
        .elsewhere(),
    Row::own("edit_comment", "message comment_id version userid=@", |call| {
        told(absent(call, "comment", "comment_id"))
    })
    .since(Since::Current)
    .elsewhere(),
    Row::own(
        "fork_repo",
        "-landing_rev='rev:tip' repoid fork_name owner=@ description='' \
         private=False +clone_uri=None +landing_rev=None copy_permissions=False",
        |call| told(absent(call, "repository", "repoid")),
    )
    .elsewhere(),
    Row::own("get_comment", "comment_id", |call| told(absent(call, "comment", "comment_id")))
        .since(Since::Current)
        .elsewhere(),
    Row::own("get_repo", "repoid cache=True", |call| told(absent(call, "repository", "repoid")))
        .elsewhere(),
    Row::own("get_repo_changeset", "repoid revision details='basic'", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("get_repo_changesets", "repoid start_rev limit details='basic'", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("get_repo_comments", "repoid commit_id=None comment_type=None userid=None", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .since(Since::Current)
    .elsewhere(),
    Row::own(
        "get_repo_file",
        "repoid commit_id file_path max_file_bytes=None details='basic' \
         cache=True",
        |call| told(absent(call, "repository", "repoid")),
    )
    .since(Since::Current)
    .elsewhere(),
    Row::own("get_repo_fts_tree", "repoid commit_id root_path", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .since(Since::Current)
    .elsewhere(),
    Row::own(
        "get_repo_nodes",
        "repoid revision root_path ret_type='all' details='basic' \
         max_file_bytes=None",
        |call| told(absent(call, "repository", "repoid")),
    )
    .elsewhere(),
    Row::own("get_repo_refs", "repoid", |call| told(absent(call, "repository", "repoid")))
        .elsewhere(),
    Row::own("get_repo_settings", "repoid key=None", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("get_repos", "+root=None +traverse=True", |_| told(Ok(nothing()))).elsewhere(),
    Row::own("grant_user_group_permission", "repoid usergroupid perm", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("grant_user_permission", "repoid userid perm", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("invalidate_cache", "repoid delete_keys=False", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("lock", "repoid locked=None userid=@", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("maintenance", "repoid", |call| told(absent(call, "repository", "repoid")))
        .since(Since::Current)
        .elsewhere(),
    Row::own("pull", "repoid +remote_uri=None", |call| told(absent(call, "repository", "repoid")))
        .elsewhere(),
    Row::own("remove_field_from_repo", "repoid key", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("revoke_user_group_permission", "repoid usergroupid", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("revoke_user_permission", "repoid userid", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("set_repo_settings", "repoid settings", |call| {
        told(absent(call, "repository", "repoid"))
    })
    .elsewhere(),
    Row::own("strip", "repoid revision branch", |call| told(absent(call, "repository", "repoid")))
        .elsewhere(),
    Row::own(
        "update_repo",
        "-name=None -group=None -landing_rev='rev:tip' repoid +repo_name=None \
         owner=@ description='' private=False clone_uri=None +push_uri=None \
         +landing_rev=None fork_of=None enable_statistics=False \
         enable_locking=False enable_downloads=False fields=''",
        |call| told(absent(call, "repository", "repoid")),
    )
    .elsewhere(),
];

/// Repository groups.
pub(crate) const REPOSITORY_GROUPS: &[Row] = &[
    Row::own(
        "create_repo_group",
        "group_name owner=@ description='' copy_permissions=False",
        |call| told(failed(sentence("failed to create repo group", call, "group_name"))),
    )
    .elsewhere(),
    Row::own("delete_repo_group", "repogroupid", |call| Box::pin(delete_repo_group(call))).about(
        &[Verb::ListUsers, Verb::UpdateUser],
        "Deletes the repository group that came with a person.",
    ),
    Row::own("get_repo_group", "repogroupid", |call| {
        told(absent(call, "repository group", "repogroupid"))
    })
    .elsewhere(),
    Row::own("get_repo_groups", "", |_| told(Ok(nothing()))).elsewhere(),
    Row::own(
        "grant_user_group_permission_to_repo_group",
        "repogroupid usergroupid perm apply_to_children='none'",
        |call| told(absent(call, "repository group", "repogroupid")),
    )
    .elsewhere(),
    Row::own(
        "grant_user_permission_to_repo_group",
        "repogroupid userid perm apply_to_children='none'",
        |call| told(absent(call, "repository group", "repogroupid")),
    )
    .elsewhere(),
    Row::own(
        "revoke_user_group_permission_from_repo_group",
        "repogroupid usergroupid apply_to_children='none'",
        |call| told(absent(call, "repository group", "repogroupid")),
    )
    .elsewhere(),
    Row::own(
        "revoke_user_permission_from_repo_group",
        "repogroupid userid apply_to_children='none'",
        |call| told(absent(call, "repository group", "repogroupid")),
    )
    .elsewhere(),
    Row::own(
        "update_repo_group",
        "-parent=None repogroupid group_name='' description='' owner=@ enable_locking=False",
        |call| told(absent(call, "repository group", "repogroupid")),
    )
    .elsewhere(),
];

/// What is searched for.
pub(crate) const SEARCH: &[Row] = &[
    Row::own("get_audit_logs", "query", |_| told(Ok(nothing()))).since(Since::Current).elsewhere(),
    Row::own(
        "search",
        "search_query search_type page_limit=10 page=1 search_sort='desc:date' \
         repo_name=None repo_group_name=None",
        |_| told(Ok(nothing())),
    )
    .since(Since::Current)
    .elsewhere(),
];

/// `repository ... does not exist`.
fn absent(call: &Call<'_>, what: &str, named: &str) -> Answer {
    Err(Raised::Error(missing(call, what, named)))
}

fn missing(call: &Call<'_>, what: &str, named: &str) -> String {
    format!("{what} `{}` does not exist", call.required(named).text())
}

/// Version 4.3 looks for the repository first.
fn absent_pull_request(call: &Call<'_>) -> Answer {
    if call.version() == Version::Early {
        return absent(call, "repository", "repoid");
    }
    absent(call, "pull request", "pullrequestid")
}

fn sentence(start: &str, call: &Call<'_>, named: &str) -> String {
    format!("{start} `{}`", call.required(named).text())
}

fn failed(sentence: String) -> Answer {
    Err(Raised::Error(sentence))
}

fn nothing() -> Py {
    Py::List(Vec::new())
}

/// The repository group that was made with a person is the only kind there is. Deleting it is what
/// lets that person be deleted: fixtures/transcripts/rhodecode/personal-repo-group.json.
async fn delete_repo_group(call: &Call<'_>) -> Answer {
    let value = call.required("repogroupid");
    let absent = || Raised::Error(missing(call, "repository group", "repogroupid"));
    if !call.is_admin() {
        return Err(absent());
    }
    let name = value.as_str().ok_or_else(absent)?;
    let users = call.run(Command::ListUsers).await?.users()?;
    let owns = |own: Option<&Value>| own.and_then(Value::as_str) == Some(name);
    let owner = users.iter().find(|user| owns(user.attribute(kept::REPO_GROUP)));
    let owner = owner.ok_or_else(absent)?;
    let mut patch = UserPatch::default();
    patch.attributes.insert(kept::REPO_GROUP.to_owned(), None);
    call.run(Command::UpdateUser(UserRef::from(owner), Box::new(patch))).await?;
    let number = wire::id_of(call.view, owner);
    let shape = Mapping::default().with("msg", format!("deleted repo group ID:{number} {name}"));
    Ok(shape.with("repo_group", Py::None).into())
}
