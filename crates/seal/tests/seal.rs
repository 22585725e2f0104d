//! What is encrypted here, the crate `rsa` decrypts.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use base64ct::{Base64, Encoding as _};
use proptest::prelude::*;
use rsa::pkcs1::{EncodeRsaPublicKey as _, LineEnding};
use rsa::pkcs8::EncodePublicKey as _;
use rsa::rand_core::{OsRng, RngCore as _};
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{BigUint, Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey};
use taskwright_seal::{Error, PublicKey, seal};

/// A key pair of each size, made once.
fn pair(bits: usize) -> RsaPrivateKey {
    static PAIRS: LazyLock<Mutex<HashMap<usize, RsaPrivateKey>>> = LazyLock::new(Mutex::default);
    let mut pairs = PAIRS.lock().unwrap();
    pairs.entry(bits).or_insert_with(|| RsaPrivateKey::new(&mut OsRng, bits).unwrap()).clone()
}

fn pem(pair: &RsaPrivateKey) -> String {
    pair.to_public_key().to_public_key_pem(LineEnding::LF).unwrap()
}

fn public(pair: &RsaPrivateKey) -> PublicKey {
    PublicKey::from_pem(&pem(pair)).unwrap()
}

fn random(bytes: &mut [u8]) {
    OsRng.fill_bytes(bytes);
}

fn sealed(pair: &RsaPrivateKey, data: &str) -> Vec<u8> {
    let text = seal(&public(pair), "PASSWORD", data, random).unwrap();
    Base64::decode_vec(&text).unwrap()
}

fn opened(pair: &RsaPrivateKey, sealed: &[u8]) -> String {
    String::from_utf8(pair.decrypt(Pkcs1v15Encrypt, sealed).unwrap()).unwrap()
}

/// The block as it was padded.
fn block(pair: &RsaPrivateKey, sealed: &[u8]) -> Vec<u8> {
    let number = BigUint::from_bytes_be(sealed).modpow(pair.d(), pair.n()).to_bytes_be();
    let mut block = vec![0; pair.size() - number.len()];
    block.extend(number);
    block
}

/// A public key of the given numbers, as DER in PEM.
fn made_of(modulus: &BigUint, exponent: u32) -> String {
    let key = RsaPublicKey::new_unchecked(modulus.clone(), exponent.into());
    key.to_pkcs1_pem(LineEnding::LF).unwrap()
}

#[test]
fn every_usual_key_size_decrypts_to_what_was_encrypted_up_to_the_limit() {
    for (bits, limit) in [(1024, 117), (2048, 245), (3072, 373), (4096, 501)] {
        let pair = pair(bits);
        assert_eq!(public(&pair).limit(), limit);
        for data in ["", "x", "hunter2", &"a".repeat(limit)] {
            let sealed = sealed(&pair, data);
            assert_eq!(sealed.len(), bits / 8);
            assert_eq!(opened(&pair, &sealed), data);
        }
    }
}

#[test]
fn a_key_whose_length_is_no_multiple_of_eight_bits_works() {
    for bits in [1027, 1028, 1100] {
        let pair = pair(bits);
        assert_eq!(public(&pair).limit(), bits.div_ceil(8) - 11);
        assert_eq!(opened(&pair, &sealed(&pair, "hunter2")), "hunter2");
    }
}

#[test]
fn other_exponents_than_the_usual_one_work() {
    for exponent in [3_u32, 17, 257, 4_294_967_291] {
        let exponent = BigUint::from(exponent);
        // Most primes do not go with the exponent 3.
        let pair =
            (0..50).find_map(|_| RsaPrivateKey::new_with_exp(&mut OsRng, 1024, &exponent).ok()).unwrap();
        assert_eq!(opened(&pair, &sealed(&pair, "hunter2")), "hunter2");
    }
}

#[test]
fn umlauts_and_emoji_are_utf_8() {
    let pair = pair(2048);
    for data in ["pässwört", "ключ", "密码", "🔑👩‍👩‍👧", "a\u{0}b\r\n"] {
        assert_eq!(opened(&pair, &sealed(&pair, data)), data);
    }
}

#[test]
fn data_that_is_too_long_is_an_error_with_name_length_and_limit_in_bytes() {
    let key = public(&pair(2048));
    let error = seal(&key, "API_TOKEN", &"ä".repeat(123), random).unwrap_err();
    assert_eq!(error, Error::TooLong { name: "API_TOKEN".into(), length: 246, limit: 245 });
    assert_eq!(
        error.to_string(),
        "the data of credential \"API_TOKEN\" has 246 bytes; a key of 2048 bits takes 245 at most"
    );
    assert!(seal(&key, "API_TOKEN", &"a".repeat(100_000), random).is_err());
}

#[test]
fn without_randomness_nothing_is_encrypted() {
    assert_eq!(seal(&public(&pair(1024)), "PIN", "1234", |_| {}), Err(Error::NoRandomness));
}

