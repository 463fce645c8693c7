//! The same for teams: a team that is removed and created again directly in the system gets nothing
//! of the old one: no owner, no co-owner, no member.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::future::LocalBoxFuture;
use isogloss::layers::sidecar::layer::Sidecar;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Lookup};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::{GroupId, GroupRef};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, Evidence, User, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_testkit::suite::trial;
use jiff::Timestamp;
use libtest_mimic::Trial;
use uuid::Uuid;

use crate::block_on;
use crate::system::{CLIENTS, KINDS, Kind, OWN, System};
use crate::test_sidecar::open;

/// A team of the system.
#[derive(Clone, Debug)]
struct Row {
    id: i64,
    name: String,
    members: Vec<String>,
}

/// A system with teams, which uses the highest id again after a deletion.
#[derive(Debug)]
struct Teams {
    people: System,
    capability: Capability,
    rows: Mutex<Vec<Row>>,
    /// The verbs that fail as in an outage, and the verbs that show no team.
    out: Mutex<Vec<Verb>>,
    blind: Mutex<Vec<Verb>>,
}

impl Teams {
    fn add(&self, name: &str) -> Row {
        let mut rows = self.rows.lock().unwrap();
        let id = rows.iter().map(|row| row.id).max().unwrap_or_default() + 1;
        let row = Row { id, name: name.to_owned(), members: Vec::new() };
        rows.push(row.clone());
        row
    }

    fn remove(&self, name: &str) {
        self.rows.lock().unwrap().retain(|row| row.name != name);
    }

    fn rename(&self, names: &[(&str, &str)]) {
        for row in self.rows.lock().unwrap().iter_mut() {
            if let Some((_, to)) = names.iter().find(|(from, _)| *from == row.name) {
                row.name = (*to).to_owned();
            }
        }
    }

    fn names(&self) -> Vec<String> {
        self.rows.lock().unwrap().iter().map(|row| row.name.clone()).collect()
    }

    fn find(&self, team: &GroupRef) -> Result<Row, Fault> {
        let rows = self.rows.lock().unwrap();
        let found = rows.iter().find(|row| match team {
            GroupRef::Native(namespace, id) if *namespace == OWN => row.id.to_string() == *id,
            GroupRef::Name(None, name) => row.name == *name,
            GroupRef::Id(_) | GroupRef::Native(..) | GroupRef::Name(..) => {
                panic!("the system has no such reference: {team:?}")
            }
        });
        found.cloned().ok_or_else(|| Fault::not_found(Subject::Group))
    }

    fn change(&self, id: i64, change: impl FnOnce(&mut Row)) {
        change(self.rows.lock().unwrap().iter_mut().find(|row| row.id == id).unwrap());
    }

    fn update(&self, team: &GroupRef, patch: GroupPatch) -> Result<Row, Fault> {
        let row = self.find(team)?;
        if patch.name.as_ref().is_some_and(|name| self.names().contains(name)) {
            return Err(Fault::conflict(Subject::Group));
        }
        self.change(row.id, |row| row.name = patch.name.unwrap_or(row.name.clone()));
        self.find(&GroupRef::Native(OWN, row.id.to_string()))
    }

    fn answer(&self, command: Command) -> Result<Outcome, Fault> {
        let boxed = |row: Row| Outcome::Group(Box::new(shown(&row)));
        match command {
            Command::CreateGroup(new) => Ok(boxed(self.add(&new.name))),
            Command::GetGroup(team) => self.find(&team).map(boxed),
            Command::ListGroups(None) => {
                Ok(Outcome::Groups(self.rows.lock().unwrap().iter().map(shown).collect()))
            }
            Command::UpdateGroup(team, patch) => self.update(&team, *patch).map(boxed),
            Command::DeleteGroup(team) => {
                self.remove(&self.find(&team)?.name);
                Ok(Outcome::Done)
            }
            Command::AddMember(team, user) => {
                let row = self.find(&team)?;
                let UserRef::Native(_, id) = user else { panic!("{user:?}") };
                self.change(row.id, |row| row.members.push(id));
                Ok(Outcome::Done)
            }
            Command::GroupsOf(UserRef::Native(_, id)) => {
                let rows = self.rows.lock().unwrap();
                let own = rows.iter().filter(|row| row.members.contains(&id));
                Ok(Outcome::Groups(own.map(shown).collect()))
            }
            other @ (Command::CreateUser(_)
            | Command::CreateFromDirectory(_)
            | Command::GetUser(_)
            | Command::ListUsers
            | Command::UpdateUser(..)
            | Command::ActivateUser(_)
            | Command::DeactivateUser(_)
            | Command::DeleteUser(_)
            | Command::ChangePassword(..)
            | Command::IssueKey(..)
            | Command::RevokeKeys(..)
            | Command::ListKeys(..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::ListGroups(Some(_))
            | Command::RemoveMember(..)
            | Command::ListMembers(_)
            | Command::GroupsOf(_)
            | Command::ListLocks(_)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::FindKey(..)
            | Command::VerifyPassword(..)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_)) => panic!("{} is not asked of a system", other.verb()),
        }
    }
}

