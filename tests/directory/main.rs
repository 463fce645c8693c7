//! The directory layer on the embedded store, with a real LDAP server (Debian's slapd).
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use isogloss::layers::directory::config::DirectoryConfig;
use isogloss::layers::directory::{Directory, SOURCE};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};
use isogloss_store::Store;
use isogloss_testkit::directory::Directory as Server;
use tempfile::{NamedTempFile, TempDir};

const PEOPLE: &str = "
dn: dc=test
objectClass: dcObject
objectClass: organization
dc: test
o: test

dn: ou=People,dc=test
objectClass: organizationalUnit
ou: People

dn: uid=Fry,ou=People,dc=test
objectClass: inetOrgPerson
uid: Fry
cn: Philip J. Fry
sn: Fry
mail: fry@planetexpress.example
userPassword: frypass1
seeAlso: cn=Admins,dc=test

dn: uid=bender,ou=People,dc=test
objectClass: inetOrgPerson
uid: bender
cn: Bender
sn: Bender
userPassword: bender12

dn: ou=Old,ou=People,dc=test
objectClass: organizationalUnit
ou: Old

dn: uid=bender*,ou=Old,ou=People,dc=test
objectClass: inetOrgPerson
uid: bender*
uid: twin
cn: Flexo
sn: Flexo
mail: admin
userPassword: flexo123

dn: cn=twin,ou=Old,ou=People,dc=test
objectClass: inetOrgPerson
uid: twin
cn: twin
sn: twin
userPassword: twin1234
";

struct Fixture {
    layer: Directory,
    _server: Option<Server>,
    _folder: TempDir,
}

impl Fixture {
    async fn with(server: Option<Server>, config: Option<DirectoryConfig>) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path(), Vec::new()).await.unwrap();
        let layer = Directory::over(Arc::new(store), config).unwrap();
        Self { layer, _server: server, _folder: folder }
    }

    async fn start(change: impl FnOnce(&mut DirectoryConfig)) -> Self {
        Self::start_with("", change).await
    }

    async fn start_with(further: &str, change: impl FnOnce(&mut DirectoryConfig)) -> Self {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(PEOPLE.trim_start().as_bytes()).unwrap();
        let server = Server::start_with(file.path(), further).unwrap();
        let mut config = config(&server.url);
        change(&mut config);
        Self::with(Some(server), Some(config)).await
    }

    async fn create(&self, name: &str) -> Result<User, Fault> {
        let command = Command::CreateFromDirectory(name.to_owned());
        Ok(*self.layer.execute(command).await?.user()?)
    }

    async fn create_ours(&self, name: &str, password: &str) -> User {
        let password = Some(password.into());
        let new = NewUser { username: name.to_owned(), password, ..NewUser::default() };
        let command = Command::CreateUser(Box::new(new));
        *self.layer.execute(command).await.unwrap().user().unwrap()
    }

    async fn get(&self, name: &str) -> Option<User> {
        let command = Command::GetUser(UserRef::Name(name.to_owned()));
        self.layer.execute(command).await.ok().map(|user| *user.user().unwrap())
    }

    async fn verify(&self, name: &str, password: &str) -> Result<bool, Fault> {
        let user = UserRef::Name(name.to_owned());
        let command = Command::VerifyPassword(user, password.into());
        self.layer.execute(command).await?.verified()
    }
}

fn config(url: &str) -> DirectoryConfig {
    let timeout = Duration::from_secs(20);
    DirectoryConfig { timeout, ..DirectoryConfig::new(url, "ou=People,dc=test") }
}

#[track_caller]
fn assert_fault<T: std::fmt::Debug>(answer: Result<T, Fault>, kind: FaultKind, subject: Subject) {
    let fault = answer.unwrap_err();
    assert_eq!((fault.kind, fault.subject), (kind, Some(subject)), "{fault} {:?}", fault.source);
}

#[tokio::test]
async fn people_are_created_as_the_directory_has_them() {
    let fixture = Fixture::start(|_| {}).await;
    let fry = fixture.create("FRY").await.unwrap();
    assert_eq!((fry.username.as_str(), fry.source.as_deref()), ("fry", Some(SOURCE)));
    assert_eq!(fry.full_name().as_deref(), Some("Philip J. Fry"));
    assert_eq!(fry.email.as_deref(), Some("fry@planetexpress.example"));
    assert!(!fry.has_password && fry.role == Role::User);
    assert_fault(fixture.create("fry").await, FaultKind::Conflict, Subject::Username);
    assert_eq!(fixture.create("bender").await.unwrap().email.as_deref(), Some(""));
    for absent in ["zoidberg", "", "fr*", "*", "fry)(uid=*", "fry\0"] {
        assert_fault(fixture.create(absent).await, FaultKind::NotFound, Subject::User);
    }
    // An asterisk is a character of the name, not a pattern. A name that two entries have matches
    // no user.
    assert_eq!(fixture.create("bender*").await.unwrap().full_name().as_deref(), Some("Flexo"));
    assert_fault(fixture.create("twin").await, FaultKind::NotFound, Subject::User);
}

