//! TOML as text in which single values change: every other byte stays.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Table, Value};

use super::line_end;
use crate::error::{Error, ErrorKind, Result};

type Keys = BTreeMap<String, Spanned<Value>>;

/// The one section that is edited.
#[derive(Deserialize)]
struct Secure {
    #[serde(default)]
    secure: Keys,
}

/// The text with this value under a key of the section `[secure]`, or outside of any section.
pub(super) fn set(text: &str, in_secure: bool, key: &str, value: impl Into<Value>) -> Result<String> {
    let value = value.into();
    let edited = edit(text, in_secure, key, &value);
    if edited.is_some() && edited.as_deref().and_then(parse) == meant(text, in_secure, key, &value) {
        return Ok(edited.unwrap_or_default());
    }
    let section = if in_secure { " in [secure]" } else { "" };
    let message = format!("{key} cannot be set{section} here; write it by hand: {key} = {value}");
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Option<T> {
    toml::from_str(text).ok()
}

/// What the text must say then, and nothing else.
fn meant(text: &str, in_secure: bool, key: &str, value: &Value) -> Option<Table> {
    let mut meant: Table = parse(text)?;
    let table = if in_secure {
        meant.entry("secure").or_insert_with(|| Table::new().into()).as_table_mut()?
    } else {
        &mut meant
    };
    table.insert(key.to_owned(), value.clone());
    Some(meant)
}

fn edit(text: &str, in_secure: bool, key: &str, value: &Value) -> Option<String> {
    let keys: Keys = if in_secure { parse::<Secure>(text)?.secure } else { parse(text)? };
    if let Some(old) = keys.get(key) {
        let place = old.span();
        return Some(format!("{}{value}{}", &text[..place.start], &text[place.end..]));
    }
    let end = line_end(text);
    let line = format!("{key} = {value}{end}");
    let header = || text.lines().find(|line| line.split('#').next().unwrap_or_default().trim() == "[secure]");
    // Behind what is there, so that keys stay in the order in which they are set.
    let last = keys.values().filter(|value| in_secure || !value.get_ref().is_table()).map(|value| value.span().end);
    let at = match (last.max(), in_secure) {
        (Some(last), _) => text[last..].find('\n').map_or(text.len(), |length| last + length + 1),
        (None, true) => {
            let Some(header) = header() else { return Some(format!("{}[secure]{end}{line}", ended(text, end))) };
            let after = header.as_ptr().addr() - text.as_ptr().addr() + header.len();
            text[after..].find('\n').map_or(text.len(), |length| after + length + 1)
        }
        (None, false) => 0,
    };
    Some(format!("{}{line}{}", ended(&text[..at], ""), &text[at..]))
}

/// The text with its last line ended, and `more` behind that if there is a text.
fn ended(text: &str, more: &str) -> String {
    match text {
        "" => String::new(),
        _ if text.ends_with('\n') => format!("{text}{more}"),
        _ => format!("{text}{}{more}", line_end(text)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_other_byte_stays() {
        for (before, after) in [
            ("", "[secure]\nenable = true\n"),
            ("port = 1", "port = 1\n\n[secure]\nenable = true\n"),
            ("[secure] # here\n[other]\nenable = 1\n", "[secure] # here\nenable = true\n[other]\nenable = 1\n"),
            ("[secure]\n a = '''\nb=1\n''' # c\n\n[x]\n", "[secure]\n a = '''\nb=1\n''' # c\nenable = true\n\n[x]\n"),
            ("[secure]\nenable=false # why\r\nz = 1", "[secure]\nenable=true # why\r\nz = 1"),
            ("a = 1\r\nb = 2", "a = 1\r\nb = 2\r\n\r\n[secure]\r\nenable = true\r\n"),
            ("[secure]\r\n[x]\r\n", "[secure]\r\nenable = true\r\n[x]\r\n"),
        ] {
            assert_eq!(set(before, true, "enable", true).unwrap(), after, "{before}");
            assert_eq!(set(after, true, "enable", true).unwrap(), after, "{before}");
        }
        assert_eq!(set("# c\na = 1\n[t]\n", false, "b", "x").unwrap(), "# c\na = 1\nb = \"x\"\n[t]\n");
        assert_eq!(set("[t]\n", false, "b", "x").unwrap(), "b = \"x\"\n[t]\n");
    }

    #[test]
    fn what_cannot_be_edited_is_said() {
        for text in ["secure = {}", "secure = 1", "[secure", "[[secure]]"] {
            assert!(set(text, true, "enable", true).is_err(), "{text}");
        }
    }
}
