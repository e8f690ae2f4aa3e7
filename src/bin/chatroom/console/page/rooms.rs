//! The rooms by size, each with the line of its sizes.

use std::{fmt::Write, time::Duration};

use chatroom_status_sync::domain::time::Timestamp;
use maud::{Markup, html};

use super::text::{ago, counted, id, number, since};
use crate::console::{
    sizes::{Count, SizedRoom, TOP, WINDOW},
    view::View,
};
use crate::print::printable;

const WIDTH: u64 = 120;
const HEIGHT: u64 = 18;
/// The least time that the lines show.
const LEAST: Duration = Duration::from_mins(1);

pub fn rooms(count: &Count, view: &View, now: Timestamp) -> Markup {
    let oldest =
        count.fullest.iter().filter_map(|sized| sized.history.first()).map(|first| first.0);
    let window = oldest.min().map_or(LEAST, |oldest| now.since(oldest).clamp(LEAST, WINDOW));
    html! {
        section #rooms data-part="rooms" aria-labelledby="rooms-title" {
            header.row {
                h2 #rooms-title { "Active rooms" }
                @if let Some(at) = count.at {
                    p.note {
                        (counted(count.rooms, "room")) ", " (counted(count.members, "member"))
                        " · counted " (since(at.millis(), now))
                    }
                }
            }
            @if let Some(why) = &count.error { p.problem { (printable(why)) } }
            @if count.at.is_none() {
                @if count.error.is_none() { p.empty { "The rooms are being counted." } }
            } @else if count.fullest.is_empty() {
                p.empty { "No room is active. A room appears here with its first create or join." }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="rooms-title" {
                    table.rooms {
                        thead { tr {
                            th scope="col" { "room" }
                            th.number scope="col" { "members" }
                            th scope="col" { "last " (window.as_secs().div_ceil(60)) " min" }
                            th scope="col" { "created" }
                        } }
                        tbody { @for sized in &count.fullest { (row(sized, window, view, now)) } }
                    }
                }
                @if count.rooms > count.fullest.len() as u64 {
                    p.note { "The " (TOP) " fullest rooms. Search finds the others." }
                }
            }
        }
    }
}

fn row(sized: &SizedRoom, window: Duration, view: &View, now: Timestamp) -> Markup {
    let room = &sized.room;
    let is_chosen = view.room.as_ref() == Some(&room.chat_room_id);
    html! {
        tr #{ "room-" (key(&room.chat_room_id)) } .chosen[is_chosen] {
            th scope="row" {
                a href={ (view.of_room(&room.chat_room_id).link()) "#detail" }
                    aria-current=[is_chosen.then_some("true")] { (id(&room.chat_room_id)) }
            }
            td.number { (number(sized.members)) }
            td { (line(&sized.history, window, now)) }
            td { @if let Some(created) = room.created_at { (ago(created, now)) } @else { "–" } }
        }
    }
}

/// Makes an id for the element, of any characters.
fn key(room: &str) -> String {
    form_urlencoded::byte_serialize(room.as_bytes()).collect()
}

/// Draws the sizes of the last minutes as steps, from zero to the largest.
fn line(history: &[(Timestamp, u64)], window: Duration, now: Timestamp) -> Markup {
    let largest = history.iter().map(|(_, members)| *members).max().unwrap_or_default();
    let (Some(&(_, first)), Some(&(_, last))) = (history.first(), history.last()) else {
        return html! {};
    };
    let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    let x = |time: Timestamp| {
        let age = u64::try_from(now.since(time).as_millis()).unwrap_or(window).min(window);
        WIDTH - WIDTH * age / window
    };
    let y = |members: u64| HEIGHT - 2 - (HEIGHT - 4) * members / largest.max(1);
    let mut points = String::new();
    let mut level = None;
    for &(time, members) in history {
        if let Some(level) = level {
            // A String takes whatever is written.
            let _ = write!(points, "{},{level} ", x(time));
        }
        let _ = write!(points, "{},{} ", x(time), y(members));
        level = Some(y(members));
    }
    let _ = write!(points, "{WIDTH},{}", y(last));
    let label =
        format!("{} to {} members, at most {}", number(first), number(last), number(largest));
    html! {
        svg.graph viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT)
            role="img" aria-label=(label) {
            polyline points=(points) fill="none" stroke="currentColor" stroke-width="1.5" {}
        }
    }
}
