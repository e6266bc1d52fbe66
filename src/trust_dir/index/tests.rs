use std::ffi::OsStr;

use super::*;
use crate::trust_dir::content::Record;

fn pin(number: u32) -> Pin {
    let fingerprint = Fingerprint::of(&number.to_be_bytes());
    Pin { fingerprint, subject_hash: Some(prefix(&Fingerprint::of(&fingerprint.0))) }
}

fn record(pins: &[Pin]) -> Option<Record> {
    Some(Record { stamp: None, content: Content::Pins(pins.to_vec(), None), retry: false })
}

fn name(pin: &Pin, number: u32) -> OsString {
    Place { hash: pin.subject_hash.unwrap(), number }.name()
}

fn files(index: &Index) -> Vec<OsString> {
    index.entries().into_iter().map(|(name, _)| name).collect()
}

fn names(index: &Index, pin: &Pin) -> Vec<OsString> {
    index.files_of(&pin.fingerprint).into_iter().map(|(name, _)| name).collect()
}

/// The promise of the scale: 64 bytes an entry, whatever the number of entries.
#[test]
fn an_entry_takes_64_bytes() {
    let mut index = Index::default();
    for number in 0..100_000 {
        let pin = pin(number);
        // Of so many hashes some meet.
        let free = index.names_under(pin.subject_hash.unwrap()).pop().unwrap();
        assert!(index.put(&free, record(&[pin])).is_empty());
        if number > 5_000 && number % 9_973 == 0 {
            let bytes = index.by_fingerprint.bytes() + index.by_place.bytes();
            assert!(bytes <= 64 * (number as usize + 1), "{bytes} bytes for {number}");
        }
    }
    assert!((0..100_000).all(|number| index.contains(&pin(number).fingerprint)));
    assert!(!index.contains(&pin(100_000).fingerprint));
}

#[test]
fn a_certificate_goes_with_its_last_file() {
    let (mut index, alice) = (Index::default(), pin(1));
    assert!(index.put(&name(&alice, 0), record(&[alice])).is_empty());
    assert!(index.put(OsStr::new("alice.pem"), record(&[alice])).is_empty());
    assert_eq!(names(&index, &alice), [name(&alice, 0), "alice.pem".into()]);
    assert!(index.put(&name(&alice, 0), None).is_empty());
    assert!(!index.was_removed(&alice.fingerprint));
    assert_eq!(index.put(OsStr::new("alice.pem"), None), [alice]);
    assert!(index.was_removed(&alice.fingerprint) && !index.contains(&alice.fingerprint));
    assert!(index.put(OsStr::new("alice.pem"), record(&[alice])).is_empty());
    assert!(!index.was_removed(&alice.fingerprint));
}

/// A scan enters what it read seconds ago; the watcher may have heard of a file since.
#[test]
fn what_was_entered_during_a_scan_is_newer() {
    let (alice, bob, carol) = (pin(1), pin(2), pin(3));
    let pinned = |pin: &Pin, number| {
        let place = Place { hash: pin.subject_hash.unwrap(), number };
        Pinned::plain(place, &record(&[*pin]).unwrap()).unwrap()
    };
    let mut index = Index::default();
    let again = Pin { fingerprint: bob.fingerprint, subject_hash: alice.subject_hash };
    index.put(&name(&alice, 0), record(&[again]));
    index.put(&name(&carol, 0), record(&[carol, bob]));
    index.fill(vec![pinned(&alice, 0), pinned(&bob, 0), pinned(&carol, 0)]);
    assert!(!index.contains(&alice.fingerprint));
    assert_eq!(names(&index, &bob).len(), 3);
    assert_eq!(names(&index, &carol), [name(&carol, 0)]);
    assert_eq!(index.put(&name(&carol, 0), None), [carol]);
    assert_eq!(index.put(&name(&bob, 0), None), []);
    // Listed twice, it is one file.
    let mut twice = Index::default();
    twice.fill(vec![pinned(&bob, 0), pinned(&alice, 0), pinned(&bob, 0)]);
    assert_eq!((files(&twice).len(), twice.put(&name(&bob, 0), None)), (2, vec![bob]));
    assert_eq!(index.put(&name(&alice, 0), None), [again]);
}

