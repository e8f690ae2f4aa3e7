//! The command line, as a person uses it.

use std::process::{Output, Stdio};

use chatroom_status_sync::local::Stack;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{
    self, EventBuilder, deployment, destroy, join, leave, member_row, rows, send,
};

async fn chatroom(arguments: &[&str]) -> Output {
    Command::from(support::chatroom()).args(arguments).output().await.unwrap()
}

/// Runs a command that must succeed, and gives what it prints.
async fn stdout(arguments: &[&str]) -> String {
    let output = chatroom(arguments).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Asks about the table of a deployment.
async fn ask(stack: &Stack, arguments: &[&str]) -> String {
    let access = ["--endpoint-url", stack.dynamodb.url(), "--table", stack.table.name()];
    stdout(&[arguments, &access].concat()).await
}

/// Asks for JSON.
async fn ask_json(stack: &Stack, arguments: &[&str]) -> Value {
    serde_json::from_str(&ask(stack, &[arguments, &["--json"]].concat()).await).unwrap()
}

/// A lobby that Ben was banned from, and a stage that was destroyed with Anna in it.
async fn lobby_and_stage() -> Stack {
    let stack = deployment().await;
    send(&stack, &[join("lobby", ["anna", "ben", "carl"]), join("stage", "anna").at(1)]).await;
    send(&stack, &[leave("lobby", "ben").banned().at(5), destroy("stage").at(6)]).await;
    stack
}

#[tokio::test]
async fn the_demo_shows_every_callback_its_answer_and_the_table() {
    let shown = stdout(&["demo"]).await;
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
async fn members_lists_who_is_in_a_room_and_with_all_who_was() {
    let stack = lobby_and_stage().await;
    let shown = ask(&stack, &["members", "lobby"]).await;
    assert!(shown.contains("anna") && shown.contains("carl") && !shown.contains("ben"));
    assert!(shown.contains("2 in room lobby"));
    assert!(ask(&stack, &["members", "lobby", "--all"]).await.contains("banned"));
    assert!(ask(&stack, &["members", "stage"]).await.contains("0 in room stage"));
    let json = ask_json(&stack, &["members", "lobby"]).await;
    let users: Vec<_> = json.as_array().unwrap().iter().map(|member| &member["userId"]).collect();
    assert_eq!(users, [&json!("anna"), &json!("carl")]);
}

#[tokio::test]
async fn room_shows_the_lifecycle_of_a_room_and_the_number_of_its_members() {
    let stack = lobby_and_stage().await;
    let lobby = ask_json(&stack, &["room", "lobby"]).await;
    assert_eq!(lobby["members"], 2);
    assert_eq!(lobby["room"]["lifecycle"], "active");
    let stage = ask(&stack, &["room", "stage"]).await;
    assert!(stage.contains("destroyed") && stage.contains("2023-11-14T22:13:20.006Z"));
    assert!(ask(&stack, &["room", "nowhere"]).await.contains("nothing is known of room nowhere"));
}

#[tokio::test]
async fn user_lists_the_rooms_of_a_user_that_have_not_ended() {
    let stack = lobby_and_stage().await;
    let shown = ask(&stack, &["user", "anna"]).await;
    assert!(shown.contains("lobby") && !shown.contains("stage"));
    assert_eq!(ask_json(&stack, &["user", "nobody"]).await, json!([]));
}

#[tokio::test]
async fn rooms_lists_the_active_rooms_of_an_app() {
    let stack = lobby_and_stage().await;
    assert!(ask(&stack, &["rooms"]).await.contains("1 active rooms"));
    assert_eq!(ask_json(&stack, &["rooms", "--app-key", "other"]).await, json!([]));
}

#[tokio::test]
async fn an_event_is_sent_to_a_url() {
    let stack = deployment().await;
    let event = ["event", "join", "--room", "r", "--user", "u", "--user", "v"];
    let answer = stdout(&[&event[..], &["--url", stack.api_gateway.url()]].concat()).await;
    assert_eq!(answer, "200 {\"applied\":2,\"stale\":0,\"deferred\":0,\"quarantined\":0}\n");
    assert_eq!(member_row(&rows(&stack.table).await, "r", "v")["membership"], "joined");
}

#[tokio::test]
async fn a_refused_event_is_an_error() {
    let stack = deployment().await;
    let event = ["event", "create", "--room", "r", "--secret", "wrong"];
    let output = chatroom(&[&event[..], &["--url", stack.api_gateway.url()]].concat()).await;
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("401 "));
}

#[tokio::test]
async fn an_event_is_printed_as_a_gateway_event_with_the_documented_signature() {
    let arguments = ["event", "leave", "--room", "r", "--user", "u", "--status", "2"];
    let fixed = ["--time", "1574476797772", "--timestamp", "1408710653000"];
    let printed = stdout(&[&arguments[..], &fixed[..]].concat()).await;
    let event: Value = serde_json::from_str(&printed).unwrap();
    let query = event["rawQueryString"].as_str().unwrap();
    assert!(query.contains("30be0bbca9c9b2e27578701e9fda2358a814c88f"));
    assert_eq!(
        event["body"],
        r#"[{"chatRoomId":"r","userIds":["u"],"status":2,"type":2,"time":1574476797772}]"#
    );
    assert_eq!(event["version"], "2.0");
}

#[tokio::test]
async fn an_event_is_printed_as_a_curl_command_with_its_quotes_escaped() {
    let printed = stdout(&["event", "join", "--room", "it's", "--user", "u", "--curl"]).await;
    let url = "http://127.0.0.1:8080/chatroom_status_sync?appKey=someappKey&";
    assert!(printed.starts_with(&format!("curl -sS '{url}")), "{printed}");
    assert!(printed.contains(r#""chatRoomId":"it'\''s""#), "{printed}");
}

#[test]
fn a_closed_standard_output_ends_a_command_without_an_error() {
    let mut command = support::chatroom();
    command.arg("demo").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut demo = command.spawn().unwrap();
    drop(demo.stdout.take());
    let output = demo.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[tokio::test]
async fn a_wrong_argument_is_refused_with_a_reason() {
    for (arguments, reason) in [
        (&["members", ""][..], "is empty"),
        (&["rooms", "--app-key", "a#b"][..], "contains '#'"),
        (&["event", "join", "--room", "r", "--time", "soon"][..], "13 digits"),
        (&["members", "r", "--endpoint-url", "http://127.0.0.1:9"][..], "cannot be read"),
    ] {
        let output = chatroom(arguments).await;
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
    assert!(stdout(&["--help"]).await.contains("members"));
}
