//! Encrypted keys as OpenSSL wrote them before PKCS#8 v2: read only, never written.
//!
//! The traditional PEM form (`Proc-Type: 4,ENCRYPTED`; EVP_BytesToKey with MD5 and one round) and PBES1
//! with SHA-1 and triple DES (RFC 7292, appendix B). The ciphers and digests are the libraries'.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use aws_lc_rs::digest;
use cbc::Decryptor;
use zeroize::{Zeroize as _, Zeroizing};

use super::encrypted::MAX_ROUNDS;
use super::encrypted::{excessive, unsupported, wrong};
use crate::der;
use crate::error::{Error, ErrorKind, Result};
use crate::pem::Block;

/// `pbeWithSHAAnd3-KeyTripleDES-CBC` (RFC 7292, appendix C).
const PBE_SHA1_3DES: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03";

/// The key in a PEM block that says how it is encrypted (`DEK-Info: AES-256-CBC,<IV>`).
pub(super) fn open_traditional(block: &Block, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let info = block.headers.iter().find(|(name, _)| name == "DEK-Info").map_or("", |(_, value)| value);
    let (cipher, iv) = info.split_once(',').unwrap_or((info, ""));
    let iv: Option<Vec<u8>> =
        (0..iv.len()).step_by(2).map(|at| u8::from_str_radix(iv.get(at..at + 2)?, 16).ok()).collect();
    let iv = iv
        .filter(|iv| iv.len() >= 8)
        .ok_or_else(|| Error::new(ErrorKind::Parse, "the key's DEK-Info header is damaged"))?;
    let key = |length| bytes_to_key(passphrase, &iv[..8], length);
    match cipher {
        "DES-EDE3-CBC" => decrypt::<des::TdesEde3>(&key(24), &iv, &block.der),
        "AES-128-CBC" => decrypt::<aes::Aes128>(&key(16), &iv, &block.der),
        "AES-192-CBC" => decrypt::<aes::Aes192>(&key(24), &iv, &block.der),
        "AES-256-CBC" => decrypt::<aes::Aes256>(&key(32), &iv, &block.der),
        other => Err(unsupported(other)),
    }
}

/// The key in a PKCS#8 file under PBE-SHA1-3DES; `None` when it is under something else.
pub(super) fn open_pbes1(der: &[u8], passphrase: &[u8]) -> Option<Result<Zeroizing<Vec<u8>>>> {
    let mut sealed = der::Reader::new(der::single(der, der::SEQUENCE).ok()?.content);
    let mut algorithm = der::Reader::new(sealed.expect(der::SEQUENCE).ok()?.content);
    if algorithm.expect(der::OID).ok()?.content != PBE_SHA1_3DES {
        return None;
    }
    let mut parameters = der::Reader::new(algorithm.expect(der::SEQUENCE).ok()?.content);
    let salt = parameters.expect(der::OCTET_STRING).ok()?.content;
    let rounds = parameters.expect(der::INTEGER).ok()?.to_u32();
    let ciphertext = sealed.expect(der::OCTET_STRING).ok()?.content;
    let Some(rounds) = rounds.filter(|rounds| (1..=MAX_ROUNDS).contains(rounds)) else { return Some(Err(excessive())) };
    let Ok(text) = std::str::from_utf8(passphrase) else { return Some(Err(wrong())) };
    let mut password = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
    password.extend(text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes));
    let key = pkcs12_key(1, &password, salt, rounds, 24);
    let iv = pkcs12_key(2, &password, salt, rounds, 8);
    Some(decrypt::<des::TdesEde3>(&key, &iv, ciphertext))
}

fn decrypt<C>(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>>
where
    C: aes::cipher::BlockCipherDecrypt + aes::cipher::KeyInit,
{
    let damaged = || Error::new(ErrorKind::Parse, "the encrypted private key is damaged");
    let block = C::block_size();
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(block) {
        return Err(damaged());
    }
    let decryptor = Decryptor::<C>::new_from_slices(key, iv).map_err(|_| damaged())?;
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    let length = decryptor.decrypt_padded::<Pkcs7>(&mut plain).map_err(|_| wrong())?.len();
    plain[length..].zeroize();
    plain.truncate(length);
    Ok(plain)
}

/// OpenSSL's EVP_BytesToKey with MD5 and one round: D_i = MD5(D_(i-1) || passphrase || salt).
fn bytes_to_key(passphrase: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    use md5::Digest as _;
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    while key.len() < length {
        let last = key.len().saturating_sub(16);
        let mut digest = md5::Md5::new();
        digest.update(&key[last..]);
        digest.update(passphrase);
        digest.update(salt);
        key.extend(digest.finalize());
    }
    key.truncate(length);
    key
}

/// RFC 7292, B.2, with SHA-1: output of 20 bytes a round, blocks of 64.
fn pkcs12_key(purpose: u8, password: &[u8], salt: &[u8], rounds: u32, length: usize) -> Zeroizing<Vec<u8>> {
    const BLOCK: usize = 64;
    let fill =
        |bytes: &[u8]| bytes.iter().copied().cycle().take(bytes.len().next_multiple_of(BLOCK)).collect::<Vec<u8>>();
    let mut input = Zeroizing::new([fill(salt), fill(password)].concat());
    let mut key = Zeroizing::new(Vec::with_capacity(length + 20));
    loop {
        let first = Zeroizing::new([&[purpose; BLOCK][..], &input].concat());
        let hash = |bytes: &[u8]| digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
        let output = (1..rounds).fold(hash(&first), |output, _| hash(output.as_ref()));
        key.extend_from_slice(output.as_ref());
        if key.len() >= length {
            key.truncate(length);
            return key;
        }
        // Each block of the input becomes itself plus the output plus one, as a big-endian number.
        for block in input.chunks_mut(BLOCK) {
            let mut carry = 1;
            for (byte, added) in
                block.iter_mut().zip(output.as_ref().iter().cycle().take(BLOCK).collect::<Vec<_>>()).rev()
            {
                carry += u16::from(*byte) + u16::from(*added);
                *byte = carry as u8;
                carry >>= 8;
            }
        }
    }
}
