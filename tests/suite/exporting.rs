//! `chatroom export` and `chatroom stats`: everything in the table, for other programs.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Output};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use chatroom_status_sync::local::{Stack, im_server::APP_KEY};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    faults::proxy::{Fault, Proxy, Weather},
    support::{self, EventBuilder, Rows, at, create, deployment, destroy, join, leave, rows, send},
};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("export-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap();
        names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn chatroom(endpoint: &str, stack: &Stack, arguments: &[&str]) -> Output {
    let access = ["--endpoint-url", endpoint, "--table", stack.table.name()];
    Command::from(support::chatroom()).args(arguments).args(access).output().await.unwrap()
}

async fn stdout(stack: &Stack, arguments: &[&str]) -> String {
    let output = chatroom(stack.dynamodb.url(), stack, arguments).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn refusal(endpoint: &str, stack: &Stack, arguments: &[&str]) -> String {
    let output = chatroom(endpoint, stack, arguments).await;
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// Three rooms: a large one that many left, one that ended with everybody in it and is not swept,
/// and one with hostile ids.
async fn rooms() -> Stack {
    let stack = deployment().await;
    let users: Vec<_> = (0..2300).map(|number| format!("user-{number:04}")).collect();
    send(&stack, &[create("large"), join("large", &users).at(1)]).await;
    send(&stack, &[leave("large", &users[..200]).banned().at(2)]).await;
    send(&stack, &[join("ended", ["ann", "ben"]).at(3), leave("ended", "ben").at(4)]).await;
    send(&stack, &[destroy("ended").at(5)]).await;
    send(&stack, &[join("=1+1", "\u{1b}[2J\u{202e},\"\n")]).await;
    stack
}

/// The content that an export must have: each item by room and user, as lifecycle or as membership and reason.
fn wanted(end: &Rows) -> BTreeMap<(String, String), String> {
    let row = |row: &BTreeMap<String, String>| {
        let state = match row.get("membership") {
            Some(membership) => format!("{membership} {}", row["reason"]),
            None => row["lifecycle"].clone(),
        };
        ((row["chatRoomId"].clone(), row.get("userId").cloned().unwrap_or_default()), state)
    };
    end.values().map(row).collect()
}

fn in_jsonl(text: &str) -> BTreeMap<(String, String), String> {
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let state = match &*text("kind") {
            "room" => text("lifecycle"),
            _ => format!("{} {}", text("membership"), text("reason")),
        };
        ((text("chatRoomId"), text("userId")), state)
    };
    text.lines().map(row).collect()
}

#[tokio::test]
async fn an_export_holds_every_room_and_member_once_by_the_rule_and_ids_exactly() {
    let stack = rooms().await;
    let folder = Folder::new("whole");
    let file = folder.file("all.jsonl");
    stdout(&stack, &["export", "--to", &file]).await;
    let exported = fs::read_to_string(&file).unwrap();
    // The export was made before the sweep, and is compared with the table after it.
    stack.drain().await.unwrap();
    let end = wanted(&rows(&stack.table).await);
    assert_eq!(exported.lines().count(), end.len());
    assert_eq!(in_jsonl(&exported), end);
    assert!(!exported.contains(['\u{1b}', '\u{202e}']), "a terminal would obey these");
    assert_eq!(folder.names(), ["all.jsonl"], "nothing else is left behind");
}

#[tokio::test]
async fn one_room_is_exported_as_csv_with_a_header_and_the_time_of_its_end() {
    let stack = rooms().await;
    let printed = stdout(&stack, &["export", "ended"]).await;
    let mut reader = csv::Reader::from_reader(printed.as_bytes());
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    let [room, ann, ben] = &rows[..] else { panic!("{printed}") };
    assert_eq!((&*room["kind"], &*room["lifecycle"]), ("room", "destroyed"));
    assert_eq!((&*ann["userId"], &*ann["reason"]), ("ann", "room_destroyed"));
    assert_eq!((&*ann["goneAt"], &*ann["leftAt"]), (&*at(5).to_string(), ""));
    assert_eq!((&*ben["goneAt"], &*ben["appKey"]), (&*at(4).to_string(), APP_KEY));
}

#[tokio::test]
async fn an_export_that_was_cut_short_goes_on_without_loss_or_repeat() {
    let stack = rooms().await;
    for (subject, name) in [(&["export"][..], "table.csv"), (&["export", "large"], "room.jsonl")] {
        let folder = Folder::new(name);
        let (whole, resumed) = (folder.file(&format!("whole-{name}")), folder.file(name));
        stdout(&stack, &[subject, &["--to", &whole]].concat()).await;
        // Every request after the first fails, then every one after the second.
        let weather =
            |only: &str| Weather { only: only.to_owned(), ..Weather::of(1, Fault::Error, 1000) };
        let proxy = Proxy::start(stack.dynamodb.url(), weather("ExclusiveStartKey")).await;
        let to = [subject, &["--to", &resumed]].concat();
        let go_on = [&to[..], &["--resume"]].concat();
        let said = refusal(&proxy.url, &stack, &to).await;
        assert!(said.contains("go on with --resume"), "{said}");
        let said = refusal(stack.dynamodb.url(), &stack, &to).await;
        assert!(said.contains("was cut short: go on with --resume"), "{said}");
        // A process that was killed while it wrote leaves a piece of a page.
        let mut begun = fs::read(&resumed).unwrap();
        assert!(!begun.is_empty() && begun.len() < fs::read(&whole).unwrap().len());
        begun.extend(b"half a row");
        fs::write(&resumed, begun).unwrap();
        let other = [&go_on[..], &["--app-key", "other"]].concat();
        let said = refusal(stack.dynamodb.url(), &stack, &other).await;
        assert!(said.contains("of another table, app, room or form"), "{said}");
        stdout(&stack, &go_on).await;
        assert_eq!(fs::read(&resumed).unwrap(), fs::read(&whole).unwrap());
        let said = refusal(stack.dynamodb.url(), &stack, &go_on).await;
        assert!(said.contains("leave --resume out"), "{said}");
        let said = refusal(stack.dynamodb.url(), &stack, &to).await;
        assert!(said.contains("is there already: name another file"), "{said}");
    }
}

#[tokio::test]
async fn an_export_that_was_killed_after_its_last_page_ends_without_a_row_twice() {
    let stack = rooms().await;
    let folder = Folder::new("last-page");
    let file = folder.file("large.jsonl");
    let to = ["export", "large", "--to", &file];
    let go_on = [&to[..], &["--resume"]].concat();
    let rows = leave_a_note_of_the_last_page(&stack, &file, &to).await;
    stdout(&stack, &go_on).await;
    assert_eq!(fs::read_to_string(&file).unwrap(), rows);
    assert_eq!(folder.names(), ["large.jsonl"]);
}

#[tokio::test]
async fn a_file_that_lost_rows_since_its_export_was_cut_short_is_refused() {
    let stack = rooms().await;
    let folder = Folder::new("lost");
    let file = folder.file("large.jsonl");
    let to = ["export", "large", "--to", &file];
    let rows = leave_a_note_of_the_last_page(&stack, &file, &to).await;
    fs::write(&file, &rows[1..]).unwrap();
    let go_on = [&to[..], &["--resume"]].concat();
    let said = refusal(stack.dynamodb.url(), &stack, &go_on).await;
    assert!(said.contains("lost rows") && said.contains("begin anew"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), rows[1..]);
}

/// Leaves an export as it is between its last page and its end; gives the rows.
async fn leave_a_note_of_the_last_page(stack: &Stack, file: &str, to: &[&str]) -> String {
    let failing =
        Weather { only: "ExclusiveStartKey".to_owned(), ..Weather::of(1, Fault::Error, 1000) };
    let proxy = Proxy::start(stack.dynamodb.url(), failing).await;
    refusal(&proxy.url, stack, to).await;
    let (note, of_file) = (format!("{file}.resume"), fs::read(file).unwrap().len());
    let mut begun: Value = serde_json::from_slice(&fs::read(&note).unwrap()).unwrap();
    assert_eq!(begun["bytes"], of_file);
    stdout(stack, &[to, &["--resume"]].concat()).await;
    let rows = fs::read_to_string(file).unwrap();
    begun["after"] = Value::Null;
    begun["bytes"] = rows.len().into();
    begun["rows"] = rows.lines().count().into();
    fs::write(note, begun.to_string()).unwrap();
    rows
}

#[tokio::test]
async fn pages_of_nothing_but_other_apps_come_before_the_header_and_not_after_it() {
    let stack = deployment().await;
    send(&stack, &[join("lobby", "anna")]).await;
    fill_the_first_pages_with_another_app(&stack).await;
    let printed = stdout(&stack, &["export"]).await;
    let lines: Vec<_> = printed.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(lines, ["kind", "room", "member"]);
}

/// Writes items of an app whose keys come before those of the sample app, for more than two pages.
async fn fill_the_first_pages_with_another_app(stack: &Stack) {
    let (client, name) = (stack.table.client(), stack.table.name());
    for batch in 0..90 {
        let items = (0..25).map(|number| {
            let key = [("pk", "ROOM#another#room".to_owned()), ("sk", format!("{batch}-{number}"))];
            let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text)));
            let put = PutRequest::builder().set_item(Some(key.into())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        let items = Some([(name.to_owned(), items.collect())].into());
        client.batch_write_item().set_request_items(items).send().await.unwrap();
    }
}

#[tokio::test]
async fn an_export_of_what_was_never_heard_of_leaves_no_file() {
    let stack = rooms().await;
    let folder = Folder::new("nothing");
    let file = folder.file("nothing.csv");
    let output =
        chatroom(stack.dynamodb.url(), &stack, &["export", "nowhere", "--to", &file]).await;
    assert_eq!(output.status.code(), Some(4));
    assert!(folder.names().is_empty());
    let output = chatroom(stack.dynamodb.url(), &stack, &["export", "nowhere"]).await;
    assert_eq!((output.status.code(), &*output.stdout), (Some(4), &b""[..]), "not even a header");
}

#[tokio::test]
async fn statistics_count_rooms_by_size_reasons_and_stays_by_the_rule() {
    let stack = rooms().await;
    let printed = stdout(&stack, &["stats", "--json", "--top", "2"]).await;
    let stats: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&stats["activeRooms"], &stats["endedRooms"]), (&json!(2), &json!(1)));
    assert_eq!((&stats["present"], &stats["gone"]), (&json!(2101), &json!(202)));
    assert_eq!(stats["reasons"], json!({"banned": 200, "requested": 1, "room_destroyed": 1}));
    assert_eq!(
        stats["fullest"],
        json!([{"chatRoomId": "large", "members": 2100}, {"chatRoomId": "=1+1", "members": 1}])
    );
    let sizes = stats["roomsBySize"].as_array().unwrap().iter();
    let sizes: BTreeMap<_, _> =
        sizes.map(|it| (it["members"].as_str().unwrap(), it["rooms"].as_u64().unwrap())).collect();
    assert_eq!((sizes["1"], sizes["1000 to 9999"], sizes.values().sum::<u64>()), (1, 1, 2));
    assert_eq!(stats["longestStays"][0]["chatRoomId"], "=1+1");
    assert_eq!(stats["longestStays"][1]["joinedAt"], at(1).millis());

    let table = stdout(&stack, &["stats", "-o", "table"]).await;
    assert!(table.contains("2 active, 1 ended") && table.contains("2101 present, 202 gone"));
    let lines = stdout(&stack, &["stats"]).await;
    assert!(lines.contains("gone because\tbanned\t\t200"), "{lines}");
    let stay = lines.lines().find(|line| line.starts_with("longest stays\t")).unwrap();
    assert!(stay.contains('T') && stay.contains(':'), "a time in tsv is RFC 3339: {stay}");
    assert!(!lines.contains('\u{1b}') && !table.contains('\u{1b}'));
}
