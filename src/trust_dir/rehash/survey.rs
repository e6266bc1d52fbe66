//! What lies in a directory, as far as rehashing is concerned.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::name::{Key, Sort};
use super::numbering::{Bucket, Item, Slot, Thing};
use crate::certificate::{Certificate, Fingerprint};
use crate::error::{Error, ErrorKind, Result};
use crate::name::DistinguishedName;
use crate::trust_dir::Problem;
use crate::trust_dir::content::hidden;
use crate::trust_dir::links::MAX_LINKS;
use crate::trust_dir::stamp::Stamp;
use crate::{der, file, pem};

/// Files of other endings are not linked, as `openssl rehash` has it.
const ENDINGS: [&str; 4] = ["pem", "crt", "cer", "crl"];

/// A certificate or revocation list: where it belongs and which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Object {
    key: Key,
    digest: Fingerprint,
}

/// A file or link under the name of a hash.
struct Hashed {
    name: OsString,
    key: Key,
    number: u32,
    objects: Result<Vec<Object>>,
}

impl Hashed {
    fn objects(&self) -> &[Object] {
        self.objects.as_deref().unwrap_or_default()
    }

    /// Whether OpenSSL finds the name at all.
    fn is_exact(&self) -> bool {
        self.key.name(self.number) == self.name
    }

    fn is_right(&self) -> bool {
        self.is_exact() && self.objects().iter().any(|object| object.key == self.key)
    }
}

/// The directory, sorted by hash.
#[derive(Default)]
pub(super) struct Survey {
    dir: PathBuf,
    pub buckets: BTreeMap<Key, Bucket>,
    /// The present names of what may be renamed.
    pub things: Vec<OsString>,
    /// Links to be removed whose names OpenSSL does not find.
    pub strays: Vec<OsString>,
    /// Second names of regular files, as a crash leaves them, and what they are names of.
    pub doubles: Vec<(OsString, Thing)>,
    pub left: Vec<Problem>,
    /// Files with certificates to which no right name leads.
    pub unnamed: Vec<OsString>,
    /// The files that may be linked, and what is in them.
    files: BTreeMap<OsString, Object>,
    /// Those that are, by their number in their bucket.
    linked: HashMap<OsString, usize>,
    /// What a right name leads to now, and what one will lead to.
    found: HashSet<Object>,
    placed: HashMap<Object, Item>,
    moved: Vec<(OsString, Object)>,
}

