//! JSON as text in which single values change: every other byte stays. Comments and trailing commas are allowed, as
//! pimatic allows them.

use std::ops::Range;

use serde_json::{Value, json};

use super::line_end;
use crate::error::{Error, ErrorKind, Result};

/// What the text says.
pub(super) fn parse(text: &str) -> Result<Value> {
    // The parser's message names line and column, and no value.
    serde_json::from_str(&strict(text))
        .map_err(|error| Error::new(ErrorKind::Parse, format!("this is no JSON that can be read: {error}")))
}

/// The text with this value at this path, whose objects are made where they are missing.
pub(super) fn set(text: &str, path: &[&str], value: &Value) -> Result<String> {
    let mut meant = parse(text)?;
    *path.iter().try_fold(&mut meant, |object, key| member(object, key))? = value.clone();
    let edited = edit(text, path, value);
    // Nothing but this value may read otherwise than before.
    if edited.as_deref().is_some_and(|edited| parse(edited).is_ok_and(|read| read == meant)) {
        return Ok(edited.unwrap_or_default());
    }
    let message = format!("{} cannot be set here; write it by hand: {value}", path.join("."));
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn member<'a>(object: &'a mut Value, key: &str) -> Result<&'a mut Value> {
    match object {
        Value::Object(members) => Ok(members.entry(key).or_insert_with(|| json!({}))),
        _ => Err(Error::new(ErrorKind::Parse, format!("what holds {key:?} is no object"))),
    }
}

fn edit(text: &str, path: &[&str], value: &Value) -> Option<String> {
    let strict = strict(text);
    let bytes = strict.as_bytes();
    let mut object = skip_blank(bytes, 0)..bytes.len();
    for (depth, key) in path.iter().enumerate() {
        let members = members(bytes, object.start)?;
        // Of a key that is there twice the last one counts.
        match members.iter().rfind(|(name, _)| name == key) {
            Some((_, place)) => object = place.clone(),
            None => {
                let missing = path[depth + 1..].iter().rev().fold(value.clone(), |inner, key| json!({ *key: inner }));
                return Some(insert(text, bytes, object.start, key, &missing));
            }
        }
    }
    Some(format!("{}{value}{}", &text[..object.start], &text[object.end..]))
}

/// Puts a member at the beginning of the object that begins at `open`.
fn insert(text: &str, bytes: &[u8], open: usize, key: &str, value: &Value) -> String {
    let line = text[..open].rfind('\n').map_or(0, |end| end + 1);
    let outer: String = text[line..].chars().take_while(|c| *c == ' ' || *c == '\t').collect();
    let first = skip_blank(bytes, open + 1);
    let empty = bytes.get(first) == Some(&b'}');
    let before = &text[open + 1..first];
    let indent = match before.rsplit_once('\n') {
        Some((_, indent)) if !empty && indent.trim().is_empty() => indent.to_owned(),
        _ => format!("{outer}  "),
    };
    let end = line_end(text);
    let member = format!("{}: {}", json!(key), pretty(value, &format!("{end}{indent}")));
    let after = if empty && before.trim().is_empty() {
        format!("{end}{outer}{}", &text[first..])
    } else if empty {
        text[open + 1..].to_owned()
    } else if before.contains('\n') {
        format!(",{}", &text[open + 1..])
    } else {
        format!(",{end}{indent}{}", text[open + 1..].trim_start())
    };
    format!("{}{end}{indent}{member}{after}", &text[..=open])
}

/// The value over several lines, each but the first behind `end`.
fn pretty(value: &Value, end: &str) -> String {
    let lines = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    lines.replace('\n', end)
}

/// The members of the object that begins at `open`: names, and where their values lie.
fn members(text: &[u8], open: usize) -> Option<Vec<(String, Range<usize>)>> {
    let mut members = Vec::new();
    let mut at = skip_blank(text, open + 1);
    if text.get(open) != Some(&b'{') {
        return None;
    }
    while text.get(at) != Some(&b'}') {
        let end = skip_value(text, at)?;
        let name = serde_json::from_slice(text.get(at..end)?).ok()?;
        let start = skip_blank(text, skip_blank(text, end) + 1);
        let end = skip_value(text, start)?;
        members.push((name, start..end));
        at = skip_blank(text, end);
        if text.get(at) == Some(&b',') {
            at = skip_blank(text, at + 1);
        }
    }
    Some(members)
}

