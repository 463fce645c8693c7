//! Lists of everybody, page by page.

use isogloss_canonical::backend::Backend as _;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::people::{KeysToo, Order, PeopleQuery};
use isogloss_canonical::user::User;

use crate::kit::{
    DANDELION, Fresh, KANBOARD, OCTOPRINT, RHODECODE, ask, create, fresh, key, named, team,
};

/// More than two pages.
const EVERYBODY: usize = 1_100;

/// The names are in another order than the people are created in, and some differ in case only.
async fn filled() -> Fresh {
    let store = fresh().await;
    let groups = [team(&store, "first").await, team(&store, "second").await];
    for number in 0..EVERYBODY {
        let letter = ['b', 'A', 'c', 'B'][number % 4];
        let user = named(&format!("{letter}{:04}", 9_999 - number / 4));
        let user = create(&store, user).await.unwrap();
        if number.is_multiple_of(300) {
            let value = format!("value {number}");
            let issue = Command::IssueKey(Some((&user).into()), Box::new(key(KANBOARD, &value)));
            ask(&store, issue).await.unwrap();
        }
        for group in groups.iter().rev().take(number % 31) {
            let join = Command::AddMember(group.into(), (&user).into());
            ask(&store, join).await.unwrap();
        }
    }
    let first = ask(&store, Command::ListUsers).await.unwrap().users().unwrap().swap_remove(0);
    ask(&store, Command::DeleteUser((&first).into())).await.unwrap();
    store
}

#[tokio::test]
async fn pages_list_everybody_once_and_in_the_order_asked_for() {
    let store = filled().await;
    let everybody = ask(&store, Command::ListUsers).await.unwrap().users().unwrap();
    let orders = [Order::Created, Order::Name, Order::FoldedName, Order::Native(DANDELION)];
    for order in orders {
        let keys = KeysToo { namespace: KANBOARD, choice: KeyChoice::All, optional: false };
        let query = PeopleQuery { order: order.clone(), keys: Some(keys) };
        let mut pages = store.pages(&query).unwrap();
        let (mut listed, mut keys, mut count) = (Vec::new(), 0, 0);
        loop {
            let page = pages.next().await.unwrap();
            count += 1;
            keys += page.keys.len();
            assert!(page.keys.keys().all(|owner| page.users.iter().any(|user| user.id == *owner)));
            listed.extend(page.users);
            if page.is_last {
                break;
            }
        }
        assert!(count > 1, "{order:?}");
        let mut expected = everybody.clone();
        order.sort(&mut expected);
        let names =
            |users: &[User]| -> Vec<_> { users.iter().map(|user| user.username.clone()).collect() };
        assert_eq!(names(&listed), names(&expected), "{order:?}");
        assert_eq!(listed, expected, "{order:?}");
        let held = Command::ListKeys(None, KANBOARD, KeyChoice::All);
        assert_eq!(keys, ask(&store, held).await.unwrap().keys().unwrap().len(), "{order:?}");
    }
}

#[tokio::test]
async fn a_namespace_whose_ids_are_names_is_no_order_of_numbers() {
    let store = fresh().await;
    let pages = |namespace| {
        let query = PeopleQuery { order: Order::Native(namespace), keys: None };
        store.pages(&query)
    };
    assert!(pages(OCTOPRINT).is_none());
    assert!(pages(RHODECODE).is_some());
}

/// A person who is created while a list is read can be on it. Nobody else is missing or doubled.
#[tokio::test]
async fn a_list_goes_on_while_people_are_created() {
    let store = filled().await;
    let mut pages = store.pages(&PeopleQuery::in_order(Order::Name)).unwrap();
    let mut names: Vec<_> = Vec::new();
    loop {
        let page = pages.next().await.unwrap();
        names.extend(page.users.into_iter().map(|user| user.username));
        if page.is_last {
            break;
        }
        create(&store, named(&format!("A{}", names.len()))).await.unwrap();
    }
    assert!(names.is_sorted());
    names.dedup();
    assert_eq!(names.len(), EVERYBODY - 1);
}

#[tokio::test]
async fn a_closed_store_lists_nobody() {
    let store = fresh().await;
    let mut pages = store.pages(&PeopleQuery::in_order(Order::Created)).unwrap();
    store.close().await;
    assert_eq!(pages.next().await.unwrap_err().kind, FaultKind::Unavailable);
}
