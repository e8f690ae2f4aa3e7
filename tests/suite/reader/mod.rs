//! The reader's routes over HTTP.

/// The real `reader` binary behind a Lambda Runtime API.
mod function;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use chatroom_status_sync::{
    aws::Aws,
    domain::ids::{AppKey, RoomId},
    env::Environment,
    functions::reader::{self, OPENAPI, apps::Apps},
    local::{Stack, im_server::APP_KEY},
    table::read::Reader,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use ureq::Agent;

use crate::support::{EventBuilder, app, at, create, deployment, destroy, join, leave, send};

/// The routes, served on this machine.
struct Routes {
    url: String,
    agent: Agent,
    /// The read units of all answers so far.
    units: Arc<Mutex<f64>>,
}

impl Routes {
    /// Serves the sample app's rooms.
    async fn of(stack: &Stack) -> Self {
        Self::serve(stack.table.reader(), Apps::new([app()])).await
    }

    async fn serve(reader: Reader, apps: Apps) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = reader::alone(reader, apps);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let config = Agent::config_builder().http_status_as_error(false);
        Self { url, agent: config.build().into(), units: Arc::default() }
    }

    /// Asks with these parameters. Gives status and answer.
    async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.raw(&format!("{path}?{query}")).await
    }

    async fn raw(&self, path_and_query: &str) -> (u16, Value) {
        let (url, agent) = (format!("{}{path_and_query}", self.url), self.agent.clone());
        let sum = Arc::clone(&self.units);
        let answer = tokio::task::spawn_blocking(move || {
            let mut answer = agent.get(&url).call().unwrap();
            assert_eq!(answer.headers()["content-type"], "application/json");
            if let Some(units) = answer.headers().get("x-read-units") {
                *sum.lock().unwrap() += units.to_str().unwrap().parse::<f64>().unwrap();
            }
            (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
        });
        let (status, text) = answer.await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Follows the cursors of a list to its end.
    async fn all(&self, path: &str, parameters: &[(&str, &str)], list: &str) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let mut parameters = parameters.to_vec();
            if !cursor.is_empty() {
                parameters.push(("cursor", &cursor));
            }
            let (status, mut page) = self.get(path, &parameters).await;
            assert_eq!(status, 200, "{page}");
            rows.append(page[list].as_array_mut().unwrap());
            match page["cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return rows,
            }
        }
    }
}