impl Survey {
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let mut survey = Self { dir: dir.to_owned(), ..Self::default() };
        let (mut links, mut regular) = (Vec::new(), Vec::new());
        for name in file::names(dir)?.into_iter().filter(|name| !hidden(name)) {
            match Key::read(&name) {
                Some((key, number)) if dir.join(&name).is_symlink() => links.push((name, key, number)),
                Some((key, number)) => regular.push(survey.hashed(name, key, number)),
                None => survey.file(name),
            }
        }
        // What has its right name goes before what has not, and files before links.
        regular.sort_by(|a, b| (!a.is_right(), &a.name).cmp(&(!b.is_right(), &b.name)));
        let linkable: HashSet<Object> = survey.files.values().copied().collect();
        for file in regular {
            survey.regular(file, &linkable);
        }
        survey.want_links();
        let mut foreign: Vec<_> =
            links.into_iter().filter_map(|(name, key, number)| survey.link(name, key, number)).collect();
        // A link that leads to another such link is given up for that one, never the other way round.
        foreign.sort_by_cached_key(|link| (survey.leads_to_hash_name(&link.name), !link.is_right(), link.name.clone()));
        for link in foreign {
            survey.foreign_link(link);
        }
        let linked = survey.linked.keys().map(|name| (name, survey.files[name]));
        let all = linked.chain(survey.moved.iter().map(|(name, object)| (name, *object)));
        let unnamed = all.filter(|(_, object)| object.key.sort == Sort::Certificate && !survey.found.contains(object));
        survey.unnamed = unnamed.map(|(name, _)| name.clone()).collect();
        survey.unnamed.sort();
        Ok(survey)
    }

    /// A file under a name of its own.
    fn file(&mut self, name: OsString) {
        let path = self.dir.join(&name);
        let ending = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        if !ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) || path.is_dir() {
            return;
        }
        if self.leads_to_hash_name(&name) {
            return self.leave(&name, "a link to the name of a hash; such a name leads here, not from here");
        }
        match objects(&path).as_deref() {
            Ok([object]) => drop(self.files.insert(name, *object)),
            Ok([]) => self.leave(&name, "there is neither a certificate nor a revocation list in it"),
            Ok(several) => {
                let message = format!(
                    "it holds {} certificates or lists, and OpenSSL links files with one; split it",
                    several.len()
                );
                self.leave(&name, &message);
            }
            Err(error) => self.leave(&name, error.message_without_path()),
        }
    }

    /// A regular file (or a directory, FIFO …) under the name of a hash: it may be renamed and never goes.
    fn regular(&mut self, file: Hashed, linkable: &HashSet<Object>) {
        if let [object] = *file.objects()
            && let Some(thing) = self.other_name(&file.name, &object)
        {
            self.doubles.push((file.name.clone(), thing));
            return self.give_up(file.name, file.key, file.number, Some(object));
        }
        let known = |object: &Object| linkable.contains(object);
        match file.objects() {
            _ if file.is_right() => {
                if file.objects().iter().any(known) {
                    self.leave(
                        &file.name,
                        "a regular file where a link would do; remove it and rehash again to have the link",
                    );
                }
                self.keep(file);
            }
            [object] if !known(object) && !self.placed.contains_key(object) => self.keep(file),
            _ => self.leave_in_the_way(file),
        }
    }

    /// The thing that this is a second name of.
    fn other_name(&self, name: &OsStr, object: &Object) -> Option<Thing> {
        let Some(Item::Kept(thing)) = self.placed.get(object) else { return None };
        let stamp = |name: &OsStr| Stamp::of(&self.dir.join(name));
        let same = stamp(name)?.same_inode(&stamp(&self.things[*thing])?);
        same.then_some(*thing)
    }

    /// Gives every file a link, unless it is found already; of several with the same content, the first by name,
    /// as `openssl rehash` does.
    fn want_links(&mut self) {
        for (name, object) in self.files.clone() {
            let files = &mut self.buckets.entry(object.key).or_default().files;
            if let Entry::Vacant(place) = self.placed.entry(object) {
                place.insert(Item::File(files.len()));
                self.linked.insert(name.clone(), files.len());
                files.push(name);
            } else if !self.found.contains(&object) {
                self.leave(&name, "another file holds the same and is linked; remove one of them");
            }
        }
    }

    /// A link under the name of a hash; returned if it leads to something else than a file that may be linked.
    fn link(&mut self, name: OsString, key: Key, number: u32) -> Option<Hashed> {
        let path = self.dir.join(&name);
        if leads_nowhere(&path) {
            self.give_up(name, key, number, None);
            return None;
        }
        let target = self.step(&path).and_then(|(_, here)| here);
        let Some((target, object)) = target.and_then(|target| self.files.get_key_value(&target)) else {
            return Some(self.hashed(name, key, number));
        };
        let right = object.key == key && key.name(number) == name;
        if right {
            self.found.insert(*object);
        }
        // `openssl rehash` goes by the letters of the link.
        let literal = path.read_link().is_ok_and(|text| text.as_os_str() == target);
        match self.linked.get(target) {
            Some(file) if right && literal => {
                let slot = Slot::Proper(Item::File(*file));
                self.put(key, number, slot);
            }
            _ => {
                let object = *object;
                self.give_up(name, key, number, Some(object));
            }
        }
        None
    }

    /// A link that leads out of the directory, or to what has no link of its own.
    fn foreign_link(&mut self, link: Hashed) {
        match *link.objects() {
            [object] if self.placed.contains_key(&object) => {
                if link.is_right() {
                    self.found.insert(object);
                }
                self.give_up(link.name, link.key, link.number, Some(object));
            }
            [_] => self.keep(link),
            _ if link.is_right() => self.keep(link),
            _ => self.leave_in_the_way(link),
        }
    }

    /// Keeps a file or link without another one that leads to it, under the hash that is right for it.
    fn keep(&mut self, hashed: Hashed) {
        let right = hashed.is_right();
        let place = if right { Some(hashed.key) } else { hashed.objects().first().map(|object| object.key) };
        let Some(place) = place else { return };
        let objects: Vec<Object> = hashed.objects().iter().filter(|object| object.key == place).copied().collect();
        let thing = self.thing(&hashed.name);
        self.placed.extend(objects.iter().map(|object| (*object, Item::Kept(thing))));
        if right {
            self.found.extend(objects);
        } else {
            self.moved.extend(objects.into_iter().map(|object| (hashed.name.clone(), object)));
        }
        self.buckets.entry(place).or_default().kept.push(thing);
        if hashed.is_exact() {
            self.put(
                hashed.key,
                hashed.number,
                if right { Slot::Proper(Item::Kept(thing)) } else { Slot::InTheWay(thing) },
            );
        }
    }

    /// Keeps what OpenSSL does not load, or not under this name, where it hides nobody.
    fn leave_in_the_way(&mut self, hashed: Hashed) {
        let why = match &hashed.objects {
            Err(error) => error.message_without_path().to_owned(),
            Ok(objects) if objects.is_empty() => {
                "there is neither a certificate nor a revocation list in it".to_owned()
            }
            Ok(_) => "what it holds belongs under another hash and is there already, or is several things; remove it"
                .to_owned(),
        };
        self.leave(&hashed.name, &why);
        if hashed.is_exact() {
            let thing = self.thing(&hashed.name);
            self.put(hashed.key, hashed.number, Slot::InTheWay(thing));
        }
    }

    /// A link that is not needed, since what it leads to has another name.
    fn give_up(&mut self, name: OsString, key: Key, number: u32, object: Option<Object>) {
        if key.name(number) != name {
            return self.strays.push(name);
        }
        let item = object.filter(|object| object.key == key).and_then(|object| self.placed.get(&object));
        let slot = item.map_or(Slot::Astray, |item| Slot::Double(*item));
        self.put(key, number, slot);
    }

    fn put(&mut self, key: Key, number: u32, slot: Slot) {
        self.buckets.entry(key).or_default().slots.insert(number, slot);
    }

    fn thing(&mut self, name: &OsStr) -> Thing {
        self.things.push(name.to_owned());
        self.things.len() - 1
    }

    fn leave(&mut self, name: &OsStr, message: &str) {
        self.left.push(Problem::new(self.dir.join(name), message.to_owned()));
    }

    fn hashed(&self, name: OsString, key: Key, number: u32) -> Hashed {
        Hashed { objects: objects(&self.dir.join(&name)), name, key, number }
    }

    /// Where a link leads at its next step, and under which name if that is in this directory.
    fn step(&self, link: &Path) -> Option<(PathBuf, Option<OsString>)> {
        let target = link.read_link().ok()?;
        let parent = target.parent()?;
        let at = file::parent(link);
        let here = if parent.as_os_str().is_empty() {
            at == self.dir
        } else {
            at.join(parent).canonicalize().is_ok_and(|parent| self.dir.canonicalize().is_ok_and(|dir| dir == parent))
        };
        let name = target.file_name().filter(|_| here).map(ToOwned::to_owned);
        Some((if here { self.dir.join(target.file_name()?) } else { at.join(&target) }, name))
    }

    /// Whether a link leads by way of the name of a hash in this directory, which may become another's.
    fn leads_to_hash_name(&self, name: &OsStr) -> bool {
        let first = self.step(&self.dir.join(name));
        let mut steps = std::iter::successors(first, |(path, _)| self.step(path)).take(MAX_LINKS);
        steps.any(|(_, here)| here.is_some_and(|name| Key::read(&name).is_some()))
    }
}

