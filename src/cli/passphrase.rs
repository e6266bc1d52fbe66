//! Where passphrases come from: a file, the environment, or a prompt; never an argument.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::{Authority, Error, ErrorKind, Identity, Result};

/// The environment variable with the CA key's passphrase.
pub(super) const CA_VARIABLE: &str = "TRUSTDIR_CA_PASSPHRASE";
/// The environment variable with the passphrase of a new key.
pub(super) const VARIABLE: &str = "TRUSTDIR_PASSPHRASE";
/// The environment variable with the password of a PKCS#12 file.
const P12_VARIABLE: &str = "TRUSTDIR_P12_PASSWORD";

const MAX_LEN: usize = 64 * 1024;

/// A passphrase, wiped when dropped.
pub(super) type Passphrase = Zeroizing<Vec<u8>>;

/// The passphrase in `file` or, without one, in the environment `variable`.
pub(super) fn given(file: Option<&Path>, variable: &str) -> Result<Option<Passphrase>> {
    if let Some(path) = file {
        return from_file(path).map(Some);
    }
    let Some(value) = env::var_os(variable) else { return Ok(None) };
    let value = Zeroizing::new(value.into_encoded_bytes());
    if value.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{variable} is empty; set the passphrase or unset the variable"),
        ));
    }
    Ok(Some(value))
}

/// The passphrase for a new CA key: given, or asked for twice. Going without one takes a decision, so it is never a default.
pub(super) fn for_new_authority(file: Option<&Path>, option: &str, variable: &str) -> Result<Passphrase> {
    if let Some(passphrase) = given(file, variable)? {
        return Ok(passphrase);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::new(
            ErrorKind::PassphraseRequired,
            format!(
                "no passphrase for the CA's key and no terminal to ask on; give {option} FILE, set {variable}, \
                 or choose an unencrypted key with --no-passphrase"
            ),
        ));
    }
    ask_twice("Passphrase for the new CA key: ")
}

/// Opens the CA in `dir`, asking for the passphrase only if its key needs one that was not given.
pub(super) fn open_authority(dir: &Path, file: Option<&Path>) -> Result<Authority> {
    let missing = format!("the CA's key is encrypted; give --ca-passphrase-file FILE or set {CA_VARIABLE}");
    let passphrase = given(file, CA_VARIABLE)?;
    open(passphrase, "Passphrase of the CA key: ", &missing, |passphrase| Authority::open(dir, passphrase))
        .map(|(authority, _)| authority)
}

/// Loads a certificate and its key, asking for the passphrase only if the key needs one that was not given. Answers
/// the passphrase too, for a key that is written again.
pub(super) fn open_identity(
    certificate: &Path,
    key: &Path,
    file: Option<&Path>,
) -> Result<(Identity, Option<Passphrase>)> {
    let missing = format!("the private key is encrypted; give --passphrase-file FILE or set {VARIABLE}");
    let passphrase = given(file, VARIABLE)?;
    open(passphrase, "Passphrase of the private key: ", &missing, |passphrase| {
        Identity::load(certificate, key, passphrase)
    })
}

/// The password of a PKCS#12 file: given, or asked for, twice when the file is `new`.
pub(super) fn for_pkcs12(file: Option<&Path>, new: bool) -> Result<Zeroizing<String>> {
    let password = match given(file, P12_VARIABLE)? {
        Some(password) => password,
        None if !io::stdin().is_terminal() => {
            let message = format!("no password for the PKCS#12 file; give --password-file FILE or set {P12_VARIABLE}");
            return Err(Error::new(ErrorKind::PassphraseRequired, message));
        }
        None if new => ask_twice("Password for the PKCS#12 file: ")?,
        None => ask("Password of the PKCS#12 file: ")?,
    };
    match std::str::from_utf8(&password) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => {
            let message = "the password of the PKCS#12 file is not UTF-8; PKCS#12 takes text alone";
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
    }
}

/// Opens something, and once more with an answer to `prompt` if it needs a passphrase that was not given. Answers the
/// passphrase with it.
fn open<T>(
    passphrase: Option<Passphrase>,
    prompt: &str,
    missing: &str,
    with: impl Fn(Option<&[u8]>) -> Result<T>,
) -> Result<(T, Option<Passphrase>)> {
    match with(passphrase.as_ref().map(|p| p.as_slice())) {
        Err(error) if error.kind() == ErrorKind::PassphraseRequired => {
            if !io::stdin().is_terminal() {
                let missing = Error::new(ErrorKind::PassphraseRequired, missing);
                return Err(match error.path() {
                    Some(path) => missing.at(path),
                    None => missing,
                });
            }
            let answer = ask(prompt)?;
            with(Some(answer.as_slice())).map(|opened| (opened, Some(answer)))
        }
        result => result.map(|opened| (opened, passphrase)),
    }
}

/// Reads whatever `path` is, a pipe too: `--passphrase-file <(pass show ca)` keeps the passphrase off the disk.
fn from_file(path: &Path) -> Result<Passphrase> {
    let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    // Full size at once: a buffer that grows leaves copies behind that nobody wipes.
    let mut passphrase = Zeroizing::new(Vec::with_capacity(MAX_LEN + 1));
    file.take(MAX_LEN as u64 + 1).read_to_end(&mut passphrase).map_err(|error| Error::io("read", path, error))?;
    if passphrase.len() > MAX_LEN {
        let message = format!("this is longer than {MAX_LEN} bytes and hardly a passphrase");
        return Err(Error::new(ErrorKind::InvalidArgument, message).at(path));
    }
    if passphrase.ends_with(b"\n") {
        passphrase.pop();
        if passphrase.ends_with(b"\r") {
            passphrase.pop();
        }
    }
    if passphrase.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "this holds no passphrase").at(path));
    }
    Ok(passphrase)
}

fn ask_twice(prompt: &str) -> Result<Passphrase> {
    let passphrase = ask(prompt)?;
    if passphrase != ask("The same again: ")? {
        return Err(Error::new(ErrorKind::InvalidArgument, "the two answers differ; nothing was made"));
    }
    Ok(passphrase)
}

fn ask(prompt: &str) -> Result<Passphrase> {
    let answer = rpassword::prompt_password(prompt)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot ask for the passphrase: {error}")))?;
    if answer.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "the passphrase is empty; nothing was done"));
    }
    Ok(Zeroizing::new(answer.into_bytes()))
}