fn texts<'a>(rows: impl IntoIterator<Item = &'a Value>, name: &str) -> Vec<String> {
    rows.into_iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

/// A lobby that Ben was banned from, and a stage that was destroyed with Anna in it.
async fn lobby_and_stage() -> (Stack, Routes) {
    let stack = deployment().await;
    let joins = [join("lobby", ["anna", "ben"]).at(1), join("stage", "anna").at(1)];
    send(&stack, &[&[create("lobby")], &joins[..]].concat()).await;
    send(&stack, &[leave("lobby", "ben").banned().at(5), destroy("stage").at(6)]).await;
    let routes = Routes::of(&stack).await;
    (stack, routes)
}

#[tokio::test]
async fn every_question_is_answered_alike_before_and_after_the_sweep() {
    let (stack, routes) = lobby_and_stage().await;
    for is_swept in [false, true] {
        let lobby = json!({
            "appKey": APP_KEY,
            "chatRoomId": "lobby",
            "lifecycle": "active",
            "createdAt": at(0).millis(),
        });
        let anna = json!({
            "appKey": APP_KEY,
            "chatRoomId": "lobby",
            "userId": "anna",
            "membership": "joined",
            "reason": "requested",
            "joinedAt": at(1).millis(),
            "version": at(1).millis() * 100 + 10,
        });
        let (_, answer) = routes.get("/rooms", &[]).await;
        assert_eq!(answer, json!({"rooms": [lobby]}));
        let (_, answer) = routes.get("/rooms", &[("count", "true")]).await;
        assert_eq!(answer["rooms"][0]["members"], 1);
        let (_, answer) = routes.get("/room", &[("room", "lobby"), ("count", "true")]).await;
        assert_eq!(answer, json!({"room": lobby, "members": 1}));
        let (_, answer) = routes.get("/members", &[("room", "lobby")]).await;
        assert_eq!(answer, json!({"room": lobby, "members": [anna]}));
        let (_, answer) = routes.get("/member", &[("room", "lobby"), ("user", "anna")]).await;
        assert_eq!(answer, json!({"member": anna, "present": true, "since": at(1)}));
        let (_, answer) = routes.get("/rooms-of", &[("user", "anna")]).await;
        assert_eq!(answer, json!({"rooms": [anna]}));

        let (_, answer) = routes.get("/members", &[("room", "lobby"), ("left", "true")]).await;
        assert_eq!(texts(answer["members"].as_array().unwrap(), "reason"), ["banned"]);
        let (_, answer) = routes.get("/members", &[("room", "stage")]).await;
        assert_eq!(answer["room"]["lifecycle"], "destroyed");
        assert_eq!(answer["members"], json!([]));
        let (_, answer) = routes.get("/member", &[("room", "stage"), ("user", "anna")]).await;
        assert_eq!((&answer["present"], &answer["since"]), (&json!(false), &json!(at(6))));
        assert_eq!(answer["member"]["reason"], "room_destroyed", "swept: {is_swept}");
        assert!(!answer.to_string().contains("destroyVersion"));
        stack.drain().await.unwrap();
    }
}

#[tokio::test]
async fn nobody_who_stayed_is_missed_or_told_twice_whoever_comes_and_goes_between_pages() {
    let stack = deployment().await;
    let users: Vec<_> = (0..400).map(|number| format!("user-{number:03}")).collect();
    send(&stack, &[join("r", &users)]).await;
    let routes = Routes::of(&stack).await;
    let (mut told, mut gone, mut cursor) = (Vec::new(), BTreeSet::new(), None);
    loop {
        let mut parameters = vec![("room", "r".to_owned()), ("limit", "37".to_owned())];
        parameters.extend(cursor.map(|cursor| ("cursor", cursor)));
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, &**value)).collect();
        let (_, page) = routes.get("/members", &parameters).await;
        told.extend(texts(page["members"].as_array().unwrap(), "userId"));
        let Some(next) = page["cursor"].as_str() else { break };
        cursor = Some(next.to_owned());
        // The last one told leaves, and so do others behind; some come before and behind.
        let last = told.last().unwrap().clone();
        let behind = format!("user-{:03}", told.len() + 5);
        let new = [format!("a-{}", told.len()), format!("{last}-new")];
        send(&stack, &[join("r", new).at(1), leave("r", [&last, &behind]).at(2)]).await;
        gone.extend([last, behind]);
    }
    let stayed: Vec<_> = users.iter().filter(|user| !gone.contains(*user)).collect();
    let told: Vec<_> = told.iter().filter(|user| stayed.contains(user)).collect();
    assert_eq!(told, stayed);
}

#[tokio::test]
async fn an_empty_cursor_is_that_of_the_first_page() {
    let (_stack, routes) = lobby_and_stage().await;
    for (path, parameters) in [("/rooms", &[][..]), ("/members", &[("room", "lobby")])] {
        let with_cursor = [parameters, &[("cursor", "")]].concat();
        assert_eq!(routes.get(path, &with_cursor).await, routes.get(path, parameters).await);
    }
}

#[tokio::test]
async fn a_page_of_any_size_leads_to_the_next_and_the_last_has_no_cursor() {
    let stack = deployment().await;
    let ids: Vec<_> = (0..60).map(|number| format!("room-{number:02}")).collect();
    send(&stack, &ids.iter().map(|id| create(id)).collect::<Vec<_>>()).await;
    send(&stack, &[join("room-07", &ids[..9])]).await;
    let routes = Routes::of(&stack).await;
    for limit in ["1", "7", "59", "60", "61", "1000"] {
        let rooms = routes.all("/rooms", &[("limit", limit)], "rooms").await;
        assert_eq!(texts(&rooms, "chatRoomId"), ids);
        let counted = routes.all("/rooms", &[("limit", limit), ("count", "true")], "rooms").await;
        assert_eq!(counted[7]["members"], 9);
        let parameters = [("limit", limit), ("room", "room-07")];
        let members = routes.all("/members", &parameters, "members").await;
        assert_eq!(texts(&members, "userId"), ids[..9]);
    }
}