#[test]
fn a_bundle_is_one_file_of_several_certificates() {
    let (mut index, alice, bob) = (Index::default(), pin(1), pin(2));
    let bundle = name(&alice, 0);
    index.put(&bundle, record(&[alice, bob]));
    assert_eq!((names(&index, &alice), names(&index, &bob)), (vec![bundle.clone()], vec![bundle.clone()]));
    assert_eq!(files(&index), [&*bundle]);
    // What is alone under its hash is kept in another way, and nothing stays behind of the first.
    assert_eq!(index.put(&bundle, record(&[alice])), [bob]);
    assert_eq!(files(&index), [&*bundle]);
    assert_eq!(index.put(&bundle, record(&[bob])), [alice]);
    assert_eq!(index.put(&bundle, None), [bob]);
    assert!(files(&index).is_empty() && index.by_place.iter().next().is_none());
}

#[test]
fn names_under_a_hash_end_with_the_free_one() {
    let mut index = Index::default();
    let hash = pin(1).subject_hash;
    assert_eq!(index.names_under(hash.unwrap()), [name(&pin(1), 0)]);
    for number in [0, 1, 3] {
        let pin = Pin { subject_hash: hash, ..pin(number) };
        index.put(&name(&pin, number), record(&[pin]));
    }
    let under: Vec<_> = [0, 1, 3, 2].map(|number| name(&pin(1), number)).into();
    assert_eq!(index.names_under(hash.unwrap()), under);
    assert_eq!(index.under_hash(hash.unwrap()).count(), 3);
}

/// Fingerprints that begin alike are told apart.
#[test]
fn fingerprints_that_begin_alike_are_two() {
    let (mut index, alice) = (Index::default(), pin(1));
    let mut twin = Pin { subject_hash: Some(7), ..alice };
    twin.fingerprint.0[31] ^= 1;
    index.put(&name(&alice, 0), record(&[alice]));
    index.put(&name(&twin, 0), record(&[twin]));
    assert_eq!((names(&index, &alice), names(&index, &twin)), (vec![name(&alice, 0)], vec![name(&twin, 0)]));
    assert_eq!(index.put(&name(&alice, 0), None), [alice]);
    assert!(index.contains(&twin.fingerprint));
}

#[test]
fn only_plain_lower_case_names_are_places() {
    for (name, place) in [
        ("0fb8533c.0", Some((0x0fb8_533c, 0))),
        ("0fb8533c.10", Some((0x0fb8_533c, 10))),
        ("0FB8533C.0", None),
        ("0fb8533c.01", None),
        ("0fb8533c.", None),
        ("0fb8533c.r0", None),
        ("0fb8533c.0.pem", None),
        ("fb8533c.0", None),
        ("0fb8533c.2147483648", None),
        ("+fb8533c.0", None),
    ] {
        let place = place.map(|(hash, number)| Place { hash, number });
        assert_eq!(Place::named(OsStr::new(name)), place, "{name}");
    }
}

#[test]
fn the_oldest_of_many_removed_is_forgotten() {
    let mut removed = Removed::default();
    for number in 0..=u32::try_from(REMEMBERED).unwrap() {
        removed.remember(pin(number).fingerprint);
    }
    assert!(!removed.set.contains(&pin(0).fingerprint) && removed.set.contains(&pin(1).fingerprint));
    assert_eq!((removed.set.len(), removed.order.len()), (REMEMBERED, REMEMBERED));
    // One that comes back and goes again is as new, however often.
    for _ in 0..2 * REMEMBERED {
        removed.forget(&pin(1).fingerprint);
        removed.remember(pin(1).fingerprint);
    }
    assert_eq!(removed.order.back(), Some(&pin(1).fingerprint));
    assert!(removed.set.len() == REMEMBERED && removed.set.contains(&pin(2).fingerprint));
}
