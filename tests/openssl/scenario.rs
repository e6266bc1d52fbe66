//! Random directories of certificates, and what of them OpenSSL can be expected to find.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use trustdir::Certificate;

use super::random::Random;

/// A certificate of the pool.
pub struct Sample {
    pub label: String,
    pub file: PathBuf,
    pub der: Vec<u8>,
    certificate: Certificate,
    pub hash: String,
    old_hash: String,
}

impl Sample {
    /// Whether OpenSSL takes the names of both for one.
    fn is_namesake(&self, other: &Self) -> bool {
        let name = |of: &Self| of.certificate.subject().common_name().map(|name| name.trim().to_lowercase());
        self.der != other.der && self.hash == other.hash && name(self) == name(other)
    }
}

pub struct Pool {
    pub samples: Vec<Sample>,
    key: String,
}

impl Pool {
    pub fn load(dir: &Path) -> Self {
        let files = dir.read_dir().unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "der")).collect();
        files.sort();
        let samples = files.into_iter().map(|file| {
            let certificate = Certificate::load(&file).unwrap();
            Sample {
                label: file.file_stem().unwrap().to_str().unwrap().to_owned(),
                der: certificate.as_der().to_vec(),
                hash: certificate.subject().subject_hash().unwrap().to_string(),
                old_hash: certificate.subject().subject_hash_old().to_string(),
                file,
                certificate,
            }
        });
        Self { samples: samples.collect(), key: fs::read_to_string(dir.join("key.pem")).unwrap() }
    }

    /// A few samples; most share a subject hash.
    pub fn choose(&self, random: &mut Random) -> Vec<usize> {
        let first = random.below(self.samples.len());
        let kin = |at: &usize| self.samples[*at].hash == self.samples[first].hash;
        let kin: Vec<_> = (0..self.samples.len()).filter(kin).collect();
        let mut chosen = vec![first];
        for _ in 0..random.below(4) {
            chosen.push(if random.percent(60) { *random.pick(&kin) } else { random.below(self.samples.len()) });
        }
        chosen
    }
}

/// What OpenSSL makes of a file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The samples that it takes from it.
    pub loads: Vec<usize>,
    /// The samples that it would have taken, were the file written as OpenSSL likes it.
    pub misses: Vec<usize>,
    /// Whether it looks at no file after it.
    pub stops: bool,
    /// Whether trust settings speak against clients.
    pub rejects: bool,
    /// Whether trust settings speak for clients.
    pub trusts: bool,
}

/// A directory, and what its files are.
#[derive(Debug)]
pub struct Scenario {
    pub dir: PathBuf,
    files: BTreeMap<String, File>,
}

const CLIENT: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02";
const SERVER: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
const ANY: &[u8] = b"\x06\x04\x55\x1d\x25\x00";

/// Trust settings: the purposes trusted and rejected, if there is a list; and whether clients are refused by them.
type Settings = (Option<&'static [&'static [u8]]>, Option<&'static [&'static [u8]]>, bool);
const SETTINGS: &[Settings] = &[
    (None, None, false),
    (Some(&[CLIENT]), None, false),
    (Some(&[SERVER, CLIENT]), None, false),
    (Some(&[ANY]), None, false),
    (None, Some(&[SERVER]), false),
    (Some(&[SERVER]), None, true),
    (Some(&[]), None, true),
    (None, Some(&[CLIENT]), true),
    (None, Some(&[ANY]), true),
    (Some(&[CLIENT]), Some(&[ANY]), true),
];

impl Scenario {
    pub fn new(dir: PathBuf, pool: &Pool, chosen: &[usize], random: &mut Random) -> Self {
        fs::create_dir(&dir).unwrap();
        fs::create_dir_all(dir.join("../elsewhere")).unwrap();
        let mut scenario = Self { dir, files: BTreeMap::new() };
        for sample in chosen {
            scenario.add(pool, *sample, random);
        }
        scenario
    }

    /// A file with the sample, or instead of it, or both, under a name that may be right.
    pub fn add(&mut self, pool: &Pool, sample: usize, random: &mut Random) {
        let Sample { hash, old_hash, label, .. } = &pool.samples[sample];
        if random.percent(12) {
            self.add_junk(pool, hash, random);
        }
        let name = match random.below(24) {
            0 => format!("{old_hash}.0"),
            1 => format!("{}.0", hash.to_uppercase()),
            2 => format!("{label}.pem"),
            3 => format!("{hash}.pem"),
            4 => format!("{hash}.00"),
            5 => format!("{hash}.r0"),
            6 => format!("{}.0", pool.samples[random.below(pool.samples.len())].hash),
            _ => self.free(hash, random),
        };
        let (bytes, file) = write(pool, sample, random);
        self.put(&name, &bytes, file, random);
    }