fn shown(row: &Row) -> Group {
    Group {
        id: GroupId(Uuid::nil()),
        namespace: None,
        ids: [(OWN, row.id.to_string())].into(),
        name: row.name.clone(),
        description: None,
        owner: None,
        co_owners: Vec::new(),
        changers: Vec::new(),
        active: true,
        grants: Grants::none(),
        confers: None,
        members: row.members.len() as u64,
        attributes: Attributes::new(),
        created: Timestamp::UNIX_EPOCH,
        evidence: Evidence::default(),
    }
}

#[async_trait]
impl Backend for Teams {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        if self.out.lock().unwrap().contains(&verb) {
            return Err(Fault::new(FaultKind::Unavailable, "an outage"));
        }
        match (verb, self.blind.lock().unwrap().contains(&verb)) {
            (Verb::ListGroups, true) => return Ok(Outcome::Groups(Vec::new())),
            (Verb::GetGroup, true) => return Err(Fault::not_found(Subject::Group)),
            _ => {}
        }
        if verb.is_about_groups() {
            return self.answer(command);
        }
        self.people.execute(command).await
    }
}

/// A sidecar of a system with teams.
struct TestSidecar {
    system: Arc<Teams>,
    sidecar: Sidecar,
}

impl TestSidecar {
    async fn ask(&self, command: Command) -> Result<Outcome, Fault> {
        self.sidecar.execute(command).await
    }

    async fn done(&self, command: Command) -> Outcome {
        let verb = command.verb();
        self.ask(command).await.unwrap_or_else(|fault| panic!("{verb}: {fault:?}"))
    }

    async fn person(&self, name: &str) -> User {
        let named = Command::GetUser(UserRef::Name(name.to_owned()));
        *self.done(named).await.user().unwrap()
    }

    /// Creates a team with an owner and a co-owner, through the gateway.
    async fn owned(&self, name: &str) -> Group {
        let owner = self.person("ann").await.id;
        let new = NewGroup { name: name.to_owned(), owner: Some(owner), ..NewGroup::default() };
        let made = self.done(Command::CreateGroup(Box::new(new))).await.group().unwrap();
        let patch = GroupPatch { co_owners: Some(vec![owner]), ..GroupPatch::default() };
        let update = Command::UpdateGroup(GroupRef::Id(made.id), Box::new(patch));
        let made = *self.done(update).await.group().unwrap();
        assert_eq!((made.owner, made.co_owners.len()), (Some(owner), 1));
        made
    }

    async fn get(&self, team: GroupRef) -> Result<Group, Fault> {
        self.ask(Command::GetGroup(team)).await.and_then(Outcome::group).map(|team| *team)
    }

    async fn named(&self, name: &str) -> Result<Group, Fault> {
        self.get(GroupRef::Name(None, name.to_owned())).await
    }

    async fn list(&self) -> Vec<Group> {
        self.done(Command::ListGroups(None)).await.groups().unwrap()
    }

    /// The new team has nothing of the old one, and the old one gives no access.
    async fn has_nothing_of(&self, new: &Group, old: &Group) {
        assert_ne!(new.id, old.id);
        assert_eq!((new.owner, new.co_owners.len()), (None, 0), "{new:?}");
        assert_ne!(new.native(&CLIENTS), old.native(&CLIENTS));
        self.is_gone(old).await;
    }

