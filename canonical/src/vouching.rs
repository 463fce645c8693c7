//! Which proxies and networks may name a user without credentials: options of a route, enforced by the
//! gateway.

use std::net::IpAddr;

use ipnet::IpNet;

/// Who vouches for a user name that came without a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// A proxy in front of the gateway that has authenticated the user. Its address must be in
    /// `[server] trusted_proxies`.
    Proxy,
    /// The operator, for all callers from the networks of [`Vouching::near`].
    Network,
    /// The setup wizard, which creates the first person. It names no user.
    Wizard,
}

/// What a route accepts from its vouchers. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent switch of a route")]
pub struct Vouching {
    /// A trusted proxy may name the user.
    pub proxy: bool,
    /// The headers with which it names the user, in lower case. The gateway removes them from all
    /// other requests.
    pub headers: Vec<String>,
    /// An unknown user whom it names is created, with the role `user`.
    pub creates: bool,
    /// It may name the user's groups too.
    pub groups: bool,
    /// The user for whom callers from local networks are taken.
    pub near: Option<Near>,
    /// The setup wizard may create the first person while there is none.
    pub wizard: bool,
}

/// A user, and the networks whose callers are taken for this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// The user name.
    pub user: String,
    /// The networks.
    pub networks: Vec<IpNet>,
}

impl Near {
    /// Whether a caller at this address is taken for this user.
    #[must_use]
    pub fn takes(&self, address: IpAddr, user: &str) -> bool {
        self.user == user && self.networks.iter().any(|network| network.contains(&address))
    }
}
