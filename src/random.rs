//! Random bytes.

use isogloss_canonical::fault::{Fault, FaultKind};

/// Fresh random bytes. The system's source does not fail once it has worked, and it has: see
/// [`try_random`].
#[must_use]
pub fn random() -> [u8; 32] {
    try_random().unwrap_or_else(|_| std::process::abort())
}

/// Fresh random bytes, or a fault where the system has no source of them. The gateway asks for them
/// when it starts.
pub fn try_random() -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "random").because(error))?;
    Ok(bytes)
}