#[tokio::test]
async fn a_page_reads_no_more_of_the_table_than_it_tells() {
    let stack = deployment().await;
    let users: Vec<_> = (0..2100).map(|number| format!("user-{number:04}")).collect();
    send(&stack, &[join("r", &users)]).await;
    let routes = Routes::of(&stack).await;
    let reader = stack.table.reader();
    reader.collection(&app(), &RoomId::new("r").unwrap()).await.unwrap();
    let whole = reader.consumed().read_units;
    for limit in ["500", "1000"] {
        let parameters = [("room", "r"), ("limit", limit)];
        let rows = routes.all("/members", &parameters, "members").await;
        assert_eq!(rows.len(), users.len());
        let units = std::mem::take(&mut *routes.units.lock().unwrap());
        assert!(units <= whole * 1.1, "{units} units in pages of {limit}, {whole} in one go");
    }
}

#[tokio::test]
async fn the_few_who_stayed_are_found_among_the_many_who_left() {
    let stack = deployment().await;
    let users: Vec<_> = (0..3000).map(|number| format!("user-{number:04}")).collect();
    send(&stack, &[join("r", &users).at(1)]).await;
    send(&stack, &[leave("r", &users[..2999]).at(2)]).await;
    let routes = Routes::of(&stack).await;
    let present = routes.all("/members", &[("room", "r"), ("limit", "10")], "members").await;
    assert_eq!(texts(&present, "userId"), ["user-2999"]);
    let parameters = [("room", "r"), ("limit", "1000"), ("left", "true")];
    assert_eq!(routes.all("/members", &parameters, "members").await.len(), 2999);
}

#[tokio::test]
async fn what_was_never_heard_of_is_not_found() {
    let (_stack, routes) = lobby_and_stage().await;
    for (path, parameters) in [
        ("/room", &[("room", "nowhere")][..]),
        ("/room", &[("room", "nowhere"), ("count", "true")]),
        ("/members", &[("room", "nowhere")]),
        ("/member", &[("room", "lobby"), ("user", "carl")]),
        ("/rooms", &[("appKey", "other")]),
        ("/", &[]),
        ("/room/lobby", &[]),
    ] {
        let (status, answer) = routes.get(path, parameters).await;
        assert_eq!((status, &answer["error"]), (404, &json!("not_found")), "{path} {parameters:?}");
        assert!(answer["message"].is_string());
    }
    let (status, answer) = routes.get("/rooms-of", &[("user", "carl")]).await;
    assert_eq!((status, answer), (200, json!({"rooms": []})));
}