#[tokio::test]
async fn people_sign_in_with_their_password_there_and_are_brought_up_to_date() {
    let fixture = Fixture::start(|_| {}).await;
    let fry = fixture.create("fry").await.unwrap();
    let name = Some(Some("Changed".to_owned()));
    let patch = UserPatch { display_name: name, role: Some(Role::Manager), ..UserPatch::default() };
    let patch = Command::UpdateUser((&fry).into(), Box::new(patch));
    fixture.layer.execute(patch).await.unwrap();
    for wrong in ["wrong", "", "frypass1 "] {
        assert!(!fixture.verify("fry", wrong).await.unwrap(), "{wrong:?}");
    }
    assert_eq!(fixture.get("fry").await.unwrap().full_name().as_deref(), Some("Changed"));
    assert!(fixture.verify("fry", "frypass1").await.unwrap());
    let fry = fixture.get("fry").await.unwrap();
    assert_eq!(fry.full_name().as_deref(), Some("Philip J. Fry"));
    assert_eq!(fry.role, Role::Manager);
}

#[tokio::test]
async fn a_first_sign_in_creates_but_never_for_a_wrong_or_empty_password() {
    let fixture = Fixture::start(|_| {}).await;
    for (name, password) in
        [("bender", "wrong"), ("bender", ""), ("zoidberg", "x"), ("twin", "twin1234")]
    {
        assert!(!fixture.verify(name, password).await.unwrap(), "{name} {password}");
        assert_eq!(fixture.get(name).await, None);
    }
    let (one, other) =
        tokio::join!(fixture.verify("bender", "bender12"), fixture.verify("Bender", "bender12"));
    assert!(one.unwrap() && other.unwrap());
    let bender = fixture.get("bender").await.unwrap();
    assert_eq!((bender.source.as_deref(), bender.email), (Some(SOURCE), None));
    assert_eq!(fixture.get("Bender").await, None);
}

#[tokio::test]
async fn no_account_of_our_own_is_opened_by_the_directory() {
    let by_mail =
        |config: &mut DirectoryConfig| config.user_filter = "(|(uid=%s)(mail=%s))".to_owned();
    let fixture = Fixture::start(by_mail).await;
    fixture.create_ours("bender", "ours1234").await;
    assert!(fixture.verify("bender", "ours1234").await.unwrap());
    assert!(!fixture.verify("bender", "bender12").await.unwrap());
    // In the directory, "admin" is an address and not a user name.
    fixture.create_ours("Admin", "ours1234").await;
    assert!(!fixture.verify("admin", "flexo123").await.unwrap());
    assert!(!fixture.verify("Admin", "flexo123").await.unwrap());
}

#[tokio::test]
async fn groups_there_stand_for_roles_here() {
    let fixture = Fixture::start(|config| {
        config.groups_attribute = "seealso".to_owned();
        config.admin_group_dn = Some("CN=admins,dc=test".to_owned());
        config.create_at_login = false;
    });
    let fixture = fixture.await;
    assert_eq!(fixture.create("fry").await.unwrap().role, Role::Administrator);
    assert!(!fixture.verify("bender", "bender12").await.unwrap());
    let bender = fixture.create("bender").await.unwrap();
    let patch = UserPatch { role: Some(Role::Administrator), ..UserPatch::default() };
    let patch = Command::UpdateUser((&bender).into(), Box::new(patch));
    fixture.layer.execute(patch).await.unwrap();
    assert!(fixture.verify("bender", "bender12").await.unwrap());
    assert_eq!(fixture.get("bender").await.unwrap().role, Role::User);
}

#[tokio::test]
async fn a_searcher_needs_the_right_password() {
    let searcher = |password: &'static str| {
        move |config: &mut DirectoryConfig| {
            config.bind_dn = Some("uid=bender,ou=People,dc=test".to_owned());
            config.bind_password = Some(password.into());
        }
    };
    let fixture = Fixture::start(searcher("bender12")).await;
    assert!(fixture.verify("fry", "frypass1").await.unwrap());
    let fixture = Fixture::start(searcher("wrong")).await;
    assert_fault(fixture.create("fry").await, FaultKind::Unavailable, Subject::Directory);
    assert_fault(
        fixture.verify("fry", "frypass1").await,
        FaultKind::Unavailable,
        Subject::Directory,
    );
}

