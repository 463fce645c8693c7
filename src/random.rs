//! Random bytes.

use isogloss_canonical::fault::{Fault, FaultKind};

/// New random bytes. The source of the operating system does not fail after it has worked once, and
/// the start has checked it ([`try_random`]).
#[must_use]
pub fn random() -> [u8; 32] {
    try_random().unwrap_or_else(|_| std::process::abort())
}

/// New random bytes, or a fault if the operating system has no source. The gateway calls this at
/// the start.
pub fn try_random() -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "random").because(error))?;
    Ok(bytes)
}
