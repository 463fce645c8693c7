//! The table of methods, in the order in which RhodeCode registers them: by its modules, then by
//! name. The order shows in `get_method` and in "Similar methods":
//! fixtures/transcripts/rhodecode/server-methods.json.

use std::sync::LazyLock;

use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::verb::Verb;

use crate::dialect::groups::create::create_user_group;
use crate::dialect::groups::update::update_user_group;
use crate::dialect::method::{Access, Method};
use crate::dialect::signature::Signature;
use crate::dialect::users::create::create_user;
use crate::dialect::users::update::update_user;
use crate::dialect::{groups, members, permissions, repositories, server, testing, users};
use crate::options::version::Version;

/// The methods that are translated, for the manual.
pub(crate) static METHODS: LazyLock<Vec<MethodInfo>> = LazyLock::new(|| {
    let translated = TABLE.iter().filter(|method| !method.is_untranslated);
    translated.map(|method| method.info).collect()
});

/// The method of this name, if the version has it.
pub(crate) fn find(version: Version, name: &str) -> Option<&'static Method> {
    let mut known = TABLE.iter().filter(|method| method.signature.is_in(version));
    known.find(|method| method.info.name == name)
}

/// The signatures of a version's methods.
pub(crate) fn signatures(version: Version) -> Vec<&'static Signature> {
    let all = TABLE.iter().map(|method| &method.signature);
    all.filter(|signature| signature.is_in(version)).collect()
}

/// Makes the rows: name, first version, handler, parameters; for the manual, who may call it, the
/// verbs that it may run and what it does; whether an origin knows it better; and what replaces it.
macro_rules! methods {
    ($($name:literal $since:ident $handler:path, $parameters:literal
        $(=> $access:ident [$($verb:ident)*] $about:literal)?
        $(at $place:ident)?
        $(replaced by $other:literal)?;)*) => {
        &[$(
            Method::new($name, Version::$since, $parameters, |call| {
                Box::pin(async move { $handler(call).await.map(Into::into) })
            })
                $(.about(Access::$access, &[$(Verb::$verb),*], $about))?
                $(.$place())?
                $(.replaced_by($other))?
        ),*]
    };
}

