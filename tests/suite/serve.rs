//! `chatroom serve`, as a local cloud: kept, locked, told, and ended without loss.

use std::{convert::Infallible, time::Duration};

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use axum::{Router, body::Body, http::header::CONTENT_TYPE, routing::get};
use chatroom_status_sync::{
    domain::event::Kind,
    local::{ListenAddresses, im_server::WireEvent, server::Server},
};
use futures_util::{StreamExt, stream};
use rusqlite::Connection;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{
    now, rows,
    served::{Folder, Served, refused, until},
    signed,
};

/// An event of now, or of some milliseconds later, so that nothing expires.
fn event(kind: Kind, users: &[&str], later: u64) -> WireEvent {
    let time = now().after(Duration::from_millis(later));
    WireEvent::new("room", users, kind.number(), 0, time)
}

async fn received(served: &Served) -> Option<Message> {
    let (client, url) = served.queue();
    let received = client
        .receive_message()
        .queue_url(url)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .visibility_timeout(900)
        .send()
        .await;
    received.unwrap().messages.unwrap_or_default().pop()
}

async fn sent(served: &Served, body: &str, delay: i32) -> String {
    let (client, url) = served.queue();
    let sent = client.send_message().queue_url(url).message_body(body).delay_seconds(delay);
    sent.send().await.unwrap().message_id.unwrap()
}

/// Waits until an attribute of Ann has a value: what a callback changes may come by a queue.
async fn until_ann_is(served: &Served, name: &str, value: &str) {
    let (table, ann) = (served.table(), ("ROOM#someappKey#room".into(), "USER#ann".into()));
    let what = format!("{name} is {value}");
    until(&what, async || {
        rows(&table).await.get(&ann).is_some_and(|ann| ann.get(name).is_some_and(|is| is == value))
    })
    .await;
}

/// The number of messages whose first delay is not over.
async fn delayed(served: &Served) -> String {
    let (client, url) = served.queue();
    let name = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
    let told = client.get_queue_attributes().queue_url(url).attribute_names(name.clone());
    told.send().await.unwrap().attributes.unwrap()[&name].clone()
}

#[tokio::test]
async fn messages_outlive_a_kill_with_their_ids_times_receives_and_delays() {
    let folder = Folder::new();
    let served = Served::start(&folder.arguments(), &[]).await;
    let first = sent(&served, "first", 0).await;
    let later = sent(&served, "later", 900).await;
    let before = received(&served).await.unwrap();
    assert!(received(&served).await.is_none(), "it is in flight");
    served.kill().await;

    let served = Served::start(&folder.arguments(), &[]).await;
    let after = received(&served).await.expect("whoever had it in flight is gone");
    let told = |message: &Message, name| message.attributes.as_ref().unwrap()[&name].clone();
    let (time, receives) = (
        MessageSystemAttributeName::SentTimestamp,
        MessageSystemAttributeName::ApproximateReceiveCount,
    );
    assert_eq!(after.message_id.as_ref(), Some(&first));
    assert_eq!(after.body.as_deref(), Some("first"));
    assert_eq!(told(&after, time.clone()), told(&before, time));
    assert_eq!(told(&after, receives), "2");
    assert_eq!(delayed(&served).await, "1");
    let (client, url) = served.queue();
    let deletion = client.delete_message().queue_url(url).set_receipt_handle(after.receipt_handle);
    deletion.send().await.unwrap();
    let new = sent(&served, "new", 900).await;
    assert!(new != first && new != later, "{new}");
    served.kill().await;

    let served = Served::start(&folder.arguments(), &[]).await;
    assert!(received(&served).await.is_none(), "what was deleted stays deleted");
    assert_eq!(delayed(&served).await, "2");
    let newest = sent(&served, "newest", 0).await;
    assert!(![first, later, new].contains(&newest), "{newest}");
}

#[tokio::test]
async fn a_sweep_is_done_even_if_a_kill_comes_before_it() {
    let folder = Folder::new();
    let delay = [("SWEEP_DELAY_SECONDS", "1")];
    let served = Served::start(&folder.arguments(), &delay).await;
    let end = event(Kind::Destroy, &[], 1);
    assert_eq!(served.send(&[event(Kind::Join, &["ann"], 0), end]).await, 200);
    served.kill().await;

    let served = Served::start(&folder.arguments(), &delay).await;
    until_ann_is(&served, "reason", "room_destroyed").await;
}

#[tokio::test]
async fn a_second_serve_on_the_same_data_is_refused_until_the_first_is_gone() {
    let folder = Folder::new();
    let served = Served::start(&folder.arguments(), &[]).await;
    let said = refused(&folder.arguments()).await;
    let path = folder.0.display();
    assert_eq!(
        said,
        format!(
            "error: the data in {path} is in use by another process: end that one, or give another \
             folder\n"
        )
    );
    served.kill().await;
    Served::start(&folder.arguments(), &[]).await;
}

