//! A decision as a service has logged it.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// What is shown of [`Decision::to_json`](crate::Decision::to_json), which a service's own logger may have put something before.
#[derive(Deserialize)]
pub(super) struct Record {
    pub(super) reason: String,
    pub(super) admitted: bool,
    pub(super) subject: Option<String>,
    pub(super) sha256: Option<String>,
    #[serde(default)]
    pub(super) time: String,
    service: Option<String>,
    file: Option<String>,
    /// The record with all its keys.
    #[serde(skip)]
    whole: Value,
}

impl Record {
    /// The record in a line, if it has one.
    pub(super) fn read(line: &str) -> Option<Self> {
        let whole: Value = serde_json::from_str(&line[line.find('{')?..]).ok()?;
        let record: Self = serde_json::from_value(whole.clone()).ok()?;
        Some(Self { whole, ..record })
    }

    pub(super) fn to_json(&self) -> Value {
        let mut value = self.whole.clone();
        value["event"] = "decision".into();
        value
    }

    /// Whose certificate it was about.
    pub(super) fn client(&self) -> &str {
        self.subject.as_deref().unwrap_or("(no certificate)")
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.time, self.reason, self.client())?;
        if let Some(service) = &self.service {
            write!(f, " for {service}")?;
        }
        match &self.file {
            Some(file) => write!(f, " ({file})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_in_its_line() {
        let json =
            r#"{"reason":"ADMITTED","admitted":true,"subject":"CN=a","sha256":"00","time":"T","file":"f","more":1}"#;
        for line in [json.to_owned(), format!("Nov 21 host node[7]: {json}")] {
            let record = Record::read(&line).unwrap();
            assert_eq!(record.to_string(), "T ADMITTED CN=a (f)");
            assert_eq!((&record.to_json()["event"], &record.to_json()["more"]), (&"decision".into(), &1.into()));
        }
        for line in ["", "listening", "{}", "{\"reason\":\"ADMITTED\"}", "[1] {", "{\"reason\":1,\"admitted\":true}"] {
            assert!(Record::read(line).is_none(), "{line}");
        }
    }
}
