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

/// How many exchanges differ. The list may only shrink:
/// - 56 of `idle-printer`: without an origin, a remote backend has no printer.
/// - `legacy-users`, behind a prefix: the client is no proxy that the gateway trusts.
/// - 2 of `users-create-slash`: the gateway creates nobody whom no path of the server can address.
const KNOWN: usize = 59;

#[test]
fn what_the_server_answers_is_answered_through_the_gateway() {
    if is_left_out("OctoPrint behind its own dialect") {
        return;
    }
    let fixtures = root().join("fixtures");
    let (ledger, profiles) = (Ledger::load(&fixtures).unwrap(), Profiles::load(&fixtures).unwrap());
    let [alone, behind] = RealServer::start(root(), SYSTEM).unwrap();
    let bridge = Bridge::over(behind);
    let all = load(&fixtures.join("transcripts")).unwrap();
    let ours = all.iter().filter(|one| one.folder == SYSTEM && one.profile == "default");
    let (mut counted, mut differing) = (0, Vec::new());
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
            if !ours.matched() {
                differing.push(format!("{}: {ours}", transcript.name));
            }
        }
    }
    assert!(counted >= 640, "the server answers only {counted} exchanges as they were recorded");
    let most = "more exchanges differ than known, or fewer: then lower KNOWN";
    assert_eq!(differing.len(), KNOWN, "{most}\n{}", differing.join("\n"));
}
