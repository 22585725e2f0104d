//! Public keys: read from PEM, checked, used.

use base64ct::{Base64, Encoding as _};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, MontyForm, MontyMultiplier, Odd};
use pkcs1::RsaPublicKeyRef;
use pkcs1::der::Decode as _;
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};
use zeroize::Zeroize as _;

use crate::Error;
use crate::block::OVERHEAD;

/// Shorter keys are refused.
pub(crate) const MIN_BITS: u32 = 1024;
/// Longer ones, too: a service could keep a page busy for minutes.
pub(crate) const MAX_BITS: u32 = 16_384;

/// `rsaEncryption`. Keys for signatures or OAEP only have other identifiers and must not be used here.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// An RSA public key of 1024 to 16384 bits.
#[derive(Clone, Debug)]
pub struct PublicKey {
    modulus: BoxedMontyParams,
    exponent: u64,
    bits: u32,
}

impl PublicKey {
    /// Reads a PEM text with the label `PUBLIC KEY` (RFC 5280) or `RSA PUBLIC KEY` (RFC 8017). Line ends of either kind,
    /// blanks around lines and text around the key do no harm.
    ///
    /// # Errors
    ///
    /// When it is no such text, or no RSA key that can be used safely.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let (label, der) = unwrap_pem(pem)?;
        match label {
            "PUBLIC KEY" => {
                let info = SubjectPublicKeyInfoRef::from_der(&der).map_err(|_| Error::Damaged)?;
                if info.algorithm.oid != RSA {
                    return Err(Error::NotRsa(info.algorithm.oid.to_string()));
                }
                Self::from_der(info.subject_public_key.as_bytes().ok_or(Error::Damaged)?)
            }
            "RSA PUBLIC KEY" => Self::from_der(&der),
            other => Err(Error::OtherPem(other.chars().take(40).collect())),
        }
    }

    /// The bytes of data that fit into one block.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.size() - OVERHEAD
    }

    /// The bytes of a block.
    pub(crate) fn size(&self) -> usize {
        self.bits.div_ceil(8) as usize
    }

    fn from_der(der: &[u8]) -> Result<Self, Error> {
        let key = RsaPublicKeyRef::from_der(der).map_err(|_| Error::Damaged)?;
        let modulus = key.modulus.as_bytes();
        // Before anything is computed with it.
        let bits = bit_length(modulus);
        if bits < MIN_BITS {
            return Err(Error::Short(bits));
        }
        if bits > MAX_BITS {
            return Err(Error::Long(bits));
        }
        let exponent = key.public_exponent.as_bytes();
        if bit_length(exponent) > u64::BITS {
            return Err(Error::Unusable);
        }
        let exponent = exponent.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        // 0 and 1 would send the plaintext as it is; RSA has no even ones.
        if exponent < 3 || exponent % 2 == 0 {
            return Err(Error::Unusable);
        }
        let modulus =
            Odd::new(BoxedUint::from_be_slice_vartime(modulus)).into_option().ok_or(Error::Unusable)?;
        Ok(Self { modulus: BoxedMontyParams::new_vartime(modulus), exponent, bits })
    }

    /// `block` to the power of the exponent. The time it takes tells the key, which is public, and nothing of the block.
    ///
    /// The library's own `pow` is not used: it leaves a table of the block's powers in freed memory, and is made for
    /// exponents that are secret.
    pub(crate) fn encrypt(&self, block: &[u8]) -> Vec<u8> {
        let number = BoxedUint::from_be_slice_truncated(block, self.modulus.bits_precision());
        let mut base = BoxedMontyForm::new(number, &self.modulus);
        let mut power = base.clone();
        let mut multiplier = <BoxedMontyForm as MontyForm>::Multiplier::from(&self.modulus);
        for bit in (0..self.exponent.ilog2()).rev() {
            MontyMultiplier::square_assign(&mut multiplier, &mut power);
            if self.exponent >> bit & 1 == 1 {
                MontyMultiplier::mul_assign(&mut multiplier, &mut power, &base);
            }
        }
        base.zeroize();
        let limbs = power.retrieve().to_be_bytes();
        // Machine words: there may be zeros before the number.
        limbs.iter().skip(limbs.len() - self.size()).copied().collect()
    }
}

/// Of a big-endian number without leading zeros.
fn bit_length(number: &[u8]) -> u32 {
    let first = number.first().map_or(0, |byte| byte.leading_zeros());
    u32::try_from(number.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(first)
}

/// The label of the first PEM text, and what it holds. More forgiving than RFC 7468: services hand keys out with
/// whatever happened to their white space.
fn unwrap_pem(pem: &str) -> Result<(&str, Vec<u8>), Error> {
    let mut lines = pem.lines().map(str::trim_ascii);
    let label = lines.find_map(|line| boundary(line, "-----BEGIN ")).ok_or(Error::NotPem)?;
    let mut encoded = String::new();
    for line in lines {
        if let Some(end) = boundary(line, "-----END ") {
            let der = Base64::decode_vec(&encoded).map_err(|_| Error::Damaged)?;
            return if end == label { Ok((label, der)) } else { Err(Error::Damaged) };
        }
        encoded.push_str(line);
    }
    Err(Error::Damaged)
}

fn boundary<'a>(line: &'a str, begin: &str) -> Option<&'a str> {
    line.strip_prefix(begin)?.strip_suffix("-----")
}
