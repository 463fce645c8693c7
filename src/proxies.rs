//! The trusted proxies, and the sender of a request. One client address is used for keys, logins,
//! sessions and limits.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// `[server] trusted_proxies`: the networks whose `X-Forwarded-*` headers are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

/// The sender of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The client's address. `None`: unknown.
    pub client: Option<IpAddr>,
    /// Whether the other end of the connection is a trusted proxy.
    pub by_proxy: bool,
}

impl Proxies {
    /// Whether an address belongs to a trusted proxy.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether there are no trusted proxies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The network that contains all addresses, if it is in the list. Then every client is a
    /// trusted proxy.
    #[must_use]
    pub fn everybody(&self) -> Option<IpNet> {
        self.0.iter().find(|network| network.prefix_len() == 0).copied()
    }

    /// The sender of a request, from the other end of the connection and the values of
    /// `X-Forwarded-For` in their order. The client is the last hop that is not a trusted proxy. If
    /// a hop is not an address, the client is unknown, and earlier hops do not count.
    #[must_use]
    pub fn sender<'a>(
        &self,
        peer: Option<IpAddr>,
        forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> Sender {
        let peer = peer.map(|peer| peer.to_canonical());
        let by_proxy = peer.is_some_and(|peer| self.trusts(peer));
        let mut client = peer;
        let mut hops = forwarded.rev().flat_map(|list| list.rsplit(|byte| *byte == b','));
        while client.is_some_and(|client| self.trusts(client)) {
            let Some(hop) = hops.next() else { break };
            client = address(hop);
        }
        Sender { client, by_proxy }
    }
}

/// An address, with or without a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

/// Whether only a trusted proxy may send this header. From other clients such headers reach no
/// dialect and no origin.
#[must_use]
pub fn is_a_proxys(header: &str) -> bool {
    const NAMES: [&str; 6] =
        ["forwarded", "remote-groups", "remote-user", "x-real-ip", "x-script-name", "x-scheme"];
    const BEGINNINGS: [&str; 2] = ["x-forwarded-", "x-remote-"];
    let header = header_as_read(header);
    NAMES.contains(&header.as_ref()) || BEGINNINGS.iter().any(|own| header.starts_with(own))
}

/// A header's name as servers behind CGI or WSGI read it, in lower case. They treat `_` as `-`:
/// `X_Script_Name` is `X-Script-Name`.
#[must_use]
pub fn header_as_read(name: &str) -> Cow<'_, str> {
    if name.contains('_') { name.replace('_', "-").into() } else { name.into() }
}

impl Serialize for Proxies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

impl<'de> Deserialize<'de> for Proxies {
    /// Reads a list of networks or addresses, or one text with commas.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = match Value::deserialize(deserializer)? {
            Value::String(text) => text.split(',').map(|text| text.trim().to_owned()).collect(),
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| D::Error::custom(EXPECTED))?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                return Err(D::Error::custom(EXPECTED));
            }
        };
        let texts = texts.iter().filter(|text| !text.is_empty());
        let networks = texts.map(|text| network(text).map_err(D::Error::custom));
        networks.collect::<Result<_, _>>().map(Self)
    }
}

const EXPECTED: &str = "trusted_proxies takes a list of networks, such as [\"10.0.0.0/8\"]";

fn network(text: &str) -> Result<IpNet, String> {
    let parsed = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    parsed.map_err(|_| format!("trusted_proxies: {text:?} is no network; {EXPECTED}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &str) -> Proxies {
        serde_json::from_value(Value::from(networks)).unwrap()
    }

    fn client(proxies: &Proxies, peer: &str, lists: &[&str]) -> Option<String> {
        let lists = lists.iter().map(|list| list.as_bytes());
        let sender = proxies.sender(peer.parse().ok(), lists);
        sender.client.map(|client| client.to_string())
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_no_trusted_proxy() {
        let none = Proxies::default();
        let some = proxies("127.0.0.1, 10.0.0.0/8, ::1");
        for (proxies, peer, lists, expected) in [
            (&none, "127.0.0.1", &["1.1.1.1"][..], Some("127.0.0.1")),
            (&some, "2.2.2.2", &["1.1.1.1"], Some("2.2.2.2")),
            (&some, "127.0.0.1", &[], Some("127.0.0.1")),
            (&some, "127.0.0.1", &["1.1.1.1"], Some("1.1.1.1")),
            (&some, "127.0.0.1", &["9.9.9.9, 1.1.1.1, 10.1.1.1"], Some("1.1.1.1")),
            (&some, "127.0.0.1", &["9.9.9.9", "1.1.1.1", "10.1.1.1"], Some("1.1.1.1")),
            (&some, "127.0.0.1", &["10.1.1.2, 10.1.1.1"], Some("10.1.1.2")),
            (&some, "127.0.0.1", &["1.1.1.1, nonsense"], None),
            (&some, "127.0.0.1", &["1.1.1.1:80"], Some("1.1.1.1")),
            (&some, "::1", &["[2001:db8::1]:80"], Some("2001:db8::1")),
            (&some, "::ffff:127.0.0.1", &["::ffff:1.1.1.1"], Some("1.1.1.1")),
        ] {
            assert_eq!(client(proxies, peer, lists).as_deref(), expected, "{peer} {lists:?}");
        }
    }

    #[test]
    fn a_network_that_is_none_is_refused() {
        for value in [Value::from("everybody"), Value::from(vec![1]), Value::from(true)] {
            assert!(serde_json::from_value::<Proxies>(value).is_err());
        }
    }
}
