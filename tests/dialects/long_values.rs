//! Names, addresses and ids of 3,000 and of 100,000 bytes: each dialect answers with an error of its
//! own, the same on both engines of the state database, and stores nothing. The requests are in
//! `fixtures/long-values.toml`.

use isogloss_testkit::suite::trial;
use isogloss_testkit::variables::Variables;
use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use serde_json::Value;

use crate::calls::{self, Asked};
use crate::gateway::{PreparedStore, TestGateway};
use crate::sessions::{accounts, caller};
use crate::{block_on, fixtures};

#[derive(Debug, Deserialize)]
struct File {
    row: Vec<Row>,
}

/// A request, and what is expected of its answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    dialect: String,
    method: String,
    #[serde(default)]
    args: Value,
    status: u16,
    part: String,
    #[serde(default)]
    accepted: bool,
}

/// The trials.
pub(crate) fn trials() -> Vec<Trial> {
    let one = |length| {
        trial(format!("long-values::{length}-bytes"), move || block_on(play(&random_text(length))))
    };
    [3_000, 100_000].map(one).into()
}

/// A text that cannot be compressed.
fn random_text(length: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    let mut text: String = std::iter::repeat_with(word).take(length / 16 + 1).collect();
    text.truncate(length);
    text
}

/// Sends the requests, and answers what was not as expected.
async fn wrong(gateway: &TestGateway, rows: &[Row], long: &str) -> String {
    let mut wrong = String::new();
    let mut about = Variables::default();
    about.set("long", long);
    for row in rows {
        let calls = calls::of(&row.dialect);
        let (method, args) = (about.fill_text(&row.method), about.fill(&row.args));
        let request = calls.method(caller(calls), &method.unwrap(), &args.unwrap()).unwrap();
        let answer = gateway.send(Asked::from(calls, &request)).await;
        if answer.status != row.status || !answer.text.contains(&row.part) {
            let told: String = answer.text.chars().take(200).collect();
            wrong += &[&format!("{row:?}: {} ", answer.status), told.as_str(), "\n"].concat();
        }
    }
    wrong
}

async fn play(long: &str) -> Result<(), Failed> {
    let text = std::fs::read_to_string(fixtures("long-values.toml"))?;
    let rows = toml::from_str::<File>(&text)?.row;
    let (accepted, refused): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.accepted);
    let gateway = PreparedStore::of(&accounts()).await.open().await;
    let before = gateway.picture().await;
    let told = wrong(&gateway, &refused, long).await;
    if gateway.picture().await != before {
        return Err(format!("something was stored\n{told}").into());
    }
    let told = told + &wrong(&gateway, &accepted, long).await;
    if told.is_empty() { Ok(()) } else { Err(told.into()) }
}
