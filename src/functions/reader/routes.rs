//! The routes: one function for each question.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode},
    response::Response,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json as value};

use super::{
    answer::{READ_UNITS, json},
    apps::Apps,
    cursor::Cursor,
    parameters::Parameters,
    problem::Problem,
};
use crate::table::read::{
    Reader,
    members::{MemberFilter, Presence},
};

/// The things that every route needs.
#[derive(Clone)]
pub struct Context {
    pub reader: Reader,
    pub apps: Apps,
}

type Answered = Result<Response, Problem>;

/// The most rooms of one answer that are counted, and of these at once.
const COUNTED: usize = 100;
const COUNTED_AT_ONCE: usize = 16;
/// The most requests to the table for one answer.
const PAGES: usize = 20;

/// `GET /rooms`: lists active rooms.
pub async fn rooms(State(context): State<Context>, query: RawQuery) -> Answered {
    let parameters = Parameters::read(query, &["limit", "cursor", "count"])?;
    let (app, reader) = (context.apps.choose(parameters.app()?)?, context.reader.metered());
    let is_counted = parameters.switch("count")?;
    let limit = parameters.limit()?.min(if is_counted { COUNTED } else { usize::MAX });
    let after = parameters.cursor()?.map(Cursor::in_rooms).transpose()?;

    let mut active = reader.active_rooms(&app, after.as_ref()).expecting(limit + 1);
    let mut rooms = Vec::with_capacity(limit);
    let mut cursor = None;
    while let Some(room) = active.next().await? {
        if rooms.len() == limit {
            cursor = rooms.last().cloned();
            break;
        }
        rooms.push(room);
    }
    let cursor = cursor.map(|last| Cursor::Room(last.chat_room_id));
    if !is_counted {
        return Ok(found(&reader, &paged(value!({"rooms": rooms}), cursor)?));
    }
    let counts = rooms.into_iter().map(|room| reader.count_in(&app, room));
    let rooms: Vec<_> = stream::iter(counts).buffered(COUNTED_AT_ONCE).try_collect().await?;
    Ok(found(&reader, &paged(value!({"rooms": rooms}), cursor)?))
}

/// `GET /room`: tells about one room.
pub async fn room(State(context): State<Context>, query: RawQuery) -> Answered {
    let parameters = Parameters::read(query, &["room", "count"])?;
    let (app, reader) = (context.apps.choose(parameters.app()?)?, context.reader.metered());
    let (id, is_counted) = (parameters.room()?, parameters.switch("count")?);

    let room = reader.room(&app, &id).await?.ok_or_else(unknown_room)?;
    if !is_counted {
        return Ok(found(&reader, &value!({"room": room})));
    }
    let counted = reader.count_in(&app, room).await?;
    Ok(found(&reader, &value!({"room": counted.room, "members": counted.members})))
}

/// `GET /members`: lists who is in a room, or who left it.
pub async fn members(State(context): State<Context>, query: RawQuery) -> Answered {
    let parameters = Parameters::read(query, &["room", "limit", "cursor", "left"])?;
    let (app, reader) = (context.apps.choose(parameters.app()?)?, context.reader.metered());
    let (id, limit) = (parameters.room()?, parameters.limit()?);
    let presence = if parameters.switch("left")? { Presence::Left } else { Presence::Joined };
    let cursor = parameters.cursor()?.map(|cursor| cursor.in_members_of(&id)).transpose()?;
    let is_first = cursor.is_none();

    let filter = MemberFilter { presence, after: cursor, ..MemberFilter::default() };
    let members = reader.members(&app, &id, filter).await?;
    // One more tells whether there is a next page.
    let taken = members.in_pages_of(limit + 1).take(limit, PAGES).await?;
    if taken.room.is_none() && is_first {
        return Err(unknown_room());
    }
    let cursor =
        taken.next.map(|user| Cursor::Member { room: id.to_string(), user: user.to_string() });
    Ok(found(&reader, &paged(value!({"room": taken.room, "members": taken.members}), cursor)?))
}

/// `GET /member`: tells about one user in one room.
pub async fn member(State(context): State<Context>, query: RawQuery) -> Answered {
    let parameters = Parameters::read(query, &["room", "user"])?;
    let (app, reader) = (context.apps.choose(parameters.app()?)?, context.reader.metered());
    let (room, user) = (parameters.room()?, parameters.user()?);

    let member = reader.member(&app, &room, &user).await?;
    let member =
        member.ok_or_else(|| Problem::not_found("nothing is known of this user in this room"))?;
    let is_present = member.membership == "joined";
    let mut answer = value!({"member": member, "present": is_present});
    if let Some(since) = member.since() {
        answer["since"] = since.into();
    }
    Ok(found(&reader, &answer))
}

/// `GET /rooms-of`: lists the rooms that a user is in.
pub async fn rooms_of(State(context): State<Context>, query: RawQuery) -> Answered {
    let parameters = Parameters::read(query, &["user"])?;
    let (app, reader) = (context.apps.choose(parameters.app()?)?, context.reader.metered());
    let rooms = reader.rooms_of(&app, &parameters.user()?).await?;
    Ok(found(&reader, &value!({"rooms": rooms})))
}

/// Makes an answer of what a reader found.
fn found(reader: &Reader, what: &Value) -> Response {
    let mut response = json(StatusCode::OK, what.to_string());
    let units = reader.consumed().read_units.to_string();
    if let Ok(units) = HeaderValue::try_from(units) {
        response.headers_mut().insert(READ_UNITS, units);
    }
    response
}

/// Adds the cursor, if there is a next page.
fn paged(mut answer: Value, cursor: Option<Cursor>) -> Result<Value, Problem> {
    if let Some(cursor) = cursor {
        answer["cursor"] = cursor.text()?.into();
    }
    Ok(answer)
}

fn unknown_room() -> Problem {
    Problem::not_found("nothing is known of this room")
}