    /// The first free number, or one behind a gap.
    fn free(&self, hash: &str, random: &mut Random) -> String {
        let mut free = (0..).filter(|number| !self.files.contains_key(&format!("{hash}.{number}")));
        let skipped = if random.percent(12) { 1 + random.below(12) } else { 0 };
        format!("{hash}.{}", free.nth(skipped).unwrap())
    }

    fn put(&mut self, name: &str, bytes: &[u8], file: File, random: &mut Random) {
        let path = self.dir.join(name);
        if path.symlink_metadata().is_ok() {
            return;
        }
        if random.percent(25) {
            let target = self.dir.join(format!("../elsewhere/{}.pem", random.next()));
            fs::write(&target, bytes).unwrap();
            let middle = target.with_extension("link");
            symlink(target.file_name().unwrap(), &middle).unwrap();
            symlink(if random.percent(50) { &middle } else { &target }, path).unwrap();
        } else {
            fs::write(path, bytes).unwrap();
        }
        self.files.insert(name.to_owned(), file);
    }

    /// Something under the next number that OpenSSL cannot load.
    fn add_junk(&mut self, pool: &Pool, hash: &str, random: &mut Random) {
        let name = self.free(hash, random);
        let path = self.dir.join(&name);
        let sample = &pool.samples[random.below(pool.samples.len())];
        match random.below(8) {
            0 => fs::create_dir(&path).unwrap(),
            1 => symlink("nowhere", &path).unwrap(),
            2 => symlink(&name, &path).unwrap(),
            3 => symlink("../elsewhere", &path).unwrap(),
            4 => fs::write(&path, "").unwrap(),
            5 => fs::write(&path, random.bytes(300)).unwrap(),
            6 => fs::write(&path, &pool.key).unwrap(),
            _ => fs::write(&path, &pem("CERTIFICATE", &sample.der)[..200]).unwrap(),
        }
        self.files.insert(name, File { stops: true, ..File::default() });
    }

    /// Removes, renames or replaces a file, or adds one.
    pub fn change(&mut self, pool: &Pool, sample: usize, random: &mut Random) {
        let names: Vec<_> = self.files.keys().cloned().collect();
        let name = random.pick(&names).clone();
        let path = self.dir.join(&name);
        let Ok(kind) = path.symlink_metadata() else { return };
        match random.below(4) {
            0 if !kind.is_dir() => {
                fs::remove_file(path).unwrap();
                self.files.remove(&name);
            }
            1 => {
                let (hash, _) = name.split_once('.').unwrap();
                let free = self.free(hash, random);
                if self.dir.join(&free).symlink_metadata().is_err() {
                    fs::rename(path, self.dir.join(&free)).unwrap();
                    let file = self.files.remove(&name).unwrap();
                    self.files.insert(free, file);
                }
            }
            2 if kind.is_file() => {
                let (bytes, file) = write(pool, sample, random);
                fs::write(&path, bytes).unwrap();
                self.files.insert(name, file);
            }
            _ => self.add(pool, sample, random),
        }
    }

    /// Where a sample lies among the files that OpenSSL reads, in its order, when it looks for the sample's subject.
    pub fn place(&self, pool: &Pool, sample: usize) -> Place {
        let name = |number: usize| format!("{}.{number}", pool.samples[sample].hash);
        let last = self.files.keys().filter_map(|name| name.split_once('.')?.1.parse::<usize>().ok()).max();
        let (mut seen, mut hidden, mut open) = (Vec::new(), Vec::new(), true);
        for number in 0..=last.unwrap_or(0) {
            let file = self.files.get(&name(number)).filter(|_| self.dir.join(name(number)).exists());
            if let Some(file) = file {
                if open { &mut seen } else { &mut hidden }.push(file);
            }
            open &= file.is_some_and(|file| !file.stops);
        }
        let holds = |file: &&&File| file.loads.contains(&sample);
        let mut carriers = seen.iter().chain(&hidden).filter(holds);
        let namesake = |other: &usize| pool.samples[*other].is_namesake(&pool.samples[sample]);
        Place {
            hidden: hidden.iter().any(|file| holds(&file)) && !seen.iter().any(|file| holds(&file)),
            missed: seen.iter().chain(&hidden).any(|file| file.misses.contains(&sample)),
            rejected: carriers.clone().any(|file| file.rejects),
            trusted: carriers.any(|file| file.trusts),
            beside_namesake: seen.iter().flat_map(|file| &file.loads).any(namesake),
        }
    }
}

