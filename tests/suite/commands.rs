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
    stdout(&[arguments, &access(stack)].concat()).await
}

/// The table of a deployment.
fn access(stack: &Stack) -> [&str; 4] {
    ["--endpoint-url", stack.dynamodb.url(), "--table", stack.table.name()]
}

/// Asks about the table of a deployment, and gives what is told beside the output.
async fn stderr(stack: &Stack, arguments: &[&str]) -> String {
    let output = chatroom(&[arguments, &access(stack)].concat()).await;
    assert!(output.status.success());
    String::from_utf8(output.stderr).unwrap()
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
async fn members_lists_who_is_in_a_room_who_is_gone_or_both() {
    let stack = lobby_and_stage().await;
    let users = async |arguments: &[&str]| {
        let shown = ask(&stack, &[&["members"], arguments].concat()).await;
        shown.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(users(&["lobby"]).await, ["anna", "carl"]);
    assert_eq!(users(&["lobby", "--limit", "1"]).await, ["anna"]);
    assert_eq!(users(&["lobby", "--left"]).await, ["ben"]);
    assert_eq!(users(&["lobby", "--all"]).await, ["anna", "ben", "carl"]);
    assert_eq!(users(&["lobby", "--all", "--reason", "banned"]).await, ["ben"]);
    assert_eq!(users(&["lobby", "--all", "--since", "1700000000004"]).await, ["ben"]);
    assert!(users(&["lobby", "--since", "1h"]).await.is_empty());
    assert!(users(&["stage"]).await.is_empty());
    assert_eq!(users(&["stage", "--left", "--reason", "room_destroyed"]).await, ["anna"]);
    let json = ask_json(&stack, &["members", "lobby"]).await;
    let users: Vec<_> = json.as_array().unwrap().iter().map(|member| &member["userId"]).collect();
    assert_eq!(users, [&json!("anna"), &json!("carl")]);
}

#[tokio::test]
async fn members_of_several_pages_are_all_listed_and_counted() {
    let stack = deployment().await;
    let users: Vec<_> = (0..2500).map(|number| format!("user-{number:04}")).collect();
    for some in users.chunks(500) {
        send(&stack, &[join("arena", some)]).await;
    }
    for form in ["tsv", "csv", "jsonl", "json", "table"] {
        let shown = ask(&stack, &["members", "arena", "-o", form]).await;
        assert_eq!(shown.matches("user-").count(), users.len(), "{form}");
    }
    assert_eq!(ask(&stack, &["count", "arena"]).await, "2500\n");
}

#[tokio::test]
async fn member_tells_whether_a_user_is_in_a_room_with_one_request() {
    let stack = lobby_and_stage().await;
    let ben = ask_json(&stack, &["member", "lobby", "ben"]).await;
    assert_eq!(ben["present"], false);
    assert_eq!(ben["since"], 1_700_000_000_005_u64);
    assert_eq!(ben["member"]["reason"], "banned");
    // Her own item may not say so yet.
    let anna = ask_json(&stack, &["member", "stage", "anna"]).await;
    assert_eq!(
        (&anna["present"], &anna["member"]["reason"]),
        (&json!(false), &json!("room_destroyed"))
    );
    assert_eq!(anna["since"], 1_700_000_000_006_u64);
    let said = stderr(&stack, &["member", "lobby", "anna"]).await;
    assert!(said.ends_with("read 1 unit in 1 request\n"), "{said}");
}

#[tokio::test]
async fn count_prints_the_number_alone_and_its_price_beside_it() {
    let stack = lobby_and_stage().await;
    assert_eq!(ask(&stack, &["count", "lobby"]).await, "2\n");
    assert_eq!(ask(&stack, &["count", "lobby", "--consistent"]).await, "2\n");
    assert_eq!(ask(&stack, &["count", "stage"]).await, "0\n");
    assert_eq!(ask_json(&stack, &["count", "lobby"]).await, 2);
    assert!(stderr(&stack, &["count", "lobby"]).await.contains("read 1 unit in 2 requests"));
    assert!(stderr(&stack, &["count", "lobby", "-q"]).await.is_empty());
}

#[tokio::test]
async fn room_shows_the_lifecycle_of_a_room_and_counts_only_if_asked() {
    let stack = lobby_and_stage().await;
    let lobby = ask_json(&stack, &["room", "lobby"]).await;
    assert_eq!((&lobby["room"]["lifecycle"], &lobby["members"]), (&json!("active"), &Value::Null));
    assert_eq!(ask_json(&stack, &["room", "lobby", "--count"]).await["members"], 2);
    let stage = ask(&stack, &["room", "stage"]).await;
    assert!(stage.starts_with("stage\tdestroyed\t\t2023-11-1"), "{stage}");
}

#[tokio::test]
async fn user_lists_the_rooms_of_a_user_that_have_not_ended() {
    let stack = lobby_and_stage().await;
    let shown = ask(&stack, &["user", "anna"]).await;
    assert!(shown.contains("lobby") && !shown.contains("stage"));
}

#[tokio::test]
async fn rooms_lists_the_active_rooms_of_an_app_by_id_or_by_size() {
    let stack = lobby_and_stage().await;
    send(&stack, &[join("attic", "dora")]).await;
    let ids = async |arguments: &[&str]| {
        let rooms = ask_json(&stack, arguments).await;
        let rooms = rooms.as_array().unwrap().iter();
        rooms.map(|room| (room["chatRoomId"].clone(), room["members"].clone())).collect::<Vec<_>>()
    };
    let [attic, lobby] = ["attic", "lobby"].map(|id| json!(id));
    let none = Value::Null;
    assert_eq!(ids(&["rooms"]).await, [(attic.clone(), none.clone()), (lobby.clone(), none)]);
    let counted = [(attic, json!(1)), (lobby, json!(2))];
    assert_eq!(ids(&["rooms", "--count"]).await, counted);
    assert_eq!(ids(&["rooms", "--top", "1"]).await, counted[1..]);
}

#[tokio::test]
async fn what_nothing_is_known_of_has_no_output_and_an_exit_code_of_its_own() {
    let stack = lobby_and_stage().await;
    for (arguments, none) in [
        (&["members", "nowhere"][..], "[]\n"),
        (&["member", "lobby", "nobody"][..], "null\n"),
        (&["room", "nowhere"][..], "null\n"),
        (&["room", "nowhere", "--count"][..], "null\n"),
        (&["count", "nowhere"][..], "null\n"),
        (&["user", "nobody"][..], "[]\n"),
        (&["rooms", "--app-key", "other"][..], "[]\n"),
        (&["members", "lobby", "--app-key", "other"][..], "[]\n"),
    ] {
        for (form, expected) in [("tsv", ""), ("csv", ""), ("table", ""), ("json", none)] {
            let output = chatroom(&[arguments, &["-o", form], &access(&stack)].concat()).await;
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(4), "{arguments:?}: {said}");
            assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{arguments:?}");
            assert!(said.ends_with(": is the App Key right?\n"), "{said}");
        }
    }
}

#[tokio::test]
async fn what_is_read_is_told_on_standard_error_unless_quiet() {
    let stack = lobby_and_stage().await;
    let said = stderr(&stack, &["members", "lobby", "--json"]).await;
    let (name, url) = (stack.table.name(), stack.dynamodb.url());
    let expected = format!(
        "table {name} at {url}, app someappKey\n2 in room lobby\nread 2 units in 2 requests\n"
    );
    assert_eq!(said, expected);
    assert!(stderr(&stack, &["members", "lobby", "--quiet"]).await.is_empty());
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
async fn the_samples_secret_signs_nothing_for_another_machine() {
    let url = "https://api.example.com/chatroom_status_sync";
    let elsewhere = ["--url", url, "--app-key", "my-app"];
    let repair = ["repair", "r", "--yes", "--endpoint-url", "http://127.0.0.1:1"];
    let load = ["load", "--endpoint-url", "http://127.0.0.1:1"];
    for command in [&["event", "create", "--room", "r", "--curl"][..], &repair, &load] {
        let output = chatroom(&[command, &elsewhere].concat()).await;
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("which secret? Give --secret, or set APP_SECRET"), "{said}");
    }
    let event = [&["event", "create", "--room", "r", "--curl", "--secret", "s"], &elsewhere[..]];
    assert!(stdout(&event.concat()).await.contains(url));
}

#[tokio::test]
async fn the_port_of_callbacks_is_told_from_that_of_the_table() {
    let stack = deployment().await;
    let url = stack.api_gateway.url();
    let output = chatroom(&["rooms", "--endpoint-url", url]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("answers, but not as DynamoDB does: is this the address"), "{said}");
}

#[tokio::test]
async fn an_event_that_cannot_be_sent_is_an_error_that_says_what_to_do() {
    for (url, words) in [
        ("http://127.0.0.1:9/x", "nothing listens at 127.0.0.1:9: is `chatroom serve` running?"),
        ("127.0.0.1:9", "is no http or https URL without a query"),
    ] {
        let output = chatroom(&["event", "create", "--room", "r", "--url", url]).await;
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{said}");
    }
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

#[tokio::test]
async fn a_closed_standard_output_ends_every_command_without_an_error() {
    let stack = lobby_and_stage().await;
    let access = [&access(&stack)[..], &["--quiet"]].concat();
    let mut commands = vec![
        vec!["demo"],
        vec!["estimate"],
        vec!["event", "create", "--room", "r"],
        vec!["completions", "bash"],
        vec!["man"],
        vec!["--help"],
        vec!["members", "--help"],
    ];
    for question in [
        &["members", "lobby"][..],
        &["member", "lobby", "anna"],
        &["room", "lobby"],
        &["count", "lobby"],
        &["rooms", "--count"],
        &["user", "anna"],
    ] {
        for form in ["table", "json", "jsonl", "csv", "tsv"] {
            commands.push([question, &["-o", form], &access].concat());
        }
    }
    for arguments in commands {
        let mut command = support::chatroom();
        command.args(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        drop(running.stdout.take());
        let output =
            tokio::task::spawn_blocking(|| running.wait_with_output()).await.unwrap().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.is_empty(), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn an_event_about_users_is_refused_without_any() {
    for kind in ["join", "leave"] {
        let output = chatroom(&["event", kind, "--room", "r"]).await;
        assert!(!output.status.success() && output.stdout.is_empty());
        assert!(String::from_utf8(output.stderr).unwrap().contains("give --user"));
    }
}

#[tokio::test]
async fn every_command_shows_examples_of_itself() {
    let help = stdout(&["--help"]).await;
    let (_, commands) = help.split_once("Read the table:").unwrap();
    let (commands, _) = commands.split_once("Options:").unwrap();
    let rows = commands.lines().filter_map(|line| line.strip_prefix("  "));
    let names: Vec<_> = rows.map(|row| row.split(' ').next().unwrap()).collect();
    assert!(names.len() > 14, "{names:?}");
    for name in names.into_iter().filter(|&name| name != "help" && name != "dead-letters") {
        let help = stdout(&[name, "--help"]).await;
        assert!(help.contains("Examples:\n  "), "{name}");
        assert!(help.contains(&format!("chatroom {name}")), "{name}");
        // An example that is broken where the terminal ends cannot be copied.
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        let examples = examples.lines().take_while(|line| !line.is_empty());
        examples.for_each(|line| assert!(line.len() <= 80 && line.starts_with("  "), "{line}"));
    }
}

#[tokio::test]
async fn completions_and_manual_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(stdout(&["completions", shell]).await.contains("dead-letters"), "{shell}");
    }
    assert!(stdout(&["man"]).await.contains(".TH chatroom 1"));
    let folder = std::env::temp_dir().join(format!("chatroom-man-{}", std::process::id()));
    assert!(stdout(&["man", folder.to_str().unwrap()]).await.is_empty());
    let page = std::fs::read_to_string(folder.join("chatroom-members.1")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(page.contains("banned"), "{page}");
}

#[tokio::test]
async fn a_wrong_argument_is_refused_with_a_reason() {
    for (arguments, reason) in [
        (&["members", ""][..], "is empty"),
        (&["rooms", "--app-key", "a#b"][..], "contains '#'"),
        (&["event", "join", "--room", "r", "--time", "soon"][..], "13 digits"),
        (&["members", "r", "--since", "soon"][..], "an age such as 1h"),
        (&["members", "r", "--json", "-o", "csv"][..], "cannot be used with"),
    ] {
        let output = chatroom(arguments).await;
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
    assert!(stdout(&["--help"]).await.contains("members"));
}
