//! The answers while the backend fails: none of them reports that something is absent.

use isogloss_canonical::fault::FaultKind;
use serde_json::json;

use crate::dialect::table::TABLE;
use crate::dialect::tests::script::{OUTAGES, ask, down, out_of_reach};
use crate::options::version::Version;

#[test]
fn an_outage_is_an_internal_error() {
    let args = json!({
        "userid": "x", "username": "x", "email": "x@example.com", "usergroupid": "x",
        "sourceusergroupid": "x", "group_name": "xx", "perm": "usergroup.read",
    });
    let silent = ["get_method", "rescan_repos", "get_repo_store", "cleanup_sessions"];
    for version in [Version::V4_26, Version::V4_3] {
        for method in TABLE.iter().filter(|method| method.signature.is_in(version)) {
            let name = method.info.name;
            let about_people =
                !method.is_untranslated && !name.starts_with("test") && !silent.contains(&name);
            if !about_people || name == "store_exception" {
                continue;
            }
            for kind in OUTAGES {
                let answer = ask(version, &down(kind), name, &args);
                let error = answer["error"].as_str().unwrap_or_default();
                let told = error == "Internal server error"
                    || error == "Missing non optional `repogroupid` arg in JSON DATA";
                assert!(told, "{name} {kind:?}: {answer}");
            }
        }
    }
}

#[test]
fn a_caller_who_cannot_be_identified_gets_an_internal_error() {
    for kind in OUTAGES {
        let down = out_of_reach(kind);
        let answer = ask(Version::V4_26, &down, "get_user", &json!({}));
        assert_eq!(answer["error"], "Internal server error", "{kind:?}");
    }
}

#[test]
fn methods_without_commands_work_without_a_backend() {
    let down = down(FaultKind::Unavailable);
    let answer = ask(Version::V4_26, &down, "test", &json!({"args": [1]}));
    assert_eq!(answer, json!({"id": 1, "error": null, "result": [1]}));
    let parameters = ask(Version::V4_26, &down, "get_method", &json!({"pattern": "get_ip"}));
    let named = json!({
        "request": "<RequiredType>",
        "apiuser": "<RequiredType>",
        "userid": "<Optional:<OptionalAttr:apiuser>>",
    });
    assert_eq!(parameters["result"], json!(["get_ip", named]));
}
