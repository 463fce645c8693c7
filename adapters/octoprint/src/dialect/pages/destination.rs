//! Where a browser is led after it has signed in: only to another page of the same route.

use isogloss_canonical::http::Request;
use isogloss_interop::percent;
use isogloss_interop::python::form;

use crate::dialect::call::Call;
use crate::dialect::site::Site;

/// The longest address that is followed. A longer one is no page of this server.
const LONGEST: usize = 2048;

/// The address that a request asks for, if it is below this route; otherwise the first page.
pub(crate) fn destination(call: &Call<'_>, asked: Option<&str>) -> String {
    let root = &call.site.root;
    match asked {
        Some(asked) if is_within(root, asked) => asked.to_owned(),
        Some(_) | None => format!("{root}/"),
    }
}

/// Whether a login page leads to the dialog about a request for a key. The query says it, so that it is
/// known before the form is read.
pub(crate) fn leads_to_dialog(request: &Request) -> bool {
    let root = Site::of(request).root;
    let query = form::fields(request.query.as_deref().unwrap_or_default().as_bytes());
    form::value(&query, "redirect").is_some_and(|asked| is_dialog(&root, asked))
}

/// Whether an address is that of a dialog about a request for a key.
pub(crate) fn is_dialog(root: &str, asked: &str) -> bool {
    let below = asked.strip_prefix(root).unwrap_or_default();
    is_within(root, asked) && below.starts_with("/plugin/appkeys/auth/")
}

/// Whether every browser and every proxy reads an address as a path below `root` on this server. No
/// scheme, no host, no step upwards, no empty step, nothing encoded that could become one of these.
fn is_within(root: &str, asked: &str) -> bool {
    let visible = |byte: u8| byte.is_ascii_graphic() && !b"\\<>\"^`{|}".contains(&byte);
    if asked.len() > LONGEST || !asked.bytes().all(visible) {
        return false;
    }
    let path = asked.split(['?', '#']).next().unwrap_or_default();
    let Some(below) = path.strip_prefix(root).and_then(|below| below.strip_prefix('/')) else {
        return false;
    };
    let mut steps = below.split('/').collect::<Vec<_>>();
    // The last step is empty in the address of a folder.
    let last = steps.pop().unwrap_or_default();
    steps.iter().all(|step| !step.is_empty() && is_plain(step)) && is_plain(last)
}

/// Whether a step of a path stays a step when it is decoded, also twice.
fn is_plain(step: &str) -> bool {
    let once = percent::decode(step.as_bytes());
    let twice = percent::decode(&once);
    let is_harmless = |text: &[u8]| {
        let breaks = |byte: &u8| byte.is_ascii_control() || b"/\\".contains(byte);
        text != b"." && text != b".." && !text.iter().any(breaks)
    };
    is_harmless(&once) && is_harmless(&twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_route_are_followed() {
        let inside =
            ["/", "/?", "/plugin/appkeys/auth/aB-_9?user=a%20b", "/plugin/x/", "/a#b", "/a%20b"];
        for root in ["", "/octoprint", "/o/p"] {
            for path in inside {
                assert!(is_within(root, &format!("{root}{path}")), "{root} {path}");
            }
        }
    }

    #[rustfmt::skip]
    const OUTSIDE: [&str; 43] = [
        "", "evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "\\/evil.example", "https:", "https:/evil.example", "https://evil.example", "javascript:alert(1)",
        "data:text/html,x", "?x", "#x", "/%2f", "/%2Fevil.example", "/%5cevil.example", "/%252fevil",
        "/a//b", "/a/../b", "/..", "/.", "/%2e%2e/kanboard", "/.%2E/", "/%252e%252e/", "/\tx", "/\n/evil",
        "/a\r\nSet-Cookie: a=b", "/ x", " /", "/\u{0}", "/%00", "/%0d%0aa", "/\u{2028}", "/ü", "/<script>",
        "/\"onload=", "http:/", "/\u{ff0f}evil", "/`", "/{}", "/a|b", "/\u{7f}",
    ];

    #[test]
    fn nothing_else_is() {
        for asked in OUTSIDE {
            for root in ["", "/octoprint"] {
                assert!(!is_within(root, asked), "{root} {asked:?}");
            }
            assert!(!is_within("/octoprint", &format!("/octoprint{asked}")), "{asked:?}");
        }
        let others =
            ["/", "/kanboard/", "/octoprinted/", "/octoprint/../kanboard/", "//octoprint/"];
        for asked in others {
            assert!(!is_within("/octoprint", asked), "{asked:?}");
        }
        assert!(!is_within("", &format!("/{}", "a".repeat(LONGEST))));
    }
}