/// Every method.
pub(crate) static TABLE: &[Method] = methods! {
    // Deprecated methods.
    "changeset_comment" V4_3 repositories::no_repository, "repoid revision message userid=@ \
        status=None"
        replaced by "comment_commit";
    "get_locks" V4_3 users::get_user_locks, "userid=@"
        => Everybody [ListLocks] "The earlier name of get_user_locks."
        replaced by "get_user_locks";
    "show_ip" V4_3 server::get_ip, "userid=@"
        => Administrators [GetUser] "The earlier name of get_ip."
        replaced by "get_ip";
    // Gists.
    "create_gist" V4_3 repositories::create_gist, "files gistid=None owner=@ gist_type=u'public' \
        lifetime=-1 acl_level=u'acl_public' description=''";
    "delete_gist" V4_3 repositories::no_gist, "gistid";
    "get_gist" V4_3 repositories::no_gist, "gistid content=False";
    "get_gists" V4_3 repositories::empty_list, "userid=@";
    // Pull requests.
    "close_pull_request" V4_3 repositories::no_pull_request, "-repoid pullrequestid +repoid=None \
        userid=@ +message=''";
    "comment_pull_request" V4_3 repositories::no_pull_request, "-repoid pullrequestid \
        +repoid=None message=None +commit_id=None status=None +comment_type=u'note' \
        +resolves_comment_id=None +extra_recipients=[] userid=@ +send_email=True";
    "create_pull_request" V4_3 repositories::no_source_repository, "-title source_repo \
        target_repo source_ref target_ref +owner=@ +title='' description='' \
        +description_renderer='' reviewers=None +observers=None";
    "get_pull_request" V4_3 repositories::no_pull_request, "-repoid pullrequestid +repoid=None \
        +merge_state=False";
    "get_pull_request_comments" V4_26 repositories::no_pull_request, "pullrequestid repoid=None";
    "get_pull_requests" V4_3 repositories::no_repository, "repoid status='new' \
        +merge_state=False";
    "merge_pull_request" V4_3 repositories::no_pull_request, "-repoid pullrequestid +repoid=None \
        userid=@";
    "update_pull_request" V4_3 repositories::no_pull_request, "-repoid -close_pull_request=None \
        pullrequestid +repoid=None title='' description='' +description_renderer='' \
        reviewers=None +observers=None update_commits=None";
    // Repositories.
    "add_field_to_repo" V4_3 repositories::no_repository, "repoid key label='' description=''";
    "comment_commit" V4_3 repositories::no_repository, "repoid commit_id message status=None \
        +comment_type=u'note' +resolves_comment_id=None +extra_recipients=[] userid=@ \
        +send_email=True";
    "create_repo" V4_3 repositories::create_repo, "-landing_rev='rev:tip' repo_name repo_type \
        owner=@ description='' private=False clone_uri=None +push_uri=None +landing_rev=None \
        enable_statistics=False enable_locking=False enable_downloads=False \
        copy_permissions=False";
    "delete_repo" V4_3 repositories::no_repository, "repoid forks=''";
    "edit_comment" V4_26 repositories::no_comment, "message comment_id version userid=@";
    "fork_repo" V4_3 repositories::no_repository, "-landing_rev='rev:tip' repoid fork_name \
        owner=@ description='' private=False +clone_uri=None +landing_rev=None \
        copy_permissions=False";
    "get_comment" V4_26 repositories::no_comment, "comment_id";
    "get_repo" V4_3 repositories::no_repository, "repoid cache=True";
    "get_repo_changeset" V4_3 repositories::no_repository, "repoid revision details='basic'";
    "get_repo_changesets" V4_3 repositories::no_repository, "repoid start_rev limit \
        details='basic'";
    "get_repo_comments" V4_26 repositories::no_repository, "repoid commit_id=None \
        comment_type=None userid=None";
    "get_repo_file" V4_26 repositories::no_repository, "repoid commit_id file_path \
        max_file_bytes=None details='basic' cache=True";
    "get_repo_fts_tree" V4_26 repositories::no_repository, "repoid commit_id root_path";
    "get_repo_nodes" V4_3 repositories::no_repository, "repoid revision root_path ret_type='all' \
        details='basic' max_file_bytes=None";
    "get_repo_refs" V4_3 repositories::no_repository, "repoid";
    "get_repo_settings" V4_3 repositories::no_repository, "repoid key=None";
    "get_repos" V4_3 repositories::empty_list, "+root=None +traverse=True";
    "grant_user_group_permission" V4_3 repositories::no_repository, "repoid usergroupid perm";
    "grant_user_permission" V4_3 repositories::no_repository, "repoid userid perm";
    "invalidate_cache" V4_3 repositories::no_repository, "repoid delete_keys=False";
    "lock" V4_3 repositories::no_repository, "repoid locked=None userid=@";
    "maintenance" V4_26 repositories::no_repository, "repoid";
    "pull" V4_3 repositories::no_repository, "repoid +remote_uri=None";
    "remove_field_from_repo" V4_3 repositories::no_repository, "repoid key";
    "revoke_user_group_permission" V4_3 repositories::no_repository, "repoid usergroupid";
    "revoke_user_permission" V4_3 repositories::no_repository, "repoid userid";
    "set_repo_settings" V4_3 repositories::no_repository, "repoid settings";
    "strip" V4_3 repositories::no_repository, "repoid revision branch";
    "update_repo" V4_3 repositories::no_repository, "-name=None -group=None \
        -landing_rev='rev:tip' repoid +repo_name=None owner=@ description='' private=False \
        clone_uri=None +push_uri=None +landing_rev=None fork_of=None enable_statistics=False \
        enable_locking=False enable_downloads=False fields=''";
    // Repository groups.
    "create_repo_group" V4_3 repositories::create_repo_group, "group_name owner=@ description='' \
        copy_permissions=False";
    "delete_repo_group" V4_3 repositories::delete_repo_group, "repogroupid"
        => Everybody [ListUsers UpdateUser] "Deletes the repository group of a person."
        at about_repositories;
    "get_repo_group" V4_3 repositories::no_repository_group, "repogroupid";
    "get_repo_groups" V4_3 repositories::empty_list, "";
    "grant_user_group_permission_to_repo_group" V4_3 repositories::no_repository_group, " \
        repogroupid usergroupid perm apply_to_children='none'";
    "grant_user_permission_to_repo_group" V4_3 repositories::no_repository_group, "repogroupid \
        userid perm apply_to_children='none'";
    "revoke_user_group_permission_from_repo_group" V4_3 repositories::no_repository_group, " \
        repogroupid usergroupid apply_to_children='none'";
    "revoke_user_permission_from_repo_group" V4_3 repositories::no_repository_group, " \
        repogroupid userid apply_to_children='none'";
    "update_repo_group" V4_3 repositories::no_repository_group, "-parent=None repogroupid \
        group_name='' description='' owner=@ enable_locking=False";
    // Search.
    "get_audit_logs" V4_26 repositories::empty_list, "query";
    "search" V4_26 repositories::empty_list, "search_query search_type page_limit=10 page=1 \
        search_sort='desc:date' repo_name=None repo_group_name=None";
    // The server.
    "cleanup_sessions" V4_26 server::cleanup_sessions, "older_then=60"
        => Administrators [] "Removes old web sessions. The gateway has none."
        at known_to_the_server;
    "get_ip" V4_3 server::get_ip, "userid=@"
        => Administrators [GetUser] "Shows the caller's address and a person's allowed addresses.";
    "get_method" V4_26 server::get_method, "pattern='*'"
        => Administrators [] "Lists the methods whose names match a pattern."
        at about_the_server;
    "get_repo_store" V4_26 server::get_repo_store, ""
        => Administrators [] "Shows where repositories are stored. The gateway has none."
        at known_to_the_server;
    "get_server_info" V4_3 server::get_server_info, ""
        => Administrators [ServerFacts] "Shows the names of a server's facts, without values."
        at known_to_the_server;
    "rescan_repos" V4_3 server::rescan_repos, "remove_obsolete=False"
        => Administrators [] "Looks for new repositories. The gateway has none."
        at known_to_the_server;
    "store_exception" V4_26 server::store_exception, "exc_data_json prefix='rhodecode'"
        => Administrators [] "Accepts a program's exception and does not store it."
        at known_to_the_server;
    // Tests of a client.
    "test" V4_3 testing::test, "args"
        => Everybody [] "Answers its argument.";
    "test_deprecated_method" V4_3 testing::test_deprecated_method, ""
        => Everybody [] "Answers with a warning that it is deprecated."
        replaced by "test_ok";
    "test_error" V4_3 testing::test_error, ""
        => Everybody [] "Fails with an error.";
    "test_exception" V4_3 testing::test_exception, ""
        => Everybody [] "Fails with an uncaught exception.";
    "test_forbidden_method" V4_3 testing::test_forbidden_method, ""
        => Everybody [] "Refuses every caller.";
    "test_ok" V4_3 testing::test_ok, ""
        => Everybody [] "Shows the caller and the time.";
    "test_params" V4_3 testing::test_params, "params"
        => Everybody [] "Shows the caller and the argument.";
    "test_params_opt" V4_3 testing::test_params_opt, "params opt1:False opt2=True opt3=@"
        => Everybody [] "Shows the caller, the argument and optional arguments.";
    // Users.
    "create_user" V4_3 create_user, "username email password='' firstname='' lastname='' \
        +description='' active=True admin=False extern_name='rhodecode' extern_type='rhodecode' \
        force_password_change=False +create_personal_repo_group=None"
        => Administrators [CreateUser IssueKey] "Creates a person with a first token.";
    "delete_user" V4_3 users::delete_user, "userid"
        => Administrators [DeleteUser] "Deletes a person who owns nothing.";
    "get_user" V4_3 users::get_user, "userid=@"
        => Everybody [GetUser ListKeys] "Shows a person with tokens and permissions.";
    "get_user_audit_logs" V4_26 users::get_user_audit_logs, "userid=@"
        => Everybody [GetUser] "Lists what a person did. The gateway records nothing."
        at known_to_the_server;
    "get_user_locks" V4_3 users::get_user_locks, "userid=@"
        => Everybody [ListLocks] "Lists the repositories that a person has locked.";
    "get_users" V4_3 users::get_users, ""
        => Administrators [ListUsers ListKeys] "Lists everybody by user name.";
    "update_user" V4_3 update_user, "userid username=None email=None password=None \
        firstname=None lastname=None +description=None active=None admin=None extern_type=None \
        extern_name=None"
        => Administrators [UpdateUser] "Changes the given columns of a person, without checks.";
    // User groups.
    "add_user_to_user_group" V4_3 members::add, "usergroupid userid"
        => Everybody [AddMember] "Adds a member to a user group.";
    "create_user_group" V4_3 create_user_group, "group_name description='' owner=@ active=True \
        +sync=None"
        => GroupCreators [CreateGroup] "Creates a user group.";
    "delete_user_group" V4_3 groups::delete_user_group, "usergroupid"
        => Everybody [DeleteGroup] "Deletes a user group with its memberships.";
    "get_user_group" V4_3 groups::get_user_group, "usergroupid"
        => Everybody [GetGroup ListMembers] "Shows a user group with its permissions.";
    "get_user_groups" V4_3 groups::get_user_groups, ""
        => Everybody [ListGroups ListMembers] "Lists the user groups that the caller may read.";
    "grant_user_group_permission_to_user_group" V4_3 permissions::grant_group, "usergroupid \
        sourceusergroupid perm"
        => Everybody [UpdateGroup] "Grants the members of a user group a right on another.";
    "grant_user_permission_to_user_group" V4_3 permissions::grant, "usergroupid userid perm"
        => Everybody [UpdateGroup] "Grants a person a right on a user group.";
    "remove_user_from_user_group" V4_3 members::remove, "usergroupid userid"
        => Everybody [RemoveMember] "Removes a member from a user group.";
    "revoke_user_group_permission_from_user_group" V4_3 permissions::revoke_group, "usergroupid \
        sourceusergroupid"
        => Everybody [UpdateGroup] "Revokes the right of a user group's members on another.";
    "revoke_user_permission_from_user_group" V4_3 permissions::revoke, "usergroupid userid"
        => Everybody [UpdateGroup] "Revokes a person's own right on a user group.";
    "update_user_group" V4_3 update_user_group, "usergroupid group_name='' description='' \
        owner=None active=True +sync=None"
        => Everybody [UpdateGroup] "Changes the given columns of a user group, without checks.";
};
