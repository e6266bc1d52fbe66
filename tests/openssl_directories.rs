//! Directories of certificates as OpenSSL reads them: whatever it accepts as itself is admitted, and every difference is
//! one that is meant.
#![allow(clippy::unwrap_used, clippy::panic)]

mod openssl;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::random::Random;
use openssl::scenario::{Place, Pool, Scenario, pem};
use openssl::{OpenSsl, Verdict, names};
use trustdir::{DistinguishedName, EntryNames, Reason, TrustDir, TrustDirOptions};

const DIRECTORIES: usize = 2000;

/// Where we and OpenSSL differ, and why that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// OpenSSL trusts whatever an installed certificate has signed; a pin is only itself.
    IssuedByAnEntry,
    /// OpenSSL may take another certificate of the same name for the issuer of one that is its own, if the key is the
    /// same too or neither has key identifiers, and then refuses it: of two renewals side by side it accepts one, we both.
    BesideANamesake,
    /// OpenSSL needs the issuer of a certificate too, an authority and no namesake of it; a pin stands for itself.
    IssuerNeeded,
    /// OpenSSL counts the numbers of a hash up to the first gap or bad file; we read every one.
    HiddenByGapOrBadFile,
    /// OpenSSL refuses indented blocks, a blank line before the end and headers; we read them.
    StricterPem,
    /// OpenSSL keeps the trust settings of the first copy; we admit by the copy that has none.
    RejectedInAnotherCopy,
    /// OpenSSL takes a trust setting for clients before what the certificate says itself.
    TrustedBesideItsPurpose,
    /// OpenSSL refuses unknown critical extensions, which matter to nobody who compares every byte.
    UnknownCriticalExtension,
    /// OpenSSL does not take anyExtendedKeyUsage for a client's purpose (RFC 5280, 4.2.1.12, does).
    AnyPurpose,
    /// OpenSSL still looks at Netscape's certificate type.
    NetscapeType,
    /// OpenSSL has curves and key types that TLS clients here may not use.
    KeyOfAnotherSort,
}

impl Difference {
    const ALL: [Self; 11] = [
        Self::IssuedByAnEntry,
        Self::BesideANamesake,
        Self::IssuerNeeded,
        Self::HiddenByGapOrBadFile,
        Self::StricterPem,
        Self::RejectedInAnotherCopy,
        Self::TrustedBesideItsPurpose,
        Self::UnknownCriticalExtension,
        Self::AnyPurpose,
        Self::NetscapeType,
        Self::KeyOfAnotherSort,
    ];

    /// `None`: not one that is meant.
    fn of(verdict: &Verdict, reason: Reason, label: &str, place: &Place) -> Option<Self> {
        use Reason::{Admitted, MintedByPin, NotInstalled, Removed, SameNameOtherKey, WeakKey, WrongPurpose};
        use Verdict::{Accepted, Refused};
        let issued = label.starts_with("minted") || label == "issued";
        Some(match (verdict, reason) {
            (Accepted(2..), MintedByPin | SameNameOtherKey | NotInstalled | Removed) if issued => Self::IssuedByAnEntry,
            (Accepted(1), WrongPurpose) if place.trusted => Self::TrustedBesideItsPurpose,
            (Accepted(1), WeakKey) if ["ed448", "secp256k1"].contains(&label) => Self::KeyOfAnotherSort,
            (Refused(34), Admitted) if label == "critical" => Self::UnknownCriticalExtension,
            (Refused(26), Admitted) if label == "any" => Self::AnyPurpose,
            (Refused(26), Admitted) if label == "netscape" => Self::NetscapeType,
            (Refused(28), Admitted) if place.rejected => Self::RejectedInAnotherCopy,
            (Refused(7 | 20 | 28 | 79), Admitted) if issued => Self::IssuerNeeded,
            (Refused(18), Admitted) if place.hidden => Self::HiddenByGapOrBadFile,
            (Refused(18), Admitted) if place.missed => Self::StricterPem,
            (Refused(18), Admitted) if place.beside_namesake => Self::BesideANamesake,
            _ => return None,
        })
    }
}

