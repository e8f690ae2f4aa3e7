//! Words moments in the time zone of this machine, or of the variable `TZ`.

use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};

/// The width of a time without its age.
pub const WIDTH: u16 = 23;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Words a time in Unix milliseconds, as in `2026-11-25 13:03:27.330`; nothing for none.
pub fn time(millis: Option<u64>) -> String {
    let local = millis.and_then(local);
    local.map(|time| time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()).unwrap_or_default()
}

/// Adds its age, as in `2026-11-25 13:03:27.330 (2 h ago)`, with this for a space in the age.
pub fn with_age(millis: u64, space: &str) -> String {
    let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
    let age = age(millis, now).replace(' ', space);
    format!("{} ({age})", time(Some(millis)))
}

/// Words it for programs, with the offset of the time zone.
pub fn rfc_3339(millis: u64) -> String {
    let local = local(millis);
    local.map(|time| time.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()).unwrap_or_default()
}

fn local(millis: u64) -> Option<ZonedDateTime> {
    let time = Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()?;
    Some(time.to_zoned_datetime(TimeZone::system()))
}

/// Words the distance of a time from now in the largest unit of which it has some.
fn age(millis: u64, now: u64) -> String {
    let distance = match now.abs_diff(millis) {
        ..SECOND => return "now".to_owned(),
        span @ ..MINUTE => format!("{} s", span / SECOND),
        span @ ..HOUR => format!("{} min", span / MINUTE),
        span if span < 2 * DAY => format!("{} h", span / HOUR),
        span if span < 60 * DAY => format!("{} days", span / DAY),
        span if span < 730 * DAY => format!("{} months", span / (30 * DAY)),
        span => format!("{} years", span / (365 * DAY)),
    };
    if millis > now { format!("in {distance}") } else { format!("{distance} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_worded_in_one_unit() {
        let now = 1_764_000_000_000;
        let ages = [999, 1000, 119_999, 2 * HOUR, 47 * HOUR, 2 * DAY, 90 * DAY, 800 * DAY];
        let worded = ages.map(|age| super::age(now - age, now));
        let expected = [
            "now",
            "1 s ago",
            "1 min ago",
            "2 h ago",
            "47 h ago",
            "2 days ago",
            "3 months ago",
            "2 years ago",
        ];
        assert_eq!(worded, expected);
        assert_eq!(age(now + 5 * MINUTE, now), "in 5 min");
    }
}
