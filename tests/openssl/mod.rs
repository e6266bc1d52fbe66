//! OpenSSL's side of a comparison: `conformance.c`, built and asked.

pub mod names;
pub mod random;
pub mod scenario;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use crate::support::{run, text};

/// The program, and a folder for its files.
pub struct OpenSsl {
    dir: TempDir,
}

/// What OpenSSL says of a client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted by a chain of this many certificates; one means: as itself.
    Accepted(usize),
    /// Refused with this X509_V_ERR number, or -1: it cannot be read at all.
    Refused(i32),
}

impl OpenSsl {
    pub fn build() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openssl/conformance.c");
        let options = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", "conformance"];
        run("gcc", &[&options[..], &[&text(&source), "-lssl", "-lcrypto"]].concat(), dir.path());
        Self { dir }
    }

    fn program(&self) -> PathBuf {
        self.dir.path().join("conformance")
    }

    /// Makes the pool of certificates and a private key; returns their folder.
    pub fn pool(&self) -> PathBuf {
        let pool = self.dir.path().join("pool");
        fs::create_dir(&pool).unwrap();
        run(&text(&self.program()), &["pool", "."], &pool);
        pool
    }

    /// Verifies each certificate's file against a directory, each with an SSL_CTX of its own.
    pub fn verify(&self, questions: &[(&Path, &Path)]) -> Vec<Verdict> {
        let (first, second) = questions.split_at(questions.len() / 2);
        thread::scope(|scope| {
            let second = scope.spawn(|| self.verify_some(second));
            [self.verify_some(first), second.join().unwrap()].concat()
        })
    }

    fn verify_some(&self, questions: &[(&Path, &Path)]) -> Vec<Verdict> {
        let lines: String =
            questions.iter().map(|(dir, file)| format!("{}\t{}\n", dir.display(), file.display())).collect();
        let input = tempfile::NamedTempFile::new_in(self.dir.path()).unwrap();
        fs::write(input.path(), lines).unwrap();
        let answers = run(&text(&self.program()), &["verify", &text(input.path())], self.dir.path());
        let verdicts: Vec<_> = answers.lines().map(verdict).collect();
        assert_eq!(verdicts.len(), questions.len());
        verdicts
    }

    /// The new and the old hash of each DER name; `None` for those that OpenSSL refuses.
    pub fn hashes(&self, names: &[Vec<u8>]) -> Vec<Option<(String, String)>> {
        let length = |name: &Vec<u8>| u16::try_from(name.len()).unwrap().to_be_bytes();
        let bytes: Vec<u8> = names.iter().flat_map(|name| [&length(name)[..], name].concat()).collect();
        fs::write(self.dir.path().join("names"), bytes).unwrap();
        let answers = run(&text(&self.program()), &["names", "names"], self.dir.path());
        let hashes =
            answers.lines().map(|line| line.split_once(' ').map(|(new, old)| (new.to_owned(), old.to_owned())));
        hashes.collect()
    }
}

fn verdict(line: &str) -> Verdict {
    let (error, rest) = line.split_once(' ').unwrap();
    match error.parse().unwrap() {
        0 => Verdict::Accepted(rest.parse().unwrap()),
        error => Verdict::Refused(error),
    }
}
