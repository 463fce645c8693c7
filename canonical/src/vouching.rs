//! Which proxies and networks may name a user without credentials: options of a route, enforced by the
//! gateway.

use std::net::IpAddr;

use ipnet::IpNet;

/// Who vouches for a user name that came without a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// A proxy in front of the gateway, which has checked who it is. Its address must be one of
    /// `[server] trusted_proxies`.
    Proxy,
    /// The operator, for whoever calls from one of the networks of [`Vouching::near`].
    Network,
    /// The setup wizard, which makes the first person. It names nobody.
    Wizard,
}

/// What a route believes of its vouchers. Nothing, unless its options say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent switch of a route")]
pub struct Vouching {
    /// A trusted proxy names who calls.
    pub proxy: bool,
    /// The headers by which it does, in lower case. From anybody else they go nowhere.
    pub headers: Vec<String>,
    /// A person whom it names and nobody knows is created, as an ordinary one.
    pub creates: bool,
    /// It names their groups too.
    pub groups: bool,
    /// Who is taken for whom by calling from near.
    pub near: Option<Near>,
    /// The setup wizard may make the first person while there is none.
    pub wizard: bool,
}

/// Who a caller from one of these networks is taken for.
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
