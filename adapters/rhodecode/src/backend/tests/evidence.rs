//! The evidence of identity in a row.

use isogloss_canonical::command::Command;
use serde_json::{Value, json};

use crate::backend::tests::rows::{read, with};
use crate::backend::tests::script::{on_both, run, someone, user};

#[test]
fn the_first_token_is_evidence() {
    on_both("get-user", |server, backend| {
        server.skip("create tr_get");
        let proved = user(run(backend, Command::GetUser(someone()))).evidence.secret.unwrap();
        assert_eq!(proved.expose().len(), 40);
    });
    let proved = |columns: &Value| {
        let evidence = read(&with(7, "ada", columns)).evidence;
        evidence.secret.map(|secret| secret.expose().to_owned())
    };
    let more = json!({"auth_tokens": ["5ec7e7", "0ther"]});
    assert_eq!(proved(&more).as_deref(), Some("5ec7e7"));
    let early = json!({"api_key": "bu17t", "api_keys": ["bu17t", "5ec7e7"]});
    assert_eq!(proved(&early).as_deref(), Some("bu17t"));
    // The tokens of a group's members are masked.
    assert_eq!(proved(&json!({"auth_tokens": ["*".repeat(40)]})), None);
    for hidden in [json!([]), json!([""]), json!(null), json!([5])] {
        assert_eq!(proved(&json!({ "auth_tokens": hidden })), None, "{hidden}");
    }
}
