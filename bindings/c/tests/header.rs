//! `include/trustdir.h` is what the sources say, compiles everywhere, and names exactly what the library exports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use support::{compare_or_bless, crate_dir, header, include_dir, prototypes, run, scratch, without_comments};

/// The order of the header: what one meets first comes first.
const SOURCES: [&str; 49] = [
    "version",
    "status",
    "error",
    "slice",
    "buffer",
    "key",
    "name_constraints",
    "certificate",
    "certificates",
    "identity",
    "identity_files",
    "request",
    "authority_options",
    "authority",
    "issue_options",
    "issue",
    "issued",
    "revocation",
    "pkcs12",
    "export",
    "mobile_config",
    "lint",
    "findings",
    "directory_options",
    "directory",
    "installed",
    "entries",
    "limits",
    "notices",
    "rehashed",
    "rehash_plan",
    "removals",
    "authority_directory_options",
    "authority_directory",
    "crls",
    "reason",
    "decision",
    "policy",
    "nano_config",
    "tls_version",
    "acceptor_builder",
    "acceptor",
    "connector_builder",
    "connector",
    "counters",
    "prometheus_page",
    "connection",
    "negotiated",
    "open_connections",
];

/// What a prototype may use besides our own types.
const C_WORDS: [&str; 21] = [
    "", "bool", "char", "const", "int32_t", "int64_t", "size_t", "uint16_t", "uint32_t", "uint64_t", "uint8_t",
    "userdata", "void", "hook", "log", "line", "tell", "decision", "progress", "done", "total",
];

fn generated() -> String {
    let mut config = cbindgen::Config::from_file(crate_dir().join("cbindgen.toml")).expect("cbindgen.toml");
    config.after_includes = Some(macros());
    let sources = SOURCES.iter().map(|name| crate_dir().join(format!("src/{name}.rs")));
    let builder = sources.fold(cbindgen::Builder::new().with_config(config), cbindgen::Builder::with_src);
    let mut text = Vec::new();
    builder.generate().expect("the sources parse").write(&mut text);
    String::from_utf8(text).expect("the header is UTF-8")
}

fn macros() -> String {
    let mut text = String::from("\n/* The version of this header. */\n");
    let parts = [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    for (name, part) in ["MAJOR", "MINOR", "PATCH"].iter().zip(parts) {
        writeln!(text, "#define TRUSTDIR_VERSION_{name} {part}").unwrap();
    }
    let number = parts.iter().fold(0, |number: u32, part| (number << 8) | part.parse::<u32>().unwrap());
    writeln!(text, "#define TRUSTDIR_VERSION_NUMBER 0x{number:08x}").unwrap();
    text + r#"
/* On functions whose result must not be ignored. */
#ifndef TRUSTDIR_MUST_USE
#if defined(__cplusplus) && __cplusplus >= 201703L
#define TRUSTDIR_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define TRUSTDIR_MUST_USE __attribute__((warn_unused_result))
#else
#define TRUSTDIR_MUST_USE
#endif
#endif
"#
}

fn names(header: &str) -> BTreeSet<String> {
    prototypes(header).into_iter().map(|prototype| prototype.name).collect()
}

#[test]
fn the_header_is_what_the_sources_say() {
    compare_or_bless(&include_dir().join("trustdir.h"), &generated());
}

#[test]
fn every_type_states_how_threads_may_use_it() {
    let header = generated();
    let opaque: Vec<_> = header.lines().filter_map(|line| line.strip_prefix("typedef struct trustdir_")).collect();
    assert_eq!(opaque.len(), 40, "{opaque:?}");
    for name in opaque {
        let before = header.split(&format!("typedef struct trustdir_{name}")).next().unwrap();
        let comment = before.rsplit("/**").next().unwrap().replace("\n *", "").to_lowercase();
        assert!(
            comment.contains("from several threads at once") || comment.contains("one thread at a time"),
            "trustdir_{name}: {comment}"
        );
        assert!(
            comment.contains("trustdir_") && comment.contains("_free"),
            "trustdir_{name} does not say who frees it"
        );
    }
}

#[test]
fn every_name_is_in_the_namespace() {
    for prototype in prototypes(&generated()) {
        assert!(prototype.name.starts_with("trustdir_"), "{prototype:?}");
        let types = prototype.parameters.iter().map(|parameter| &parameter.ctype).chain([&prototype.returns]);
        for word in types.flat_map(|ctype| ctype.split(|c: char| !c.is_alphanumeric() && c != '_')) {
            assert!(C_WORDS.contains(&word) || word.starts_with("trustdir_"), "{word} in {prototype:?}");
        }
    }
}

#[test]
fn it_compiles_as_c_and_cpp() {
    let dir = scratch("header");
    let source = dir.join("empty.c");
    let text = "#include <trustdir.h>\n\
                #if TRUSTDIR_VERSION_NUMBER < 1\n#error version\n#endif\n\
                int32_t ok(void);\nint32_t ok(void) { return TRUSTDIR_STATUS_OK; }\n";
    std::fs::write(&source, text).unwrap();
    let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wconversion", "-Werror", "-c"];
    for standard in ["c99", "c11", "c17", "gnu17"] {
        compile(support::cc().arg(format!("-std={standard}")).args(strict), &source, &dir);
    }
    for standard in ["c++11", "c++17", "c++20"] {
        compile(support::cxx().args(["-x", "c++"]).arg(format!("-std={standard}")).args(strict), &source, &dir);
    }
}

fn compile(compiler: &mut Command, source: &std::path::Path, dir: &std::path::Path) {
    run(compiler.arg("-I").arg(include_dir()).arg(source).arg("-o").arg(dir.join("empty.o")));
}

#[test]
fn an_ignored_status_is_a_warning() {
    let source = scratch("must-use").join("ignored.c");
    std::fs::write(&source, "#include <trustdir.h>\nvoid f(void); void f(void) { trustdir_key_generate(1, 0, 0); }\n")
        .unwrap();
    let output = support::cc().arg("-I").arg(include_dir()).arg("-c").arg(&source).args(["-o", "/dev/null"]).output();
    assert!(String::from_utf8_lossy(&output.unwrap().stderr).contains("warn_unused_result"));
}

/// What a program that was compiled once relies on, a line each: without the comments, a change of it is seen.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn the_binary_interface_is_the_checked_in_one() {
    let header = generated();
    let mut lines = constants(&header);
    lines.extend(layouts(&header));
    lines.extend(prototypes(&header).into_iter().map(|function| {
        let types: Vec<_> = function.parameters.into_iter().map(|parameter| parameter.ctype).collect();
        format!("function {} {}({})", function.returns, function.name, types.join(", "))
    }));
    lines.sort();
    compare_or_bless(&crate_dir().join("abi.txt"), &(lines.join("\n") + "\n"));
}

