//! Connections to AWS: certificates that a function trusts, other hosts after an error, and lookups
//! of addresses.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use axum::{Router, extract::ConnectInfo, http::StatusCode};
use chatroom_status_sync::{
    aws::{Aws, addresses::Addresses, connections},
    domain::{ids::RoomId, room_state::RoomState},
    env::Environment,
    local::Stack,
    table::{Table, key::Key},
};
use hyper_util::client::legacy::connect::dns::Name;
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::support::{
    app, applied, counts_of, deferred, deployment,
    functions::{answer_to, in_front_of},
    join, member_row, rows,
};

/// Puts TLS in front of a deployment's table. Gives its URL, and the certificate as PEM.
async fn tls_to(stack: &Stack) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let engine = stack.dynamodb.url().strip_prefix("http://").unwrap().to_owned();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, engine) = (acceptor.clone(), engine.clone());
            tokio::spawn(async move {
                // A client that does not trust the certificate hangs up.
                let mut client = acceptor.accept(connection).await?;
                let mut server = TcpStream::connect(engine).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (url, made.cert.pem())
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

#[tokio::test]
async fn a_function_trusts_the_bundle_that_it_is_given() {
    let stack = deployment().await;
    let (url, certificate) = tls_to(&stack).await;
    let bundle = file("trusted.pem", &certificate);
    let variables =
        [("AWS_ENDPOINT_URL_DYNAMODB", &*url), ("AWS_CA_BUNDLE", bundle.to_str().unwrap())];
    let mut function = in_front_of(&stack, &variables).await;
    let answer = answer_to(&mut function, &[join("room", "ann")]).await;
    assert_eq!(counts_of(&answer), applied(1));
    let rows = rows(&stack.table).await;
    assert_eq!(member_row(&rows, "room", "ann")["membership"], "joined");
}

#[tokio::test]
async fn a_function_sends_nothing_to_a_server_that_it_does_not_trust() {
    let stack = deployment().await;
    let (url, _) = tls_to(&stack).await;
    let mut function = in_front_of(&stack, &[("AWS_ENDPOINT_URL_DYNAMODB", &url)]).await;
    let answer = answer_to(&mut function, &[join("room", "ann")]).await;
    assert_eq!(counts_of(&answer), deferred(1));
    let log = function.end().unwrap();
    assert!(log.contains("invalid peer certificate: UnknownIssuer"), "{log}");
}

#[test]
fn an_unusable_bundle_is_named_in_the_error() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (path, why) in [
        (PathBuf::from("/nowhere.pem"), "No such file"),
        (file("empty.pem", ""), "none that can be used"),
        (file("broken.pem", broken), "none that can be used"),
        (file("cut.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"), "section end"),
    ] {
        let env = Environment::new(|name| {
            (name == "AWS_CA_BUNDLE").then(|| path.to_str().unwrap().to_owned())
        });
        let error = connections::client(&env).unwrap_err().to_string();
        assert!(error.contains("AWS_CA_BUNDLE") && error.contains(why), "{error}");
    }
}

/// Starts a server whose first connection leads to a host that always fails. Gives its URL.
async fn first_host_fails() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let first = Arc::new(OnceLock::new());
    let answer = move |ConnectInfo(peer): ConnectInfo<SocketAddr>| {
        let status = if *first.get_or_init(|| peer) == peer {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::OK
        };
        async move { (status, "{}") }
    };
    let app = Router::new().fallback(answer);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn a_request_that_failed_at_one_host_is_repeated_at_another() {
    let url = first_host_fails().await;
    let env = Environment::new(|name| match name {
        "AWS_ENDPOINT_URL" => Some(url.clone()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        _ => None,
    });
    let table = Table::new(Aws::from_env(&env).unwrap().dynamodb(), "table", 30);
    let (app, room) = (app(), RoomId::new("room").unwrap());
    let state = table.read_room_state(&Key::room(&app, &room)).await.unwrap();
    assert_eq!(state, RoomState::default());
}

#[tokio::test]
async fn simultaneous_lookups_of_one_host_are_one_lookup() {
    let addresses = Addresses::default();
    // No name server is asked for such a name, and each lookup has an error of its own.
    let look_up = |host: &str| addresses.clone().call(host.parse::<Name>().unwrap());
    let elsewhere = look_up("a\0");
    let [first, second, third] = [look_up("b\0"), look_up("b\0"), look_up("b\0")];
    let elsewhere = elsewhere.await.unwrap_err();
    let (first, second) = (first.await.unwrap_err(), second.await.unwrap_err());
    let third = third.await.unwrap_err();
    assert!(Arc::ptr_eq(&first, &second) && Arc::ptr_eq(&second, &third));
    assert!(!Arc::ptr_eq(&elsewhere, &first), "another host");
    let later = look_up("b\0").await.unwrap_err();
    assert!(!Arc::ptr_eq(&later, &third), "nothing is remembered");

    let found: Vec<_> = look_up("localhost").await.unwrap().collect();
    assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()));
}
