//! The time, as Unix seconds, as the day and as RFC 3339.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds of a day.
pub(crate) const DAY: i64 = 24 * 60 * 60;

/// The time of the system.
pub(crate) fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs().cast_signed(),
        Err(before) => -before.duration().as_secs().cast_signed(),
    }
}

/// The day in UTC, for messages; seconds behind an `@` where the calendar ends.
pub(crate) fn date(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| format!("@{seconds}"), |date| date.date().to_string())
}

/// RFC 3339, in UTC; plain seconds where the calendar ends.
pub(crate) fn timestamp(seconds: i64) -> String {
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok();
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_else(|| seconds.to_string())
}
