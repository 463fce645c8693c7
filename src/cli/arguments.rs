//! The one definition of the command line: help, completions and the man page come from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::settings::Mode;

/// A gateway that lets legacy clients of OctoPrint, RhodeCode, Kanboard and Dandelion keep their
/// API while the accounts are in any backend.
#[derive(Debug, Parser)]
#[command(name = "isogloss", version, about, max_term_width = 100)]
#[command(after_help = "Example:\n  isogloss serve --data-dir ./data")]
pub struct Arguments {
    /// The subcommand.
    #[command(subcommand)]
    pub ask: Ask,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Ask {
    /// Answer legacy clients
    #[command(after_help = "Examples:\n  isogloss serve\n  \
        isogloss serve --config gateway.toml\n  \
        isogloss serve --dialect kanboard --listen 127.0.0.1:8080")]
    Serve(Serve),
    /// Create the first administrator, without serving
    #[command(after_help = "Examples:\n  isogloss init --data-dir ./data --json\n  \
        ISOGLOSS_ADMIN_PASSWORD=... isogloss init\n  isogloss init --accounts accounts.json")]
    Init(Init),
    /// Manage users
    #[command(
        after_help = "Example:\n  isogloss user add ada --password-file ada.txt --email ada@example.org"
    )]
    User(User),
    /// Manage API keys
    #[command(after_help = "Example:\n  isogloss key add ada --dialect rhodecode --scope api")]
    Key(Key),
    /// Import or export the ids that clients use; manage the records of a remote backend
    #[command(after_help = "Examples:\n  isogloss identity export > ids.csv\n  \
        isogloss identity list --state suspended --backend old")]
    Identity(Identity),
    /// Check or show the configuration
    #[command(after_help = "Example:\n  isogloss config check --config gateway.toml")]
    Config(Config),
    /// Show for every method how each backend carries it out
    #[command(
        after_help = "Examples:\n  isogloss matrix --dialect kanboard --backend octoprint\n  \
                      isogloss matrix --markdown > docs/matrix.md"
    )]
    Matrix(Matrix),
    /// List the dialects: their versions, options and methods
    #[command(after_help = "Example:\n  isogloss dialects kanboard")]
    Dialects {
        /// Only this one
        name: Option<String>,
        /// Print JSON
        #[arg(long, conflicts_with = "markdown")]
        json: bool,
        /// Print Markdown
        #[arg(long)]
        markdown: bool,
    },
    /// Show what a request would do, without doing it
    #[command(after_help = "Example:\n  isogloss explain --route /kanboard < request.http")]
    Explain {
        /// The route's path, or its dialect
        #[arg(long, value_name = "ROUTE")]
        route: String,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Show who calls which method of which route, as the gateways of the data directory have counted
    #[command(after_help = "Example:\n  isogloss usage\n\n\
        A key is shown by a fingerprint, never by its value. A request without a method of the dialect\n\
        is counted by its verb and the first two steps of its path.")]
    Usage {
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Copy the state database: to PostgreSQL, or back to a directory
    #[command(
        after_help = "Examples:\n  isogloss state copy --from sqlite:data --to env:STATE_URL\n  \
                      isogloss state copy --from env:STATE_URL --to sqlite:backup --secret-file data/secret.key\n\n\
        Stop the gateways first. A copy that was interrupted goes on when the command is run again."
    )]
    State(State),
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  isogloss completions bash > /etc/bash_completion.d/isogloss"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    #[command(after_help = "Example:\n  isogloss man | man -l -")]
    Man,
}

/// Where the configuration and the data are.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// The configuration file; without one, the built-in defaults
    #[arg(long, value_name = "FILE", env = "ISOGLOSS_CONFIG")]
    pub config: Option<PathBuf>,
    /// The directory of the embedded store
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// `isogloss serve`.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The address to listen on; port 0 takes a free port
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Serve only this dialect, at the root: for clients with fixed paths
    #[arg(long, value_name = "NAME")]
    pub dialect: Option<String>,
    /// The version of the system that the clients were written for
    #[arg(long, value_name = "VERSION", requires = "dialect")]
    pub dialect_version: Option<String>,
    /// An option of the dialect, KEY=VALUE; see `isogloss dialects`
    #[arg(long = "option", value_name = "KEY=VALUE", requires = "dialect")]
    pub options: Vec<String>,
    /// The old system that answers what the dialect does not translate
    #[arg(long, value_name = "URL", requires = "dialect")]
    pub origin: Option<String>,
    /// How the dialect is served: normal, or proxy (the origin answers every request, and the gateway
    /// counts who calls what)
    #[arg(long, value_name = "MODE", requires = "origin", value_enum)]
    pub mode: Option<Mode>,
    /// The log level: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// `isogloss state`.
