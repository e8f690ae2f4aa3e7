//! Moments as people write them.

use std::time::SystemTime;

use chatroom_status_sync::domain::time::Timestamp;
use jiff::{Span, ZonedDateTime, civil::DateTime, tz::TimeZone};

use crate::result::Result;

/// Reads a moment: an age such as `1h` or `2 days`, a local date or time such as
/// `2026-11-25T13:00`, a time with an offset, or Unix milliseconds.
pub fn moment(text: &str) -> Result<Timestamp> {
    let millis = in_millis(text.trim());
    let moment = millis.and_then(|millis| Timestamp::from_millis(u64::try_from(millis).ok()?));
    moment.ok_or_else(|| {
        "should be an age such as 1h or 2d, a time such as 2026-11-25T13:00, or Unix milliseconds"
            .into()
    })
}

fn in_millis(text: &str) -> Option<i64> {
    // Fewer digits are an age that lacks its unit, or seconds.
    if text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_millisecond());
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return Some(
            local.to_zoned_datetime(TimeZone::system()).ok()?.timestamp().as_millisecond(),
        );
    }
    let age = text.parse::<Span>().ok()?;
    let now = ZonedDateTime::try_from(SystemTime::now()).ok()?;
    Some(now.checked_sub(age.abs()).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_an_age_a_time_or_unix_milliseconds() {
        assert_eq!(moment("1574476797772").unwrap().millis(), 1_574_476_797_772);
        assert_eq!(moment("2019-11-23T02:39:57.772Z").unwrap().millis(), 1_574_476_797_772);
        let hour_ago = Timestamp::from(SystemTime::now()).millis() - 3_600_000;
        for age in ["1h", "1 hour", "60 min", "PT1H"] {
            assert!(moment(age).unwrap().millis().abs_diff(hour_ago) < 60_000, "{age}");
        }
        assert!(moment("2026-11-25").unwrap() < moment("2026-11-25T13:00").unwrap());
        for nonsense in ["", "soon", "12", "1574476797", "99999999999999", "9999 years"] {
            assert!(moment(nonsense).is_err(), "{nonsense}");
        }
    }
}
