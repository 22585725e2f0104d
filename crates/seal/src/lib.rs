//! Encrypts credentials with a service's public key: RSA with the padding of PKCS#1 v1.5 (RFC 8017, 7.2.1), which the
//! Web Crypto API of the runtimes does not have.
//!
//! [`key`] reads the key, [`block`] pads, [`error`] says what is wrong; `wasm` is what JavaScript sees. There is nothing
//! here that needs a private key, and no randomness of its own.
//!
//! Everything that holds a plaintext is wiped after use: the text, the padded block and the numbers that are made of
//! it. A JavaScript string cannot be wiped; that copy is the caller's.

mod block;
mod error;
mod key;
#[cfg(target_family = "wasm")]
mod wasm;

use base64ct::{Base64, Encoding as _};

pub use error::Error;
pub use key::PublicKey;

/// The data of the credential `name`, encrypted for the owner of `key`, as base64 without line breaks.
///
/// `random` fills what it is given with random bytes; what it leaves alone stays zero, and too many zeros are an error.
///
/// # Errors
///
/// When `data` is longer than [`PublicKey::limit`], or `random` does not work.
pub fn seal(key: &PublicKey, name: &str, data: &str, random: impl FnMut(&mut [u8])) -> Result<String, Error> {
    if data.len() > key.limit() {
        return Err(Error::TooLong { name: name.to_owned(), length: data.len(), limit: key.limit() });
    }
    let block = block::pad(key.size(), data.as_bytes(), random)?;
    Ok(Base64::encode_string(&key.encrypt(&block)))
}
