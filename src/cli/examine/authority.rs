//! The authority beside a service: its certificates' faults, and who can use its key.

use std::path::Path;

use crate::error::Result;
use crate::lint::{self, Options};
use crate::{Authority, Profile};

use super::mend::Mend;
use super::verdict::Verdict;

pub(super) fn check(dir: &Path, verdict: &mut Verdict) -> Result<()> {
    let authority = Authority::open_without_key(dir)?;
    let [certificate, key] = [authority.certificate_path(), authority.key_path()];
    verdict.checked.push(certificate.clone());
    let options = Options { profile: Some(Profile::Authority), ..Options::default() };
    let mend = Mend::Authority { dir: dir.to_owned() };
    let findings = lint::chain(authority.chain(), &options);
    verdict.lint(&certificate, Some(authority.certificate()), Some(&mend), &findings);
    // It may be locked away, or on another disk.
    if key.exists() {
        verdict.checked.push(key.clone());
        verdict.lint(&key, None, None, &lint::path(&key, &Options::default())?);
    }
    Ok(())
}