/// The enumerators and the numbers that are defined, but for the version.
fn constants(header: &str) -> Vec<String> {
    let code = without_comments(header);
    let numbers = code.lines().filter_map(|line| match line.trim().strip_prefix("#define ") {
        Some(define) => define.split_once(' '),
        None => line.trim().trim_end_matches(',').split_once(" = "),
    });
    let numbers = numbers.filter(|(name, value)| !name.contains("_VERSION_") && value.parse::<i64>().is_ok());
    numbers.map(|(name, value)| format!("constant {name} = {value}")).collect()
}

/// The structures that are not opaque, as the C compiler lays them out.
fn layouts(header: &str) -> Vec<String> {
    let code = without_comments(header);
    let mut program = "#include <trustdir.h>\n#include <stdio.h>\nint main(void)\n{\n".to_owned();
    for block in code.split("typedef struct {").skip(1) {
        let (fields, rest) = block.split_once('}').unwrap();
        let name = rest.split(';').next().unwrap().trim();
        writeln!(program, "    printf(\"struct {name}: %zu bytes\", sizeof({name}));").unwrap();
        for field in
            fields.split(';').filter_map(|field| field.trim().rsplit([' ', '*']).next().filter(|f| !f.is_empty()))
        {
            writeln!(program, "    printf(\", {field} at %zu\", offsetof({name}, {field}));").unwrap();
        }
        program.push_str("    puts(\"\");\n");
    }
    let source = scratch("abi").join("abi.c");
    std::fs::write(&source, program + "    return 0;\n}\n").unwrap();
    let compiled = source.with_extension("");
    run(support::cc().arg("-I").arg(include_dir()).arg(&source).arg("-o").arg(&compiled));
    let output = run(&mut Command::new(compiled));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// "Every function at least once", and in C++ whatever is in C.
#[test]
fn every_function_is_tested_in_c_and_has_its_place_in_cpp() {
    let (tests, cpp) = (sources("tests/c"), sources("include") + &sources("include/trustdir"));
    // The exception has its error_code, and `key::to_pem` is trustdir_key_to_pem_under.
    let superseded = ["trustdir_error_status", "trustdir_key_to_pem"];
    for name in names(&header()) {
        assert!(words(&tests).any(|word| word == name), "no program in tests/c calls {name}");
        let in_cpp = superseded.contains(&name.as_str()) || words(&cpp).any(|word| word == name);
        assert!(in_cpp, "nothing in include/trustdir calls {name}");
    }
}

fn sources(dir: &str) -> String {
    let entries = std::fs::read_dir(support::root().join(dir)).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file() && !path.ends_with("trustdir.h"));
    files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[test]
fn the_library_exports_exactly_the_header() {
    let output = run(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(support::library()));
    let text = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<_> = text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert_eq!(exported, names(&header()));
}

#[cfg(target_os = "linux")]
#[test]
fn the_library_has_its_soname_and_stays_loaded() {
    let output = run(Command::new("readelf").arg("-d").arg(support::library()));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("[libtrustdir.so.0.1]"), "{text}");
    assert!(text.contains("NODELETE"), "{text}");
}
