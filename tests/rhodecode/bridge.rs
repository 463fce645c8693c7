//! The gateway in front of the fake: what it says is done is done there, and what is there decides.

use std::path::Path;

use isogloss_testkit::client::Base;
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::variables::Variables;
use serde_json::{Map, Value, json};

use crate::server::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");
/// Tokens of the accounts below.
pub(crate) const ADMIN: &str = "a0000000000000000000000000000000000000ad";
pub(crate) const ADA: &str = "a0000000000000000000000000000000000000da";
pub(crate) const BOB: &str = "b0000000000000000000000000000000000000b0";

fn accounts() -> Value {
    let account = |id: u64, name: &str, admin: bool, key: &str| {
        json!({
            "username": name, "password": format!("{name}-secret"), "admin": admin,
            "email": format!("{name}@example.com"), "first_name": "", "last_name": "",
            "ids": {"rhodecode": id}, "keys": [{"value": key, "scope": "all"}]
        })
    };
    json!({"users": [
        account(2, "admin", true, ADMIN), account(3, "ada", false, ADA), account(4, "bob", false, BOB)
    ]})
}

/// A gateway with the dialect of RhodeCode, and of another system below a prefix, whose backend is
/// the fake. Its credential is the administrator's token.
pub(crate) fn bridge(server: &Server, setup: &Setup) -> Gateway {
    let admin = server.fake().users.iter().find(|user| user.admin).cloned().unwrap();
    let secret = &admin.tokens[0].0;
    let url = &server.url;
    let config =
        format!("[backend.people]\nsystem = \"rhodecode\"\nurl = {url:?}\nsecret = {secret:?}\n");
    let store = tempfile::tempdir().unwrap();
    Gateway::on(Path::new(PROGRAM), setup, store.path(), &config).unwrap()
}

pub(crate) struct Bridge {
    pub(crate) server: Server,
    pub(crate) base: Base,
    _gateway: Gateway,
}

impl Bridge {
    pub(crate) fn start() -> Self {
        Self::of("rhodecode")
    }

    /// A gateway with this dialect.
    pub(crate) fn of(dialect: &str) -> Self {
        let setup = Setup { dialect: dialect.to_owned(), ..Setup::default() };
        Self::with(setup)
    }

    /// A gateway that believes the forwarding headers of this machine.
    pub(crate) fn with(mut setup: Setup) -> Self {
        let server = Server::start(&accounts());
        let proxies = "ISOGLOSS__SERVER__TRUSTED_PROXIES".to_owned();
        setup.settings.insert(proxies, "127.0.0.1".to_owned());
        let gateway = bridge(&server, &setup);
        let base = gateway.base().unwrap();
        Self { server, base, _gateway: gateway }
    }

    /// Calls a method through the gateway: the result or the error.
    pub(crate) fn call(&self, token: &str, method: &str, args: &Value) -> Result<Value, Value> {
        self.call_from("127.0.0.1", token, method, args)
    }

    /// The same for a caller with this address.
    pub(crate) fn call_from(
        &self,
        address: &str,
        token: &str,
        method: &str,
        args: &Value,
    ) -> Result<Value, Value> {
        let call = json!({"id": 1, "auth_token": token, "method": method, "args": args});
        let request = json!({
            "method": "POST", "path": "/_admin/api",
            "headers": {"Content-Type": "text/plain", "X-Forwarded-For": address}, "json": call
        });
        let request: Map<String, Value> = request.as_object().cloned().unwrap();
        let answer = self.base.send(&request, &Variables::default()).unwrap().json.unwrap();
        if answer["error"].is_null() {
            Ok(answer["result"].clone())
        } else {
            Err(answer["error"].clone())
        }
    }

    fn group(&self, token: &str, name: &str) {
        self.call(token, "create_user_group", &json!({"group_name": name})).unwrap();
    }

    /// The rights of a group in the server.
    fn rights(&self, name: &str) -> Vec<(i64, String)> {
        let fake = self.server.fake();
        fake.groups.iter().find(|group| group.name == name).unwrap().rights.clone()
    }
}

fn read_and_admin() -> Vec<(i64, String)> {
    vec![(1, "usergroup.read".to_owned()), (2, "usergroup.admin".to_owned())]
}

#[test]
fn what_is_granted_and_revoked_is_granted_and_revoked_in_the_server() {
    let bridge = Bridge::start();
    bridge.group(ADMIN, "crew");
    assert_eq!(bridge.rights("crew"), read_and_admin());
    let grant = json!({"usergroupid": "crew", "userid": "ada", "perm": "usergroup.admin"});
    bridge.call(ADMIN, "grant_user_permission_to_user_group", &grant).unwrap();
    let mut with_ada = read_and_admin();
    with_ada.push((3, "usergroup.admin".to_owned()));
    assert_eq!(bridge.rights("crew"), with_ada);
    // She may change the group now, by her own right.
    let described = json!({"usergroupid": "crew", "description": "hers"});
    bridge.call(ADA, "update_user_group", &described).unwrap();
    bridge.call(BOB, "update_user_group", &described).unwrap_err();
    let revoke = json!({"usergroupid": "crew", "userid": "ada"});
    bridge.call(ADMIN, "revoke_user_permission_from_user_group", &revoke).unwrap();
    assert_eq!(bridge.rights("crew"), read_and_admin());
    bridge.call(ADA, "update_user_group", &described).unwrap_err();
}

