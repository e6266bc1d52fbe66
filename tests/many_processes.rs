//! Promise 5 among processes: eight of them issue from one directory, and every certificate has a serial and a line
//! of its own.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::HashSet;
use std::env;
use std::fs;
use std::process::{Command, Stdio};

use trustdir::{Authority, AuthorityOptions, IssueOptions};

const PROCESSES: usize = 8;
const EACH: usize = 1000;
const DIRECTORY: &str = "TRUSTDIR_TEST_AUTHORITY";

#[test]
#[ignore = "what each of the processes of the test below does"]
fn process() {
    let ca = Authority::open(env::var_os(DIRECTORY).unwrap(), None).unwrap();
    for number in 0..EACH {
        ca.issue_client(&format!("client {number}"), &IssueOptions::default()).unwrap();
    }
}

#[test]
fn eight_processes_issue_a_thousand_certificates_each() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).unwrap();
    let start = || {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "process"]).env(DIRECTORY, ca.dir()).stdout(Stdio::null());
        command.spawn().unwrap()
    };
    let processes: Vec<_> = (0..PROCESSES).map(|_| start()).collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let issued = Authority::open(ca.dir(), None).unwrap().issued().unwrap();
    let serials: HashSet<_> = issued.iter().map(|issued| issued.serial.clone()).collect();
    assert_eq!((issued.len(), serials.len()), (PROCESSES * EACH, PROCESSES * EACH));
    assert!(issued.iter().all(|issued| issued.certificate.is_some()), "every line has its file");
    let files = fs::read_dir(ca.dir().join("newcerts")).unwrap().count();
    assert_eq!(files, PROCESSES * EACH, "every file has its line, and nothing else is there");
}