/// A certificate authority, and a server's certificate and key.
fn certificates() -> TempDir {
    let folder = TempDir::new().unwrap();
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=authority -days 2 \
                  -keyout ca.key -out ca.pem \
                  && openssl req -newkey rsa:2048 -nodes -subj /CN=server \
                  -keyout server.key -out server.csr \
                  && echo subjectAltName=IP:127.0.0.1 > names \
                  && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
                  -days 2 -extfile names -out server.pem";
    let mut shell = std::process::Command::new("sh");
    let made = shell.args(["-c", script]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

#[tokio::test]
async fn a_connection_turns_to_tls_and_only_to_a_server_that_somebody_vouches_for() {
    let (ours, others) = (certificates(), certificates());
    let at = ours.path().display();
    let tls = format!(
        "TLSCACertificateFile {at}/ca.pem\nTLSCertificateFile {at}/server.pem\n\
         TLSCertificateKeyFile {at}/server.key\nsecurity tls=128\n"
    );
    let trusting = |ca_file: Option<std::path::PathBuf>| {
        move |config: &mut DirectoryConfig| (config.start_tls, config.ca_file) = (true, ca_file)
    };
    let fixture = Fixture::start_with(&tls, trusting(Some(ours.path().join("ca.pem")))).await;
    assert!(fixture.verify("fry", "frypass1").await.unwrap());
    assert!(!fixture.verify("fry", "wrong").await.unwrap());
    for ca_file in [None, Some(others.path().join("ca.pem"))] {
        let fixture = Fixture::start_with(&tls, trusting(ca_file)).await;
        let answer = fixture.verify("fry", "frypass1").await;
        assert_fault(answer, FaultKind::Unavailable, Subject::Directory);
    }
    // If the configuration asks for TLS and the server has none, nothing is sent unencrypted.
    let fixture = Fixture::start(|config| config.start_tls = true).await;
    let answer = fixture.verify("fry", "frypass1").await;
    assert_fault(answer, FaultKind::Unavailable, Subject::Directory);
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_no_absence() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://{}", nowhere.local_addr().unwrap());
    drop(nowhere);
    let fixture = Fixture::with(None, Some(config(&url))).await;
    assert_fault(fixture.create("fry").await, FaultKind::Unavailable, Subject::Directory);
    assert_fault(fixture.create("").await, FaultKind::Unavailable, Subject::Directory);
    assert_fault(fixture.verify("fry", "x").await, FaultKind::Unavailable, Subject::Directory);
    fixture.create_ours("leela", "ours1234").await;
    assert!(fixture.verify("leela", "ours1234").await.unwrap());
}

#[tokio::test]
async fn a_directory_that_does_not_answer_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://{}", silent.local_addr().unwrap());
    let config = DirectoryConfig { timeout: Duration::from_millis(200), ..config(&url) };
    let fixture = Fixture::with(None, Some(config)).await;
    assert_fault(fixture.create("fry").await, FaultKind::Timeout, Subject::Directory);
}

#[tokio::test]
async fn a_base_that_is_not_there_is_no_absence() {
    let fixture =
        Fixture::start(|config| config.user_base_dn = "ou=Nobody,dc=test".to_owned()).await;
    assert_fault(fixture.create("fry").await, FaultKind::Unavailable, Subject::Directory);
}

#[tokio::test]
async fn without_a_directory_everything_else_works() {
    let fixture = Fixture::with(None, None).await;
    assert_fault(fixture.create("fry").await, FaultKind::Unsupported, Subject::Directory);
    fixture.create_ours("leela", "ours1234").await;
    assert!(fixture.verify("leela", "ours1234").await.unwrap());
    assert!(!fixture.verify("fry", "frypass1").await.unwrap());
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_said() {
    let good = config("ldap://localhost");
    assert_eq!(good.check(), Ok(()));
    let bad = [
        DirectoryConfig { url: "http://localhost".to_owned(), ..good.clone() },
        DirectoryConfig { url: "ldap://".to_owned(), ..good.clone() },
        DirectoryConfig { user_filter: "uid=fry".to_owned(), ..good.clone() },
        DirectoryConfig { bind_dn: Some("cn=x".to_owned()), ..good.clone() },
    ];
    for config in bad {
        assert!(config.check().is_err(), "{config:?}");
    }
    let nobody = DirectoryConfig { ca_file: Some("/dev/null".into()), ..good };
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), Vec::new()).await.unwrap();
    let refused = Directory::over(Arc::new(store), Some(nobody)).unwrap_err();
    assert_eq!(refused, "directory.ca_file: /dev/null: holds no certificate");
}
