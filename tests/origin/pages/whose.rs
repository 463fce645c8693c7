//! Whose a page and a login are, on a route whose origin is another server than its backend.

use crate::gateway::GatewayProcess;
use crate::recorder::Recorder;

const BY_ORIGIN: &str =
    "HTTP/1.1 200 OK\r\nX-Answered-By: the-origin\r\nContent-Length: 2\r\n\r\nok";
/// A session as Flask signs it, and one of the gateway.
const FLASK: &str = "session_P80=eyJfZnJlc2giOmZhbHNlfQ.aSk.x";
const OWN: &str = "session_P80=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

#[test]
fn a_login_is_answered_by_the_server_whose_page_it_is() {
    let origin = Recorder::answering(BY_ORIGIN);
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let dialog = "redirect=/plugin/appkeys/auth/abc";
    for (line, more, by_origin) in [
        // The login page leads to a dialog of the gateway, or to a page of the origin.
        (format!("GET /login/?{dialog}"), "", false),
        (format!("GET /login/?{dialog}%3Fuser%3Dann"), "", false),
        (format!("GET /login?{dialog}"), "", false),
        (format!("POST /login/?{dialog}"), "", false),
        ("GET /login/".to_owned(), "", true),
        ("GET /login/?redirect=/".to_owned(), "", true),
        ("GET /login/?redirect=//a.example/plugin/appkeys/auth/abc".to_owned(), "", true),
        ("GET /login/?redirect=/plugin/appkeys/auth/../x".to_owned(), "", true),
        ("POST /login/".to_owned(), "", true),
        ("GET /".to_owned(), "", true),
        // A login shows whose page sends it.
        ("POST /api/login".to_owned(), FLASK, true),
        ("POST /api/logout".to_owned(), FLASK, true),
        ("POST /api/login".to_owned(), OWN, false),
        ("POST /api/login".to_owned(), "", false),
        ("POST /api/login?apikey=key".to_owned(), FLASK, false),
        ("POST /api/login".to_owned(), "session_P5000=eyJfZnJlc2giOmZhbHNlfQ.aSk.x", false),
        // What is translated is the gateway's, whatever session is shown.
        ("GET /api/access/users".to_owned(), FLASK, false),
        ("GET /api/currentuser".to_owned(), FLASK, false),
        ("POST /api/access/users".to_owned(), FLASK, false),
    ] {
        let cookie = if more.is_empty() { String::new() } else { format!("Cookie: {more}\r\n") };
        let answer = gateway.send(&format!(
            "{line} HTTP/1.1\r\nHost: people.example\r\nConnection: close\r\n{cookie}\
             Content-Length: 0\r\n\r\n"
        ));
        let answered = answer.to_lowercase().contains("x-answered-by: the-origin");
        assert_eq!(answered, by_origin, "{line} {more}: {answer}");
    }
}