#[test]
fn both_labels_and_any_white_space_are_read() {
    let pair = pair(1024);
    let spki = pem(&pair);
    let pkcs1 = pair.to_public_key().to_pkcs1_pem(LineEnding::CRLF).unwrap();
    assert!(pkcs1.starts_with("-----BEGIN RSA PUBLIC KEY-----\r\n"));
    let texts = [
        pkcs1,
        spki.replace('\n', "\r\n"),
        spki.trim_end().to_owned(),
        format!(" \n\t{spki}\n \n"),
        spki.replace('\n', "\n    "),
        spki.replace('\n', " \n"),
        format!("Our key of 2026:\n{spki}Do not lose it.\n"),
        one_long_line(&spki),
        spki.clone(),
    ];
    for text in texts {
        let key = PublicKey::from_pem(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let sealed = seal(&key, "PIN", "1234", random).unwrap();
        assert_eq!(opened(&pair, &Base64::decode_vec(&sealed).unwrap()), "1234");
    }
}

fn one_long_line(pem: &str) -> String {
    let lines: Vec<_> = pem.lines().collect();
    format!("{}\n{}\n{}", lines[0], lines[1..lines.len() - 1].concat(), lines[lines.len() - 1])
}

#[test]
fn what_is_no_rsa_public_key_is_refused_with_its_reason() {
    let whole = pem(&pair(1024));
    let said = |text: &str| PublicKey::from_pem(text).unwrap_err().to_string();
    let damaged = "the public key is damaged, or not complete";
    assert_eq!(said(""), "the public key is not PEM: no line says BEGIN PUBLIC KEY");
    assert_eq!(said("ssh-rsa AAAA"), said(""));
    assert_eq!(said(&whole[..whole.len() / 2]), damaged);
    assert_eq!(said(&whole.replacen('M', "!", 1)), damaged);
    assert_eq!(said(&whole.replace("END PUBLIC KEY", "END OTHER KEY")), damaged);
    assert_eq!(said("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"), damaged);
    assert_eq!(said("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----"), damaged);
    assert_eq!(
        said("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        "the public key says CERTIFICATE; it must say PUBLIC KEY or RSA PUBLIC KEY"
    );
    assert_eq!(
        said(include_str!("p256.pem")),
        "the public key is not for RSA encryption, but for the algorithm 1.2.840.10045.2.1"
    );
    assert_eq!(
        said(include_str!("ed25519.pem")),
        "the public key is not for RSA encryption, but for the algorithm 1.3.101.112"
    );
}

#[test]
fn keys_that_are_too_short_or_absurdly_long_are_refused() {
    for bits in [512, 1016, 1023] {
        let error = PublicKey::from_pem(&made_of(&((BigUint::from(1_u8) << (bits - 1)) + 1_u8), 65_537));
        assert_eq!(error.unwrap_err(), Error::Short(bits.try_into().unwrap()));
    }
    let short = Error::Short(512).to_string();
    assert_eq!(short, "the public key has 512 bits, which is not safe; 1024 are the least");
    let long = made_of(&((BigUint::from(1_u8) << 16_384) + 1_u8), 65_537);
    assert_eq!(PublicKey::from_pem(&long).unwrap_err(), Error::Long(16_385));
}

#[test]
fn keys_that_would_not_encrypt_are_refused() {
    let odd = (BigUint::from(1_u8) << 2047) + 1_u8;
    for exponent in [0, 1, 2, 65_536] {
        assert_eq!(PublicKey::from_pem(&made_of(&odd, exponent)).unwrap_err(), Error::Unusable, "{exponent}");
    }
    assert_eq!(PublicKey::from_pem(&made_of(&(odd + 1_u8), 65_537)).unwrap_err(), Error::Unusable);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_that_fits_is_decrypted_to_itself(data in "\\PC{0,29}") {
        let pair = pair(1024);
        prop_assert_eq!(opened(&pair, &sealed(&pair, &data)), data);
    }

    #[test]
    fn padding_has_no_zero_byte_at_least_eight_bytes_and_is_never_the_same(data in "[ -~]{0,117}") {
        let pair = pair(1024);
        let blocks = [sealed(&pair, &data), sealed(&pair, &data)].map(|sealed| block(&pair, &sealed));
        for block in &blocks {
            prop_assert_eq!(&block[..2], [0, 2]);
            let padding = 128 - 3 - data.len();
            prop_assert!(padding >= 8);
            prop_assert!(block[2..2 + padding].iter().all(|byte| *byte != 0));
            prop_assert_eq!(block[2 + padding], 0);
            prop_assert_eq!(&block[3 + padding..], data.as_bytes());
        }
        prop_assert_ne!(&blocks[0], &blocks[1]);
    }

    #[test]
    fn no_text_makes_the_reader_of_keys_panic(text in "(-----BEGIN (RSA )?PUBLIC KEY-----\n)?[A-Za-z0-9+/=\n]{0,400}(\n-----END (RSA )?PUBLIC KEY-----)?") {
        prop_assert!(PublicKey::from_pem(&text).is_err());
    }
}