#[test]
fn what_the_server_itself_revokes_opens_nothing_in_the_gateway() {
    let bridge = Bridge::start();
    let owned = json!({"group_name": "crew", "owner": "ada"});
    bridge.call(ADMIN, "create_user_group", &owned).unwrap();
    let described = json!({"usergroupid": "crew", "description": "hers"});
    bridge.call(ADA, "update_user_group", &described).unwrap();
    {
        let mut fake = bridge.server.fake();
        let crew = fake.groups.iter_mut().find(|group| group.name == "crew").unwrap();
        crew.owner = 2;
        crew.rights = read_and_admin();
    }
    bridge.call(ADA, "update_user_group", &described).unwrap_err();
    let shown = bridge.call(ADMIN, "get_user_group", &json!({"usergroupid": "crew"})).unwrap();
    assert_eq!(shown["owner"], "admin");
    assert!(!shown["permissions"].to_string().contains("ada"), "{shown}");
}

#[test]
fn the_successor_of_a_deleted_user_gets_no_right_of_theirs() {
    let bridge = Bridge::start();
    bridge.group(ADMIN, "crew");
    let grant = json!({"usergroupid": "crew", "userid": "ada", "perm": "usergroup.admin"});
    bridge.call(ADMIN, "grant_user_permission_to_user_group", &grant).unwrap();
    {
        let mut fake = bridge.server.fake();
        // Another user takes the name; the right is deleted with its holder.
        fake.users.retain(|user| user.username != "ada");
        let crew = fake.groups.iter_mut().find(|group| group.name == "crew").unwrap();
        crew.rights = read_and_admin();
        let bob = fake.users.iter_mut().find(|user| user.username == "bob").unwrap();
        bob.username = "ada".to_owned();
    }
    let described = json!({"usergroupid": "crew", "description": "x"});
    bridge.call(BOB, "update_user_group", &described).unwrap_err();
    bridge.call(ADA, "update_user_group", &described).unwrap_err();
}

#[test]
fn a_new_owner_and_the_rights_of_groups_are_the_servers() {
    let bridge = Bridge::start();
    bridge.group(ADMIN, "crew");
    bridge.group(ADMIN, "source");
    let join = json!({"usergroupid": "source", "userid": "bob"});
    bridge.call(ADMIN, "add_user_to_user_group", &join).unwrap();
    let grant =
        json!({"usergroupid": "crew", "sourceusergroupid": "source", "perm": "usergroup.admin"});
    bridge.call(ADMIN, "grant_user_group_permission_to_user_group", &grant).unwrap();
    let described = json!({"usergroupid": "crew", "description": "by a group"});
    bridge.call(BOB, "update_user_group", &described).unwrap();
    let revoke = json!({"usergroupid": "crew", "sourceusergroupid": "source"});
    bridge.call(ADMIN, "revoke_user_group_permission_from_user_group", &revoke).unwrap();
    bridge.call(BOB, "update_user_group", &described).unwrap_err();
    let given = json!({"usergroupid": "crew", "owner": "ada"});
    let answer = bridge.call(ADMIN, "update_user_group", &given).unwrap();
    assert_eq!(answer["user_group"]["owner"], "ada");
    let fake = bridge.server.fake();
    let crew = fake.groups.iter().find(|group| group.name == "crew").unwrap();
    assert_eq!((crew.owner, crew.of_groups.len()), (3, 0));
}

#[test]
fn what_everybody_may_do_is_the_servers() {
    let bridge = Bridge::start();
    bridge.group(ADMIN, "crew");
    let grant = json!({"usergroupid": "crew", "userid": "default", "perm": "usergroup.write"});
    bridge.call(ADMIN, "grant_user_permission_to_user_group", &grant).unwrap();
    // An administrator of the server has taken anonymous access away.
    bridge.server.fake().users[0].active = false;
    for named in [json!("default"), json!(1)] {
        let shown = bridge.call(ADMIN, "get_user", &json!({"userid": named})).unwrap();
        assert_eq!(shown["active"], false);
        assert_eq!(shown["permissions"]["user_groups"], json!({"crew": "usergroup.write"}));
        assert_eq!(shown["permissions_summary"], shown["permissions"]);
    }
    let refused = bridge.call(ADA, "get_user", &json!({"userid": "default"})).unwrap_err();
    assert_eq!(refused, "userid is not the same as your user");
}

#[test]
fn facts_are_the_servers_and_repositories_are_not_made_up() {
    let bridge = Bridge::start();
    let store = bridge.call(ADMIN, "get_repo_store", &json!({})).unwrap();
    assert_eq!(store, json!({"path": "/srv/of-the-server"}));
    let refused = bridge.call(ADA, "get_repo_store", &json!({})).unwrap_err();
    assert_eq!(refused, "Access was denied to this resource.");
    for method in ["get_repos", "delete_repo_group", "create_repo_group"] {
        let unknown = bridge.call(ADMIN, method, &json!({"repogroupid": "x"})).unwrap_err();
        assert!(unknown.as_str().unwrap().starts_with("No such method"), "{method}: {unknown}");
    }
}
