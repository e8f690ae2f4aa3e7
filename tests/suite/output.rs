//! Snapshots of what people and programs see. `UPDATE_EXPECT=1 cargo test` writes them anew.

use std::process::Command;

use axum::{Router, http::StatusCode};
use chatroom_status_sync::local::Stack;
use expect_test::{ExpectFile, expect_file};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{EventBuilder, create, deployment, destroy, join, leave, send};

/// The commands that read, each of which has a few things to say about the rooms below.
const QUESTIONS: [&[&str]; 11] = [
    &["members", "lobby"],
    &["members", "lobby", "--left"],
    &["members", "lobby", "--all"],
    &["members", "stage"],
    &["member", "lobby", "ben"],
    &["room", "stage"],
    &["room", "lobby", "--count"],
    &["count", "lobby"],
    &["rooms"],
    &["rooms", "--top", "1"],
    &["user", "anna"],
];

/// A room with somebody who was banned from it, a room that ended, and one that nobody created.
async fn rooms() -> Stack {
    let stack = deployment().await;
    send(&stack, &[create("lobby"), join("lobby", ["anna", "ben", "carl"]).at(1000)]).await;
    send(&stack, &[join("stage", "anna").at(1), leave("lobby", "ben").banned().at(5025)]).await;
    send(&stack, &[destroy("stage").auto_destroyed().at(6)]).await;
    send(&stack, &[join("the garden behind the house", "anna").at(7_200_000)]).await;
    stack
}

/// Runs the command line without any setting but these, and shows its output as a terminal has it:
/// the command, standard output, standard error, and an exit code that is not zero.
fn run(arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_chatroom"))
        .args(arguments)
        .env_clear()
        .envs([("HOME", "/nonexistent"), ("TZ", "IST-5:30")])
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    let [shown, said] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let code = match output.status.code() {
        Some(0) => String::new(),
        code => format!("(exit code {})\n", code.unwrap()),
    };
    format!("{shown}{said}{code}")
}

/// Asks about the table of a deployment. Its address, its name and ages become those of every run.
fn ask(stack: &Stack, arguments: &[&str], columns: &str) -> String {
    let access = ["--endpoint-url", stack.dynamodb.url(), "--table", stack.table.name()];
    let shown = run(&[arguments, &access].concat(), &[("COLUMNS", columns)]);
    let shown = shown.replace(stack.dynamodb.url(), "http://127.0.0.1:8000");
    let shown = shown.replace(stack.table.name(), "chatrooms");
    format!("$ chatroom {}\n{}\n", arguments.join(" "), without_ages(&shown))
}

/// Leaves out how many years ago something was. It has one digit until 2033.
fn without_ages(text: &str) -> String {
    let parts: Vec<_> = text.split(" years ago)").collect();
    let (last, others) = parts.split_last().unwrap();
    let others = others.iter().map(|part| {
        let (rest, digit) = part.split_at(part.len() - 1);
        assert!(digit.parse::<u8>().is_ok(), "{text}");
        format!("{rest}N years ago)")
    });
    others.collect::<String>() + last
}

fn compare(stack: &Stack, form: &str, columns: &str, expected: ExpectFile) {
    let shown = QUESTIONS.map(|question| ask(stack, &[question, &["-o", form]].concat(), columns));
    expected.assert_eq(&shown.concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_look_so_in_every_form() {
    let stack = rooms().await;
    compare(&stack, "table", "80", expect_file!["output/table-80.txt"]);
    compare(&stack, "table", "120", expect_file!["output/table-120.txt"]);
    compare(&stack, "json", "80", expect_file!["output/json.txt"]);
    compare(&stack, "jsonl", "80", expect_file!["output/jsonl.txt"]);
    compare(&stack, "csv", "80", expect_file!["output/csv.txt"]);
    compare(&stack, "tsv", "80", expect_file!["output/tsv.txt"]);
}

/// Ids that clear the screen, fake a row, turn text around or hide, and wide ones.
const HOSTILE: [&str; 8] = [
    "\u{1b}[2J\u{1b}[H\u{9b}31m",
    "two\nlines\tand a tab\r",
    "gnp.\u{202e}exe\u{2066}.\u{200b}\u{feff}\u{61c}",
    "=1+1,\"quoted\"",
    "a-long-id-of-64-bytes-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "聊天室用户一二三",
    "🦀👍🏽",
    "an\u{a0}na\u{ad}\u{3164}\u{e0041}",
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_ids_are_shown_and_do_nothing() {
    let stack = deployment().await;
    send(&stack, &HOSTILE.map(|room| join(room, HOSTILE))).await;
    let mut answers = Vec::new();
    for form in ["table", "json", "jsonl", "csv", "tsv"] {
        for question in [
            &["members", HOSTILE[0]][..],
            &["members", HOSTILE[0], "--all"],
            &["member", HOSTILE[0], HOSTILE[1]],
            &["room", HOSTILE[2]],
            &["rooms"],
            &["user", HOSTILE[2]],
            &["user", HOSTILE[2], "--app-key", HOSTILE[1]],
        ] {
            let asked = ask(&stack, &[question, &["-o", form]].concat(), "80");
            // The first line is the command, as the test has it.
            let (_, answer) = asked.split_once(&format!("-o {form}\n")).unwrap();
            answers.push(format!("# {} -o {form}\n{answer}", question[0]));
        }
    }
    let shown = answers.concat();
    expect_file!["output/hostile.txt"].assert_eq(&shown);
    let harmless = |letter: char| letter == '\n' || !is_hostile(letter);
    assert!(shown.replace('\t', "").chars().all(harmless));
}

fn is_hostile(letter: char) -> bool {
    let bidirectional = matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}');
    bidirectional
        || letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200d}' | '\u{202a}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(letter, '\u{a0}' | '\u{ad}' | '\u{3164}' | '\u{e0000}'..='\u{e007f}')
}

#[test]
fn hostile_arguments_are_shown_and_do_nothing() {
    let local = ["--endpoint-url", "http://127.0.0.1:8000"];
    let mut shown = String::new();
    for &hostile in &HOSTILE[..3] {
        for arguments in [
            &[hostile][..],
            &["members", "r", hostile],
            &["members", "r", "--since", hostile],
            &["rooms", "--app-key", &format!("{hostile}#")],
            &["rooms", "--endpoint-url", hostile],
            &["rooms", "--profile", hostile, "--table", "t", "--app-key", "a"],
            &["event", hostile, "--room", "r"],
            &[
                "event",
                "create",
                "--room",
                hostile,
                "--curl",
                "--timestamp",
                "1574476797772",
                "--time",
                "1574476797772",
            ],
            &[&["sweep", hostile, "--queue", hostile][..], &local].concat(),
        ] {
            shown += &run(arguments, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]);
        }
    }
    expect_file!["output/hostile-arguments.txt"].assert_eq(&shown);
    assert!(shown.chars().all(|letter| letter == '\n' || !is_hostile(letter)));
}

