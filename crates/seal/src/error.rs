use std::fmt;

use crate::key::{MAX_BITS, MIN_BITS};

/// Why nothing was encrypted. Its text never holds what was to be encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The key has no line that begins a PEM text.
    NotPem,
    /// It is a PEM text, but not one that holds a public key alone: its label.
    OtherPem(String),
    /// It is not whole, not base64 or not DER.
    Damaged,
    /// It is a public key of another algorithm: its object identifier.
    NotRsa(String),
    /// It has so few bits that it can be broken.
    Short(u32),
    /// It has so many bits that nobody uses it.
    Long(u32),
    /// Its numbers encrypt nothing, or not so that it can be decrypted.
    Unusable,
    /// The data of a credential does not fit into one block; lengths in bytes of UTF-8.
    TooLong {
        /// The credential's name.
        name: String,
        /// How long its data is.
        length: usize,
        /// How long it may be with this key.
        limit: usize,
    },
    /// The source of randomness gives nothing but zeros.
    NoRandomness,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPem => f.write_str("the public key is not PEM: no line says BEGIN PUBLIC KEY"),
            Self::OtherPem(label) => {
                write!(f, "the public key says {label}; it must say PUBLIC KEY or RSA PUBLIC KEY")
            }
            Self::Damaged => f.write_str("the public key is damaged, or not complete"),
            Self::NotRsa(algorithm) => {
                write!(f, "the public key is not for RSA encryption, but for the algorithm {algorithm}")
            }
            Self::Short(bits) => {
                write!(f, "the public key has {bits} bits, which is not safe; {MIN_BITS} are the least")
            }
            Self::Long(bits) => write!(f, "the public key has {bits} bits; {MAX_BITS} are the most"),
            Self::Unusable => f.write_str("the public key is not a usable RSA key"),
            Self::TooLong { name, length, limit } => {
                let bits = (limit + crate::block::OVERHEAD) * 8;
                write!(
                    f,
                    "the data of credential \"{name}\" has {length} bytes; a key of {bits} bits takes {limit} at most"
                )
            }
            Self::NoRandomness => f.write_str("the runtime gave no random bytes"),
        }
    }
}

impl std::error::Error for Error {}