/// Where a sample lies in a directory.
#[derive(Debug)]
pub struct Place {
    /// Under its name, but only behind a gap or a file that OpenSSL cannot read.
    pub hidden: bool,
    /// Under its name in a file that OpenSSL finds damaged before it.
    pub missed: bool,
    /// In a file whose trust settings speak against clients.
    pub rejected: bool,
    /// In a file whose trust settings speak for clients.
    pub trusted: bool,
    /// Together with another certificate of its name.
    pub beside_namesake: bool,
}

pub fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn sequence(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

/// A file with the sample in one of the forms that people have, and what OpenSSL takes from it.
fn write(pool: &Pool, sample: usize, random: &mut Random) -> (Vec<u8>, File) {
    let der = &pool.samples[sample].der;
    let plain = pem("CERTIFICATE", der);
    let other = random.below(pool.samples.len());
    let other_pem = pem("CERTIFICATE", &pool.samples[other].der);
    let broken = other_pem.replacen("\nM", "\n!", 1);
    let key = &pool.key;
    let list = pem("X509 CRL", &random.bytes(80));
    let body = STANDARD.encode(der);
    let good = |text: String| (text.into_bytes(), File { loads: vec![sample], ..File::default() });
    let missed = |text: String| (text.into_bytes(), File { misses: vec![sample], stops: true, ..File::default() });
    match random.below(30) {
        0 => good(plain.replace('\n', "\r\n")),
        1 => good(format!("\u{feff}{plain}")),
        2 => good(format!("Certificate:\n    Data: É\n\n{plain}")),
        3 => good(format!("{plain}\nsome text: more\n")),
        4 => good(format!("{key}{plain}")),
        5 => good(format!("{plain}{key}")),
        6 => good(pem("X509 CERTIFICATE", der)),
        7 => good(plain.trim_end().to_owned()),
        8 => good(format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")),
        9 => good(plain.replace('\n', " \t\n")),
        10 => good(plain.replacen("CERTIFICATE-----\n", "CERTIFICATE-----\n\n", 1)),
        11 => good(format!("{list}{plain}")),
        12 => good(plain.replacen("\nMI", "\nM I", 1)),
        13 => missed(plain.replace("-----BEGIN", "  -----BEGIN")),
        14 => missed(plain.replacen("CERTIFICATE-----\n", "CERTIFICATE-----\nNote: mine\n\n", 1)),
        15 => missed(plain.replacen("\n-----END", "\n\n-----END", 1)),
        16 => (der.clone(), File { stops: true, ..File::default() }),
        17 => ([plain, other_pem].concat().into(), File { loads: vec![sample, other], ..File::default() }),
        18 => ([other_pem, plain].concat().into(), File { loads: vec![other, sample], ..File::default() }),
        19 => ([plain, broken].concat().into(), File { loads: vec![sample], stops: true, ..File::default() }),
        20 => ([broken, plain].concat().into(), File { stops: true, ..File::default() }),
        21..=24 => trusted(der, sample, random),
        _ => good(plain),
    }
}

/// A TRUSTED CERTIFICATE, or a plain one with the same settings behind it, which OpenSSL reads alike.
fn trusted(der: &[u8], sample: usize, random: &mut Random) -> (Vec<u8>, File) {
    let (trusted, rejected, rejects) = *random.pick(SETTINGS);
    let trusts = trusted.is_some() && !rejects;
    let list = |tag, purposes: Option<&[&[u8]]>| purposes.map_or(Vec::new(), |list| sequence(tag, &list.concat()));
    let alias = if random.percent(50) { sequence(0x0c, b"alias") } else { Vec::new() };
    let settings = sequence(0x30, &[list(0x30, trusted), list(0xa0, rejected), alias].concat());
    let label = if random.percent(20) { "CERTIFICATE" } else { "TRUSTED CERTIFICATE" };
    let text = pem(label, &[der, &settings].concat());
    (text.into(), File { loads: vec![sample], rejects, trusts, ..File::default() })
}
