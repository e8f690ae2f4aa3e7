//! Collects what a page shows: only what the view asks for is read.

use chatroom_status_sync::{
    domain::ids::{IdError, RoomId, UserId},
    local::im_server::{SignedCallback, WireEvent, body_of},
    table::read::error::ReadError,
};

use super::{
    changes::ChangeFeed,
    clock::now,
    depths::QueueWatch,
    hub::Part,
    page::{Callbacks, Content, Detail},
    sizes::Count,
    state::{Console, Traffic},
    view::{Side, View},
};

/// Collects some parts.
pub async fn content(console: &Console, view: &View, parts: &[Part]) -> Content {
    let needs = |part| parts.contains(&part);
    let (mut count, mut shown) = (None, None);
    if needs(Part::Rooms) || needs(Part::Detail) {
        count = Some(console.sizes.newest().await);
    }
    if needs(Part::Detail) {
        shown = Some(detail(console, view, count.as_deref()).await);
    }
    Content {
        callbacks: console.traffic.as_ref().filter(|_| needs(Part::Callbacks)).map(callbacks),
        changes: console.changes.as_ref().filter(|_| needs(Part::Changes)).map(ChangeFeed::heard),
        count: count.filter(|_| needs(Part::Rooms)),
        detail: shown,
        depths: console.queues.as_ref().filter(|_| needs(Part::Queues)).map(QueueWatch::newest),
    }
}

fn callbacks(traffic: &Traffic) -> Callbacks {
    let (records, seen) = traffic.feed.newest();
    let join = WireEvent::new("lobby", &["anna", "ben"], 1, 0, now());
    let curl = SignedCallback::now(body_of(&[join])).curl(traffic.resender.endpoint());
    Callbacks { records, seen, curl }
}

async fn detail(console: &Console, view: &View, count: Option<&Count>) -> Detail {
    let detail = if let Some(id) = &view.room {
        room(console, id, view, count).await
    } else if let Some(id) = &view.user {
        user(console, id).await
    } else if let Some(text) = &view.search {
        console.reading.search(text).await.map(Detail::Found).map_err(Trouble::Table)
    } else {
        Ok(Detail::Nothing)
    };
    detail.unwrap_or_else(|trouble| Detail::Unreadable(trouble.in_words(console)))
}

async fn room(
    console: &Console,
    id: &str,
    view: &View,
    count: Option<&Count>,
) -> Result<Detail, Trouble> {
    let room = RoomId::new(id).map_err(Trouble::Id)?;
    let after = view.after.as_ref().and_then(|user| UserId::new(user).ok());
    let is_whole = after.is_none() && view.side == Side::Joined;
    let page = console.reading.room(&room, view.side, after).await.map_err(Trouble::Table)?;
    let counted = count.and_then(|count| count.members_of(id));
    let count = match counted {
        _ if is_whole && page.next.is_none() => Some(page.members.len() as u64),
        Some(counted) => Some(counted),
        None => console.reading.count(&room).await.map_err(Trouble::Table)?,
    };
    Ok(Detail::Room { page, count })
}

async fn user(console: &Console, id: &str) -> Result<Detail, Trouble> {
    let user = UserId::new(id).map_err(Trouble::Id)?;
    console.reading.rooms_of(&user).await.map(Detail::User).map_err(Trouble::Table)
}

/// The reason why a view has no detail.
enum Trouble {
    Id(IdError),
    Table(ReadError),
}

impl Trouble {
    fn in_words(&self, console: &Console) -> String {
        match self {
            Self::Id(why) => format!("The id {why}."),
            Self::Table(why) => console.reading.explain(why),
        }
    }
}
