//! Keyed hashes, to find secrets, and encryption, to store them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use isogloss_canonical::fault::{Fault, FaultKind};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::secret_file::MasterSecret;

const NONCE_BYTES: usize = 24;

/// The keys that are derived from the master secret: one for hashing, one for encryption.
pub(crate) struct Seals {
    hashing: Zeroizing<[u8; 32]>,
    sealing: XChaCha20Poly1305,
}

impl Seals {
    /// Derives each key with its own label, so that one key reveals nothing about the other.
    pub(crate) fn from_secret(secret: &MasterSecret) -> Self {
        let sealing = Zeroizing::new(keyed(secret.as_slice(), &[b"isogloss sealing"]));
        Self {
            hashing: Zeroizing::new(keyed(secret.as_slice(), &[b"isogloss hashing"])),
            sealing: XChaCha20Poly1305::new(sealing.as_slice().into()),
        }
    }

    /// A fixed digest that identifies the secret without revealing it.
    pub(crate) fn proof(&self) -> String {
        self.digest("proof", "")
    }

    /// The keyed hash (HMAC-SHA256) of a text in a named space. The same text has another hash in
    /// another space.
    pub(crate) fn digest(&self, space: &str, text: &str) -> String {
        let length = u64::try_from(space.len()).unwrap_or(u64::MAX).to_be_bytes();
        hex::encode(keyed(self.hashing.as_slice(), &[&length, space.as_bytes(), text.as_bytes()]))
    }

    /// Encrypts a text (XChaCha20-Poly1305). It can be decrypted only with the same `companion`,
    /// the id of its row.
    pub(crate) fn seal(&self, text: &str, companion: &str) -> Result<String, Fault> {
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| broken("no random bytes").because(error))?;
        let payload = Payload { msg: text.as_bytes(), aad: companion.as_bytes() };
        let sealed = self.sealing.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.map_err(|_| broken("a value cannot be sealed"))?;
        Ok(STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts a sealed text.
    pub(crate) fn open(&self, sealed: &str, companion: &str) -> Result<String, Fault> {
        let damaged = || broken("a sealed value is damaged");
        let bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| damaged())?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let payload = Payload { msg: sealed, aad: companion.as_bytes() };
        let text = self.sealing.decrypt(XNonce::from_slice(nonce), payload);
        String::from_utf8(text.map_err(|_| damaged())?).map_err(|_| damaged())
    }
}

/// Whether two digests are equal, in constant time.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC accepts a key of any length, so this cannot fail.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else { unreachable!() };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn broken(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seals(byte: u8) -> Seals {
        Seals::from_secret(&Zeroizing::new([byte; 32]))
    }

    #[test]
    fn what_is_sealed_opens_beside_its_companion_only() {
        let sealed = seals(1).seal("hunter2", "row").unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_eq!(seals(1).open(&sealed, "row").unwrap(), "hunter2");
        assert!(seals(1).open(&sealed, "other row").is_err());
        assert!(seals(2).open(&sealed, "row").is_err());
        assert!(seals(1).open("", "row").is_err());
    }

    #[test]
    fn digests_differ_by_secret_and_space() {
        let digest = seals(1).digest("kanboard", "x");
        assert_eq!(digest, seals(1).digest("kanboard", "x"));
        assert_ne!(digest, seals(1).digest("kanboardx", ""));
        assert_ne!(digest, seals(2).digest("kanboard", "x"));
    }
}
