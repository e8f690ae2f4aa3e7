//! `chatroom watch`, and the follower of the table's stream below it.

mod fake_stream;
mod folding;
mod shards;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use chatroom_status_sync::{
    env::Environment,
    local::{ListenAddresses, Stack, TABLE, data::DataFolder, dynamodb::Data},
    table::schema,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command},
};

use crate::{
    faults::proxy::{Fault, Proxy, Weather},
    support::{self, EventBuilder, at, create, deployment, destroy, join, leave, send},
};

/// Starts a deployment whose table has a stream.
async fn streaming() -> Stack {
    let stack = deployment().await;
    schema::enable_stream(stack.table.client(), stack.table.name()).await.unwrap();
    stack
}

/// A running `chatroom watch`.
struct Watch {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    notes: BufReader<ChildStderr>,
    headline: String,
}

impl Watch {
    /// Starts it in front of a table, and waits until it says that it watches.
    async fn start(endpoint: &str, table: &str, arguments: &[&str]) -> Self {
        let mut command = Command::from(support::chatroom());
        command.arg("watch").args(["--endpoint-url", endpoint, "--table", table]).args(arguments);
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut notes = BufReader::new(process.stderr.take().unwrap());
        let mut headline = String::new();
        while !headline.contains("watching") {
            assert_ne!(notes.read_line(&mut headline).await.unwrap(), 0, "{headline}");
        }
        Self { process, lines, notes, headline }
    }

    async fn of(stack: &Stack, arguments: &[&str]) -> Self {
        Self::start(stack.dynamodb.url(), stack.table.name(), arguments).await
    }

    /// Waits for a line.
    async fn line(&mut self) -> String {
        self.lines.next_line().await.unwrap().unwrap()
    }

    /// Waits for so many lines of JSON.
    async fn json(&mut self, number: usize) -> Vec<Value> {
        let mut changes = Vec::new();
        for _ in 0..number {
            changes.push(serde_json::from_str(&self.line().await).unwrap());
        }
        changes
    }

    /// Presses Ctrl-C. Gives what was still shown, and what was said beside it.
    async fn stop(self) -> (Vec<String>, String) {
        let id = self.process.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().await.unwrap();
        assert!(sent.success());
        self.ended().await
    }

    /// Waits for its end, which must be a good one.
    async fn ended(mut self) -> (Vec<String>, String) {
        let mut rest = Vec::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            rest.push(line);
        }
        let mut notes = String::new();
        self.notes.read_to_string(&mut notes).await.unwrap();
        let status = self.process.wait().await.unwrap();
        assert!(status.success(), "{notes}");
        (rest, notes)
    }
}

/// Gives room, user and words of a line: what follows the time.
fn words(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|part| !part.is_empty()).skip(1).collect()
}

/// Gives `room user change` of a change in JSON.
fn in_short(changes: &[Value]) -> Vec<String> {
    let text = |change: &Value, name| change[name].as_str().unwrap_or("-").to_owned();
    let short = |change: &Value| {
        ["chatRoomId", "userId", "change"].map(|name| text(change, name)).join(" ")
    };
    changes.iter().map(short).collect()
}

