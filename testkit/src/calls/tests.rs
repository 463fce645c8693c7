//! The requests of each shape, and the meanings of answers.

use serde_json::json;

use super::answers::Class;
use super::*;

fn calls(text: &str) -> Calls {
    let meaning = "[answers]\nrefused = [[{ status = [401] }]]\n\
                   done = [[{ at = '/result', exists = true, not = [false] }]]\n\
                   taken = []\noutage = [[{ between = [500, 599] }]]\n\
                   [people]\nrows = '/result'\nname = '/n'\nactive = [{ at = '/on', truth = true }]\n\
                   [create]\nmethod = 'PUT /users/{{name|url}}'\nargs = { pw = '{{password}}' }\n";
    toml::from_str(&format!("{text}{meaning}")).unwrap()
}

fn ann() -> Caller<'static> {
    Caller { name: "ann", secret: "s/1" }
}

fn about() -> Variables {
    let mut variables = Variables::default();
    variables.set("name", "a b");
    variables.set("password", "x&y");
    variables
}

#[test]
fn one_path_has_the_method_and_the_arguments_in_its_body() {
    let calls = calls(
        "[shape]\npath = '/rpc'\njson = { m = '{{method}}', p = '{{#args}}' }\nno_args = []\n\
         [credential]\nvalue = '{{login|b64}}'\nheader = 'Authorization'\n",
    );
    let request = calls.method(ann(), "get", &Value::Null).unwrap();
    let body = json!({"m": "get", "p": []});
    let headers = json!({"Authorization": "YW5uOnMvMQ=="});
    let expected = json!({"method": "POST", "path": "/rpc", "json": body, "headers": headers});
    assert_eq!(Value::Object(request), expected);
    let nobody = calls.method(Caller::default(), "get", &json!([1])).unwrap();
    assert_eq!((&nobody["json"]["p"], nobody.get("headers")), (&json!([1]), None));
}

#[test]
fn a_form_is_the_body_or_the_query() {
    let calls = calls(
        "[shape]\nform = true\ndecoded_twice = true\n\
         [credential]\nvalue = '{{secret}}'\nmember = 'key'\n",
    );
    let create = calls.call("create").unwrap();
    assert!(create.has_name_in_path());
    let request = calls.request(ann(), create, &about()).unwrap();
    assert_eq!(
        (&request["path"], &request["text"]),
        (&json!("/users/a%20b"), &json!("pw=x%2526y&key=s%2F1"))
    );
    let read = calls.method(ann(), "GET /users", &json!({"a": 1})).unwrap();
    assert_eq!(read["path"], "/users?a=1&key=s%2F1");
}

#[test]
fn an_answer_means_what_the_first_rule_that_holds_says() {
    let calls = calls("[shape]\n[credential]\nvalue = '{{secret}}'\nheader = 'K'\n");
    let class = |status, json: Value| calls.answers.class(status, &json.to_string(), &json);
    assert_eq!(class(401, json!({"result": 1})), Class::Refused);
    assert_eq!(class(200, json!({"result": null})), Class::Done);
    assert_eq!(class(200, json!({"result": false})), Class::Failed);
    assert_eq!(class(200, json!({})), Class::Failed);
    let shown = calls.people.of(&json!({"result": [{"n": "ann", "on": "0"}]})).unwrap();
    assert_eq!((shown[0].name.as_str(), shown[0].active), ("ann", false));
}
