//! What limits say of an entry at a moment, for a service.

use super::Reason;
use crate::clock::timestamp;
use crate::error::escape;
use crate::trust_dir::{Held, Quiet};

/// Why the limits of the entry refuse whom it would admit: a pin itself, or whom an authority vouches for. The text
/// continues the file and the subject.
pub(crate) fn beyond(held: &Held, quiet: Option<Quiet>, now: i64, service: Option<&str>) -> Option<(Reason, String)> {
    let bounds = match held.bounds(quiet) {
        Ok(bounds) => bounds,
        Err(error) => {
            return Some((Reason::Scope, format!("is refused, as everybody is until this is repaired: {error}")));
        }
    };
    if let Some(until) = bounds.valid_until.filter(|until| now > *until) {
        let what = format!("was limited until {}; raise valid_until in trustdir.toml", timestamp(until));
        return Some((Reason::Expired, what));
    }
    let services = bounds.services?;
    if service.is_some_and(|service| services.iter().any(|allowed| allowed == service)) {
        return None;
    }
    let only =
        if services.is_empty() { "no service".to_owned() } else { format!("the services {}", services.join(", ")) };
    let here = service.map_or_else(|| "none is named here".to_owned(), |service| format!("this is {service}"));
    let what = format!("is limited to {only} by trustdir.toml, and {here}; widen the limit there");
    Some((Reason::Scope, escape(&what)))
}