/// Gives a path for a file that is not there yet.
fn new_file(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("watching-{}-{name}", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

fn argument(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn what_happens_is_shown_with_its_time_its_room_its_user_and_its_reason() {
    let stack = streaming().await;
    let mut watch = Watch::of(&stack, &["-o", "table"]).await;
    let said = &watch.headline;
    assert!(said.contains(stack.table.name()) && said.contains(stack.dynamodb.url()), "{said}");
    let mut shown = Vec::new();
    for (events, changes) in [
        (vec![create("lobby")], 1),
        (vec![join("lobby", ["anna", "ben"]).at(1)], 2),
        (vec![leave("lobby", "ben").banned().at(2)], 1),
        (vec![destroy("lobby").auto_destroyed().at(3)], 1),
    ] {
        send(&stack, &events).await;
        for _ in 0..changes {
            shown.push(watch.line().await);
        }
    }
    stack.drain().await.unwrap();
    shown.push(watch.line().await);
    send(&stack, &[join("lobby", "carl").at(4)]).await;
    shown.extend([watch.line().await, watch.line().await]);
    shown[1..3].sort();
    shown[6..].sort_by_key(|line| line.contains("carl"));
    assert!(shown[0].contains("13:20"), "{}", shown[0]);
    assert_eq!(
        shown.iter().map(|line| words(line)).collect::<Vec<_>>(),
        [
            ["lobby", "-", "created"],
            ["lobby", "anna", "joined"],
            ["lobby", "ben", "joined"],
            ["lobby", "ben", "left: banned"],
            ["lobby", "-", "destroyed: auto_destroyed; out are all who joined before"],
            ["lobby", "anna", "out since the room ended"],
            ["lobby", "-", "active again: somebody joined after its end"],
            ["lobby", "carl", "joined"],
        ]
    );
    let (rest, notes) = watch.stop().await;
    assert_eq!(rest, Vec::<String>::new());
    assert!(notes.contains("8 changes in "), "{notes}");
}

#[tokio::test]
async fn a_change_in_json_has_the_names_of_the_tables_attributes() {
    let stack = streaming().await;
    let mut watch = Watch::of(&stack, &["--json"]).await;
    send(&stack, &[leave("lobby", "ben").banned().at(2)]).await;
    let change = watch.json(1).await.remove(0);
    let recorded = change["recordedAt"].as_u64().unwrap();
    assert_eq!(
        change,
        json!({
            "at": at(2).millis(),
            "recordedAt": recorded,
            "appKey": "someappKey",
            "chatRoomId": "lobby",
            "userId": "ben",
            "change": "left",
            "reason": "banned",
            "again": false,
        })
    );
}

#[tokio::test]
async fn what_is_repeated_late_or_only_noted_is_not_shown() {
    let stack = streaming().await;
    let mut watch = Watch::of(&stack, &["--json"]).await;
    let join_of_anna = join("lobby", "anna").at(5);
    send(&stack, &[create("lobby"), join_of_anna.clone()]).await;
    send(&stack, &[create("lobby"), join_of_anna]).await;
    send(&stack, &[leave("lobby", "anna").at(3)]).await;
    send(&stack, &[destroy("lobby").at(8)]).await;
    send(&stack, &[destroy("lobby").at(8), create("lobby").at(6)]).await;
    // The sweep also gives the room's item its expiry.
    stack.drain().await.unwrap();
    send(&stack, &[leave("lobby", "last").at(9)]).await;
    let mut changes = in_short(&watch.json(5).await);
    changes[..2].sort();
    assert_eq!(
        changes,
        [
            "lobby - created",
            "lobby anna joined",
            "lobby - destroyed",
            "lobby anna ended",
            "lobby last left"
        ]
    );
}

#[tokio::test]
async fn a_late_destroy_in_a_living_room_ends_only_those_who_joined_before_it() {
    let stack = streaming().await;
    send(&stack, &[create("lobby").at(1), join("lobby", "early").at(2)]).await;
    send(&stack, &[join("lobby", "late").at(9)]).await;
    let mut watch = Watch::of(&stack, &["--json"]).await;
    send(&stack, &[destroy("lobby").at(5)]).await;
    stack.drain().await.unwrap();
    let mut changes = in_short(&watch.json(3).await);
    changes[1..].sort();
    assert_eq!(changes, ["lobby - destroyed", "lobby - revived", "lobby early ended"]);
}

#[tokio::test]
async fn a_room_or_a_user_can_be_watched_alone() {
    let stack = streaming().await;
    let mut room = Watch::of(&stack, &["--json", "lobby"]).await;
    let mut user = Watch::of(&stack, &["--json", "--user", "ben"]).await;
    let mut nothing =
        Watch::of(&stack, &["--json", "--app-key", "other", "--duration", "2s"]).await;
    send(&stack, &[join("stage", ["anna", "ben"]), leave("lobby", ["anna", "ben"])]).await;
    let mut in_lobby = in_short(&room.json(2).await);
    in_lobby.sort();
    assert_eq!(in_lobby, ["lobby anna left", "lobby ben left"]);
    let mut of_ben = in_short(&user.json(2).await);
    of_ben.sort();
    assert_eq!(of_ben, ["lobby ben left", "stage ben joined"]);
    assert_eq!(nothing.lines.next_line().await.unwrap(), None);
}

#[tokio::test]
async fn ids_that_a_terminal_would_obey_are_escaped_in_every_form() {
    let stack = streaming().await;
    send(&stack, &[leave("\u{1b}[2Jroom", "two\nlines\t\u{202e}")]).await;
    for (form, room, user) in [
        ("table", r"\u{1b}[2Jroom", r"two\nlines\t\u{202e}"),
        ("tsv", r"\u{1b}[2Jroom", r"two\nlines\t\u{202e}"),
        ("jsonl", r"\u001b[2Jroom", r"two\nlines\t\u202e"),
    ] {
        let mut watch = Watch::of(&stack, &["--from", "beginning", "-o", form]).await;
        let line = watch.line().await;
        assert!(line.contains(room) && line.contains(user), "{line}");
    }
}

#[tokio::test]
async fn in_a_pipe_or_a_spreadsheet_a_change_has_fields() {
    let stack = streaming().await;
    send(&stack, &[leave("lobby", "ben").banned()]).await;
    let beginning = ["--from", "beginning"];
    let mut pipe = Watch::of(&stack, &beginning).await;
    let line = pipe.line().await;
    assert!(line.ends_with("\tlobby\tben\tleft\tbanned"), "{line}");
    let mut spreadsheet = Watch::of(&stack, &[&beginning[..], &["-o", "csv"]].concat()).await;
    assert_eq!(spreadsheet.line().await, "time,room,user,change,reason");
    let line = spreadsheet.line().await;
    assert_eq!(line, format!("{},lobby,ben,left,banned", at(0).millis()));
}

#[tokio::test]
async fn a_watch_that_is_resumed_tells_what_happened_meanwhile_and_nothing_twice() {
    let stack = streaming().await;
    send(&stack, &[leave("lobby", "before").at(1)]).await;
    let file = new_file("resumed.json");
    let resume = ["--json", "--resume", argument(&file)];
    // Nothing happens while the first one watches.
    let (shown, _) = Watch::of(&stack, &resume).await.stop().await;
    assert_eq!(shown, Vec::<String>::new());
    for round in 0..3 {
        let users = [0, 1].map(|number| format!("u{round}{number}"));
        send(&stack, &[leave("lobby", users.as_slice()).at(2)]).await;
        let mut watch = Watch::of(&stack, &resume).await;
        let mut changes = in_short(&watch.json(2).await);
        changes.sort();
        assert_eq!(changes, users.map(|user| format!("lobby {user} left")));
        let (rest, _) = watch.stop().await;
        assert_eq!(rest, Vec::<String>::new());
    }
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn from_the_beginning_everything_is_told_that_the_stream_has() {
    let stack = streaming().await;
    send(&stack, &[join("lobby", ["anna", "ben"]).at(1)]).await;
    let mut watch = Watch::of(&stack, &["--json", "--from", "beginning"]).await;
    let mut changes = in_short(&watch.json(3).await);
    changes.sort();
    assert_eq!(changes, ["lobby - appeared", "lobby anna joined", "lobby ben joined"]);
}

#[tokio::test]
async fn a_stream_that_does_not_answer_is_told_from_one_in_which_nothing_happens() {
    let stack = streaming().await;
    let proxy = Proxy::start(stack.dynamodb.url(), Weather::default()).await;
    let mut watch = Watch::start(&proxy.url, stack.table.name(), &["--json"]).await;
    proxy.set(Weather::of(1, Fault::Error, 1000));
    let mut note = String::new();
    watch.notes.read_line(&mut note).await.unwrap();
    assert_eq!(note, "no answer from the stream: trying again for a minute\n");
    proxy.set(Weather::default());
    send(&stack, &[leave("lobby", "anna")]).await;
    assert_eq!(in_short(&watch.json(1).await), ["lobby anna left"]);
    note.clear();
    watch.notes.read_line(&mut note).await.unwrap();
    assert_eq!(note, "the stream answers again\n");
}

#[tokio::test]
async fn what_expired_is_shown_as_forgotten() {
    let path = new_file("expired");
    let folder = DataFolder::open(&path).unwrap();
    let start = async || {
        let settings = Environment::new(|_| None);
        let data = Data::Folder(folder.clone());
        Stack::start(data, ListenAddresses::free(), &settings, None, |_| {}).await.unwrap()
    };
    let mut stack = start().await;
    schema::enable_stream(stack.table.client(), TABLE).await.unwrap();
    // Thirty days after this leave are over since long ago.
    send(&stack, &[leave("lobby", "anna")]).await;
    stack.dynamodb.end().await;
    drop(stack);
    // An engine deletes what expired when it starts.
    let stack = start().await;
    let mut watch = Watch::of(&stack, &["--from", "beginning", "-o", "table"]).await;
    assert_eq!(words(&watch.line().await), ["lobby", "anna", "left: requested"]);
    assert_eq!(words(&watch.line().await), ["lobby", "anna", "forgotten: out since long ago"]);
    drop(stack);
    let _ = fs::remove_dir_all(path);
}

#[tokio::test]
async fn a_closed_standard_output_ends_a_watch_without_an_error() {
    let stack = streaming().await;
    let mut watch = Watch::of(&stack, &[]).await;
    drop(watch.lines);
    send(&stack, &[leave("lobby", "anna")]).await;
    let status = watch.process.wait().await.unwrap();
    let mut notes = String::new();
    watch.notes.read_to_string(&mut notes).await.unwrap();
    assert!(status.success() && notes.is_empty(), "{notes}");
}

#[tokio::test]
async fn a_table_or_a_file_that_cannot_be_followed_is_an_error_that_says_what_to_do() {
    let (silent, stack) = (deployment().await, streaming().await);
    let (broken, foreign) = (new_file("broken.json"), new_file("foreign.json"));
    fs::write(&broken, "{").unwrap();
    let stream = "arn:aws:dynamodb:eu-central-1:1:table/other/stream/1";
    fs::write(&foreign, json!({ "stream": stream, "shards": {} }).to_string()).unwrap();
    let resume = |file| vec!["--resume", argument(file)];
    for (of, table, arguments, words) in [
        (&silent, silent.table.name(), vec![], "update-table --table-name"),
        (&stack, "nowhere", vec![], "there is no table nowhere"),
        (&stack, stack.table.name(), resume(&broken), "was not written by chatroom watch"),
        (&stack, stack.table.name(), resume(&foreign), "is of another table's stream"),
        (&stack, stack.table.name(), vec!["--duration", "soon"], "--duration"),
    ] {
        let mut command = Command::from(support::chatroom());
        command.args(["watch", "--endpoint-url", of.dynamodb.url(), "--table", table]);
        let output = command.args(arguments).output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(words), "{said}");
    }
    fs::remove_file(broken).unwrap();
    fs::remove_file(foreign).unwrap();
}