/// The certificates of a PEM file, or its revocation lists if it has none: as `openssl rehash` reads it, keys aside.
fn objects(path: &Path) -> Result<Vec<Object>> {
    let bytes = file::read_secret(path)?;
    if !pem::is_pem(&bytes) {
        let message =
            "this is not PEM, and OpenSSL reads nothing else here; convert it with `openssl x509 -inform DER`";
        return Err(Error::new(ErrorKind::Parse, message));
    }
    let certificates = Certificate::all_from_pem(&bytes)?;
    let certificates = certificates.iter().map(|certificate| {
        let key = Key { sort: Sort::Certificate, hash: certificate.subject().subject_hash()?.0 };
        Ok(Object { key, digest: certificate.fingerprint() })
    });
    let certificates = certificates.collect::<Result<Vec<_>>>()?;
    if !certificates.is_empty() {
        return Ok(certificates);
    }
    let blocks = pem::blocks(&bytes)?;
    let lists = blocks.iter().filter(|block| block.label == pem::CRL).map(|block| {
        let key = Key { sort: Sort::List, hash: list_issuer(&block.der)?.subject_hash()?.0 };
        Ok(Object { key, digest: Fingerprint::of(&block.der) })
    });
    lists.collect()
}

/// The issuer of a revocation list (CertificateList, RFC 5280, 5.1).
fn list_issuer(der: &[u8]) -> Result<DistinguishedName> {
    let mut list = der::Reader::new(der::single(der, der::SEQUENCE)?.content);
    let mut signed = der::Reader::new(list.expect(der::SEQUENCE)?.content);
    signed.optional(der::INTEGER)?;
    signed.expect(der::SEQUENCE)?;
    DistinguishedName::from_der(signed.expect(der::SEQUENCE)?.whole)
}

/// Whether there is nothing at a link's end; what cannot be looked at may well be there.
fn leads_nowhere(link: &Path) -> bool {
    let error = link.metadata().err();
    error.is_some_and(|error| {
        #[cfg(unix)]
        let circle = error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32);
        #[cfg(not(unix))]
        let circle = false;
        circle || matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    })
}
