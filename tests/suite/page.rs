//! The page over HTTP, as `chatroom serve` and `chatroom console` show it. `.ci/page` looks at it with
//! a browser.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
};

use chatroom_status_sync::{
    local::{
        Stack,
        im_server::{SignedCallback, WireEvent, body_of},
    },
    table::schema,
};
use ureq::{Agent, http::Response};

use crate::support::{
    self, EventBuilder, NOBODY, create, deployment, destroy, join, leave, now, send, served::until,
};

/// A program that shows a page. Dropping this ends it.
struct Page {
    program: Child,
    /// `127.0.0.1` and the port.
    host: String,
    agent: Agent,
}

impl Page {
    /// Starts `chatroom serve`.
    fn serve() -> Self {
        let ports = ["--port", "0", "--dynamodb-port", "0", "--sqs-port", "0"];
        let mut command = support::chatroom();
        command.args(["serve", "--memory"]).args(ports);
        Self::of(command)
    }

    /// Starts `chatroom console` for a table of a deployment.
    fn console(stack: &Stack, table: &str) -> Self {
        let mut command = support::chatroom();
        command.args(["console", "--port", "0", "--table", table]);
        command.args(["--endpoint-url", stack.dynamodb.url()]);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut program = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let host = lines
            .find_map(|line| {
                let line = line.unwrap();
                let url = line.strip_prefix("page").and_then(|rest| rest.split_once("http://"));
                url.map(|(_, rest)| rest.split('/').next().unwrap().to_owned())
            })
            .expect("the page's address");
        // The log must be read, or it stops the program.
        thread::spawn(move || lines.for_each(drop));
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        Self { program, host, agent: config.build().into() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Gets a page, with what stands in its query string.
    fn get(&self, parameters: &[(&str, &str)]) -> String {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let mut answer = self.agent.get(self.url(&format!("/?{query}"))).call().unwrap();
        assert_eq!(answer.status(), 200);
        answer.body_mut().read_to_string().unwrap()
    }

    /// Gets a path with these headers.
    fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Response<ureq::Body> {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.call().unwrap()
    }

    /// Posts a form with these headers. Gives the status.
    fn post(&self, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> u16 {
        let mut request = self.agent.post(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send_form(form.iter().copied()).unwrap().status().as_u16()
    }

    /// Sends events to the endpoint of callbacks.
    fn call_back(&self, events: &[WireEvent]) {
        let callback = SignedCallback::now(body_of(events));
        let url = callback.url(&self.url("/chatroom_status_sync"));
        assert_eq!(self.agent.post(url).send(callback.body).unwrap().status(), 200);
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// An event of now, which fixtures do not make.
fn new(event: WireEvent) -> WireEvent {
    WireEvent { time: now(), ..event }
}

const FORM: [(&str, &str); 4] =
    [("kind", "join"), ("room", "lobby"), ("users", "anna, ben"), ("status", "0")];

#[test]
fn a_callback_is_shown_with_its_answer_its_room_and_its_members() {
    let page = Page::serve();
    assert!(page.get(&[]).contains("No callback has come yet."));
    page.call_back(&[new(join("lobby", ["anna", "ben"]))]);
    page.call_back(&[new(leave("lobby", "ben").banned())]);
    let shown = page.get(&[("room", "lobby")]);
    assert!(shown.contains("2 callbacks since the start."), "{shown}");
    assert!(shown.contains("/?user=anna#detail") && !members_of(&shown).contains("ben"));
    let left = page.get(&[("room", "lobby"), ("show", "left")]);
    assert!(members_of(&left).contains("ben") && members_of(&left).contains("banned"));
    assert!(page.get(&[("user", "anna")]).contains("/?room=lobby#detail"));
    assert!(page.get(&[("q", "LOB")]).contains("/?room=lobby&amp;q=LOB#detail"));
    assert!(page.get(&[("outcome", "refused")]).contains("None of the last 2 callbacks"));
}

/// The part of a page that shows the chosen room.
fn members_of(page: &str) -> &str {
    let (_, detail) = page.split_once("id=\"detail\"").unwrap();
    detail.split_once("</section>").unwrap().0
}

#[test]
fn ids_are_escaped_wherever_they_stand() {
    let page = Page::serve();
    let hostile =
        ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "a\u{202e}b\u{0}\n"];
    for id in hostile {
        page.call_back(&[new(join(id, hostile)), new(create(id)).of_type(7)]);
    }
    for name in ["room", "user", "q", "filter", "after", "outcome", "sent"] {
        for id in hostile {
            let shown = page.get(&[(name, id), ("room", id)]);
            for raw in ["<script>alert", "<img", "\u{202e}", "\u{0}"] {
                assert!(!shown.contains(raw), "{raw:?} for {name}");
            }
        }
    }
    let shown = page.get(&[("room", hostile[2])]);
    assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(shown.contains(r"<bdi class=") && shown.contains(r"a\u{202e}b\u{0}\n"));
}

#[test]
fn what_is_for_another_host_is_refused_except_callbacks() {
    let page = Page::serve();
    let port = page.host.split_once(':').unwrap().1;
    let local = format!("localhost:{port}");
    let elsewhere = format!("rebound.example:{port}");
    for path in ["/", "/console/changes", "/console/script.js", "/rooms", "/openapi.json"] {
        for host in [&*elsewhere, "127.0.0.1", "127.0.0.1:1", "localhost.example", ""] {
            assert_eq!(page.ask(path, &[("host", host)]).status(), 403, "{path} at {host:?}");
        }
    }
    assert_eq!(page.ask("/", &[("host", &local)]).status(), 200);
    let callback = SignedCallback::now(body_of(&[new(join("lobby", "anna"))]));
    let url = callback.url(&page.url("/chatroom_status_sync"));
    let request = page.agent.post(url).header("host", &elsewhere);
    assert_eq!(request.send(callback.body).unwrap().status(), 200);
}

#[test]
fn another_page_can_neither_read_the_page_nor_send_by_it() {
    let page = Page::serve();
    let own = page.url("");
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
        &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")],
    ] {
        assert_eq!(page.ask("/", headers).status(), 403, "{headers:?}");
        assert_eq!(page.ask("/rooms", headers).status(), 403, "{headers:?}");
        assert_eq!(page.post("/console/send", headers, &FORM), 403, "{headers:?}");
    }
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    assert_eq!(page.ask("/", &link).status(), 200);
    assert_eq!(page.post("/console/send", &link, &FORM), 403);
    assert_eq!(page.post("/console/send", &[], &FORM), 403);
    assert!(page.get(&[]).contains("No callback has come yet."));
    assert_eq!(page.post("/console/send", &[("origin", &own)], &FORM), 303);
    assert_eq!(page.post("/console/send", &[("sec-fetch-site", "same-origin")], &FORM), 303);
    assert!(page.get(&[]).contains("2 callbacks since the start."));
}

#[test]
fn the_browser_is_told_to_load_nothing_but_the_pages_own_files() {
    let page = Page::serve();
    let answer = page.ask("/", &[]);
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    let files = page.url("/console");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains(&format!("script-src {files}/script.js;")), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");
    for file in ["style.css", "script.js", "icon.svg"] {
        assert_eq!(page.ask(&format!("/console/{file}"), &[]).status(), 200);
    }
    let shown = page.get(&[]);
    assert!(!shown.contains("style=") && !shown.contains("<style"), "inline style: {shown}");
    assert_eq!(shown.matches("<script").count(), 1);
}

#[test]
fn a_form_that_lacks_something_comes_back_with_what_was_typed() {
    let page = Page::serve();
    let origin = page.url("");
    let form = [("kind", "join"), ("room", "lo\"bby"), ("users", " , "), ("status", "2")];
    let request = page.agent.post(page.url("/console/send")).header("origin", &origin);
    let mut answer = request.send_form(form).unwrap();
    assert_eq!(answer.status(), 422);
    let shown = answer.body_mut().read_to_string().unwrap();
    assert!(shown.contains("Name the users") && shown.contains("value=\"lo&quot;bby\""));
    assert!(shown.contains("<option value=\"2\" selected>"));
}

#[test]
fn a_callback_is_sent_again_as_long_as_it_is_kept() {
    let page = Page::serve();
    let origin = page.url("");
    page.call_back(&[new(join("lobby", "anna"))]);
    assert_eq!(page.post("/console/again", &[("origin", &origin)], &[("number", "1")]), 303);
    assert_eq!(page.post("/console/again", &[("origin", &origin)], &[("number", "9")]), 422);
    assert!(page.get(&[("outcome", "stale")]).contains("1 of the last 2 callbacks."));
    for number in 0..210 {
        page.call_back(&[new(join("lobby", &format!("user-{number}")))]);
    }
    let shown = page.get(&[]);
    assert!(shown.contains("The last 100 of 212."), "{shown}");
    assert_eq!(page.post("/console/again", &[("origin", &origin)], &[("number", "1")]), 422);
}

#[test]
fn a_room_of_several_pages_shows_everybody_once() {
    let page = Page::serve();
    let users: Vec<_> = (0..250).map(|number| format!("user-{number:03}")).collect();
    page.call_back(&[new(join("stadium", &users))]);
    page.call_back(&[new(leave("stadium", &users[..20]))]);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let mut parameters = vec![("room", "stadium")];
        parameters.extend(after.as_deref().map(|user| ("after", user)));
        let shown = page.get(&parameters);
        let links = members_of(&shown).split("/?user=").skip(1);
        seen.extend(links.map(|link| link.split('#').next().unwrap().to_owned()));
        let next = members_of(&shown).split_once("&amp;after=");
        after = next.map(|(_, rest)| rest.split('#').next().unwrap().to_owned());
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, users[20..]);
}

#[test]
fn an_open_page_hears_what_has_changed() {
    let page = Page::serve();
    let mut stream = TcpStream::connect(&page.host).unwrap();
    write!(stream, "GET /console/changes HTTP/1.1\r\nhost: {}\r\n\r\n", page.host).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    // The stream is open once its head is here.
    assert!(lines.any(|line| line == "content-type: text/event-stream"));
    page.call_back(&[new(join("lobby", "anna"))]);
    assert!(lines.any(|line| line.starts_with("data: ") && line.contains("callbacks")));
    assert!(lines.any(|line| line.starts_with("data: ") && line.contains("rooms")));
    let parts = page.get(&[("parts", "callbacks,rooms")]);
    assert!(
        parts.starts_with("<section id=\"callbacks\"") && parts.contains("<section id=\"rooms\"")
    );
    assert!(!parts.contains("<html") && !parts.contains("id=\"queues\""));
}

#[test]
fn the_readers_routes_answer_beside_the_page() {
    let page = Page::serve();
    page.call_back(&[new(join("lobby", "anna"))]);
    let mut answer = page.ask("/members?room=lobby", &[]);
    assert_eq!(answer.status(), 200);
    assert!(answer.body_mut().read_to_string().unwrap().contains(r#""userId":"anna""#));
    assert_eq!(page.ask("/nowhere", &[]).status(), 404);
}

#[tokio::test]
async fn a_console_shows_a_table_and_sends_nothing() {
    let stack = deployment().await;
    send(&stack, &[join("lobby", ["anna", "ben"]), join("stage", "carl")]).await;
    send(&stack, &[destroy("stage").at(5)]).await;
    let page = Page::console(&stack, stack.table.name());
    let shown = page.get(&[("room", "lobby")]);
    assert!(shown.contains("read-only") && shown.contains("1 room, 2 members"), "{shown}");
    assert!(members_of(&shown).contains("anna"));
    assert!(!shown.contains("method=\"post\"") && !shown.contains("id=\"callbacks\""));
    assert!(!shown.contains("id=\"queues\""));
    assert!(page.get(&[("room", "stage")]).contains("Nobody is in it."));
    let origin = page.url("");
    for path in ["/console/send", "/console/again", "/", "/chatroom_status_sync"] {
        let status = page.post(path, &[("origin", &origin)], &FORM);
        assert!([404, 405].contains(&status), "{path}: {status}");
    }
    assert_eq!(page.ask("/", &[("host", "rebound.example")]).status(), 403);
}

#[tokio::test]
async fn a_console_hears_the_changes_of_its_table() {
    let stack = deployment().await;
    schema::enable_stream(stack.table.client(), stack.table.name()).await.unwrap();
    let page = Page::console(&stack, stack.table.name());
    // From when on it hears is its own affair, so that people come until one is heard.
    let mut people = 0;
    until("a change is shown", async || {
        people += 1;
        send(&stack, &[join("lobby", &format!("user-{people}"))]).await;
        page.get(&[("filter", "user-")]).contains("/?user=user-")
    })
    .await;
    assert!(page.get(&[]).contains("</svg>joined</span>"));
    assert!(page.get(&[("filter", "nobody")]).contains("is like that"));
}

#[tokio::test]
async fn a_console_of_a_table_without_a_stream_says_how_to_switch_it_on() {
    let stack = deployment().await;
    let page = Page::console(&stack, stack.table.name());
    until("the trouble is told", async || {
        page.get(&[]).contains("has no stream; switch it on with: aws dynamodb update-table")
    })
    .await;
}

#[tokio::test]
async fn a_console_of_nothing_says_what_there_is_not() {
    let stack = deployment().await;
    let page = Page::console(&stack, stack.table.name());
    assert!(page.get(&[]).contains("No room is active."));
    let shown = page.get(&[("room", "nowhere")]);
    assert!(shown.contains("Nothing is known of a room of exactly this id."));
    assert!(page.get(&[("user", "nobody")]).contains("is in no room"));
    let long = "x".repeat(300);
    assert!(page.get(&[("room", &long)]).contains("more than 256 bytes"));
    let mut command = support::chatroom();
    command.args(["console", "--port", "0", "--table", "no-table"]);
    let output = command.args(["--endpoint-url", stack.dynamodb.url()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no table no-table"));
}

#[test]
fn a_large_body_is_named_but_not_kept() {
    let page = Page::serve();
    let users: Vec<_> = (0..8000).map(|number| format!("a-rather-long-user-{number}")).collect();
    page.call_back(&[new(create("stadium")).naming(&users)]);
    page.call_back(&[new(create("lobby")).naming(NOBODY)]);
    page.call_back(&[new(join("lobby", &users[..100]))]);
    let mut body = page.ask("/console/body?number=3", &[]);
    assert_eq!(body.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(body.body_mut().read_to_string().unwrap().contains(&users[99]));
    assert_eq!(page.ask("/console/body?number=1", &[]).status(), 404);
    let shown = page.get(&[("parts", "callbacks")]);
    assert!(shown.contains("it is not kept here") && shown.len() < 20_000, "{}", shown.len());
    let mut stream = TcpStream::connect(&page.host).unwrap();
    let head =
        format!("POST /console/send HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\n", page.host);
    write!(
        stream,
        "{head}content-length: 100000\r\nconnection: close\r\n\r\n{}",
        "x".repeat(100_000)
    )
    .unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}
