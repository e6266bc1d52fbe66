//! Times as people write them and as they are shown.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(super) use crate::clock::{date, now, timestamp};

/// Reads RFC 3339 or Unix seconds.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .map(OffsetDateTime::unix_timestamp)
        .map_err(|_| "neither RFC 3339 (2027-01-31T12:00:00Z) nor Unix seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_mean_the_same_moment() {
        assert_eq!(parse("1801440000"), Ok(1_801_440_000));
        assert_eq!(parse("2027-02-01T01:00:00+01:00"), Ok(1_801_440_000));
        assert_eq!(timestamp(1_801_440_000), "2027-02-01T00:00:00Z");
        assert_eq!(date(1_801_440_000), "2027-02-01");
        assert!(parse("tomorrow").is_err());
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_still_shown() {
        assert_eq!(timestamp(i64::MAX), i64::MAX.to_string());
        assert_eq!(date(i64::MAX), format!("@{}", i64::MAX));
    }
}
