//! What a request has read of the system is used only in that request, and not after a change.

use std::sync::Arc;

use futures_util::FutureExt;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::verb::Verb;

use crate::test_sidecar::{Case, KEYS, TestSidecar, UserData, is_absence};

pub(crate) const CASES: &[Case] = &[
    ("a-request-reads-a-person-once", |tested| once(tested).boxed_local()),
    ("a-request-sees-an-absence-that-another-found", |tested| gone(tested).boxed_local()),
    ("a-request-sees-a-successor-that-another-found", |tested| succeeded(tested).boxed_local()),
    ("a-request-reads-again-after-its-own-write", |tested| written(tested).boxed_local()),
];

/// The backend of one request.
type Request = Arc<dyn Backend>;

fn request(tested: &TestSidecar) -> Request {
    tested.sidecar.for_request().unwrap()
}

async fn get(request: &Request, user: UserRef) -> Result<User, Fault> {
    request.execute(Command::GetUser(user)).await.and_then(Outcome::user).map(|user| *user)
}

/// How many people were read one by one since the last call of this function.
fn reads(tested: &TestSidecar) -> usize {
    tested.system.asked().into_iter().filter(|verb| *verb == Verb::GetUser).count()
}

/// ada, and a request that has read her.
async fn read(tested: &TestSidecar) -> (UserData, Request) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    let request = request(tested);
    assert_eq!(get(&request, UserRef::Id(ada.user.id)).await.unwrap().id, ada.user.id);
    (ada, request)
}

async fn once(tested: &TestSidecar) {
    let (ada, request) = read(tested).await;
    reads(tested);
    for user in [UserRef::Name("ada".to_owned()), tested.own(&ada.user), UserRef::Id(ada.user.id)] {
        assert_eq!(get(&request, user).await.unwrap(), ada.user);
    }
    assert_eq!(reads(tested), 0);
    get(&self::request(tested), UserRef::Id(ada.user.id)).await.unwrap();
    assert_eq!(reads(tested), 1, "another request reads for itself");
}

async fn gone(tested: &TestSidecar) {
    let (ada, request) = read(tested).await;
    tested.system.remove("ada");
    tested.list().await;
    nothing(&request, &ada).await;
    tested.opens_nothing(&ada, "deleted").await;
}

async fn succeeded(tested: &TestSidecar) {
    let (ada, request) = read(tested).await;
    tested.system.remove("ada");
    tested.list().await;
    tested.system.add("ada", Role::Administrator);
    tested.list().await;
    nothing(&request, &ada).await;
    let found = get(&request, UserRef::Name("ada".to_owned())).await.unwrap();
    TestSidecar::inherits_nothing(&found, &ada);
}

/// Neither a session nor a key of a deleted user opens anything in a request that had read the user.
async fn nothing(request: &Request, data: &UserData) {
    assert!(is_absence(&get(request, UserRef::Id(data.user.id)).await), "the session opens");
    let find = Command::FindKey(KEYS, data.key().into());
    assert!(request.execute(find).await.is_err(), "the key opens");
}

async fn written(tested: &TestSidecar) {
    let (ada, request) = read(tested).await;
    let id = || UserRef::Id(ada.user.id);
    request.execute(Command::DeactivateUser(id())).await.unwrap();
    reads(tested);
    assert!(!get(&request, id()).await.unwrap().active);
    assert_eq!(reads(tested), 1);
    tested.system.edit("ada", |row| row.active = true);
    request.execute(Command::ChangePassword(id(), Some("another".into()))).await.unwrap();
    assert!(get(&request, id()).await.unwrap().active, "what the system has now");
}
