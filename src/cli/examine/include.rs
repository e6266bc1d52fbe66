//! The files that an `include` names, which may have asterisks in their last part.

use std::path::{Path, PathBuf};

use crate::file;

/// In the order of their names, as nginx and Apache take them.
pub(super) fn files(base: &Path, pattern: &str) -> Vec<PathBuf> {
    let path = base.join(pattern);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !name.contains('*') {
        return vec![path];
    }
    let dir = file::parent(&path);
    let mut found: Vec<PathBuf> = file::names(dir)
        .unwrap_or_default()
        .into_iter()
        .filter(|file| matches(&name, &file.to_string_lossy()))
        .map(|file| dir.join(file))
        .collect();
    found.sort();
    found
}

/// Whether a name fits a pattern with asterisks.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name.strip_prefix(head).is_some_and(|name| {
            (0..=name.len()).filter(|at| name.is_char_boundary(*at)).any(|at| matches(rest, &name[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_stand_for_anything() {
        for (pattern, name, fits) in [
            ("*.conf", "a.conf", true),
            ("*", "x", true),
            ("a*b*c", "a1b2bc", true),
            ("*.conf", "a.conf.bak", false),
            ("a", "a", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
