//! Events made from bytes: of few rooms and users, so that many are about the same ones, and with
//! ids of all sizes and characters, so that messages fill up.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::domain::{
    event::{Event, Kind, Version},
    ids::{RoomId, UserId},
    time::Timestamp,
};

/// Characters that JSON or SQS treats in its own way, and one of each length in UTF-8.
const CHARACTERS: [char; 10] =
    ['a', '"', '\\', '\n', '\u{1}', 'ü', '中', '\u{fffe}', '\u{ffff}', '😀'];

/// Makes some events, in any order.
pub fn events(bytes: &mut Unstructured<'_>) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    while !bytes.is_empty() && events.len() < 64 {
        events.push(event(bytes)?);
    }
    Ok(events)
}

fn event(bytes: &mut Unstructured<'_>) -> Result<Event> {
    let kind = *bytes.choose(&[Kind::Create, Kind::Join, Kind::Leave, Kind::Destroy])?;
    let time = 1_574_476_000_000 + u64::from(u8::arbitrary(bytes)?);
    let time = Timestamp::from_millis(time).expect("a time of 13 digits");
    let room = RoomId::new(id(bytes, 3)?).expect("an id");
    // Few users mostly, and sometimes enough for several messages.
    let users = bytes.int_in_range(0..=40_u16)?;
    let users = if users == 40 { 2000 } else { users / 8 };
    let (first, style) = (u8::arbitrary(bytes)?, id(bytes, 0)?);
    let user = |number| UserId::new(format!("{number}{style}")).expect("an id");
    Ok(Event {
        room,
        users: (u16::from(first)..).take(users.into()).map(user).collect(),
        version: Version::new(time, kind, u8::arbitrary(bytes)?.into()),
    })
}

/// Makes an id of at most 241 bytes, which begins with one of `names + 1` numbers.
fn id(bytes: &mut Unstructured<'_>, names: u8) -> Result<String> {
    let character = *bytes.choose(&CHARACTERS)?;
    let length = *bytes.choose(&[0, 1, 60])?;
    let name = bytes.int_in_range(0..=names)?;
    Ok(format!("{name}{}", character.to_string().repeat(length)))
}
