//! OctoPrint's pages for people: the login, and the decision about a request for a key.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{octoprint, octoprint_form};
use crate::browser::Browser;
use crate::calls::{Answer, Asked};
use crate::gateway::TestGateway;
use crate::sessions::Case;

pub(super) const CASES: [Case; 7] = [
    ("octoprint-page-signs-in-and-out", |gateway| Box::pin(signs_in(gateway))),
    ("octoprint-page-leads-nowhere-else", |gateway| Box::pin(leads_nowhere_else(gateway))),
    ("octoprint-page-refuses-forged-forms", |gateway| Box::pin(forged(gateway))),
    ("octoprint-page-grants-a-key", |gateway| Box::pin(granted(gateway))),
    ("octoprint-page-denies-a-key", |gateway| Box::pin(denied(gateway))),
    ("octoprint-pages-know-the-prefix-of-a-proxy", |gateway| Box::pin(prefixed(gateway))),
    ("octoprint-page-decides-only-for-the-user-asked-for", |gateway| Box::pin(another(gateway))),
];

const PASSWORD: &str = "ann's secret";
const FIRST: (&str, &str) = ("admin", "the first secret");

/// The value of a hidden field of a page.
fn hidden(page: &Answer, name: &str) -> String {
    let before = format!("name={name} value=\"");
    let (_, rest) = page.text.split_once(&before).unwrap_or_else(|| panic!("{}", page.text));
    rest.split('"').next().unwrap().to_owned()
}

async fn view(browser: &mut Browser, gateway: &TestGateway, path: &str) -> Answer {
    browser.send(gateway, octoprint("", &format!("GET {path}"), &Value::Null)).await
}