#[tokio::test]
async fn a_bad_parameter_is_refused_with_its_name() {
    let (_stack, routes) = lobby_and_stage().await;
    let long = "x".repeat(257);
    for (path_and_query, name) in [
        ("/room", "room"),
        ("/room?room=", "room"),
        (&*format!("/room?room={long}"), "room"),
        ("/room?room=a&room=b", "room"),
        ("/room?room=a&rom=b", "parameter"),
        ("/room?room=a&count=1", "count"),
        ("/members?room=a&left=yes", "left"),
        ("/members?room=a&limit=0", "limit"),
        ("/members?room=a&limit=1001", "limit"),
        ("/members?room=a&limit=ten", "limit"),
        ("/members?room=a&cursor=%21", "cursor"),
        ("/members?room=a&cursor=eyJyb29tIjoibG9iYnkifQ", "cursor"),
        ("/rooms?cursor=none", "cursor"),
        ("/rooms?appKey=a%23b", "appKey"),
        ("/member?room=a", "user"),
        ("/rooms-of", "user"),
    ] {
        let (status, answer) = routes.raw(path_and_query).await;
        let message = answer["message"].as_str().unwrap();
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_parameter")));
        assert!(message.contains(name), "{path_and_query}: {message}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_room_is_refused() {
    let stack = deployment().await;
    send(&stack, &[join("a", ["u1", "u2"]), join("b", ["u1", "u2"])]).await;
    let routes = Routes::of(&stack).await;
    let (_, page) = routes.get("/members", &[("room", "a"), ("limit", "1")]).await;
    let cursor = page["cursor"].as_str().unwrap();
    let (status, _) = routes.get("/members", &[("room", "b"), ("cursor", cursor)]).await;
    assert_eq!(status, 400);
    assert_eq!(routes.get("/rooms", &[("cursor", cursor)]).await.0, 400);
}

#[tokio::test]
async fn ids_of_any_characters_come_back_as_they_are() {
    let stack = deployment().await;
    let odd = "a#b/c?d&e=\"\\\u{1b}[2J\u{202e}\u{1F600}\u{0}\n<script> 100%";
    send(&stack, &[join(odd, [odd, "plain"])]).await;
    let routes = Routes::of(&stack).await;
    let (_, answer) = routes.get("/member", &[("room", odd), ("user", odd)]).await;
    assert_eq!(answer["member"]["userId"], odd);
    let members = routes.all("/members", &[("room", odd), ("limit", "1")], "members").await;
    assert_eq!(texts(&members, "userId"), [odd, "plain"]);
    assert_eq!(texts(&routes.all("/rooms", &[], "rooms").await, "chatRoomId"), [odd]);
}

#[tokio::test]
async fn of_several_apps_a_request_must_name_one() {
    let (stack, _) = lobby_and_stage().await;
    let [one, two] = [APP_KEY, "two"].map(|key| AppKey::new(key).unwrap());
    let some = Routes::serve(stack.table.reader(), Apps::new([one, two])).await;
    let any = Routes::serve(stack.table.reader(), Apps::new([])).await;
    for routes in [&some, &any] {
        let (status, answer) = routes.get("/rooms", &[]).await;
        assert!(status == 400 && answer["message"].as_str().unwrap().contains("appKey"));
        let (_, answer) = routes.get("/rooms", &[("appKey", APP_KEY)]).await;
        assert_eq!(answer["rooms"].as_array().unwrap().len(), 1);
        let (_, answer) = routes.get("/rooms", &[("appKey", "two")]).await;
        assert_eq!(answer["rooms"], json!([]));
    }
    assert_eq!(some.get("/rooms", &[("appKey", "three")]).await.0, 404);
}

#[tokio::test]
async fn a_table_that_cannot_be_read_is_no_fault_of_the_caller_who_hears_nothing_internal() {
    let stack = deployment().await;
    let gone = Reader::new(stack.table.client().clone(), "no-such-table");
    let variables = |name: &str| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some("http://127.0.0.1:9".to_owned()),
        _ => stack.variable(name),
    };
    let aws = Aws::from_env(&Environment::new(variables)).unwrap();
    let silent = Reader::new(aws.dynamodb_for_readers(), "secret-name");
    for (reader, status, error) in [(gone, 500, "unreadable"), (silent, 503, "unavailable")] {
        let routes = Routes::serve(reader, Apps::new([app()])).await;
        for (path, parameters) in [
            ("/rooms", &[][..]),
            ("/room", &[("room", "r")]),
            ("/members", &[("room", "r")]),
            ("/member", &[("room", "r"), ("user", "u")]),
            ("/rooms-of", &[("user", "u")]),
        ] {
            let (answered, answer) = routes.get(path, parameters).await;
            assert_eq!((answered, &answer["error"]), (status, &json!(error)), "{path}");
            let text = answer.to_string();
            assert!(!text.contains("secret-name") && !text.contains("127.0.0.1"), "{text}");
        }
    }
}

#[tokio::test]
async fn the_description_names_the_routes_and_their_parameters_and_no_others() {
    let (_stack, routes) = lobby_and_stage().await;
    let (_, served) = routes.get("/openapi.json", &[]).await;
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    assert_eq!(served, document);
    let resolve = |parameter: &Value| {
        let place = parameter["$ref"].as_str().map(|text| text.trim_start_matches('#'));
        place.map_or(parameter.clone(), |place| document.pointer(place).unwrap().clone())
    };
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 6);
    for (path, item) in paths.iter().filter(|(path, _)| *path != "/openapi.json") {
        let described = item["get"]["parameters"].as_array().unwrap().iter().map(resolve);
        let described: Vec<_> =
            described.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
        for name in ["appKey", "room", "user", "limit", "cursor", "left", "count"] {
            // An unknown name is told from a wrong value by the words.
            let (_, answer) = routes.get(path, &[(name, ""), ("count", "x"), ("left", "x")]).await;
            let (_, alone) = routes.get(path, &[(name, "")]).await;
            let message = alone["message"].as_str().unwrap_or_default();
            let is_known = !message.contains("no parameter of this name");
            assert_eq!(is_known, described.iter().any(|one| one == name), "{path} {name} {answer}");
        }
    }
}
