//! Concurrent requests: a name is given once, and no user is partly deleted.

use std::sync::Arc;

use futures_util::future::join_all;
use isogloss::registry;
use isogloss_canonical::command::Command;
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{User, UserRef, folded};
use isogloss_testkit::calls::{Calls, Names};
use isogloss_testkit::suite;
use isogloss_testkit::variables::Variables;
use libtest_mimic::{Failed, Trial};

use crate::block_on;
use crate::calls::{self, Answer, Asked, Class};
use crate::gateway::{PreparedStore, TestGateway};
use crate::sessions::{accounts, caller, trial};

/// The number of concurrent requests.
pub(crate) const MANY: usize = 8;

/// The trials.
pub(crate) fn trials() -> Vec<Trial> {
    let once = |calls: &'static Calls| {
        suite::trial(format!("concurrency::{}-gives-a-name-once", calls.dialect), move || {
            block_on(async {
                let gateway = PreparedStore::of(&accounts()).await.open().await;
                once(Arc::new(gateway), calls).await;
                Ok::<_, Failed>(())
            })
        })
    };
    let together = [
        trial("concurrency::all-dialects-give-a-name-once", |gateway| {
            Box::pin(once_among_all(gateway))
        }),
        trial("concurrency::updates-beside-a-deletion", |gateway| {
            Box::pin(updates_beside_a_deletion(gateway))
        }),
    ];
    calls::all().iter().map(once).chain(together).collect()
}

pub(crate) async fn at_once(gateway: &Arc<TestGateway>, requests: Vec<Asked>) -> Vec<Answer> {
    let send = |asked| {
        let gateway = Arc::clone(gateway);
        tokio::spawn(async move { gateway.send(asked).await })
    };
    let answers = join_all(requests.into_iter().map(send)).await;
    answers.into_iter().map(Result::unwrap).collect()
}

/// A creation. The e-mail addresses differ, because a dialect may require it.
fn creation(calls: &'static Calls, name: &str, number: usize) -> Asked {
    let mut about = Variables::default();
    about.set("name", name);
    about.set("password", "secret");
    about.set("email", format!("twin{number}@example.org"));
    calls::request(calls, caller(calls), calls.call("create").unwrap(), &about)
}

async fn one_and_seven(gateway: &Arc<TestGateway>, answers: &[Answer]) {
    let done = answers.iter().filter(|answer| answer.class() == Class::Done).count();
    let taken = answers.iter().filter(|answer| answer.is_taken()).count();
    assert_eq!((done, taken), (1, answers.len() - 1), "{answers:#?}");
    let users = gateway.users().await;
    let twins = users.iter().filter(|user| folded(&user.username) == "twin").count();
    assert_eq!(twins, 1, "{users:#?}");
}

async fn once(gateway: Arc<TestGateway>, calls: &'static Calls) {
    const SPELLINGS: [&str; 4] = ["twin", "TWIN", "twin ", "Twin  "];
    let name =
        |number: usize| if calls.names == Names::Folded { SPELLINGS[number % 4] } else { "twin" };
    let requests = (0..MANY).map(|number| creation(calls, name(number), number));
    let answers = at_once(&gateway, requests.collect()).await;
    one_and_seven(&gateway, &answers).await;
}

async fn once_among_all(gateway: Arc<TestGateway>) {
    let dialects = calls::all().iter().cycle().take(MANY).enumerate();
    let requests = dialects.map(|(number, calls)| creation(calls, "twin", number));
    let answers = at_once(&gateway, requests.collect()).await;
    one_and_seven(&gateway, &answers).await;
}

/// A call about a user.
fn about(calls: &'static Calls, name: &str, user: &User, number: usize) -> Asked {
    let mut about = Variables::default();
    about.set("name", user.username.as_str());
    about.set("number", number);
    let id = user.native(&IdNamespace::new(&calls.dialect));
    about.set("id", id.unwrap_or(&user.username));
    calls::request(calls, caller(calls), calls.call(name).unwrap(), &about)
}

async fn updates_beside_a_deletion(gateway: Arc<TestGateway>) {
    for (round, deletes) in calls::all().iter().enumerate() {
        gateway.send(creation(deletes, "gone", round)).await;
        let user = gateway.user("gone").await;
        let changes = calls::all().iter().cycle().take(MANY).enumerate();
        let mut requests: Vec<_> =
            changes.map(|(number, calls)| about(calls, "change", &user, number)).collect();
        requests.insert(round * 2 % MANY, about(deletes, "delete", &user, 0));
        let answers = at_once(&gateway, requests).await;
        assert_eq!(answers[round * 2 % MANY].class(), Class::Done, "{answers:#?}");
        let refused = answers.iter().filter(|answer| answer.class() == Class::Refused).count();
        assert_eq!(refused, 0, "{answers:#?}");
        assert!(gateway.users().await.iter().all(|user| user.username != "gone"));
        for adapter in registry::dialects() {
            let keys = Command::ListKeys(None, IdNamespace::named(adapter.name), KeyChoice::All);
            let keys = gateway.ask(keys).await.keys().unwrap();
            assert!(keys.iter().all(|key| key.owner != Some(user.id)));
        }
        for (namespace, id) in user.ids.clone() {
            let found = Command::GetUser(UserRef::Native(namespace, id));
            assert!(gateway.store_has_nobody(found).await);
        }
    }
}