#[derive(Debug, Args)]
pub struct State {
    #[command(subcommand)]
    pub(crate) ask: StateAsk,
}

/// The commands of `isogloss state`.
#[derive(Debug, Subcommand)]
pub enum StateAsk {
    /// Copy all rows to an empty database, and compare both with checksums
    Copy {
        /// The source: sqlite:DIRECTORY, postgres://..., env:NAME or file:PATH
        #[arg(long, value_name = "URL")]
        from: String,
        /// The target, which must be empty
        #[arg(long, value_name = "URL")]
        to: String,
        /// The file of the master secret; default: secret.key in the directory of the source or target
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `isogloss init`.
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Provision these accounts instead of an administrator
    #[arg(long, value_name = "FILE")]
    pub accounts: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `isogloss user`.
#[derive(Debug, Args)]
pub struct User {
    /// The subcommand.
    #[command(subcommand)]
    pub ask: UserAsk,
}

/// The subcommands of `isogloss user`.
#[derive(Debug, Subcommand)]
pub enum UserAsk {
    /// Create a user
    #[command(
        after_help = "Example:\n  isogloss user add ada --display-name 'Ada Lovelace' --role manager"
    )]
    Add(UserChange),
    /// List all users
    #[command(after_help = "Example:\n  isogloss user list --json\n\n\
        ACTIVITY shows `locked` (no unknown address signs in) and how many addresses wait because of\n\
        `guesses`. What `address_guesses` counts is in the memory of `serve` and is not shown.")]
    List {
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Show a user
    #[command(after_help = "Example:\n  isogloss user show ada")]
    Show {
        /// The user name
        username: String,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Change a user
    #[command(after_help = "Example:\n  isogloss user set ada --inactive")]
    Set(UserChange),
    /// Unlock a user after too many wrong passwords
    #[command(after_help = "Example:\n  isogloss user unlock ada\n\n\
        With a remote backend, the lock of the system itself is not lifted.")]
    Unlock {
        /// The user name
        username: String,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Delete a user
    #[command(after_help = "Example:\n  isogloss user remove ada")]
    Remove {
        /// The user name
        username: String,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
}

/// Which backend, and how to print.
#[derive(Clone, Debug, Args)]
pub struct At {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The backend; default: the embedded store, or the only backend
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The attributes of a user that can be set.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct UserChange {
    /// The user name
    pub username: String,
    /// A new user name
    #[arg(long, value_name = "NAME")]
    pub rename: Option<String>,
    /// Read the password from the first line of this file ("-": standard input)
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<String>,
    /// The full name
    #[arg(long, value_name = "NAME")]
    pub display_name: Option<String>,
    /// The e-mail address
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// user, manager or administrator
    #[arg(long, value_name = "ROLE", value_parser = ["user", "manager", "administrator"])]
    pub role: Option<String>,
    /// Activate the user
    #[arg(long, conflicts_with = "inactive")]
    pub active: bool,
    /// Deactivate the user: the account stays, every request is refused
    #[arg(long)]
    pub inactive: bool,
    #[command(flatten)]
    /// Place and format.
    pub at: At,
}

/// `isogloss key`.
#[derive(Debug, Args)]
pub struct Key {
    /// The subcommand.
    #[command(subcommand)]
    pub ask: KeyAsk,
}

/// The subcommands of `isogloss key`.
#[derive(Debug, Subcommand)]
pub enum KeyAsk {
    /// Issue a key; its value is shown once
    #[command(after_help = "Example:\n  isogloss key add ada --dialect octoprint \
        --expires 2027-01-01T00:00:00Z --address 10.0.0.0/8")]
    Add(KeyAdd),
    /// Import keys that clients already use, from CSV: username,dialect,key,label,scope
    #[command(after_help = "Example:\n  isogloss key import keys.csv\n\n\
        An empty username means a key of the application itself; label and scope may be empty.\n\
        Every row is checked before the first key is stored. A key that its owner has already is not\n\
        stored again.")]
    Import {
        /// The file ("-": standard input)
        file: String,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// List keys, without their values. The keys of a remote backend's suspended records and
    /// tombstones are listed with that state; they are refused
    #[command(after_help = "Example:\n  isogloss key list ada")]
    List {
        /// The user name, now or of a record that is not active; without it, the keys of all users
        username: Option<String>,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Revoke a key
    #[command(after_help = "Example:\n  isogloss key revoke 0198c0de-0000-7000-8000-000000000000")]
    Revoke {
        /// The key's id, as `key list` shows it
        id: uuid::Uuid,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
}

/// `isogloss key add`.
#[derive(Debug, Args)]
pub struct KeyAdd {
    /// The user name
    pub username: String,
    /// The dialect that the key is for
    #[arg(long, value_name = "NAME")]
    pub dialect: String,
    /// The scope of the key (RhodeCode: all, api, http, vcs, feed)
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<String>,
    /// A label
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,
    /// When the key expires (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub expires: Option<jiff::Timestamp>,
    /// An address or network from which the key may be used; may be repeated
    #[arg(long = "address", value_name = "CIDR")]
    pub addresses: Vec<String>,
    #[command(flatten)]
    /// Place and format.
    pub at: At,
}

/// `isogloss identity`.
#[derive(Debug, Args)]
pub struct Identity {
    /// The subcommand.
    #[command(subcommand)]
    pub ask: IdentityAsk,
}

/// The subcommands of `isogloss identity`.
#[derive(Debug, Subcommand)]
pub enum IdentityAsk {
    /// Print the ids of all users as CSV: id_namespace,id,username
    #[command(after_help = "Example:\n  isogloss identity export > ids.csv")]
    Export {
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Import ids that clients already use, from CSV: id_namespace,id,username; all rows or none
    #[command(after_help = "Example:\n  isogloss identity import ids.csv --backend old")]
    Import {
        /// The file ("-": standard input)
        file: String,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// List the sidecar's records with their state: active, suspended, tombstone
    #[command(after_help = "Example:\n  isogloss identity list --state suspended --backend old")]
    List {
        /// Only records in this state
        #[arg(long, value_name = "STATE", value_parser = ["active", "suspended", "tombstone"])]
        state: Option<String>,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Restore a suspended record: the system's user with the same id and name is the same user.
    /// The system is read now; without such a user nothing is changed
    #[command(after_help = "Example:\n  \
        isogloss identity confirm 0198c0de-0000-7000-8000-000000000000 --backend old")]
    Confirm {
        /// The record's id, as `identity list` shows it
        id: uuid::Uuid,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Make a record a tombstone: its keys and sessions are refused for good
    #[command(after_help = "Example:\n  \
        isogloss identity tombstone 0198c0de-0000-7000-8000-000000000000 --backend old")]
    Tombstone {
        /// The record's id, as `identity list` shows it
        id: uuid::Uuid,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Assign a record to a user of the system, by the system's own id. The record that this user
    /// had until now becomes a tombstone. A tombstone that is bound gets its ids, settings and
    /// memberships back; its keys, sessions and remembered passwords are revoked
    #[command(after_help = "Example:\n  \
        isogloss identity bind 0198c0de-0000-7000-8000-000000000000 --to 7 --backend old")]
    Bind {
        /// The record's id, as `identity list` shows it
        id: uuid::Uuid,
        /// The system's own id of the user (the user name, where names are ids)
        #[arg(long, value_name = "ID")]
        to: String,
        /// Bind although the system's user has another name than the record
        #[arg(long)]
        renamed: bool,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
}

/// `isogloss config`.
#[derive(Debug, Args)]
pub struct Config {
    /// The subcommand.
    #[command(subcommand)]
    pub ask: ConfigAsk,
}

/// The subcommands of `isogloss config`.
#[derive(Debug, Subcommand)]
pub enum ConfigAsk {
    /// Print every error of the configuration, with file, line and key
    #[command(after_help = "Examples:\n  isogloss config check --config gateway.toml\n  \
        isogloss config check --config gateway.toml --connect\n\n\
        The files of the store and of each sidecar are read too; none of them is changed.\n\
        The exit status is 1 if `isogloss serve` would refuse it, or if a connection fails. Whether\n\
        the database is damaged, and whether an address is free, is found by `serve` alone.")]
    Check {
        /// Also connect to each backend (with the gateway's own credential), each origin and the
        /// directory
        #[arg(long)]
        connect: bool,
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
    /// Show the configuration in effect; secrets are masked
    #[command(after_help = "Example:\n  isogloss config show")]
    Show {
        #[command(flatten)]
        /// Place and format.
        at: At,
    },
}

/// Which rows of the matrix, and how.
#[derive(Debug, clap::Args)]
pub struct Matrix {
    /// Only the methods of this dialect
    #[arg(long)]
    pub(crate) dialect: Option<String>,
    /// Only this backend: the name of its system
    #[arg(long)]
    pub(crate) backend: Option<String>,
    /// Only this method, as the manual of the dialect has it
    #[arg(long)]
    pub(crate) method: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Print Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
}
