//! Where passphrases come from: a file, the environment, or a prompt; never an argument.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::{Authority, Error, ErrorKind, Result};

/// The environment variable with the CA key's passphrase.
pub(super) const CA_VARIABLE: &str = "TRUSTDIR_CA_PASSPHRASE";
/// The environment variable with the passphrase of a new key.
pub(super) const VARIABLE: &str = "TRUSTDIR_PASSPHRASE";

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
pub(super) fn for_new_authority(file: Option<&Path>, variable: &str) -> Result<Passphrase> {
    if let Some(passphrase) = given(file, variable)? {
        return Ok(passphrase);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::new(
            ErrorKind::PassphraseRequired,
            format!(
                "no passphrase for the CA's key and no terminal to ask on; give --passphrase-file FILE, set {variable}, \
                 or choose an unencrypted key with --no-passphrase"
            ),
        ));
    }
    let passphrase = ask("Passphrase for the new CA key: ")?;
    if passphrase != ask("The same again: ")? {
        return Err(Error::new(ErrorKind::InvalidArgument, "the two passphrases differ; nothing was made"));
    }
    Ok(passphrase)
}

/// Opens the CA in `dir`, asking for the passphrase only if its key needs one that was not given.
pub(super) fn open_authority(dir: &Path, file: Option<&Path>) -> Result<Authority> {
    let passphrase = given(file, CA_VARIABLE)?;
    match Authority::open(dir, passphrase.as_ref().map(|p| p.as_slice())) {
        Err(error) if error.kind() == ErrorKind::PassphraseRequired && passphrase.is_none() => {
            if !io::stdin().is_terminal() {
                return Err(Error::new(
                    ErrorKind::PassphraseRequired,
                    format!("the CA's key is encrypted; give --ca-passphrase-file FILE or set {CA_VARIABLE}"),
                )
                .at(error.path().unwrap_or(dir)));
            }
            let passphrase = ask("Passphrase of the CA key: ")?;
            Authority::open(dir, Some(passphrase.as_slice()))
        }
        result => result,
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

/// Asks on the terminal; where there is none, `error` says what was missing.
pub(super) fn ask_for(prompt: &str, error: Error) -> Result<Passphrase> {
    if io::stdin().is_terminal() { ask(prompt) } else { Err(error) }
}

fn ask(prompt: &str) -> Result<Passphrase> {
    let answer = rpassword::prompt_password(prompt)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot ask for the passphrase: {error}")))?;
    if answer.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "the passphrase is empty; nothing was done"));
    }
    Ok(Zeroizing::new(answer.into_bytes()))
}
