//! What the tests of the C interface share: where things are, C compilers, and the prototypes of the header.
#![allow(dead_code, reason = "every test uses a part of it")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// The C compiler and the C++ compiler, which the usual variables can replace.
pub fn cc() -> Command {
    Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

pub fn cxx() -> Command {
    Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()))
}

pub fn crate_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn root() -> PathBuf {
    crate_dir().ancestors().nth(2).expect("bindings/c is two levels down").to_path_buf()
}

pub fn include_dir() -> PathBuf {
    root().join("include")
}

pub fn header() -> String {
    fs::read_to_string(include_dir().join("trustdir.h")).expect("include/trustdir.h")
}

/// A directory of this test's own, empty.
pub fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("scratch directory");
    dir
}

/// Compares a checked-in file with what it should be, or rewrites it when asked to.
pub fn compare_or_bless(path: &Path, wanted: &str) {
    let found = fs::read_to_string(path).unwrap_or_default();
    if found == wanted {
        return;
    }
    if env::var_os("TRUSTDIR_BLESS").is_some() {
        fs::write(path, wanted).expect("write the blessed file");
        return;
    }
    let line = found.lines().zip(wanted.lines()).take_while(|(found, wanted)| found == wanted).count();
    panic!(
        "{} differs from the sources at line {}:\n  is:     {}\n  should: {}\nrun the tests with TRUSTDIR_BLESS=1 to rewrite it",
        path.display(),
        line + 1,
        found.lines().nth(line).unwrap_or("(end)"),
        wanted.lines().nth(line).unwrap_or("(end)"),
    );
}

/// Runs a command that must succeed, and shows everything it said when it does not.
#[track_caller]
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The shared library. `TRUSTDIR_LIBRARY` names another than the one built here, such as a sanitizer's.
///
/// cargo builds a library for its integration tests only when Rust could link it, so this one may be missing or old.
pub fn library() -> PathBuf {
    if let Some(path) = env::var_os("TRUSTDIR_LIBRARY") {
        return PathBuf::from(path).canonicalize().expect("TRUSTDIR_LIBRARY");
    }
    let test = env::current_exe().expect("the test's path");
    // <target>/<profile>/deps/<test>
    let profile = test.ancestors().nth(2).expect("the profile's directory");
    let library = profile.join("libtrustdir.so");
    let sources = newest(&crate_dir().join("src")).max(newest(&root().join("src")));
    if fs::metadata(&library).and_then(|file| file.modified()).ok() < sources {
        let release = profile.ends_with("release").then_some("--release");
        let target = profile.parent().expect("the target directory");
        run(Command::new(env!("CARGO"))
            .args(["build", "--locked", "--package", "trustdir-capi", "--target-dir"])
            .arg(target)
            .args(release));
    }
    library
}

fn newest(dir: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(dir).expect("a source directory").map(|entry| entry.expect("an entry"));
    let times = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => newest(&entry.path()),
        _ => entry.metadata().and_then(|file| file.modified()).ok(),
    });
    times.max().flatten()
}

/// Compiles a C program against the header and the shared library, and returns the path to run.
pub fn compile_c(source: &Path, dir: &Path) -> PathBuf {
    compile_c_with(source, dir, &[])
}

/// As [`compile_c`], with more flags.
pub fn compile_c_with(source: &Path, dir: &Path, flags: &[&str]) -> PathBuf {
    let library = library();
    for name in ["libtrustdir.so", "libtrustdir.so.0.1"] {
        let link = dir.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(&library, link).expect("link to the library");
        }
    }
    let program = dir.join(source.file_stem().expect("a file name"));
    run(cc()
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-pthread"])
        .args(flags)
        .arg("-I")
        .arg(include_dir())
        .arg(source)
        .arg("-o")
        .arg(&program)
        .arg("-L")
        .arg(dir)
        // As needed: the program that unloads the library must not be linked with it as well.
        .args(["-Wl,--as-needed", "-ltrustdir", "-ldl"])
        .arg(format!("-Wl,-rpath,{}", dir.display())));
    program
}

/// A function of the header.
#[derive(Debug)]
pub struct Prototype {
    pub name: String,
    pub returns: String,
    pub parameters: Vec<Parameter>,
}

/// A parameter of a function: its C type and its name.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub ctype: String,
    pub name: String,
}

impl Parameter {
    pub fn is_pointer(&self) -> bool {
        self.ctype.contains('*')
    }
}

/// The sorts of the handles that a function gives, without that of errors.
pub fn handles_out(function: &Prototype) -> impl Iterator<Item = &str> {
    let slots = function.parameters.iter().filter_map(|parameter| parameter.ctype.strip_suffix("**"));
    slots.map(str::trim).filter_map(|ctype| ctype.strip_prefix("trustdir_")).filter(|handle| *handle != "error")
}

/// Reads the functions that a header declares, in its order.
pub fn prototypes(header: &str) -> Vec<Prototype> {
    let code = without_comments(header);
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let code = code.replace("TRUSTDIR_MUST_USE", " ");
    code.split(';').filter_map(prototype).collect()
}

/// The code of a header.
pub fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut code = String::new();
    while let Some(start) = rest.find("/*") {
        code.push_str(&rest[..start]);
        rest = rest[start..].find("*/").map_or("", |end| &rest[start + end + 2..]);
    }
    code + rest
}

fn prototype(declaration: &str) -> Option<Prototype> {
    // What `extern "C" {` leaves before the first function is not part of it.
    let declaration = declaration.rsplit('{').next()?.split_whitespace().collect::<Vec<_>>().join(" ");
    if declaration.starts_with("typedef") || declaration.contains('}') {
        return None;
    }
    let (head, arguments) = declaration.split_once('(')?;
    let (returns, name) = split_name(head);
    let arguments = arguments.strip_suffix(')')?;
    let parameters = top_level(arguments).into_iter().filter(|text| *text != "void").map(parameter).collect();
    Some(Prototype { name, returns, parameters })
}

/// Splits at the commas outside parentheses.
fn top_level(arguments: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (index, character) in arguments.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(arguments[start..index].trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(arguments[start..].trim());
    parts
}

fn parameter(text: &str) -> Parameter {
    if let Some((_, rest)) = text.split_once("(*") {
        let name = rest.split(')').next().unwrap_or_default().to_owned();
        return Parameter { ctype: text.replacen(&name, "", 1), name };
    }
    let (ctype, name) = split_name(text);
    Parameter { ctype, name }
}

fn split_name(text: &str) -> (String, String) {
    let text = text.trim();
    let start = text.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |index| index + 1);
    (text[..start].trim().to_owned(), text[start..].to_owned())
}
