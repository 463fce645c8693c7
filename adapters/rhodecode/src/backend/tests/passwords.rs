//! Passwords: a sign-in at the web pages, and always a log-out.

use std::sync::{Arc, Mutex};

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::outcome::Outcome;
use isogloss_testkit::scripted::now;
use isogloss_testkit::scripted::upstream::System;

use crate::backend::tests::script::{named, run};
use crate::backend::tests::server::backend;

const FORM: &str = r#"<form action="/_admin/login?came_from=%2F" method="post">
    <input id="username" name="username" type="text" value="" />
    <input id="password" name="password" type="password" value="" />"#;

/// The page of somebody who is signed in.
fn profile(name: &str) -> String {
    format!(
        "<script>var templateContext = {{\"rhodecode_user\": {{\"username\": \"{name}\"}}}};\n\
         </script><form action=\"/_admin/logout\" method=\"post\"><div style=\"display: none;\">\
         <input id=\"csrf_token\" name=\"csrf_token\" type=\"hidden\" value=\"70ken\" /></div>"
    )
}

fn form_refused() -> Response {
    Response::new(200, format!("{FORM}<span class=\"error-message\">invalid password</span>"))
}

/// The answer to every password of an inactive user, in any language.
fn inactive() -> Response {
    let (name, password) = FORM.split_once("<input id=\"password\"").unwrap();
    let error = "<span class=\"error-message\">Ihr Konto ist deaktiviert</span>";
    Response::new(200, format!("{name}{error}<input id=\"password\"{password}"))
}

fn redirect() -> Response {
    let cookie = "rhodecode=5e551on; httponly; Path=/";
    let answer = Response::new(302, "").with("Location", "http://rhodecode.local/");
    answer.with("Set-Cookie", cookie).with("Set-Cookie", cookie)
}

/// A server that answers with these, and what it is asked.
fn pages(answers: Vec<Response>) -> Arc<System> {
    let answers = Mutex::new(answers.into_iter());
    System::answering(move |_: &Request| {
        let next = answers.lock().unwrap().next();
        next.ok_or_else(|| Fault::new(FaultKind::Timeout, "no answer"))
    })
}

fn verify(server: &Arc<System>, name: &str, password: &str) -> Result<Outcome, Fault> {
    run(&backend(None, server), Command::VerifyPassword(named(name), password.into()))
}

fn told(request: &Request) -> (String, String, String) {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let cookie = request.header("cookie").unwrap_or_default();
    (format!("{} {}", request.method, request.path), cookie.to_owned(), body)
}

#[test]
fn a_right_password_opens_a_session_that_is_ended_at_once() {
    let server = pages(vec![redirect(), Response::new(200, profile("ada")), redirect()]);
    assert_eq!(verify(&server, "ada", "p&ss wörd+").unwrap(), Outcome::Verified(true));
    let asked: Vec<_> = server.asked().iter().map(told).collect();
    let one = |line: &str, cookie: &str, body: &str| {
        (line.to_owned(), cookie.to_owned(), body.to_owned())
    };
    assert_eq!(
        asked,
        [
            one("POST /_admin/login", "", "username=ada&password=p%26ss%20w%C3%B6rd%2B"),
            one("GET /_admin/my_account/password", "rhodecode=5e551on", ""),
            one("POST /_admin/logout", "rhodecode=5e551on", "csrf_token=70ken"),
        ]
    );
}

#[test]
fn a_wrong_password_is_one_request() {
    let server = pages(vec![form_refused()]);
    assert_eq!(verify(&server, "ada", "wrong").unwrap(), Outcome::Verified(false));
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn an_inactive_account_is_no_wrong_password() {
    let fault = verify(&pages(vec![inactive()]), "ada", "secret").unwrap_err();
    assert_eq!(fault.refusal, Some(Refusal::Inactive));
}

#[test]
fn what_the_form_never_takes_is_not_sent() {
    let server = pages(Vec::new());
    let long = "x".repeat(73);
    for (name, password) in
        [("ada", "ab"), ("ada", ""), ("ada", &*long), (" ada", "abc"), ("", "abc")]
    {
        assert_eq!(verify(&server, name, password).unwrap(), Outcome::Verified(false));
    }
    assert!(server.asked().is_empty());
    let whole = pages(vec![form_refused(), form_refused()]);
    for password in ["abc", &*"x".repeat(72)] {
        verify(&whole, "ada", password).unwrap();
    }
    assert_eq!(whole.asked().len(), 2);
}

#[test]
fn the_session_of_somebody_else_proves_nothing_and_is_ended() {
    let server = pages(vec![redirect(), Response::new(200, profile("Ada")), redirect()]);
    assert_eq!(verify(&server, "ada", "secret").unwrap_err().kind, FaultKind::Unexpected);
    assert_eq!(told(&server.asked()[2]).0, "POST /_admin/logout");
}

#[test]
fn another_answer_is_an_outage_and_no_wrong_password() {
    let elsewhere = Response::new(302, "").with("Location", "https://sso.example.org/");
    let cases = [
        vec![Response::new(200, "<h1>Sign in with our identity provider</h1>")],
        vec![Response::new(200, FORM)],
        vec![Response::new(500, FORM)],
        vec![Response::new(403, "")],
        vec![elsewhere],
        vec![redirect(), redirect()],
        vec![redirect(), Response::new(200, "no form")],
        vec![redirect(), Response::new(200, profile("ada"))],
        vec![redirect(), Response::new(200, profile("ada")), Response::new(403, "")],
        Vec::new(),
    ];
    for answers in cases {
        let shown = format!("{answers:?}");
        let fault = verify(&pages(answers), "ada", "secret").unwrap_err();
        assert!(!fault.kind.is_callers(), "{shown}: {fault}");
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }
}

#[test]
fn a_check_of_the_connection_asks_for_the_form() {
    let checked = |page: Response| {
        let server = pages(vec![page]);
        let result = now(backend(None, &server).verifies_passwords());
        assert_eq!(told(&server.asked()[0]).0, "GET /_admin/login");
        result
    };
    checked(Response::new(200, FORM)).unwrap();
    let captcha = format!("{FORM}<div class=\"g-recaptcha\"></div>");
    for page in [Response::new(200, captcha), Response::new(200, "SSO"), redirect()] {
        assert_eq!(checked(page).unwrap_err().kind, FaultKind::Unavailable);
    }
}