/// Opens the login page, fills its form and sends it.
async fn log_in(
    browser: &mut Browser,
    gateway: &TestGateway,
    path: &str,
    (name, password): (&str, &str),
) -> Answer {
    let page = view(browser, gateway, path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let (token, redirect) = (hidden(&page, "csrf_token"), hidden(&page, "redirect"));
    let fields = [
        ("csrf_token", token.as_str()),
        ("redirect", &redirect),
        ("user", name),
        ("password", password),
    ];
    browser.send(gateway, octoprint_form("/login/", &fields)).await
}

async fn signs_in(gateway: Arc<TestGateway>) {
    let mut browser = Browser::default();
    let first = view(&mut browser, &gateway, "/login/").await;
    let second = view(&mut browser, &gateway, "/login/").await;
    assert_ne!(hidden(&first, "csrf_token"), hidden(&second, "csrf_token"), "the same token");
    let wrong = log_in(&mut browser, &gateway, "/login/", ("ann", "<b>wrong")).await;
    assert_eq!(wrong.status, 403);
    assert!(wrong.text.contains("role=alert") && !wrong.text.contains("wrong\""), "{}", wrong.text);
    assert_eq!(browser.name(&gateway).await, Value::Null);
    let right = log_in(&mut browser, &gateway, "/login/", ("ann", PASSWORD)).await;
    assert_eq!((right.status, right.location.as_str()), (303, "/"), "{}", right.text);
    assert_eq!(browser.name(&gateway).await, "ann");
    // An older view in another window still sends a valid form.
    let page = view(&mut browser, &gateway, "/").await;
    view(&mut browser, &gateway, "/").await;
    let token = hidden(&page, "csrf_token");
    let leave = [("csrf_token", token.as_str()), ("logout", "true")];
    let left = browser.send(&gateway, octoprint_form("/login/", &leave)).await;
    assert_eq!((left.status, left.location.as_str()), (303, "/login/"), "{}", left.text);
    assert_eq!(browser.name(&gateway).await, Value::Null);
}

async fn leads_nowhere_else(gateway: Arc<TestGateway>) {
    for evil in ["//evil.example", "https:evil.example", "%5C%5Cevil", "/%252f/evil", "%09//evil"] {
        let mut browser = Browser::default();
        let path = format!("/login/?redirect={evil}");
        let answer = log_in(&mut browser, &gateway, &path, ("ann", PASSWORD)).await;
        assert_eq!((answer.status, answer.location.as_str()), (303, "/"), "{evil}");
        let again = view(&mut browser, &gateway, &path).await;
        assert_eq!((again.status, again.location.as_str()), (302, "/"), "{evil}");
        // The form is not believed more than the query.
        let token = browser.cookie("csrf_token").unwrap().to_owned();
        let fields = [
            ("csrf_token", token.as_str()),
            ("redirect", "//evil.example"),
            ("user", "ann"),
            ("password", PASSWORD),
        ];
        let sent = browser.send(&gateway, octoprint_form("/login/", &fields)).await;
        assert_eq!((sent.status, sent.location.as_str()), (303, "/"));
    }
}

async fn forged(gateway: Arc<TestGateway>) {
    let mut stranger = Browser::default();
    let foreign = hidden(&view(&mut stranger, &gateway, "/login/").await, "csrf_token");
    for token in ["", "x", foreign.as_str()] {
        let mut browser = Browser::default();
        view(&mut browser, &gateway, "/login/").await;
        let fields = [("csrf_token", token), ("user", "ann"), ("password", PASSWORD)];
        let answer = browser.send(&gateway, octoprint_form("/login/", &fields)).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert_eq!(browser.name(&gateway).await, Value::Null, "{token}");
    }
    // A form of another site, as browsers tell it.
    let mut browser = Browser::default();
    let token = hidden(&view(&mut browser, &gateway, "/login/").await, "csrf_token");
    let fields = [("csrf_token", token.as_str()), ("user", "ann"), ("password", PASSWORD)];
    let mut asked = octoprint_form("/login/", &fields);
    asked.request = asked.request.with("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(&gateway, asked).await.status, 400);
    // Within a session only a token of the session counts.
    let mut browser = Browser::sign_in(&gateway, "ann", PASSWORD, false).await;
    let own = browser.cookie("csrf_token").unwrap().to_owned();
    let cookie = browser.jar.keys().find(|name| name.starts_with("csrf_token")).unwrap().clone();
    browser.jar.insert(cookie.clone(), foreign.clone());
    let leave = [("csrf_token", foreign.as_str()), ("logout", "true")];
    assert_eq!(browser.send(&gateway, octoprint_form("/login/", &leave)).await.status, 400);
    assert_eq!(browser.name(&gateway).await, "ann");
    browser.jar.insert(cookie, own.clone());
    let leave = [("csrf_token", own.as_str()), ("logout", "true")];
    assert_eq!(browser.send(&gateway, octoprint_form("/login/", &leave)).await.status, 303);
}

/// A program that asks for a key: the path of the page to decide, and of the poll.
async fn ask(gateway: &TestGateway, body: &Value) -> (String, String) {
    let asked = gateway.send(octoprint("", "POST /plugin/appkeys/request", body)).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    let path = |url: &str| url.strip_prefix("http://gateway.example").unwrap().to_owned();
    (path(asked.json["auth_dialog"].as_str().unwrap()), path(&asked.location))
}

async fn poll(gateway: &TestGateway, path: &str) -> Answer {
    gateway.send(octoprint("", &format!("GET {path}"), &Value::Null)).await
}

/// Signs in on the way to a dialog, and answers the dialog.
async fn open(
    browser: &mut Browser,
    gateway: &TestGateway,
    dialog: &str,
    who: (&str, &str),
) -> Answer {
    let asked = view(browser, gateway, dialog).await;
    assert_eq!(asked.status, 302, "{}", asked.text);
    let led = log_in(browser, gateway, &asked.location, who).await;
    assert_eq!(led.status, 303, "{}", led.text);
    view(browser, gateway, &led.location).await
}

async fn decide(browser: &mut Browser, gateway: &TestGateway, page: &Answer, what: &str) -> Answer {
    let token = hidden(page, "csrf_token");
    let (_, action) = page.text.split_once("action=\"").unwrap();
    let action = action.split('"').next().unwrap();
    let fields = [("csrf_token", token.as_str()), ("decision", what)];
    browser.send(gateway, octoprint_form(action, &fields)).await
}

async fn granted(gateway: Arc<TestGateway>) {
    // With the address that the program shows, and with the link of the first page.
    for body in [json!({"app": "a <slicer>", "user": "ann"}), json!({"app": "a <slicer>"})] {
        let (dialog, request) = ask(&gateway, &body).await;
        assert_eq!(poll(&gateway, &request).await.status, 202);
        let mut browser = Browser::default();
        let mut page = open(&mut browser, &gateway, &dialog, ("ann", PASSWORD)).await;
        assert!(page.text.contains("a &lt;slicer&gt;"), "{}", page.text);
        if body["user"].is_null() {
            let first = view(&mut browser, &gateway, "/").await;
            let (_, link) = first.text.split_once("<li><a href=\"").unwrap();
            page = view(&mut browser, &gateway, link.split('"').next().unwrap()).await;
        }
        let forged = octoprint_form(&dialog, &[("decision", "allow")]);
        assert_eq!(browser.send(&gateway, forged).await.status, 400);
        assert_eq!(poll(&gateway, &request).await.status, 202, "a forged decision counts");
        let done = decide(&mut browser, &gateway, &page, "allow").await;
        assert_eq!(done.status, 200, "{}", done.text);
        let key = poll(&gateway, &request).await;
        assert_eq!(key.status, 200, "{}", key.text);
        let key = key.json["api_key"].as_str().unwrap().to_owned();
        let who = gateway.send(octoprint(&key, "GET /api/currentuser", &Value::Null)).await;
        assert_eq!(who.json["name"], "ann", "{}", who.text);
        assert_eq!(decide(&mut browser, &gateway, &page, "allow").await.status, 404);
    }
}

async fn denied(gateway: Arc<TestGateway>) {
    let (dialog, request) = ask(&gateway, &json!({"app": "slicer", "user": "ann"})).await;
    let mut browser = Browser::default();
    let page = open(&mut browser, &gateway, &dialog, ("ann", PASSWORD)).await;
    assert_eq!(decide(&mut browser, &gateway, &page, "perhaps").await.status, 400);
    assert_eq!(poll(&gateway, &request).await.status, 202);
    let done = decide(&mut browser, &gateway, &page, "deny").await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(poll(&gateway, &request).await.status, 404);
}

async fn another(gateway: Arc<TestGateway>) {
    let (dialog, request) = ask(&gateway, &json!({"app": "slicer", "user": "ann"})).await;
    let mut browser = Browser::default();
    // The administrator is led to the login again: the page is meant for ann.
    let page = open(&mut browser, &gateway, &dialog, FIRST).await;
    assert_eq!(page.status, 302, "{}", page.text);
    assert!(page.location.contains("user_id=ann"), "{}", page.location);
    let path = dialog.split('?').next().unwrap();
    assert_eq!(view(&mut browser, &gateway, path).await.status, 404);
    let token = browser.cookie("csrf_token").unwrap().to_owned();
    let fields = [("csrf_token", token.as_str()), ("decision", "allow")];
    let sent = browser.send(&gateway, octoprint_form(path, &fields)).await;
    assert_eq!(sent.status, 404, "{}", sent.text);
    assert!(!view(&mut browser, &gateway, "/").await.text.contains("slicer"));
    assert_eq!(poll(&gateway, &request).await.status, 202);
    // A name that is no word leads to the page, too.
    let odd = json!({"app": "slicer", "user": "a&b=c ü"});
    let (dialog, _) = ask(&gateway, &odd).await;
    let led = view(&mut Browser::default(), &gateway, &dialog).await;
    let page = view(&mut Browser::default(), &gateway, &led.location).await;
    assert_eq!(hidden(&page, "redirect"), dialog);
    assert!(page.text.contains("value=\"a&amp;b=c ü\""), "{}", page.text);
}

/// Behind a proxy that takes the prefix off the path and says so in a header.
async fn prefixed(gateway: Arc<TestGateway>) {
    let behind = |mut asked: Asked| {
        asked.request = asked.request.with("x-script-name", "/printer");
        asked
    };
    let body = json!({"app": "slicer", "user": "ann"});
    let request = behind(octoprint("", "POST /plugin/appkeys/request", &body));
    let asked = gateway.send(request).await;
    let dialog = asked.json["auth_dialog"].as_str().unwrap();
    let path = dialog.strip_prefix("http://gateway.example/printer").unwrap();
    let mut browser = Browser::default();
    let led =
        browser.send(&gateway, behind(octoprint("", &format!("GET {path}"), &Value::Null))).await;
    let login = led.location.strip_prefix("/printer").unwrap();
    let page =
        browser.send(&gateway, behind(octoprint("", &format!("GET {login}"), &Value::Null))).await;
    assert!(page.text.contains("action=\"/printer/login/?redirect="), "{}", page.text);
    let (token, redirect) = (hidden(&page, "csrf_token"), hidden(&page, "redirect"));
    assert_eq!(redirect, format!("/printer{path}"));
    let fields = [
        ("csrf_token", token.as_str()),
        ("redirect", &redirect),
        ("user", "ann"),
        ("password", PASSWORD),
    ];
    let led = browser.send(&gateway, behind(octoprint_form("/login/", &fields))).await;
    assert_eq!((led.status, &led.location), (303, &redirect), "{}", led.text);
    let page =
        browser.send(&gateway, behind(octoprint("", &format!("GET {path}"), &Value::Null))).await;
    assert!(page.text.contains("action=\"/printer/plugin/appkeys/auth/"), "{}", page.text);
}
