//! The chosen room, the chosen user, or what a search found.

use chatroom_status_sync::{
    domain::time::Timestamp,
    table::{
        presence::{Member, Room},
        read::members::TakenMembers,
    },
};
use maud::{Markup, html};

use super::text::{counted, for_field, id, number, reason, since, time, time_and_age};
use crate::console::{
    reading::{Found, MOST_FOUND},
    view::{Side, View},
};
use crate::print::printable;

/// The content of the part.
pub enum Detail {
    /// Nothing is chosen.
    Nothing,
    Room {
        page: TakenMembers,
        count: Option<u64>,
    },
    User(Vec<Member>),
    Found(Found),
    /// It could not be read, for this reason.
    Unreadable(String),
}

pub fn search_form(view: &View) -> Markup {
    html! {
        form.row role="search" method="get" action="/" {
            input type="hidden" name="view" value=(view.filtered().query());
            label { span.hidden { "Room or user" }
                input type="search" name="q" value=[for_field(view.search.as_ref())] maxlength="256" required
                    placeholder="Find a room or a user" autocomplete="off" spellcheck="false";
            }
            button { "Find" }
        }
    }
}

pub fn detail(detail: &Detail, view: &View, now: Timestamp) -> Markup {
    html! {
        section #detail data-part="detail" aria-labelledby="detail-title" {
            @match detail {
                Detail::Nothing => {
                    h2 #detail-title { "Members" }
                    p.empty { "Choose a room to see who is in it, or search for a user." }
                }
                Detail::Room { page, count } => (room(page, *count, view, now)),
                Detail::User(memberships) => {
                    header.row {
                        h2 #detail-title { "User " (id(view.user.as_deref().unwrap_or_default())) }
                        (close(view))
                    }
                    (rooms_of(memberships, view, now))
                }
                Detail::Found(what) => (found(what, view, now)),
                Detail::Unreadable(why) => {
                    header.row { h2 #detail-title { "Members" } (close(view)) }
                    p.problem { (printable(why)) }
                }
            }
        }
    }
}

fn close(view: &View) -> Markup {
    html! { a.close href=(view.filtered().link()) { "Close" } }
}

fn room(page: &TakenMembers, count: Option<u64>, view: &View, now: Timestamp) -> Markup {
    let name = view.room.as_deref().unwrap_or_default();
    html! {
        header.row {
            h2 #detail-title { "Room " (id(name)) }
            (close(view))
        }
        @if let Some(room) = &page.room {
            p.facts { (life(room, now)) @if let Some(count) = count { " · " (counted(count, "member")) } }
        }
        nav.tabs aria-label="Members" {
            @for (side, words) in [(Side::Joined, "In the room"), (Side::Left, "Left")] {
                @let there = View { side, after: None, ..view.clone() };
                a href={ (there.link()) "#detail" }
                    aria-current=[(view.side == side).then_some("page")] { (words) }
            }
        }
        @if page.members.is_empty() && page.next.is_none() {
            p.empty {
                @match (view.side, &page.room) {
                    (Side::Joined, None) => "Nothing is known of a room of exactly this id.",
                    (Side::Joined, Some(_)) => "Nobody is in it.",
                    (Side::Left, _) => "Nobody who left is known.",
                }
            }
        } @else {
            (members(&page.members, view, now))
            @if view.after.is_some() || page.next.is_some() {
                p.pages {
                    @if view.after.is_some() {
                        @let first = View { after: None, ..view.clone() };
                        a href={ (first.link()) "#detail" } { "First page" }
                    }
                    @if let Some(after) = &page.next {
                        @let next = View { after: Some(after.to_string()), ..view.clone() };
                        a href={ (next.link()) "#detail" } { "Next page" }
                    }
                }
            }
        }
    }
}

/// Says what is known of the room itself.
fn life(room: &Room, now: Timestamp) -> Markup {
    html! {
        strong { (room.lifecycle) }
        @if let Some(created) = room.created_at {
            " · created " (time(created, now)) ", " (since(created, now))
        }
        @if let Some(destroyed) = room.destroyed_at {
            " · " @if room.lifecycle == "active" { "last " }
            "destroyed " (time(destroyed, now)) ", " (since(destroyed, now))
            @if let Some(why) = &room.destroy_reason { " (" (reason(why)) ")" }
        }
    }
}

fn members(members: &[Member], view: &View, now: Timestamp) -> Markup {
    let is_left = view.side == Side::Left;
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby="detail-title" {
            table {
                thead { tr {
                    th scope="col" { "user" }
                    th scope="col" { "joined" }
                    @if is_left { th scope="col" { "left" } }
                    th scope="col" { "reason" }
                } }
                tbody {
                    @for member in members {
                        tr {
                            th scope="row" {
                                a href={ (view.of_user(&member.user_id).link()) "#detail" } {
                                    (id(&member.user_id))
                                }
                            }
                            td { (time_and_age(member.joined_at, now)) }
                            @if is_left { td { (time_and_age(member.gone_at, now)) } }
                            td { (reason(&member.reason)) }
                        }
                    }
                }
            }
        }
    }
}

fn rooms_of(memberships: &[Member], view: &View, now: Timestamp) -> Markup {
    html! {
        @if memberships.is_empty() {
            p.empty { "A user of exactly this id is in no room." }
        } @else {
            div.scroll tabindex="0" role="group" aria-label="Rooms of the user" {
                table {
                    thead { tr {
                        th scope="col" { "room" } th scope="col" { "joined" } th scope="col" { "reason" }
                    } }
                    tbody {
                        @for member in memberships {
                            tr {
                                th scope="row" {
                                    a href={ (view.of_room(&member.chat_room_id).link()) "#detail" } {
                                        (id(&member.chat_room_id))
                                    }
                                }
                                td { (time_and_age(member.joined_at, now)) }
                                td { (reason(&member.reason)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn found(found: &Found, view: &View, now: Timestamp) -> Markup {
    let text = view.search.as_deref().unwrap_or_default();
    html! {
        header.row {
            h2 #detail-title { "Found for " (id(text)) }
            (close(view))
        }
        h3 { "Rooms" }
        @if found.rooms.is_empty() {
            p.empty { "No active room has that in its id." }
        } @else {
            ul.found {
                @for room in &found.rooms {
                    li {
                        a href={ (view.of_room(&room.chat_room_id).link()) "#detail" } {
                            (id(&room.chat_room_id))
                        }
                        @if room.lifecycle != "active" { span.note { " " (room.lifecycle) } }
                    }
                }
            }
            @if found.is_cut {
                p.note { "There may be more: " (number(MOST_FOUND as u64)) " are shown at most." }
            }
        }
        h3 { "User " a href={ (view.of_user(text).link()) "#detail" } { (id(text)) } }
        (rooms_of(&found.memberships, view, now))
    }
}
