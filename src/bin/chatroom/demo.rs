//! `chatroom demo`: callbacks, their answers, and the table at the end.

use std::time::SystemTime;

use chatroom_status_sync::{
    callback::keyring::Secret,
    domain::{
        event::Kind,
        ids::{AppKey, RoomId},
        time::Timestamp,
    },
    env::Environment,
    local::{
        ListenAddresses, Stack,
        dynamodb::Data,
        im_server::{APP_KEY, APP_SECRET, NONCE, SignedCallback, WireEvent, body_of},
        sqs::{DEAD_LETTERS, SWEEPS},
    },
};

use crate::{
    print::{self, fitted},
    result::Result,
    send::HttpClient,
    tables::{RoomRow, members_table, rooms_table},
};

const REQUESTED: u64 = 0;
const AUTO_EXIT: u64 = 1;
const BANNED: u64 = 2;
const ROOMS: [&str; 3] = ["garden", "lobby", "stage"];

/// One callback of the demo.
struct Step {
    title: &'static str,
    events: Vec<WireEvent>,
    secret: &'static str,
}

/// The steps of the demo. Events happen so many seconds after `start`.
fn story(start: Timestamp) -> Vec<Step> {
    let event = |second: u64, kind: Kind, room: &str, users: &[&str]| {
        let time = Timestamp::from_millis(start.millis() + second * 1000).unwrap_or(start);
        WireEvent::new(room, users, kind.number(), 0, time)
    };
    let create = |second, room: &str| event(second, Kind::Create, room, &[]);
    let join = |second, room: &str, users: &[&str]| event(second, Kind::Join, room, users);
    let leave =
        |second, user, status| WireEvent { status, ..event(second, Kind::Leave, "lobby", &[user]) };
    let destroy = |second, room: &str| event(second, Kind::Destroy, room, &[]);
    let step = |title, events| Step { title, events, secret: APP_SECRET };
    vec![
        step("A room is created.", vec![create(0, "lobby")]),
        step(
            "Three users join it, reported as one event.",
            vec![join(1, "lobby", &["anna", "ben", "carl"])],
        ),
        step("Ben leaves.", vec![leave(5, "ben", REQUESTED)]),
        step("The sender repeats that: nothing changes.", vec![leave(5, "ben", REQUESTED)]),
        step(
            "Anna lost her connection and is back, and the report that she left comes too late: she stays.",
            vec![join(9, "lobby", &["anna"]), leave(8, "anna", AUTO_EXIT)],
        ),
        step(
            "One callback about two rooms: a new one with two members, and a ban in the old one.",
            vec![
                create(10, "stage"),
                join(11, "stage", &["dora", "emil"]),
                leave(12, "carl", BANNED),
            ],
        ),
        step(
            "Users join a room whose create never arrived: the joins prove that it is there.",
            vec![join(14, "garden", &["anna", "fritz"])],
        ),
        step("The stage is destroyed, with everybody in it.", vec![destroy(20, "stage")]),
        step(
            "A join of a second before that arrives late: it brings nobody back.",
            vec![join(19, "stage", &["gina"])],
        ),
        step(
            "One event has a type that nobody knows: it is kept for a person, its neighbour is applied.",
            vec![
                WireEvent { r#type: 7, ..join(21, "lobby", &["hugo"]) },
                join(21, "lobby", &["hugo"]),
            ],
        ),
        Step {
            title: "Somebody without the App Secret tries: nothing is read.",
            events: vec![join(60, "lobby", &["mallory"])],
            secret: "not the App Secret",
        },
    ]
}

pub async fn run() -> Result {
    // All traffic stops before the sweeps run, so nothing has to be waited for.
    let settings = Environment::new(|name| (name == "SWEEP_DELAY_SECONDS").then(|| "0".to_owned()));
    let stack =
        Stack::start(Data::Memory, ListenAddresses::free(), &settings, None, |_| {}).await?;
    let (dynamodb, callbacks) = (stack.dynamodb.url(), stack.api_gateway.url());
    print::line(format_args!(
        "An embedded DynamoDB engine runs at {dynamodb},\nthe real handler behind {callbacks}.\n"
    ))?;

    let client = HttpClient::new()?;
    let now = Timestamp::from(SystemTime::now());
    let start = Timestamp::from_millis(now.millis() - 60_000).unwrap_or(now);
    for (number, step) in (1..).zip(story(start)) {
        print::line(format_args!("{number}. {}", step.title))?;
        for event in &step.events {
            print::line(format_args!("   -> {event}"))?;
        }
        let (secret, body) = (Secret::new(step.secret), body_of(&step.events));
        let signed = Timestamp::from(SystemTime::now());
        let callback = SignedCallback::new(APP_KEY, &secret, NONCE, signed, body);
        let answer = client.post(&callback, callbacks).await?;
        print::line(format_args!("   <- {answer}\n"))?;
    }

    print::line(
        "Whoever reads now already knows who is where. The queue still has to bring the room's end to\n\
         the members' own items:",
    )?;
    for message in stack.sqs.bodies(SWEEPS) {
        print::line(format_args!("   -> {message}"))?;
    }
    stack.drain().await?;
    print::line("   <- done\n")?;
    show(&stack).await
}

/// Prints what is in the table and in the dead-letter queue.
async fn show(stack: &Stack) -> Result {
    let app = AppKey::new(APP_KEY)?;
    let mut collections = Vec::new();
    for room in ROOMS {
        collections.push(stack.table.reader().collection(&app, &RoomId::new(room)?).await?);
    }
    let rows = collections.iter().filter_map(|collection| {
        let room = collection.room.as_ref()?;
        Some(RoomRow { room, members: Some(collection.present().count()) })
    });
    print::line(format_args!(
        "What the table says of the rooms:\n{}\n",
        fitted(rooms_table(rows))
    ))?;
    for (room, collection) in ROOMS.iter().zip(&collections) {
        let table = fitted(members_table(&collection.members, collection));
        print::line(format_args!("Members of {room}:\n{table}\n"))?;
    }
    print::line("In the dead-letter queue:")?;
    for letter in stack.sqs.bodies(DEAD_LETTERS) {
        print::line(letter)?;
    }
    Ok(())
}
