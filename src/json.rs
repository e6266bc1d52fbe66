//! Answers as JSON, for logs and programs.

use serde::Serialize;

use crate::error::disturbs;

/// One line of JSON in which a terminal finds nothing to obey: what would disturb it is escaped as JSON has it.
pub(crate) fn line(document: &impl Serialize) -> String {
    // Documents here are made of text, numbers and null, which JSON can always say.
    let text = serde_json::to_string(document).unwrap_or_default();
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if disturbs(c) {
            line.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_disturbs_is_escaped_and_reads_the_same() {
        let text = "a\"b\\ \n\u{7f}\u{9b}\u{202e}\u{e0041}é";
        let line = line(&text);
        assert_eq!(line, r#""a\"b\\ \n\u007f\u009b\u202e\udb40\udc41é""#);
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
