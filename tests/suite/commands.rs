//! The command line, as a person uses it.

use std::process::{Output, Stdio};

use chatroom_status_sync::local::{Stack, im_server::APP_KEY};
use serde_json::{Value, json};

use crate::support::{self, DESTROY, JOIN, LEAVE, deployment, event, row, rows, send};

fn chatroom(arguments: &[&str]) -> Output {
    let mut command = support::chatroom();
    command.args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = chatroom(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn ask(stack: &Stack, arguments: &[&str]) -> String {
    let access = ["--endpoint-url", stack.dynamodb.url(), "--table", stack.table.name()];
    let arguments = arguments.iter().chain(&access).map(|&argument| argument.to_owned());
    let arguments: Vec<String> = arguments.collect();
    let asked = tokio::task::spawn_blocking(move || {
        stdout(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    });
    asked.await.unwrap()
}

async fn rooms_with_history() -> Stack {
    let stack = deployment().await;
    let users = ["anna", "ben", "carl"];
    send(&stack, &[event("lobby", &users, JOIN, 0, 0), event("stage", &["anna"], JOIN, 0, 1)])
        .await;
    send(&stack, &[event("lobby", &["ben"], LEAVE, 2, 5), event("stage", &[], DESTROY, 0, 6)])
        .await;
    stack
}

#[test]
fn the_demo_shows_what_came_in_what_was_answered_and_what_is_in_the_table() {
    let shown = stdout(&["demo"]);
    assert_eq!(shown.matches("<- 200").count(), 10);
    assert_eq!(shown.matches("<- 401").count(), 1);
    assert!(shown.contains(r#"<- 200 {"applied":3,"stale":0,"deferred":0,"quarantined":0}"#));
    let member = |name: &str, of: &str| {
        let (_, members) = shown.split_once(&format!("Members of {of}:")).unwrap();
        let row = members.lines().find(|line| line.starts_with(&format!("│ {name} "))).unwrap();
        row.split(['│', '┆']).nth(2).unwrap().trim().to_owned()
    };
    assert_eq!(member("anna", "lobby"), "yes");
    assert_eq!(member("ben", "lobby"), "no");
    assert_eq!(member("gina", "stage"), "no");
    assert!(shown.contains("type 7 is unknown"));
    assert!(!shown.contains("mallory ┆"));
}

#[tokio::test]
async fn members_are_those_in_the_room_and_with_all_those_who_were() {
    let stack = rooms_with_history().await;
    let shown = ask(&stack, &["members", "lobby"]).await;
    assert!(shown.contains("anna") && shown.contains("carl") && !shown.contains("ben"));
    assert!(shown.contains("2 in room lobby"));
    assert!(ask(&stack, &["members", "lobby", "--all"]).await.contains("banned"));
    assert!(ask(&stack, &["members", "stage"]).await.contains("0 in room stage"));
    let json: Value =
        serde_json::from_str(&ask(&stack, &["members", "lobby", "--json"]).await).unwrap();
    let users: Vec<_> = json.as_array().unwrap().iter().map(|member| &member["userId"]).collect();
    assert_eq!(users, [&json!("anna"), &json!("carl")]);
}

#[tokio::test]
async fn a_room_is_shown_with_its_life_and_its_count() {
    let stack = rooms_with_history().await;
    let lobby: Value =
        serde_json::from_str(&ask(&stack, &["room", "lobby", "--json"]).await).unwrap();
    assert_eq!((&lobby["members"], &lobby["room"]["lifecycle"]), (&json!(2), &json!("active")));
    let stage = ask(&stack, &["room", "stage"]).await;
    assert!(stage.contains("destroyed") && stage.contains("2023-11-14T22:13:20.006Z"));
    assert!(ask(&stack, &["room", "nowhere"]).await.contains("nothing is known of room nowhere"));
}

#[tokio::test]
async fn a_user_is_in_the_rooms_that_have_not_ended() {
    let stack = rooms_with_history().await;
    let shown = ask(&stack, &["user", "anna"]).await;
    assert!(shown.contains("lobby") && !shown.contains("stage"));
    assert_eq!(ask(&stack, &["user", "nobody", "--json"]).await.trim(), "[]");
}

#[tokio::test]
async fn rooms_are_the_active_ones_of_the_app() {
    let stack = rooms_with_history().await;
    assert!(ask(&stack, &["rooms"]).await.contains("1 active rooms"));
    assert_eq!(ask(&stack, &["rooms", "--app-key", "other", "--json"]).await.trim(), "[]");
}

#[tokio::test]
async fn an_event_is_sent_to_a_url() {
    let stack = deployment().await;
    let url = stack.api_gateway.url().to_owned();
    let sent = tokio::task::spawn_blocking(move || {
        stdout(&["event", "join", "--room", "r", "--user", "u", "--user", "v", "--url", &url])
    });
    assert_eq!(
        sent.await.unwrap().trim(),
        r#"200 {"applied":2,"stale":0,"deferred":0,"quarantined":0}"#
    );
    assert_eq!(row(&rows(&stack.table).await, "r", Some("v"))["membership"], "joined");
}

#[tokio::test]
async fn an_event_that_is_not_accepted_is_an_error() {
    let stack = deployment().await;
    let url = stack.api_gateway.url().to_owned();
    let arguments = ["event", "create", "--room", "r", "--secret", "wrong", "--url"];
    let output = tokio::task::spawn_blocking(move || {
        chatroom(&arguments.into_iter().chain([&*url]).collect::<Vec<_>>())
    });
    let output = output.await.unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("401 "));
}

#[test]
fn an_event_is_printed_as_a_gateway_event_with_the_documented_signature() {
    let arguments = ["event", "leave", "--room", "r", "--user", "u", "--status", "2"];
    let fixed = ["--time", "1574476797772", "--timestamp", "1408710653000"];
    let printed = stdout(&[&arguments[..], &fixed[..]].concat());
    let event: Value = serde_json::from_str(&printed).unwrap();
    assert!(
        event["rawQueryString"]
            .as_str()
            .unwrap()
            .contains("30be0bbca9c9b2e27578701e9fda2358a814c88f")
    );
    assert_eq!(
        event["body"],
        r#"[{"chatRoomId":"r","userIds":["u"],"status":2,"type":2,"time":1574476797772}]"#
    );
    assert_eq!(event["version"], "2.0");
}

#[test]
fn an_event_is_printed_as_a_curl_command_that_survives_quotes() {
    let printed = stdout(&["event", "join", "--room", "it's", "--user", "u", "--curl"]);
    assert!(
        printed
            .starts_with("curl -sS 'http://127.0.0.1:8080/chatroom_status_sync?appKey=someappKey&")
    );
    assert!(printed.contains(r#""chatRoomId":"it'\''s""#), "{printed}");
}

#[test]
fn a_reader_who_has_seen_enough_ends_a_command_without_an_error() {
    let mut command = support::chatroom();
    command.arg("demo").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut demo = command.spawn().unwrap();
    drop(demo.stdout.take());
    let output = demo.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    for (arguments, reason) in [
        (&["members", ""][..], "is empty"),
        (&["rooms", "--app-key", "a#b"][..], "contains '#'"),
        (&["event", "join", "--room", "r", "--time", "soon"][..], "13 digits"),
        (&["members", "r", "--endpoint-url", "http://127.0.0.1:9"][..], "cannot be read"),
    ] {
        let output = chatroom(arguments);
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
    assert!(stdout(&["--help"]).contains("members"), "{APP_KEY}");
}