#[tokio::test]
async fn a_file_instead_of_a_folder_is_refused_with_what_to_do_and_stays_as_it_is() {
    let folder = Folder::new();
    std::fs::create_dir(&folder.0).unwrap();
    let file = folder.join("chatrooms.db");
    std::fs::write(&file, "a table").unwrap();
    let said = refused(&["--data", file.to_str().unwrap()]).await;
    assert!(said.contains("chatrooms.db is a file, and the data is a folder now"), "{said}");
    assert!(said.contains("into it as table.db"), "{said}");
    assert_eq!(said.lines().count(), 1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a table");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_option_for_another() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    for option in ["--port", "--dynamodb-port", "--sqs-port"] {
        let said = refused(&["--memory", option, &port]).await;
        assert_eq!(
            said,
            format!(
                "error: port {port} is taken by another program: end it or give another port with \
                 {option}\n"
            )
        );
    }
}

#[tokio::test]
async fn a_callback_that_is_under_way_at_the_end_is_answered_and_kept() {
    let folder = Folder::new();
    let served = Served::start(&folder.arguments(), &[]).await;
    let callback = signed(&[event(Kind::Join, &["ann"], 0)]);
    let url = callback.url(served.place("callbacks"));
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    let (beginning, rest) = callback.body.split_at(10);
    let length = callback.body.len();
    // The server asks for the body as soon as the request is under way.
    let head = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n\
         expect: 100-continue\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    connection.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(beginning.as_bytes()).await.unwrap();

    served.terminate().await;
    until("new connections are refused", async || TcpStream::connect(host).await.is_err()).await;
    connection.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let (status, last) = served.ended().await;
    assert_eq!(status.code(), Some(0));
    let path = folder.0.display();
    assert_eq!(last, format!("ended: every request was answered, the data is in {path}"));

    let served = Served::start(&folder.arguments(), &[]).await;
    until_ann_is(&served, "membership", "joined").await;
}

#[tokio::test]
async fn a_stream_of_events_ends_with_its_server() {
    let events = async || {
        let endless = stream::once(async { Ok::<_, Infallible>("data: first\n\n") });
        let endless = endless.chain(stream::pending());
        ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(endless))
    };
    let app = Router::new().route("/", get(events));
    let mut server = Server::start(ListenAddresses::free().callback, app).await.unwrap();
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut heard = String::new();
    while !heard.contains("data: first") {
        heard.push(char::from(connection.read_u8().await.unwrap()));
    }
    assert!(server.end().await, "it waited in vain");
    connection.read_to_string(&mut heard).await.unwrap();
    assert!(heard.ends_with("0\r\n\r\n"), "the stream is whole: {heard}");
}

#[tokio::test]
async fn the_first_lines_say_where_the_data_is_and_fit_a_terminal() {
    let folder = Folder::new();
    let kept = Served::start(&folder.arguments(), &[]).await;
    assert_eq!(kept.told[0], format!("data         {}", folder.0.display()));
    let memory = Served::start(&["--memory"], &[]).await;
    assert_eq!(memory.told[0], "data         in memory, gone at the end");
    for line in kept.told.iter().skip(1).chain(&memory.told) {
        assert!(line.len() <= 80 || line.starts_with("  curl "), "{line}");
    }
    memory.terminate().await;
    let (status, last) = memory.ended().await;
    assert_eq!(status.code(), Some(0));
    assert_eq!(last, "ended: every request was answered, the data in memory is gone");
}

#[tokio::test]
async fn the_stream_is_on_and_its_records_are_found_by_an_index_and_kept_for_a_day() {
    let folder = Folder::new();
    let served = Served::start(&folder.arguments(), &[]).await;
    served.send(&[event(Kind::Join, &["ann", "ben"], 0)]).await;
    let table = served.table();
    let described = table.client().describe_table().table_name(table.name()).send().await.unwrap();
    assert!(described.table.unwrap().latest_stream_arn.is_some());
    let file = folder.join("table.db");
    let records = || {
        let count = "SELECT COUNT(*) FROM _stream_records";
        Connection::open(&file).unwrap().query_row(count, [], |row| row.get::<_, u32>(0)).unwrap()
    };
    until("two members and their room", async || records() >= 3).await;
    served.terminate().await;
    served.ended().await;

    // The engine's own SQL, by which it numbers each record.
    let plan = "EXPLAIN QUERY PLAN \
        SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records \
        WHERE table_name = ?1";
    let connection = Connection::open(&file).unwrap();
    let found: String = connection.query_row(plan, ["chatrooms"], |row| row.get("detail")).unwrap();
    assert!(found.contains("_stream_records_in_order"), "{found}");

    let yesterday = now().seconds() - 24 * 60 * 60 - 1;
    let age = "UPDATE _stream_records SET created_at = ?1";
    connection.execute(age, [yesterday]).unwrap();
    drop(connection);
    let served = Served::start(&folder.arguments(), &[]).await;
    served.terminate().await;
    served.ended().await;
    assert_eq!(records(), 1, "the newest stays");
}
