//! `chatroom demo`: what comes in, what is answered, what is in the table at the end.

use std::time::SystemTime;

use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::{
        ids::{AppKey, RoomId},
        time::Timestamp,
    },
    env::Environment,
    local::{
        ListenAddresses, Stack,
        dynamodb::Data,
        im_server::{APP_KEY, APP_SECRET, NONCE, SignedCallback, WireEvent, body_of},
        sqs::{DEAD_LETTERS, DEFERRED},
    },
};

use crate::{
    Result, send,
    show::{members_table, rooms_table},
};

const CREATE: u64 = 0;
const JOIN: u64 = 1;
const LEAVE: u64 = 2;
const DESTROY: u64 = 3;

/// What happens in the demo, and the events that report it. The first number of each is its second.
fn story(start: Timestamp) -> Vec<(&'static str, Vec<WireEvent>)> {
    let event = |second: u64, room, users: &[&str], kind, status| {
        let time = Timestamp::from_millis(start.millis() + second * 1000).unwrap_or(start);
        WireEvent::new(room, users, kind, status, time)
    };
    vec![
        ("A room is created.", vec![event(0, "lobby", &[], CREATE, 0)]),
        (
            "Three users join it, reported as one event.",
            vec![event(1, "lobby", &["anna", "ben", "carl"], JOIN, 0)],
        ),
        ("Ben leaves.", vec![event(5, "lobby", &["ben"], LEAVE, 0)]),
        ("The sender repeats that: nothing changes.", vec![event(5, "lobby", &["ben"], LEAVE, 0)]),
        (
            "Anna lost her connection and is back, and the report that she left comes too late: she stays.",
            vec![event(9, "lobby", &["anna"], JOIN, 0), event(8, "lobby", &["anna"], LEAVE, 1)],
        ),
        (
            "One callback about two rooms: a new one with two members, and a ban in the old one.",
            vec![
                event(10, "stage", &[], CREATE, 0),
                event(11, "stage", &["dora", "emil"], JOIN, 0),
                event(12, "lobby", &["carl"], LEAVE, 2),
            ],
        ),
        (
            "Users join a room whose create never arrived: the joins prove that it is there.",
            vec![event(14, "garden", &["anna", "fritz"], JOIN, 0)],
        ),
        (
            "The stage is destroyed, with everybody in it.",
            vec![event(20, "stage", &[], DESTROY, 0)],
        ),
        (
            "A join of a second before that arrives late: it brings nobody back.",
            vec![event(19, "stage", &["gina"], JOIN, 0)],
        ),
        (
            "One event has a type that nobody knows: it is kept for a person, its neighbour is applied.",
            vec![event(21, "lobby", &["hugo"], 7, 0), event(21, "lobby", &["hugo"], JOIN, 0)],
        ),
    ]
}

pub async fn run() -> Result {
    // All traffic stops before the sweeps run, so nothing has to be waited for.
    let settings = Environment::new(|name| (name == "SWEEP_DELAY_SECONDS").then(|| "0".to_owned()));
    let stack =
        Stack::start(Data::Memory, ListenAddresses::free(), &settings, None, |_| {}).await?;
    println!("An embedded DynamoDB engine runs at {},", stack.dynamodb.url());
    println!("the real handler behind {}.\n", stack.api_gateway.url());

    let now = Timestamp::from(SystemTime::now());
    let start = Timestamp::from_millis(now.millis() - 60_000).unwrap_or(now);
    let story = story(start);
    for (step, (title, events)) in story.iter().enumerate() {
        let callback = SignedCallback::now(body_of(events));
        tell(step + 1, title, events, &callback, &stack).await?;
    }
    let forged = [WireEvent::new("lobby", &["mallory"], JOIN, 0, now)];
    let secret = Secret::new(format!("not {APP_SECRET}"));
    let callback = SignedCallback::new(APP_KEY, &secret, NONCE, now, body_of(&forged));
    tell(
        story.len() + 1,
        "Somebody without the App Secret tries: nothing is read.",
        &forged,
        &callback,
        &stack,
    )
    .await?;

    println!(
        "Whoever reads now already knows who is where. The queue still has to bring the room's end to"
    );
    println!("the members' own items:");
    for message in stack.sqs.bodies(DEFERRED) {
        println!("   -> {message}");
    }
    stack.drain().await?;
    println!("   <- done\n");
    show(&stack).await
}

async fn tell(
    step: usize,
    title: &str,
    events: &[WireEvent],
    callback: &SignedCallback,
    stack: &Stack,
) -> Result {
    println!("{step}. {title}");
    for event in events {
        println!("   -> {event}");
    }
    let (status, answer) = send::post(callback, stack.api_gateway.url()).await?;
    println!("   <- {status} {answer}\n");
    Ok(())
}

async fn show(stack: &Stack) -> Result {
    let app = AppKey::new(APP_KEY)?;
    let mut rooms = Vec::new();
    for room in ["garden", "lobby", "stage"] {
        rooms.push((room, stack.table.room(&app, &RoomId::new(room)?).await?));
    }
    println!("What the table says of the rooms:");
    let counted = rooms.iter().filter_map(|(_, seen)| {
        seen.room.as_ref().map(|room| (room, Some(seen.present().count())))
    });
    println!("{}\n", rooms_table(counted));
    for (name, seen) in &rooms {
        println!("Members of {name}:");
        println!(
            "{}\n",
            members_table(&seen.members.iter().collect::<Vec<_>>(), seen.room.as_ref())
        );
    }
    println!("In the dead-letter queue:");
    for letter in stack.sqs.bodies(DEAD_LETTERS) {
        println!("{letter}");
    }
    Ok(())
}
