//! Plays the recorded exchanges to two servers that hold the same, one of them behind a gateway, and
//! compares the answers with each other, headers included.

use std::collections::BTreeMap;
use std::path::Path;

use isogloss_testkit::client::{Answer, Base};
use isogloss_testkit::player::capture;
use isogloss_testkit::profile::Profiles;
use isogloss_testkit::real::RealServer;
use isogloss_testkit::transcript::{Exchange, load};

/// Headers whose values are new in every answer.
const NEW_EACH_TIME: [&str; 2] = ["server-timing", "last-modified"];
/// The least letters of a word that may be drawn at random: a key, a token, a signature.
const RANDOM: usize = 16;

/// Plays what was recorded of the server as it is installed. Each side is a server with the URL at which
/// it is asked.
pub(crate) fn every_recorded_exchange(direct: (&RealServer, &str), through: (&RealServer, &str)) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let profiles = Profiles::load(&fixtures).unwrap();
    let all = load(&fixtures.join("transcripts")).unwrap();
    let ours = all.iter().filter(|one| one.folder == "octoprint" && one.profile == "default");
    let (mut played, mut wrong) = (0, Vec::new());
    for transcript in ours {
        let known = profiles.setup(&transcript.heading()).unwrap().variables;
        let mut sides = [(direct, known.clone()), (through, known)];
        // The gateway refuses a TRACE, whose answer would show the headers that it adds.
        let is_forwarded = |one: &&Exchange| one.request["method"] != "TRACE";
        for exchange in transcript.exchanges.iter().filter(is_forwarded) {
            let answers = sides.each_mut().map(|((server, url), known)| {
                let answer = Base::parse(url).unwrap().send(&exchange.request, known).unwrap();
                // What the server does not answer as recorded is not captured on either side.
                let _captured = capture(exchange, &answer, known);
                shape(&answer, server, url)
            });
            let [one, other] = answers;
            played += 1;
            if one != other {
                wrong
                    .push(format!("{} {}:\n{one:#?}\n{other:#?}", transcript.name, exchange.label));
            }
        }
    }
    assert!(played > 400, "{played} exchanges were played");
    assert!(wrong.is_empty(), "{} of {played} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What must be equal of an answer: status, headers and body, without what is new in every answer and
/// without the address and the folder of the server.
#[derive(Debug, PartialEq)]
struct Shape {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

fn shape(answer: &Answer, server: &RealServer, url: &str) -> Shape {
    let folder = server.folder().to_str().unwrap();
    let address = url.trim_start_matches("http://");
    let port = address.rsplit(':').next().unwrap();
    let still = |text: &str| {
        words(&text.replace(address, "ADDRESS").replace(port, "PORT").replace(folder, "FOLDER"))
    };
    // A gateway adds the date that the server leaves out (RFC 9110, section 6.6.1). It drops the length
    // of an answer that must have none (section 8.6).
    let stays = |name: &str| name != "date" && !(answer.status == 204 && name == "content-length");
    let headers = answer.headers.iter().filter(|(name, _)| stays(name)).map(|(name, value)| {
        let is_new = NEW_EACH_TIME.contains(&name.as_str());
        (still(name), if is_new { String::new() } else { still(value) })
    });
    let body = still(&String::from_utf8_lossy(&answer.raw));
    Shape { status: answer.status, headers: headers.collect(), body }
}

/// A text in which random words and times are a star.
fn words(text: &str) -> String {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || "_-.:+".contains(c);
    let mut all = String::new();
    for part in text.split_inclusive(|c| !is_of_a_word(c)) {
        let word = part.trim_end_matches(|c| !is_of_a_word(c));
        let is_random = word.len() >= RANDOM && word.chars().any(|c| c.is_ascii_digit());
        let is_clock = word.len() == 8 && word.matches(':').count() == 2;
        let is_time = is_clock || word.parse::<f64>().is_ok_and(|number| number > 1e9);
        all.push_str(if is_random || is_time { "*" } else { word });
        all.push_str(&part[word.len()..]);
    }
    all
}
