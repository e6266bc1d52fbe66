//! The rules of the sources: every exported body is guarded, and `unsafe` stays where it belongs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Expr, Item, ItemFn, Stmt};

/// Where pointers from C become references, slices, text and callbacks.
const MAY_BE_UNSAFE: [&str; 4] = ["handle.rs", "slice.rs", "text.rs", "hook.rs"];

fn sources() -> Vec<(PathBuf, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn exported(source: &str) -> Vec<ItemFn> {
    let functions = syn::parse_file(source).unwrap().items.into_iter().filter_map(|item| match item {
        Item::Fn(function) => Some(function),
        _ => None,
    });
    functions.filter(|function| function.sig.abi.is_some()).collect()
}

/// Whether the body is one call of `guard` or `guard_or` and nothing else.
fn is_guarded(function: &ItemFn) -> bool {
    let [Stmt::Expr(body, _)] = &function.block.stmts[..] else { return false };
    let Expr::Call(call) = body else { return false };
    let Expr::Path(callee) = &*call.func else { return false };
    callee.path.is_ident("guard") || callee.path.is_ident("guard_or")
}

#[test]
fn every_exported_body_is_one_guard() {
    let mut count = 0;
    for (path, source) in sources() {
        for function in exported(&source) {
            let name = &function.sig.ident;
            assert!(is_guarded(&function), "{}: {name} is not guarded", path.display());
            assert!(name.to_string().starts_with("trustdir_"), "{}: {name}", path.display());
            count += 1;
        }
    }
    let interface = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("abi.txt")).unwrap();
    let known = interface.lines().filter(|line| line.starts_with("function ")).count();
    assert_eq!(count, known, "exported functions in the sources and in abi.txt");
}

#[test]
fn the_guard_test_can_fail() {
    let bare = "extern \"C\" fn a(x: Option<&u8>) -> u8 { *x.unwrap() }";
    let late = "extern \"C\" fn b(x: Option<&u8>) -> u8 { let y = *x.unwrap(); guard_or(0, || Some(y)) }";
    let good = "extern \"C\" fn c(x: Option<&u8>) -> u8 { guard_or(0, || Some(*x?)) }";
    let guarded = |source| is_guarded(&exported(source)[0]);
    assert!(!guarded(bare) && !guarded(late) && guarded(good));
}

#[test]
fn unsafe_stays_in_its_files() {
    for (path, source) in sources() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let uses = count_unsafe(source.parse().unwrap());
        assert!(uses == 0 || MAY_BE_UNSAFE.contains(&name), "{name} uses `unsafe` {uses} times");
        let reasons = source.matches("// SAFETY:").count();
        assert_eq!(uses, reasons, "{name}: each `unsafe` needs its SAFETY comment");
    }
    assert_eq!(count_unsafe("#[unsafe(no_mangle)] fn f() { unsafe { g() } }".parse().unwrap()), 1);
}

/// Counts the keyword outside attributes, where `#[unsafe(no_mangle)]` only names a symbol.
fn count_unsafe(tokens: TokenStream) -> usize {
    let mut uses = 0;
    let mut after_hash = false;
    for token in tokens {
        match &token {
            TokenTree::Group(group) if !after_hash => uses += count_unsafe(group.stream()),
            TokenTree::Ident(word) if word == "unsafe" => uses += 1,
            _ => {}
        }
        after_hash = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#');
    }
    uses
}
