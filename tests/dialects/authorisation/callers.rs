//! Only the gateway can create a caller. A route decides which voucher may name one.

use isogloss::pipeline::Pipeline;
use isogloss::proxies::Sender;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Proof, Seal};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, UserPatch, UserRef};
use isogloss_canonical::vouching::{Near, Voucher, Vouching};
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde_json::json;

use super::commands::namespace;
use crate::block_on;
use crate::gateway::{PreparedStore, TestGateway};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("authorisation::gateway::a-caller-of-a-dialects-making", || block_on(forged())),
        trial("authorisation::gateway::who-is-believed", || block_on(believed())),
        trial("authorisation::gateway::what-is-done-on-a-word", || block_on(done())),
    ]
}

async fn gateway() -> TestGateway {
    let users = json!({"users": [{"username": "admin", "admin": true}, {"username": "ann"}]});
    PreparedStore::of(&users).await.open().await
}

async fn forged() -> Result<(), Failed> {
    let gateway = gateway().await;
    let admin = gateway.user("admin").await;
    let strange = Seal::new([7; 32]);
    let forged = [
        Caller::person(admin.clone(), Proof::Password, strange),
        Caller::application(namespace(), strange),
        Caller::Gateway,
    ];
    for caller in forged {
        for command in [Command::ListUsers, Command::DeleteUser(UserRef::Id(admin.id))] {
            let answer = gateway.pipeline().call(&caller, command).await;
            assert_eq!(answer.unwrap_err().kind, FaultKind::Forbidden, "{caller:?}");
        }
    }
    let proved = Caller::person(admin.clone(), Proof::Password, gateway.authority.seal());
    gateway.pipeline().call(&proved, Command::ListUsers).await.unwrap();
    let delete = Command::DeleteUser(UserRef::Id(admin.id));
    assert_eq!(gateway.pipeline().read(delete).await.unwrap_err().kind, FaultKind::Forbidden);
    Ok(())
}

/// Two pipelines of a route with these options: for a direct request, and for one through a trusted
/// proxy.
fn both(gateway: &TestGateway, vouching: &Vouching) -> [Pipeline; 2] {
    let client = "192.0.2.1".parse().ok();
    [false, true].map(|by_proxy| {
        gateway.pipeline().believing(vouching.clone()).seen_from(Sender { client, by_proxy })
    })
}

async fn believed() -> Result<(), Failed> {
    let gateway = gateway().await;
    let [near, far] = ["192.0.2.0/24", "10.0.0.0/8"].map(|network| {
        let near = Near { user: "ann".to_owned(), networks: vec![network.parse().unwrap()] };
        Vouching { near: Some(near), ..Vouching::default() }
    });
    let proxy = Vouching { proxy: true, ..Vouching::default() };
    for (vouching, voucher, name, expected) in [
        (Vouching::default(), Voucher::Proxy, "admin", [false, false]),
        (Vouching::default(), Voucher::Network, "ann", [false, false]),
        (proxy.clone(), Voucher::Proxy, "admin", [false, true]),
        (proxy.clone(), Voucher::Network, "ann", [false, false]),
        (proxy, Voucher::Wizard, "admin", [false, false]),
        (near.clone(), Voucher::Network, "ann", [true, true]),
        (near.clone(), Voucher::Network, "admin", [false, false]),
        (near, Voucher::Proxy, "ann", [false, false]),
        (far, Voucher::Network, "ann", [false, false]),
    ] {
        for (pipeline, expected) in both(&gateway, &vouching).into_iter().zip(expected) {
            let answer = pipeline.identify(Credentials::Named(voucher, name.to_owned())).await;
            assert_eq!(answer.is_ok(), expected, "{vouching:?} {voucher:?} {name}");
        }
    }
    Ok(())
}

async fn done() -> Result<(), Failed> {
    let gateway = gateway().await;
    let all = Vouching {
        headers: Vec::new(),
        proxy: true,
        creates: true,
        groups: true,
        near: None,
        wizard: true,
    };
    let plain = Vouching { proxy: true, ..Vouching::default() };
    let new = |name: &str, role| {
        let username = name.to_owned();
        Command::CreateUser(Box::new(NewUser { username, role, ..NewUser::default() }))
    };
    let ann = || UserRef::Name("ann".to_owned());
    let change = |patch| Command::UpdateUser(ann(), Box::new(patch));
    let groups = UserPatch { role: Some(Role::User), ..UserPatch::default() };
    let password = UserPatch { password: Some(Some("taken".into())), ..UserPatch::default() };
    for (vouching, voucher, command, expected) in [
        (&plain, Voucher::Proxy, new("one", Role::User), [false, false]),
        (&plain, Voucher::Proxy, change(groups.clone()), [false, false]),
        (&all, Voucher::Proxy, new("two", Role::User), [false, true]),
        (&all, Voucher::Proxy, new("three", Role::Administrator), [false, false]),
        (&all, Voucher::Proxy, change(groups), [false, true]),
        (&all, Voucher::Proxy, change(password), [false, false]),
        (&all, Voucher::Proxy, Command::DeleteUser(ann()), [false, false]),
        (&all, Voucher::Wizard, new("four", Role::Administrator), [false, false]),
        (&all, Voucher::Network, new("five", Role::User), [false, false]),
    ] {
        for (pipeline, expected) in both(&gateway, vouching).into_iter().zip(expected) {
            let answer = pipeline.vouch(voucher, command.clone()).await;
            assert_eq!(answer.is_ok(), expected, "{vouching:?} {voucher:?} {command:?}");
        }
    }
    Ok(())
}
