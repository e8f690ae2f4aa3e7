//! Ids, times and numbers as the page shows them.

use chatroom_status_sync::domain::time::Timestamp;
use maud::{Markup, html};

use crate::{
    console::clock::{age, utc},
    print::printable,
};

/// Shows an id. Its direction of writing is its own, and what cannot be seen is spelt out.
pub fn id(text: &str) -> Markup {
    html! { bdi.id { (printable(text)) } }
}

/// Gives a text for a field in which it stands as it is; nothing for one that a field would change,
/// or that would look like another.
pub fn for_field(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| printable(text) == *text)
}

/// Shows a time of day in UTC; on another day than today, the day and the minute. The script makes
/// it local.
pub fn time(millis: u64, now: Timestamp) -> Markup {
    let (full, today) = (utc(millis), utc(now.millis()));
    let (day, clock) = full.split_once('T').unwrap_or((&full, ""));
    let short = if today.starts_with(day) {
        clock.get(..8).unwrap_or_default().to_owned()
    } else {
        format!("{day} {}", clock.get(..5).unwrap_or_default())
    };
    let title = format!("{day} {} UTC", clock.trim_end_matches('Z'));
    html! { time datetime=(full) title=(title) { (short) } }
}

/// Shows how long ago a time was. The script goes on counting.
pub fn ago(millis: u64, now: Timestamp) -> Markup {
    html! { span.age data-since=(millis) { (age(millis, now)) } }
}

/// Says in a sentence how long ago a time was.
pub fn since(millis: u64, now: Timestamp) -> Markup {
    let age = age(millis, now);
    let words = if age == "now" { age } else { format!("{age} ago") };
    html! { span data-since=(millis) data-ago { (words) } }
}

/// Shows a time, and how long ago it was; nothing for none.
pub fn time_and_age(millis: Option<u64>, now: Timestamp) -> Markup {
    html! {
        @if let Some(millis) = millis {
            (time(millis, now)) " " (ago(millis, now))
        }
    }
}

/// Writes a number with commas between its thousands.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut written = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// Words a number with its noun.
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// Words a `reason` of the table for people.
pub fn reason(word: &str) -> String {
    word.replace('_', " ")
}
