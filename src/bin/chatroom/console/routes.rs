//! The routes of the page.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, RawQuery, State},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware,
    response::{
        IntoResponse, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::{Stream, StreamExt};
use maud::Markup;

use super::{
    clock::now,
    content::content,
    guard,
    hub::Part,
    page::{Place, Sending},
    sending::EventForm,
    state::{Console, Traffic},
    view::View,
};
use crate::{result::Result, send::HttpAnswer};

/// The bytes of the largest form.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// Makes the routes of a page that is served at `here`. Whoever serves more there lets the guard
/// stand in front of it, too: [`guarded`].
pub fn routes(console: &Arc<Console>) -> Router {
    let asset =
        |kind: &'static str, text: &'static str| get(async move || ([(CONTENT_TYPE, kind)], text));
    let mut routes = Router::new()
        .route("/", get(show))
        .route("/console/changes", get(changes))
        .route("/console/style.css", asset("text/css", include_str!("style.css")))
        .route("/console/script.js", asset("text/javascript", include_str!("script.js")))
        .route("/console/icon.svg", asset("image/svg+xml", include_str!("icon.svg")));
    if console.traffic.is_some() {
        routes = routes
            .route("/console/body", get(body))
            .route("/console/send", post(send))
            .route("/console/again", post(send_again));
    }
    routes.layer(DefaultBodyLimit::max(MAX_FORM_BYTES)).with_state(console.clone())
}

/// Puts the guard in front of routes that are served at `here`.
pub fn guarded(routes: Router, here: SocketAddr) -> Router {
    routes.layer(middleware::from_fn_with_state(here, guard::check))
}

async fn show(State(console): State<Arc<Console>>, RawQuery(query): RawQuery) -> Markup {
    let view = View::read(&query.unwrap_or_default());
    if let Some(parts) = &view.parts {
        return content(&console, &view, parts).await.parts(&view, now());
    }
    page(&console, &view, Sending::default()).await
}

/// Tells the script which parts have changed.
async fn changes(
    State(console): State<Arc<Console>>,
) -> Sse<impl Stream<Item = std::result::Result<Event, Infallible>>> {
    let changes = console.hub.follow().map(|parts| {
        let names: Vec<_> = parts.into_iter().map(Part::name).collect();
        Ok(Event::default().event("change").data(names.join(" ")))
    });
    console.sizes.ring();
    Sse::new(changes).keep_alive(KeepAlive::default())
}

/// Gives the whole body of a callback, as text.
async fn body(State(console): State<Arc<Console>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let record = console.traffic.as_ref().and_then(|traffic| traffic.numbered(query.as_bytes()));
    match record.and_then(|record| record.body.clone()) {
        Some(body) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response(),
        None => (StatusCode::NOT_FOUND, "That callback is no longer kept here.\n").into_response(),
    }
}

async fn send(State(console): State<Arc<Console>>, body: Bytes) -> Response {
    let Some(traffic) = &console.traffic else { return StatusCode::NOT_FOUND.into_response() };
    let (view, fields) = read_form(&body);
    let form = EventForm::read(&fields);
    let event = match form.event() {
        Ok(event) => event,
        Err(problem) => return refuse(&console, &view, form, problem).await,
    };
    let is_free = view.room.is_none() && view.user.is_none() && view.search.is_none();
    let room = event.chat_room_id.clone();
    let view = if is_free { View { room: Some(room), ..view } } else { view };
    let sent = traffic.resender.send(event).await;
    answer(&console, traffic, view, form, sent).await
}

async fn send_again(State(console): State<Arc<Console>>, body: Bytes) -> Response {
    let Some(traffic) = &console.traffic else { return StatusCode::NOT_FOUND.into_response() };
    let (view, _) = read_form(&body);
    let Some(body) = traffic.numbered(&body).and_then(|record| record.body.clone()) else {
        let problem = "That callback is no longer kept here.";
        return refuse(&console, &view, EventForm::default(), problem).await;
    };
    let sent = traffic.resender.send_again(&body).await;
    answer(&console, traffic, view, EventForm::default(), sent).await
}

/// Leads back to the view from which something was sent, or says why it could not be.
async fn answer(
    console: &Console,
    traffic: &Traffic,
    view: View,
    form: EventForm,
    sent: Result<(String, HttpAnswer)>,
) -> Response {
    match sent {
        Ok((nonce, _)) => {
            let record = traffic.feed.find(|record| record.parameter("nonce") == Some(&nonce));
            let view = View { sent: record.map(|record| record.number), ..view };
            Redirect::to(&view.link()).into_response()
        }
        Err(why) => refuse(console, &view, form, &why.to_string()).await,
    }
}

async fn refuse(console: &Console, view: &View, form: EventForm, problem: &str) -> Response {
    let sending = Sending { form, problem: Some(problem), sent: None };
    (StatusCode::UNPROCESSABLE_ENTITY, page(console, view, sending).await).into_response()
}

async fn page(console: &Console, view: &View, mut sending: Sending<'_>) -> Markup {
    let traffic = console.traffic.as_ref();
    if let Some(number) = view.sent {
        let record =
            traffic.and_then(|traffic| traffic.feed.find(|record| record.number == number));
        sending.sent = record.map(|record| (number, record.outcome));
    }
    let place = Place {
        table: console.reading.reader.table_name(),
        app: console.reading.app.as_str(),
        at: &console.reading.place.to_string(),
    };
    let sending = traffic.map(|_| &sending);
    content(console, view, &Part::ALL).await.page(&place, view, sending, now())
}

/// Reads the fields of a form, and the view that it was sent from.
fn read_form(body: &[u8]) -> (View, Vec<(String, String)>) {
    let fields: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
    let view = fields.iter().find(|(name, _)| name == "view");
    let view = View::read(view.map_or("", |(_, query)| query));
    (View { sent: None, parts: None, ..view }, fields)
}
