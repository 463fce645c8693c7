//! Commands that harm the gateway's own account are refused, and no others.

use std::sync::atomic::{AtomicUsize, Ordering};

use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::user::{GroupChange, Uniqueness};
use isogloss_canonical::verb::Verb;

use super::*;

const NAMESPACE: IdNamespace = IdNamespace::named("there");

/// A system that answers the account of the credential, and counts the requests.
#[derive(Debug)]
struct System {
    own: Result<OwnAccount, Fault>,
    capability: Capability,
    asked: AtomicUsize,
    done: AtomicUsize,
}

#[async_trait]
impl Backend for System {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, _: Command) -> Result<Outcome, Fault> {
        self.done.fetch_add(1, Ordering::Relaxed);
        Ok(Outcome::Done)
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.own.clone()
    }
}

fn system(own: Result<OwnAccount, Fault>) -> Arc<System> {
    let capability = Capability::of(Verb::ALL);
    Arc::new(System { own, capability, asked: 0.into(), done: 0.into() })
}

fn kept(system: &Arc<System>, numbering: Numbering) -> Arc<dyn Backend> {
    let system = Arc::clone(system) as Arc<dyn Backend>;
    OwnAccountKept::over(system, "old", (NAMESPACE, numbering), IdNamespace::named("rights"))
}

fn own() -> OwnAccount {
    let ids = [(NAMESPACE, "7".to_owned())].into();
    OwnAccount::of(User { ids, ..User::seen("gate") })
}

fn number(id: &str) -> UserRef {
    UserRef::Native(NAMESPACE, id.to_owned())
}

fn harms(user: &UserRef) -> Vec<Command> {
    let team = || GroupRef::Name(None, "team".to_owned());
    let groups = GroupChange { namespace: IdNamespace::named("rights"), groups: Vec::new() };
    let patches = [
        UserPatch { active: Some(false), ..UserPatch::default() },
        UserPatch { role: Some(Role::Manager), ..UserPatch::default() },
        UserPatch { role: Some(Role::User), ..UserPatch::default() },
        UserPatch { groups: Some(groups), ..UserPatch::default() },
        UserPatch { password: Some(None), ..UserPatch::default() },
        UserPatch { username: Some("other".to_owned()), ..UserPatch::default() },
    ];
    let update = |patch| Command::UpdateUser(user.clone(), Box::new(patch));
    let mut all: Vec<_> = patches.into_iter().map(update).collect();
    all.extend([
        Command::DeactivateUser(user.clone()),
        Command::DeleteUser(user.clone()),
        Command::ChangePassword(user.clone(), None),
        Command::AddMember(team(), user.clone()),
        Command::RemoveMember(team(), user.clone()),
    ]);
    all
}

async fn run(backend: &Arc<dyn Backend>, command: Command) -> Result<Outcome, FaultKind> {
    backend.execute(command).await.map_err(|fault| fault.kind)
}

#[tokio::test]
async fn the_gateways_own_account_is_left_alone() {
    let names = UserRef::Native(NAMESPACE, "gate".to_owned());
    let ways = [
        (Numbering::From(1), number("7")),
        (Numbering::Names, UserRef::Name("gate".to_owned())),
        (Numbering::Names, names),
    ];
    for (numbering, user) in ways {
        let system = system(Ok(own()));
        let backend = kept(&system, numbering);
        for command in harms(&user) {
            let told = format!("{command:?}");
            assert_eq!(run(&backend, command).await, Err(FaultKind::Forbidden), "{told}");
        }
        assert_eq!(system.done.load(Ordering::Relaxed), 0);
        assert_eq!(system.asked.load(Ordering::Relaxed), 1, "asked once");
    }
}

#[tokio::test]
async fn nothing_else_is_refused() {
    let email = UserPatch {
        email: Some(None),
        active: Some(true),
        role: Some(Role::Administrator),
        unique: Uniqueness::default(),
        ..UserPatch::default()
    };
    let fine = Command::UpdateUser(number("7"), Box::new(email));
    let backend = kept(&system(Ok(own())), Numbering::From(1));
    assert_eq!(run(&backend, fine).await, Ok(Outcome::Done));
    for command in harms(&number("8")) {
        assert_eq!(run(&backend, command).await, Ok(Outcome::Done));
    }
    for own in [OwnAccount::Nobody, OwnAccount::Unknown] {
        let backend = kept(&system(Ok(own)), Numbering::From(1));
        for command in harms(&number("7")) {
            assert_eq!(run(&backend, command).await, Ok(Outcome::Done));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_risked_and_nobodys_absence() {
    let faults = [
        (Fault::new(FaultKind::Timeout, "slow"), FaultKind::Timeout),
        (Fault::not_found(Subject::User), FaultKind::Unexpected),
    ];
    for (fault, kind) in faults {
        let system = system(Err(fault));
        let backend = kept(&system, Numbering::From(1));
        let delete = || Command::DeleteUser(number("8"));
        assert_eq!(run(&backend, delete()).await, Err(kind));
        assert_eq!(run(&backend, Command::ListUsers).await, Ok(Outcome::Done));
        assert_eq!(system.done.load(Ordering::Relaxed), 1);
    }
}