fn open(dir: &Path) -> TrustDir {
    let options = TrustDirOptions { entry_names: EntryNames::SubjectHash, watch: false, ..TrustDirOptions::default() };
    TrustDir::open_with(dir, options).unwrap()
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

/// Directories of every sort, first as they are found and then after changes under our eyes.
#[test]
fn what_openssl_accepts_as_itself_is_admitted() {
    let program = OpenSsl::build();
    let pool = Pool::load(&program.pool());
    let root = tempfile::tempdir().unwrap();
    let mut random = Random::new();
    let mut asked = Vec::new();
    let mut scenarios: Vec<_> = (0..DIRECTORIES)
        .map(|number| {
            let mut chosen = pool.choose(&mut random);
            let scenario = Scenario::new(root.path().join(number.to_string()), &pool, &chosen, &mut random);
            chosen.push(random.below(pool.samples.len()));
            chosen.push(random.below(pool.samples.len()));
            chosen.sort_unstable();
            chosen.dedup();
            asked.push(chosen);
            scenario
        })
        .collect();
    let directories: Vec<_> = scenarios.iter().map(|scenario| open(&scenario.dir)).collect();
    let mut counts = Counts::default();
    counts.compare(&program, &pool, &scenarios, &directories, &asked);
    for (scenario, asked) in scenarios.iter_mut().zip(&asked) {
        scenario.change(&pool, *random.pick(asked), &mut random);
    }
    // Without a watcher, what is written over another entry in place is seen no sooner.
    directories.iter().for_each(|directory| directory.refresh().unwrap());
    counts.compare(&program, &pool, &scenarios, &directories, &asked);
    println!("{} accepted and {} refused by both; {:#?}", counts.both_accept, counts.both_refuse, counts.differences);
    assert!(counts.undocumented.is_empty(), "differences that are not meant: {:#?}", counts.undocumented);
    assert!(counts.both_accept > 1000 && counts.both_refuse > 1000);
    assert_eq!(counts.differences.len(), Difference::ALL.len(), "every difference that is meant occurs");
}

#[derive(Debug, Default)]
struct Counts {
    both_accept: usize,
    both_refuse: usize,
    differences: BTreeMap<Difference, usize>,
    /// What was decided about which sample, and the first directory where it was.
    undocumented: BTreeMap<String, String>,
}

impl Counts {
    fn compare(
        &mut self,
        program: &OpenSsl,
        pool: &Pool,
        scenarios: &[Scenario],
        directories: &[TrustDir],
        asked: &[Vec<usize>],
    ) {
        let pairs: Vec<_> =
            asked.iter().enumerate().flat_map(|(at, all)| all.iter().map(move |one| (at, *one))).collect();
        let questions: Vec<(&Path, &Path)> =
            pairs.iter().map(|(at, one)| (scenarios[*at].dir.as_path(), pool.samples[*one].file.as_path())).collect();
        let verdicts = program.verify(&questions);
        let now = now();
        for ((at, one), verdict) in pairs.into_iter().zip(verdicts) {
            let (sample, scenario) = (&pool.samples[one], &scenarios[at]);
            let decision = directories[at].decide(&sample.der, now);
            match (&verdict, decision.is_admitted()) {
                (Verdict::Accepted(_), true) => self.both_accept += 1,
                (Verdict::Refused(_), false) => self.both_refuse += 1,
                _ => match Difference::of(&verdict, decision.reason(), &sample.label, &scenario.place(pool, one)) {
                    Some(difference) => *self.differences.entry(difference).or_default() += 1,
                    None => {
                        let said = format!("{} {verdict:?} {:?}", sample.label, decision.reason());
                        self.undocumented.entry(said).or_insert_with(|| format!("{scenario:?}"));
                    }
                },
            }
        }
    }
}

/// What OpenSSL reads although X.690 and RFC 5280 forbid it, and we do not.
const LOOSER_DER: [&str; 4] =
    ["version is unknown", "found tag 0x10 where 0x30 must be", "found tag 0x11 where 0x31 must be", "not whole bytes"];

/// One byte after another is changed in certificates: what OpenSSL still accepts as itself, we admit.
#[test]
fn damage_that_openssl_overlooks_is_overlooked() {
    let program = OpenSsl::build();
    let pool = Pool::load(&program.pool());
    let root = tempfile::tempdir().unwrap();
    let mut random = Random::new();
    let mut damaged = Vec::new();
    for sample in pool.samples.iter().filter(|sample| ["a1", "client", "v1"].contains(&sample.label.as_str())) {
        for at in 0..sample.der.len() {
            let mut der = sample.der.clone();
            der[at] ^= 1 << random.below(8);
            let dir = root.path().join(format!("{}-{at}", sample.label));
            fs::create_dir(&dir).unwrap();
            fs::write(dir.join(format!("{}.0", sample.hash)), pem("CERTIFICATE", &der)).unwrap();
            fs::write(dir.join("presented"), &der).unwrap();
            damaged.push((dir.join("presented"), dir, der));
        }
    }
    let questions: Vec<_> = damaged.iter().map(|(file, dir, _)| (dir.as_path(), file.as_path())).collect();
    let verdicts = program.verify(&questions);
    let accepted: Vec<_> = damaged.iter().zip(verdicts).filter(|(_, is)| *is == Verdict::Accepted(1)).collect();
    assert!(accepted.len() > 100, "{}", accepted.len());
    for ((_, dir, der), _) in accepted {
        let decision = open(dir).decide(der, now());
        let looser = LOOSER_DER.iter().any(|looser| decision.message().contains(looser));
        assert!(decision.is_admitted() || looser, "{decision:?}");
    }
}

/// New and old hash, of names with values of every type, and which names are refused.
#[test]
fn names_hash_as_in_libcrypto() {
    let program = OpenSsl::build();
    let mut random = Random::new();
    let all: Vec<_> = (0..50_000).map(|_| names::name(&mut random)).collect();
    let theirs = program.hashes(&all);
    assert_eq!(theirs.len(), all.len());
    let mismatches: Vec<_> = all
        .iter()
        .zip(&theirs)
        .filter_map(|(der, theirs)| {
            let ours = DistinguishedName::from_der(der)
                .and_then(|name| Ok((name.subject_hash()?.to_string(), name.subject_hash_old().to_string())))
                .ok();
            (ours != *theirs).then(|| format!("{ours:?}, but {theirs:?} of {der:02x?}"))
        })
        .collect();
    assert!(
        mismatches.is_empty(),
        "{} mismatches, such as {:#?}",
        mismatches.len(),
        &mismatches[..mismatches.len().min(9)]
    );
    let refused = theirs.iter().filter(|hashes| hashes.is_none()).count();
    println!("{refused} of {} names are refused by both", all.len());
    assert!((2_000..40_000).contains(&refused), "{refused}");
}
