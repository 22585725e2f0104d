//! Secrets at rest: what seals them, the key pair that clients encrypt credentials for, and signatures of addresses.
//!
//! One key of 32 random bytes lies beside the database, readable by its owner alone. Whoever has both can read
//! everything; whoever has a copy of the database alone, a backup for example, cannot.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::rand_core::RngCore as _;
use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use sha2::Sha256;
use tokio::sync::OnceCell;

const KEY_FILE: &str = "taskwright.key";
/// The private key of the credentials, sealed.
const PAIR_FILE: &str = "credentials.key";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// What clients of this wire expect to meet; it bounds a credential to 245 bytes.
const RSA_BITS: usize = 2048;

/// Seals, opens, signs. Clones share the keys; `Debug` shows none.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    cipher: XChaCha20Poly1305,
    signing: [u8; KEY_BYTES],
    /// Where the key pair is kept; nowhere when nothing is kept.
    directory: Option<PathBuf>,
    pair: OnceCell<Arc<RsaPrivateKey>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault of a data directory, whose key is made when there is none.
    pub fn open(directory: &Path) -> Result<Self, VaultError> {
        let path = directory.join(KEY_FILE);
        let key = match std::fs::read(&path) {
            Ok(bytes) => <[u8; KEY_BYTES]>::try_from(bytes).map_err(|_| VaultError::NotAKey(path))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = random();
                write_private(directory, &path, &key).map_err(|error| VaultError::File(path, error))?;
                key
            }
            Err(error) => return Err(VaultError::File(path, error)),
        };
        Ok(Self::with_key(&key, Some(directory.to_owned())))
    }

    /// A vault whose keys are gone with the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::with_key(&random(), None)
    }

    fn with_key(key: &[u8; KEY_BYTES], directory: Option<PathBuf>) -> Self {
        // Two keys from one, so that a signature says nothing about the cipher's key.
        let cipher = XChaCha20Poly1305::new((&tag(key, &["seal"])).into());
        let inner = Inner { cipher, signing: tag(key, &["sign"]), directory, pair: OnceCell::new() };
        Self { inner: Arc::new(inner) }
    }

    /// Seals a text. It opens only with the same `place`: a sealed text that was moved to another row does not.
    pub fn seal(&self, place: &str, text: &str) -> Result<Vec<u8>, VaultError> {
        self.seal_bytes(place, text.as_bytes())
    }

    /// Opens what [`Self::seal`] sealed.
    pub fn unseal(&self, place: &str, sealed: &[u8]) -> Result<String, VaultError> {
        String::from_utf8(self.unseal_bytes(place, sealed)?).map_err(|_| VaultError::Sealed)
    }

    /// [`Self::seal`] for what a column of texts holds for as long as a task has not ended.
    pub(crate) fn seal_text(&self, task: &str, text: &str) -> Result<String, VaultError> {
        Ok(STANDARD.encode(self.seal(&format!("task/{task}"), text)?))
    }

    /// Opens what [`Self::seal_text`] sealed. JSON is let through: servers before this one sealed nothing.
    pub(crate) fn unseal_text(&self, task: &str, sealed: &str) -> Result<String, VaultError> {
        if sealed.starts_with(['{', '[']) {
            return Ok(sealed.to_owned());
        }
        let sealed = STANDARD.decode(sealed).map_err(|_| VaultError::Sealed)?;
        self.unseal(&format!("task/{task}"), &sealed)
    }

    fn seal_bytes(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload { msg: bytes, aad: place.as_bytes() };
        let sealed = self.inner.cipher.encrypt(&nonce, payload).map_err(|_| VaultError::Sealed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unseal_bytes(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(VaultError::Sealed)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.inner.cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| VaultError::Sealed)
    }

    /// A signature of these texts, in hexadecimal digits.
    #[must_use]
    pub fn sign(&self, parts: &[&str]) -> String {
        tag(&self.inner.signing, parts).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether [`Self::sign`] gave `signature` for these texts, compared in constant time.
    #[must_use]
    pub fn signed(&self, parts: &[&str], signature: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        self.sign(parts).as_bytes().ct_eq(signature.as_bytes()).into()
    }

    /// The public key as PEM (`BEGIN PUBLIC KEY`), for credentials. The pair is made on first use.
    pub async fn public_key(&self) -> Result<String, VaultError> {
        let pair = self.pair().await?;
        pair.to_public_key().to_public_key_pem(LineEnding::LF).map_err(|_| VaultError::Pair)
    }

    /// Decrypts the data of one credential: base64 of an RSA PKCS#1 v1.5 block. `None` when it is none of this key.
    pub async fn decrypt(&self, data: &str) -> Result<Option<String>, VaultError> {
        let Ok(block) = STANDARD.decode(data.trim()) else { return Ok(None) };
        let pair = self.pair().await?;
        let decrypt = move || pair.decrypt_blinded(&mut OsRng, Pkcs1v15Encrypt, &block).ok();
        let plain = tokio::task::spawn_blocking(decrypt).await.map_err(|_| VaultError::Pair)?;
        Ok(plain.as_deref().and_then(plausible))
    }

    async fn pair(&self) -> Result<Arc<RsaPrivateKey>, VaultError> {
        let pair = self.inner.pair.get_or_try_init(|| async {
            let vault = self.clone();
            // Making one takes a moment of pure arithmetic.
            let made = tokio::task::spawn_blocking(move || vault.load_or_make_pair());
            made.await.map_err(|_| VaultError::Pair)?.map(Arc::new)
        });
        pair.await.map(Arc::clone)
    }

    fn load_or_make_pair(&self) -> Result<RsaPrivateKey, VaultError> {
        let path = self.inner.directory.as_ref().map(|directory| directory.join(PAIR_FILE));
        if let Some(path) = &path {
            match std::fs::read(path) {
                Ok(sealed) => {
                    let der = self.unseal_bytes(PAIR_FILE, &sealed)?;
                    return RsaPrivateKey::from_pkcs8_der(&der).map_err(|_| VaultError::Pair);
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(VaultError::File(path.clone(), error)),
            }
        }
        let pair = RsaPrivateKey::new(&mut OsRng, RSA_BITS).map_err(|_| VaultError::Pair)?;
        if let (Some(path), Some(directory)) = (path, &self.inner.directory) {
            let der = pair.to_pkcs8_der().map_err(|_| VaultError::Pair)?;
            let sealed = self.seal_bytes(PAIR_FILE, der.as_bytes())?;
            write_private(directory, &path, &sealed).map_err(|error| VaultError::File(path, error))?;
        }
        Ok(pair)
    }
}

fn random() -> [u8; KEY_BYTES] {
    let mut bytes = [0; KEY_BYTES];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// HMAC-SHA256 over the parts, each with its length before it, so that no two lists have the same bytes.
fn tag(key: &[u8; KEY_BYTES], parts: &[&str]) -> [u8; KEY_BYTES] {
    // RFC 2104 pads the key with zeros to a block of the hash.
    let mut block = hmac::digest::crypto_common::Key::<Hmac<Sha256>>::default();
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new(&block);
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// Writes a file that is whole or not there, for its owner alone.
fn write_private(directory: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Such files are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// The text of a decrypted block: UTF-8, else Latin-1, which older clients write for characters up to U+00FF. A block
/// of another key may decrypt to random bytes, which are neither.
fn plausible(bytes: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    let strange = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    (!text.is_empty() && !text.contains(strange)).then_some(text)
}

/// Why the vault did not do as asked. `Display` never shows a secret.
#[derive(Debug)]
pub enum VaultError {
    /// A file cannot be used.
    File(PathBuf, std::io::Error),
    /// The key file holds something else.
    NotAKey(PathBuf),
    /// Something does not open: it was sealed with another key, or changed.
    Sealed,
    /// The key pair cannot be made or read.
    Pair,
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{} cannot be used: {error}", path.display()),
            Self::NotAKey(path) => {
                write!(
                    f,
                    "{} is no key of this server; bring the right one back from a backup",
                    path.display()
                )
            }
            Self::Sealed => write!(
                f,
                "a stored secret does not open; was {KEY_FILE} replaced? Bring it back, or store the secret again"
            ),
            Self::Pair => f.write_str("the key pair for credentials can be neither made nor read"),
        }
    }
}

impl std::error::Error for VaultError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, error) => Some(error),
            Self::NotAKey(_) | Self::Sealed | Self::Pair => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rsa::RsaPublicKey;
    use rsa::pkcs8::DecodePublicKey as _;

    use super::*;

    fn encrypt(pem: &str, plain: &[u8]) -> String {
        let key = RsaPublicKey::from_public_key_pem(pem).unwrap();
        STANDARD.encode(key.encrypt(&mut OsRng, Pkcs1v15Encrypt, plain).unwrap())
    }

    #[tokio::test]
    async fn a_credential_opens_with_this_key_whether_it_is_utf_8_or_latin_1() {
        let vault = Vault::in_memory();
        let pem = vault.public_key().await.unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
        let long = "x".repeat(245);
        for text in ["hunter2", "pässwörd €", long.as_str()] {
            assert_eq!(vault.decrypt(&encrypt(&pem, text.as_bytes())).await.unwrap().unwrap(), text);
        }
        let latin = encrypt(&pem, b"p\xe4ssword");
        assert_eq!(latin.len(), 344);
        assert_eq!(vault.decrypt(&latin).await.unwrap().unwrap(), "pässword");
    }

    #[tokio::test]
    async fn what_was_not_encrypted_for_this_key_is_told_apart() {
        let vault = Vault::in_memory();
        let pem = vault.public_key().await.unwrap();
        let other = Vault::in_memory().public_key().await.unwrap();
        for data in ["hunter2", "", "aGVsbG8=", &encrypt(&other, b"hunter2"), &encrypt(&pem, b"\x01\x02")] {
            assert_eq!(vault.decrypt(data).await.unwrap(), None, "{data}");
        }
    }

    #[test]
    fn a_sealed_text_opens_in_its_place_and_with_its_key_only() {
        let vault = Vault::in_memory();
        let sealed = vault.seal("credential/a", "hunter2").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_ne!(sealed, vault.seal("credential/a", "hunter2").unwrap());
        assert_eq!(vault.unseal("credential/a", &sealed).unwrap(), "hunter2");
        for (vault, place) in [(&vault, "credential/b"), (&Vault::in_memory(), "credential/a")] {
            assert!(matches!(vault.unseal(place, &sealed), Err(VaultError::Sealed)));
        }
        assert!(vault.unseal("credential/a", &[0; 10]).is_err());
    }

    #[test]
    fn a_signature_fits_its_texts_and_no_others() {
        let vault = Vault::in_memory();
        let signature = vault.sign(&["file", "12", "3"]);
        assert!(vault.signed(&["file", "12", "3"], &signature));
        for parts in [&["file", "1", "23"][..], &["file", "12"], &["file", "12", "4"]] {
            assert!(!vault.signed(parts, &signature), "{parts:?}");
        }
        assert!(!vault.signed(&["file", "12", "3"], ""));
        assert!(!Vault::in_memory().signed(&["file", "12", "3"], &signature));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_keys_of_a_directory_stay_and_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let first = Vault::open(directory.path()).unwrap();
        let (pem, sealed) = (first.public_key().await.unwrap(), first.seal("p", "x").unwrap());
        let second = Vault::open(directory.path()).unwrap();
        assert_eq!(second.public_key().await.unwrap(), pem);
        assert_eq!(second.unseal("p", &sealed).unwrap(), "x");
        for name in [KEY_FILE, PAIR_FILE] {
            let mode = std::fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        std::fs::write(directory.path().join(KEY_FILE), "short").unwrap();
        assert!(Vault::open(directory.path()).unwrap_err().to_string().contains("backup"));
    }
}
