//! Facts about the server: its own methods are asked, with its own ids.

use isogloss_canonical::fact::Fact;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_testkit::scripted::now;
use serde_json::{Value, json};

use crate::backend::facts::FACTS;
use crate::backend::tests::rows::result;
use crate::backend::tests::script::someone;
use crate::backend::tests::server::{NAMESPACE, backend, call, calls, scripted};
use crate::wire::DEFAULT_USER_FACT;

fn fact(name: &'static str) -> Fact {
    let arguments = serde_json::Map::new();
    Fact { namespace: NAMESPACE, name, person: None, arguments, shown: None }
}

#[test]
fn each_fact_is_the_answer_of_the_servers_own_method() {
    for name in FACTS {
        let server = scripted([result(&json!({"path": "/repos"}))]);
        let backend = backend(None, &server);
        assert!(backend.capability().knows(name));
        let answer: Value = now(backend.fact(fact(name))).unwrap().unwrap();
        assert_eq!(answer, json!({"path": "/repos"}));
        assert_eq!(call(&server, 0), (name.to_owned(), json!({})));
    }
    let server = scripted([result(&json!([]))]);
    let about = Fact { person: Some(someone()), ..fact("get_user_audit_logs") };
    now(backend(None, &server).fact(about)).unwrap().unwrap();
    assert_eq!(call(&server, 0).1, json!({"userid": 51}));
}

#[test]
fn the_row_of_default_is_asked_for_by_its_name() {
    let server = scripted([result(&json!({"username": "default", "active": false}))]);
    let backend = backend(None, &server);
    assert!(backend.capability().knows(DEFAULT_USER_FACT));
    let answer = now(backend.fact(fact(DEFAULT_USER_FACT))).unwrap().unwrap();
    assert_eq!(answer["active"], false);
    assert_eq!(call(&server, 0), ("get_user".to_owned(), json!({"userid": "default"})));
}

#[test]
fn a_question_in_other_words_is_not_sent() {
    let server = scripted::<String>([]);
    let backend = backend(None, &server);
    let other = Fact { namespace: IdNamespace::named("other"), ..fact("get_server_info") };
    for fact in [other, fact("delete_repo")] {
        assert!(now(backend.fact(fact)).is_none());
    }
    assert!(calls(&server).is_empty());
}