    async fn is_gone(&self, old: &Group) {
        let before = self.system.names();
        let id = old.native(&CLIENTS).unwrap().to_owned();
        for way in [GroupRef::Id(old.id), GroupRef::Native(CLIENTS, id)] {
            let name = Some("taken over".to_owned());
            let patch = GroupPatch { name, ..GroupPatch::default() };
            for command in [
                Command::GetGroup(way.clone()),
                Command::UpdateGroup(way.clone(), Box::new(patch)),
                Command::DeleteGroup(way.clone()),
                Command::AddMember(way, UserRef::Name("ann".to_owned())),
            ] {
                let told = format!("{command:?}");
                let absent = self.ask(command).await.unwrap_err();
                assert!(absent.is_absence_of(Subject::Group), "{told}: {absent:?}");
            }
        }
        assert_eq!(self.system.names(), before);
    }
}

type Case = (&'static str, for<'b> fn(&'b TestSidecar) -> LocalBoxFuture<'b, ()>);

macro_rules! case {
    ($name:literal, $tested:ident => $body:block) => {
        ($name, |$tested: &TestSidecar| Box::pin(async move $body))
    };
}

const CASES: &[Case] = &[
    case!("removed-and-another-made", tested => {
        let old = tested.owned("crew").await;
        tested.system.remove("crew");
        tested.system.add("guild");
        let new = tested.named("guild").await.unwrap();
        assert_eq!(new.native(&OWN), Some("1"));
        tested.has_nothing_of(&new, &old).await;
    }),
    case!("removed-and-another-made-unseen", tested => {
        // The new team was not read yet. The id of the old one must not reach it.
        let old = tested.owned("crew").await;
        tested.system.remove("crew");
        tested.system.add("guild");
        tested.is_gone(&old).await;
        tested.has_nothing_of(&tested.named("guild").await.unwrap(), &old).await;
    }),
    case!("removed-and-made-again", tested => {
        let old = tested.owned("crew").await;
        tested.system.remove("crew");
        assert!(tested.list().await.is_empty());
        tested.is_gone(&old).await;
        tested.system.add("crew");
        tested.has_nothing_of(&tested.list().await[0], &old).await;
    }),
    case!("removed-and-made-again-by-name", tested => {
        let old = tested.owned("crew").await;
        tested.system.remove("crew");
        assert!(tested.named("crew").await.unwrap_err().is_absence_of(Subject::Group));
        tested.system.add("crew");
        tested.has_nothing_of(&tested.named("crew").await.unwrap(), &old).await;
    }),
    case!("removed-and-made-through-the-gateway", tested => {
        let old = tested.owned("crew").await;
        tested.system.remove("crew");
        let bob = tested.person("bob").await.id;
        let new = NewGroup { name: "crew".to_owned(), owner: Some(bob), ..NewGroup::default() };
        let new = *tested.done(Command::CreateGroup(Box::new(new))).await.group().unwrap();
        assert_eq!((new.owner, new.co_owners.len()), (Some(bob), 0));
        assert_ne!(new.id, old.id);
        tested.is_gone(&old).await;
        assert_eq!(tested.named("crew").await.unwrap().owner, Some(bob));
    }),
    case!("still-there", tested => {
        let old = tested.owned("crew").await;
        for team in [tested.named("crew").await.unwrap(), tested.list().await.remove(0)] {
            assert_eq!((team.id, team.owner), (old.id, old.owner));
        }
    }),
    case!("renamed-there", tested => {
        // There is no proof that it is the same team.
        let old = tested.owned("crew").await;
        tested.system.rename(&[("crew", "guild")]);
        tested.has_nothing_of(&tested.list().await[0], &old).await;
    }),
    case!("renamed-through-the-gateway", tested => {
        let old = tested.owned("crew").await;
        let name = Some("guild".to_owned());
        let patch = GroupPatch { name, ..GroupPatch::default() };
        let update = Command::UpdateGroup(GroupRef::Id(old.id), Box::new(patch));
        let new = tested.done(update).await.group().unwrap();
        assert_eq!((new.id, &*new.name, new.owner), (old.id, "guild", old.owner));
        assert_eq!(tested.list().await[0].owner, old.owner);
    }),
    case!("a-refused-name-is-no-longer-expected", tested => {
        let old = tested.owned("crew").await;
        tested.system.add("guild");
        let name = Some("guild".to_owned());
        let patch = GroupPatch { name, ..GroupPatch::default() };
        let update = Command::UpdateGroup(GroupRef::Id(old.id), Box::new(patch));
        assert_eq!(tested.ask(update).await.unwrap_err().kind, FaultKind::Conflict);
        assert_eq!(tested.named("crew").await.unwrap().id, old.id);
        for name in ["guild", "crew"] {
            tested.system.remove(name);
        }
        tested.system.add("guild");
        tested.has_nothing_of(&tested.named("guild").await.unwrap(), &old).await;
    }),
    case!("swapped-there", tested => {
        let (one, other) = (tested.owned("a").await, tested.owned("b").await);
        tested.system.rename(&[("a", "b"), ("b", "a")]);
        let listed = tested.list().await;
        assert_eq!(listed.len(), 2);
        for new in &listed {
            tested.has_nothing_of(new, &one).await;
            tested.has_nothing_of(new, &other).await;
        }
    }),
    case!("deleted-through-the-gateway", tested => {
        let old = tested.owned("crew").await;
        tested.done(Command::DeleteGroup(GroupRef::Id(old.id))).await;
        tested.system.add("crew");
        tested.has_nothing_of(&tested.named("crew").await.unwrap(), &old).await;
    }),
    case!("an-outage-buries-nothing", tested => {
        let old = tested.owned("crew").await;
        // A read contradicts a truncated list, and the list contradicts a failed read.
        for verb in [Verb::ListGroups, Verb::GetGroup] {
            *tested.system.blind.lock().unwrap() = vec![verb];
            let seen = tested.list().await.len() + usize::from(tested.named("crew").await.is_ok());
            assert!(seen < 3, "{verb}");
            tested.system.blind.lock().unwrap().clear();
            assert_eq!(tested.named("crew").await.unwrap().owner, old.owner, "{verb}");
        }
        // No second read confirms the absence.
        *tested.system.blind.lock().unwrap() = vec![Verb::GetGroup];
        *tested.system.out.lock().unwrap() = vec![Verb::ListGroups];
        let fault = tested.named("crew").await.unwrap_err();
        assert!(!fault.kind.is_callers(), "{fault:?}");
        tested.system.blind.lock().unwrap().clear();
        tested.system.out.lock().unwrap().clear();
        assert_eq!(tested.named("crew").await.unwrap().owner, old.owner);
    }),
    case!("memberships-stay-with-the-team", tested => {
        let old = tested.owned("crew").await;
        let bob = || UserRef::Name("bob".to_owned());
        tested.done(Command::AddMember(GroupRef::Id(old.id), bob())).await;
        let of_bob = tested.done(Command::GroupsOf(bob())).await.groups().unwrap();
        assert_eq!(of_bob[0].id, old.id);
        tested.system.remove("crew");
        tested.system.add("guild");
        assert!(tested.done(Command::GroupsOf(bob())).await.groups().unwrap().is_empty());
        tested.has_nothing_of(&tested.named("guild").await.unwrap(), &old).await;
    }),
    case!("an-owner-who-is-replaced-owns-nothing", tested => {
        let old = tested.owned("crew").await;
        tested.system.people.remove("ann");
        tested.system.people.add("ann", Role::Administrator);
        tested.done(Command::ListUsers).await;
        let now = tested.named("crew").await.unwrap();
        let stranger = tested.person("ann").await;
        assert_ne!(Some(stranger.id), old.owner);
        assert_eq!((now.id, now.owner, now.co_owners.len()), (old.id, None, 0));
    }),
];

/// All cases, with a system that reuses ids.
pub(crate) fn trials() -> Vec<Trial> {
    let kind = *KINDS.iter().find(|kind| kind.reuses && kind.numbered).unwrap();
    let trial = |(name, run): &Case| {
        let run = *run;
        trial(format!("teams::{name}"), move || {
            block_on(on_a_sidecar(kind, run));
            Ok(())
        })
    };
    CASES.iter().map(trial).collect()
}

async fn on_a_sidecar(kind: Kind, run: for<'b> fn(&'b TestSidecar) -> LocalBoxFuture<'b, ()>) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), kind).await;
    let people = System::new(kind);
    for name in ["root", "ann", "bob"] {
        people.add(name, Role::User);
    }
    let groups = Verb::ALL.into_iter().filter(|verb| verb.is_about_groups());
    let capability = people.capability().verbs().chain(groups);
    let system = Arc::new(Teams {
        capability: Capability::of(capability).finding([Lookup::Id, Lookup::Name]),
        people,
        rows: Mutex::default(),
        out: Mutex::default(),
        blind: Mutex::default(),
    });
    let backend: Arc<dyn Backend> = Arc::<Teams>::clone(&system);
    let sidecar = Sidecar::new(backend, &store, (OWN, kind.numbering()));
    run(&TestSidecar { system, sidecar }).await;
    store.close().await;
}