/// A machine that is none of EC2, and says so at once.
const NOWHERE: [(&str, &str); 1] = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")];
const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "example"), ("AWS_SECRET_ACCESS_KEY", "example")];

const PROFILES: &str = "
[profile of-sso]
region = eu-central-1
sso_session = session
sso_account_id = 123456789012
sso_role_name = reader
[sso-session session]
sso_region = eu-central-1
sso_start_url = https://nohost.invalid/start
[profile of-process]
region = eu-central-1
credential_process = /bin/false
[profile of-role]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = gone
[profile empty]
region = eu-central-1
[profile without-region]
aws_access_key_id = example
aws_secret_access_key = example
";

#[test]
fn what_is_missing_is_named_in_one_sentence_with_what_to_do() {
    let names = ["--table", "t", "--app-key", "a"];
    let ask = |more: &[&str], settings: &[&[(&str, &str)]]| {
        let settings = [&[&NOWHERE[..]], settings].concat().concat();
        let shown = run(&[&["members", "r"], more].concat(), &settings);
        format!("$ chatroom members r {}\n{shown}", more.join(" "))
    };
    let with_names =
        |more: &[&str], settings: &[&[(&str, &str)]]| ask(&[&names[..], more].concat(), settings);
    let home = std::env::temp_dir().join(format!("chatroom-home-{}", std::process::id()));
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), PROFILES).unwrap();
    let home = [("HOME", home.to_str().unwrap())];
    let with_profile = |name: &str| with_names(&["--profile", name], &[&home]);
    let elsewhere = "http://nohost.invalid:8000";
    let said = [
        ask(&[], &[]),
        ask(&[], &[&[("TABLE_NAME", "")]]),
        ask(&["--table", "t"], &[]),
        with_names(&[], &[]),
        with_names(&["--region", "eu-central-1"], &[]),
        with_names(&[], &[&KEYS]),
        with_names(&["--region", "eu central"], &[&KEYS]),
        with_names(&["--profile", "nope"], &[]),
        with_names(&[], &[&KEYS, &[("AWS_PROFILE", "nope")]]),
        with_profile("of-sso"),
        with_profile("of-process"),
        with_profile("of-role"),
        with_profile("empty"),
        with_profile("without-region"),
        ask(&["--endpoint-url", "http://127.0.0.1:9"], &[]),
        ask(&["--endpoint-url", "127.0.0.1:8000"], &[]),
        ask(&["--endpoint-url", "http://127.0.0.1:9", "--region", "eu central"], &[]),
        with_names(&["--endpoint-url", elsewhere, "--region", "eu-central-1"], &[&KEYS]),
    ];
    std::fs::remove_dir_all(home[0].1).unwrap();
    expect_file!["output/missing.txt"].assert_eq(&said.concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_aws_are_worded_in_one_sentence_with_what_to_do() {
    let mut said = Vec::new();
    for (code, message) in [
        ("ResourceNotFoundException", "Requested resource not found"),
        (
            "AccessDeniedException",
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: dynamodb:GetItem \
             on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/t because no \
             identity-based policy allows the dynamodb:GetItem action",
        ),
        ("ExpiredTokenException", "The security token included in the request is expired"),
        ("UnrecognizedClientException", "The security token included in the request is invalid."),
        ("ProvisionedThroughputExceededException", "Too fast"),
        ("ValidationException", "No such thing"),
    ] {
        let body =
            json!({"__type": format!("com.amazon.coral.service#{code}"), "message": message});
        let router =
            Router::new().fallback(|| async move { (StatusCode::BAD_REQUEST, body.to_string()) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async { axum::serve(listener, router).await });
        let shown = run(&["members", "r", "--endpoint-url", &url], &[]);
        server.abort();
        said.push(format!("# {code}\n{}", shown.replace(&url, "http://127.0.0.1:8000")));
    }
    expect_file!["output/refused.txt"].assert_eq(&said.concat());
}

#[test]
fn the_help_of_the_program_looks_so() {
    expect_file!["output/help.txt"].assert_eq(&run(&["--help"], &[]));
    expect_file!["output/help-members.txt"].assert_eq(&run(&["members", "--help"], &[]));
}