fn skip_blank(text: &[u8], at: usize) -> usize {
    at + text.iter().skip(at).take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Where the value that begins at `at` ends.
fn skip_value(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    loop {
        match *text.get(at)? {
            b'"' => at = skip_string(text, at)?,
            b'{' | b'[' => (depth, at) = (depth + 1, at + 1),
            b'}' | b']' => (depth, at) = (depth.checked_sub(1)?, at + 1),
            _ => at += 1,
        }
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:}]".contains(byte);
        if depth == 0 && text.get(at).is_none_or(ends) {
            return Some(at);
        }
    }
}

/// Where the string that begins at `at` ends.
fn skip_string(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += 1;
        match text.get(at)? {
            b'\\' => at += 1,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
}

/// The text as JSON has it, everything at its place: comments and trailing commas are blanked.
fn strict(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let (mut at, mut comma) = (0, None);
    while at < bytes.len() {
        let end = match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => skip_string(&bytes, at).unwrap_or(bytes.len()),
            (b'/', Some(b'/')) => text[at..].find('\n').map_or(bytes.len(), |length| at + length),
            (b'/', Some(b'*')) => text[at..].find("*/").map_or(bytes.len(), |length| at + length + 2),
            _ => at + 1,
        };
        match bytes[at] {
            b'/' if end > at + 1 => blank(&mut bytes[at..end]),
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    blank(&mut bytes[comma..=comma]);
                }
            }
            b',' => comma = Some(at),
            byte if !byte.is_ascii_whitespace() => comma = None,
            _ => {}
        }
        at = end;
    }
    String::from_utf8(bytes).unwrap_or_default() // invariant: whole characters were blanked
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_other_byte_stays() {
        for (before, after) in [
            ("{}", "{\n  \"a\": {\n    \"b\": true\n  }\n}"),
            ("{ \"a\" : { \"b\" : false } }\n", "{ \"a\" : { \"b\" : true } }\n"),
            (
                "{\n\t\"a\": {\n\t\t\"c\": 1.50, // why\n\t},\n}",
                "{\n\t\"a\": {\n\t\t\"b\": true,\n\t\t\"c\": 1.50, // why\n\t},\n}",
            ),
            (
                "{\"x\": [\"}\", {\"a\": 1}, \"\\\"\"]}",
                "{\n  \"a\": {\n    \"b\": true\n  },\n  \"x\": [\"}\", {\"a\": 1}, \"\\\"\"]}",
            ),
            (
                "/* é */ {\"a\": {}, \"z\": \"// no, /* no\"}",
                "/* é */ {\"a\": {\n  \"b\": true\n}, \"z\": \"// no, /* no\"}",
            ),
            ("{\"a\": {\"b\": 1, \"b\": 2}}", "{\"a\": {\"b\": 1, \"b\": true}}"),
            ("{\"a\": {\r\n  // all off\r\n}}", "{\"a\": {\r\n  \"b\": true\r\n  // all off\r\n}}"),
            ("{\r\n \"z\": 1\r\n}", "{\r\n \"a\": {\r\n   \"b\": true\r\n },\r\n \"z\": 1\r\n}"),
        ] {
            assert_eq!(set(before, &["a", "b"], &json!(true)).unwrap(), after, "{before}");
            assert_eq!(set(after, &["a", "b"], &json!(true)).unwrap(), after, "{before}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_written() {
        for text in ["", "{", "[]", "{\"a\": 1}", "{\"a\": {\"b\"}}", "{a: {}}", "nonsense", "{\"a\": \"", "/*", "//"] {
            assert!(set(text, &["a", "b"], &json!(true)).is_err(), "{text}");
        }
    }
}
