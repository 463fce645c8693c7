//! Plays the recorded exchanges to two servers that hold the same: to one directly, to the other through
//! a gateway. An exchange counts if the server itself still answers as it was recorded.

use isogloss_testkit::client::Base;
use isogloss_testkit::installed::is_left_out;
use isogloss_testkit::ledger::Ledger;
use isogloss_testkit::played::Played;
use isogloss_testkit::player::play;
use isogloss_testkit::profile::Profiles;
use isogloss_testkit::real::RealServer;
use isogloss_testkit::transcript::load;

use crate::bridge::{Bridge, SYSTEM, root};
use crate::state::{self, differences};

/// How many exchanges of each transcript differ, and why. The list may only shrink.
const KNOWN: [(&str, usize, &str); 7] = [
    ("cookie-session", 4, "a key beside the session of a browser counts, and the session does not"),
    ("groups-cyclic", 3, "a group that contains itself is refused: the server would fail for all"),
    ("legacy-users", 2, "no trusted proxy names the prefix; a slash that the origin may drop"),
    ("users-create-slash", 2, "nobody is created whom no path of the server can address"),
    ("users-list-and-get", 2, "a slash at the end that the origin may drop"),
    ("users-settings-nan", 4, "settings with NaN are refused: the server would list nobody"),
    ("version-and-headers", 1, "a slash at the end that the origin may drop"),
];

#[test]
fn what_the_server_answers_is_answered_through_the_gateway() {
    if is_left_out("OctoPrint behind its own dialect") {
        return;
    }
    let fixtures = root().join("fixtures");
    let (ledger, profiles) = (Ledger::load(&fixtures).unwrap(), Profiles::load(&fixtures).unwrap());
    let [alone, behind] = RealServer::start(root(), SYSTEM).unwrap();
    let bridge = Bridge::with(behind, "", true);
    let all = load(&fixtures.join("transcripts")).unwrap();
    let ours = all.iter().filter(|one| one.folder == SYSTEM && one.profile == "default");
    let (mut counted, mut differing, mut held) = (0, Vec::new(), Vec::new());
    for transcript in ours {
        let known = profiles.setup(&transcript.heading()).unwrap().variables;
        let base = |url: &str| Base::parse(url).unwrap();
        let own = play(transcript, &[base(&alone.url)], &mut known.clone(), &[]);
        let url = &bridge.gateway.url;
        let ours = play(transcript, &[base(url)], &mut known.clone(), &ledger.deviations);
        let as_recorded = |own: &Played| own.verdict.as_ref().is_ok_and(Vec::is_empty);
        let both = own.iter().zip(&ours).filter(|(own, _)| as_recorded(own));
        for (_, ours) in both {
            counted += 1;
            // A deviation that the server itself answers as recorded does not differ from it.
            if !ours.matched() && !ours.needless_deviation {
                differing.push(format!("{}: {ours}", transcript.name));
            }
        }
        let (one, other) = (state::of(&alone), state::of(&bridge.server));
        let name = &transcript.name;
        held.extend(differences(&one, &other).iter().map(|line| format!("{name}: {line}")));
    }
    // The gateway creates nobody whom no path of the server can address.
    held.retain(|line| !line.contains("\"name\":\"tr_a/b"));
    assert_eq!(held, [""; 0], "the servers hold something else");
    assert!(counted >= 640, "the server answers only {counted} exchanges as they were recorded");
    for (transcript, known, why) in KNOWN {
        let name = format!("{SYSTEM}::{transcript}: ");
        let (its_own, others): (Vec<_>, Vec<_>) =
            differing.into_iter().partition(|line: &String| line.starts_with(&name));
        differing = others;
        let told = format!("{transcript} ({why}): more differ than known, or fewer");
        assert_eq!(its_own.len(), known, "{told}\n{}", its_own.join("\n"));
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
