//! The clock of this machine, and its times in words.

use std::time::SystemTime;

use chatroom_status_sync::domain::time::Timestamp;

pub fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Words a time in UTC, for programs: RFC 3339.
pub fn utc(millis: u64) -> String {
    let time = i64::try_from(millis)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()).unwrap_or_default()
}

/// Words how long ago a time was. The script of the page words it alike.
pub fn age(millis: u64, now: Timestamp) -> String {
    let Some(seconds) = now.millis().checked_sub(millis).map(|age| age / 1000) else {
        return "now".to_owned();
    };
    match seconds {
        0 => "now".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}
