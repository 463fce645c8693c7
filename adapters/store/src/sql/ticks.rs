//! Ids in the order of creation, whatever the clocks of the machines say.
//!
//! A UUIDv7 begins with the time of its machine. Another gateway's clock may be behind, and then its
//! later ids would sort before earlier ones. So the database has the tick of the last id, and the
//! next id has a later one.

use jiff::Timestamp;
use uuid::Uuid;

/// The bits of a tick below the milliseconds.
const FRACTION: u32 = 12;
/// The milliseconds of a UUIDv7 have 48 bits.
const MOST: u64 = (1 << (48 + FRACTION)) - 1;

/// The present tick: milliseconds since 1970, in parts of 1/4096.
fn present() -> u64 {
    let micros = u64::try_from(Timestamp::now().as_microsecond()).unwrap_or_default();
    ((micros / 1000) << FRACTION) | ((micros % 1000) * (1 << FRACTION) / 1000)
}

/// The tick after `last`: the present one, if that is later.
pub(super) fn after(last: u64) -> u64 {
    present().max(last.saturating_add(1)).min(MOST)
}

/// An id with this tick. The rest of it is another UUIDv7's.
pub(super) fn id(tick: u64) -> Uuid {
    let mut bytes = *Uuid::now_v7().as_bytes();
    let [_, _, millis @ ..] = (tick >> FRACTION).to_be_bytes();
    bytes[..6].copy_from_slice(&millis);
    let [.., high, low] = (tick & ((1 << FRACTION) - 1)).to_be_bytes();
    (bytes[6], bytes[7]) = (0x70 | high, low);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ticks_give_later_ids_of_version_7() {
        let ticks = [1, 2, 4095, 4096, present(), after(present()), MOST];
        let ids = ticks.map(id);
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| id.get_version_num() == 7), "{ids:?}");
        assert_eq!(ids[2].get_variant(), uuid::Variant::RFC4122);
        let (now, apart) = (Uuid::now_v7(), Uuid::now_v7());
        assert!(now < id(after(present() + (1 << FRACTION))) && now < apart);
    }

    #[test]
    fn a_clock_that_is_behind_does_not_go_back() {
        let ahead = present() + (1 << 30);
        assert_eq!(after(ahead), ahead + 1);
        let now = present();
        assert!(after(0) >= now);
    }
}
