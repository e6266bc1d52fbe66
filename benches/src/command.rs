//! The command as whole processes: an authority and a server's certificate, key unencrypted, fsync and all.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const RUNS: usize = 15;

pub(crate) fn run() {
    let Some(trustdir) = std::env::var_os("TRUSTDIR_BENCH_COMMAND") else {
        println!("the command is not measured: TRUSTDIR_BENCH_COMMAND does not name it");
        return;
    };
    let ours: Vec<Vec<&str>> = vec![
        vec!["ca", "init", "pki", "--no-passphrase"],
        vec!["issue", "server", "nas.home.arpa", "192.168.1.5", "--ca", "pki"],
    ];
    let theirs: Vec<Vec<&str>> = vec![
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ca"
            .split(' ')
            .collect(),
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.csr -subj /CN=nas.home.arpa"
            .split(' ')
            .collect(),
        "x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out s.pem".split(' ').collect(),
    ];
    let (mut us, mut them) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        us.push(milliseconds(Path::new(&trustdir), &ours));
        them.push(milliseconds(Path::new("openssl"), &theirs));
    }
    println!("\n{:<28} {:>9}", "as processes", "ms");
    println!("{:<28} {:>9.1}", "ca init + issue server", median(&mut us));
    println!("{:<28} {:>9.1}", "openssl, three commands", median(&mut them));
}

fn milliseconds(program: &Path, commands: &[Vec<&str>]) -> f64 {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let start = Instant::now();
    for arguments in commands {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(command.status().expect("the command").success(), "{program:?} {arguments:?}");
    }
    start.elapsed().as_secs_f64() * 1e3
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
