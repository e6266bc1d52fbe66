use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::thread;

use super::super::TrustDirOptions;
use super::super::stamp::Look;
use super::*;

struct Site {
    dir: tempfile::TempDir,
    clients: TrustDir,
}

impl Site {
    /// The directory lies behind a link, whose way leads by another one and back out of a directory.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("real/above/clients")).unwrap();
        fs::create_dir(dir.path().join("real/side")).unwrap();
        symlink("real/side/..", dir.path().join("second")).unwrap();
        symlink("second/above", dir.path().join("link")).unwrap();
        let clients = TrustDir::open_with(dir.path().join("link/clients"), TrustDirOptions::default()).unwrap();
        Self { dir, clients }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What the watcher has seen to, once there is nothing to be seen to.
    fn batch(&self) -> u32 {
        loop {
            match self.clients.quiet() {
                Some(quiet) => return quiet.batch(),
                None => thread::yield_now(),
            }
        }
    }
}

fn touch(path: &Path, change: impl FnOnce(&mut OpenOptions) -> &mut OpenOptions) -> File {
    change(&mut OpenOptions::new()).open(path).unwrap()
}

/// Whoever asks after a change, however soon, is told that there was one.
#[test]
fn each_change_ends_the_quiet() {
    type Change = fn(&Site);
    let changes: [Change; 15] = [
        |site| fs::write(site.path("link/clients/new"), "").unwrap(),
        |site| fs::write(site.path("link/clients/known"), "other").unwrap(),
        |site| touch(&site.path("link/clients/known"), |how| how.append(true)).write_all(b"more").unwrap(),
        |site| touch(&site.path("link/clients/known"), |how| how.write(true)).set_len(1).unwrap(),
        |site| fs::remove_file(site.path("link/clients/known")).unwrap(),
        |site| fs::rename(site.path("other"), site.path("link/clients/known")).unwrap(),
        |site| fs::rename(site.path("link/clients/known"), site.path("gone")).unwrap(),
        |site| fs::set_permissions(site.path("link/clients/known"), fs::Permissions::from_mode(0o400)).unwrap(),
        |site| fs::set_permissions(site.path("link/clients"), fs::Permissions::from_mode(0o700)).unwrap(),
        |site| fs::rename(site.path("real/above/clients"), site.path("gone")).unwrap(),
        |site| fs::rename(site.path("real"), site.path("gone")).unwrap(),
        |site| fs::rename(site.path("link"), site.path("gone")).unwrap(),
        |site| fs::rename(site.path("second"), site.path("gone")).unwrap(),
        |site| fs::rename(site.path("real/side"), site.path("gone")).unwrap(),
        |site| fs::remove_dir(site.path("real/side")).unwrap(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        for _ in 0..20 {
            let site = Site::new();
            fs::write(site.path("link/clients/known"), "text").unwrap();
            fs::write(site.path("other"), "text").unwrap();
            let before = site.batch();
            change(&site);
            assert_ne!(site.clients.quiet().map(Quiet::batch), Some(before), "change {number}");
        }
    }
}

/// Also that the directory has gone, of which the system says nothing there while somebody has it open.
#[test]
fn a_directory_that_goes_while_it_is_open_ends_the_quiet() {
    let site = Site::new();
    let clients = site.path("real/above/clients");
    let open = File::open(&clients).unwrap();
    let before = site.batch();
    fs::remove_dir(&clients).unwrap();
    assert_ne!(site.clients.quiet().map(Quiet::batch), Some(before));
    fs::create_dir(&clients).unwrap();
    fs::write(clients.join("known"), "text").unwrap();
    let before = site.batch();
    fs::remove_file(clients.join("known")).unwrap();
    assert_ne!(site.clients.quiet().map(Quiet::batch), Some(before));
    drop(open);
}

/// A link may lie where its changes are not told, wherever it leads.
#[test]
fn a_way_by_a_link_in_another_sort_of_file_system_is_never_quiet() {
    let site = Site::new();
    let clients = site.path("real/above/clients");
    let way = Path::new("/proc/self/root").join(clients.strip_prefix("/").unwrap());
    let is_deaf = |path| {
        let directory = TrustDir::open(path).unwrap();
        directory.0.watch.get().unwrap().0.deaf.load(Ordering::Acquire)
    };
    assert!(!is_deaf(clients) && is_deaf(way));
}

/// It lasts while nothing happens: reading changes nothing.
#[test]
fn a_directory_at_rest_is_quiet() {
    let site = Site::new();
    fs::write(site.path("real/above/clients/known"), "text").unwrap();
    let before = site.batch();
    fs::read(site.path("link/clients/known")).unwrap();
    site.clients.list().unwrap();
    assert_eq!(site.batch(), before);
}

/// Changes by way of another name are not told.
#[test]
fn a_file_of_two_names_is_looked_at_each_time() {
    let site = Site::new();
    let file = site.path("link/clients/known");
    fs::write(&file, "text").unwrap();
    let mark = || loop {
        if let Some(stamp) = Stamp::of(&file).filter(Stamp::is_settled) {
            return stamp.mark();
        }
    };
    assert_eq!(mark().look(&file), Look::Told);
    fs::hard_link(&file, site.path("other")).unwrap();
    assert_eq!(mark().look(&file), Look::Same);
    fs::remove_file(site.path("other")).unwrap();
    assert_eq!(mark().look(&file), Look::Told);
    fs::rename(&file, site.path("elsewhere")).unwrap();
    symlink(site.path("elsewhere"), &file).unwrap();
    assert_eq!(mark().look(&file), Look::Same);
}

/// Nobody is told of changes then, so each is looked for, and whoever lists the directory hears why.
#[test]
fn a_watcher_that_panics_is_not_trusted() {
    let site = Site::new();
    let fault = || site.clients.0.watch.get().unwrap().fault();
    site.batch();
    site.clients.observe(Box::new(|| panic!("as an observer should not")));
    fs::write(site.path("link/clients/new"), "").unwrap();
    while fault().is_none() {
        thread::yield_now();
    }
    assert!(site.clients.quiet().is_none());
    assert!(site.clients.problems().unwrap().iter().any(|problem| problem.message().contains("has panicked")));
}
