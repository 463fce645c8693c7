//! How many websockets the dialects keep open at one time, in all and for one client.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// One client may have this part of all websockets.
const SHARE: usize = 8;

/// The places for websockets.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    limit: usize,
    taken: Arc<Mutex<HashMap<Option<IpAddr>, usize>>>,
}

/// The place of one websocket. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Seats,
    network: Option<IpAddr>,
}

impl Seats {
    /// So many places.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: Arc::default() }
    }

    /// Takes a place. `None`: there is none left, or none for this client.
    pub(super) fn take(&self, client: Option<IpAddr>) -> Option<Seat> {
        let network = client.map(network);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&network).copied());
        if all >= self.limit || own.unwrap_or_default() >= self.limit.div_ceil(SHARE) {
            return None;
        }
        *taken.entry(network).or_default() += 1;
        Some(Seat { seats: self.clone(), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let left = taken.get(&self.network).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            taken.remove(&self.network);
        } else {
            taken.insert(self.network, left);
        }
    }
}

/// The network that a client counts as: an IPv6 client has a whole /64 of addresses.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn one_client_has_an_eighth_of_all_places() {
        let seats = Seats::new(16);
        let _first = seats.take(Some(at("2001:db8::1"))).unwrap();
        let second = seats.take(Some(at("2001:db8::2"))).unwrap();
        assert!(seats.take(Some(at("2001:db8::3"))).is_none(), "a third for one network");
        drop(second);
        assert!(seats.take(Some(at("2001:db8::3"))).is_some(), "the place was not given back");
    }

    #[test]
    fn all_places_together_have_a_limit() {
        let seats = Seats::new(2);
        let taken: Vec<_> =
            (1..=3).map(|n| seats.take(Some(at(&format!("192.0.2.{n}"))))).collect();
        assert_eq!(taken.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
        drop(taken);
        assert!(seats.taken.lock().unwrap().is_empty(), "a client is still counted");
    }
}
