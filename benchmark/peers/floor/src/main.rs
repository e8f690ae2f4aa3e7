//! The floor: the least that a Lambda function in Rust can do about a callback, to compare with.
//! One thread, two connections, no SDK, no Lambda runtime library; one `PutItem` for the first user
//! of the first event, signed by hand.
//!
//! It is not to be used. It verifies nothing, parses nothing, finds only ids of plain characters,
//! overwrites what is newer, never connects again, knows no session token, and ends at any error.

use std::{env, error::Error, sync::Arc};

use chrono::Utc;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, Uri,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header::HOST,
    http::request::Builder,
};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const INVOCATION: &str = "/2018-06-01/runtime/invocation";
const ANSWER: &str = r#"{"statusCode":200,"body":"{\"stored\":1}"}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut table = Table::open().await?;
    let runtime_api = format!("http://{}", env::var("AWS_LAMBDA_RUNTIME_API")?);
    let mut runtime = Connection::open(&runtime_api).await?;
    loop {
        let next = Request::get(format!("{INVOCATION}/next"));
        let event = runtime.ask(next, "").await?;
        table.put(str::from_utf8(event.body())?).await?;
        let id = event.headers()["lambda-runtime-aws-request-id"].to_str()?;
        let response = Request::post(format!("{INVOCATION}/{id}/response"));
        runtime.ask(response, ANSWER).await?;
    }
}

struct Table {
    connection: Connection,
    name: String,
    region: String,
    key_id: String,
    secret: String,
}

impl Table {
    async fn open() -> Result<Self> {
        let region = env::var("AWS_REGION")?;
        let url = env::var("AWS_ENDPOINT_URL_DYNAMODB")
            .unwrap_or_else(|_| format!("https://dynamodb.{region}.amazonaws.com"));
        Ok(Self {
            connection: Connection::open(&url).await?,
            name: env::var("TABLE_NAME")?,
            region,
            key_id: env::var("AWS_ACCESS_KEY_ID")?,
            secret: env::var("AWS_SECRET_ACCESS_KEY")?,
        })
    }

    /// Writes that the first user of the first event joined.
    async fn put(&mut self, event: &str) -> Result<()> {
        let app = between(event, "appKey=", "&")?;
        let room = between(event, r#"\"chatRoomId\":\""#, r#"\""#)?;
        let user = between(event, r#"\"userIds\":[\""#, r#"\""#)?;
        let time = between(event, r#"\"time\":"#, "}")?;
        let (table, version) = (&self.name, format!("{time}10"));
        let item = format!(
            r#"{{"TableName":"{table}","Item":{{"pk":{{"S":"ROOM#{app}#{room}"}},"sk":{{"S":"USER#{user}"}},"kind":{{"S":"member"}},"appKey":{{"S":"{app}"}},"chatRoomId":{{"S":"{room}"}},"userId":{{"S":"{user}"}},"membership":{{"S":"joined"}},"joinedAt":{{"N":"{time}"}},"version":{{"N":"{version}"}},"userKey":{{"S":"USER#{app}#{user}"}}}}}}"#
        );
        self.call("DynamoDB_20120810.PutItem", item).await
    }

    /// Signs a request (AWS Signature Version 4), and sends it.
    async fn call(&mut self, target: &str, body: String) -> Result<()> {
        let (host, key_id) = (&self.connection.host, &self.key_id);
        let time = Utc::now().format("%Y%m%dT%H%M%SZ").to_string();
        let day = &time[..8];
        let scope = format!("{day}/{}/dynamodb/aws4_request", self.region);
        let headers = "host;x-amz-date;x-amz-target";
        let canonical = format!(
            "POST\n/\n\nhost:{host}\nx-amz-date:{time}\nx-amz-target:{target}\n\n{headers}\n{}",
            hex::encode(Sha256::digest(&body))
        );
        let digest = hex::encode(Sha256::digest(canonical));
        let first_key = format!("AWS4{}", self.secret).into_bytes();
        let key = scope.split('/').fold(first_key, |key, part| mac(&key, part));
        let signature = mac(&key, &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={headers}, Signature={}",
            hex::encode(signature)
        );
        let request = Request::post("/")
            .header("authorization", authorization)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", time)
            .header("x-amz-target", target);
        self.connection.ask(request, body).await?;
        Ok(())
    }
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    // Any length will do as a key.
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Result<&'a str> {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    Ok(found.ok_or_else(|| format!("no {before}"))?.0)
}

/// Opened once, used for one request at a time.
struct Connection {
    host: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    async fn open(url: &str) -> Result<Self> {
        let url: Uri = url.parse()?;
        let tls = url.scheme_str() == Some("https");
        let name = url.host().unwrap_or_default().to_owned();
        let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let tcp = TcpStream::connect((name.as_str(), port)).await?;
        tcp.set_nodelay(true)?;
        let sender = if tls {
            let connector = TlsConnector::from(Arc::new(trust()?));
            speak(connector.connect(ServerName::try_from(name)?, tcp).await?).await?
        } else {
            speak(tcp).await?
        };
        let host = url.authority().map(ToString::to_string).unwrap_or_default();
        Ok(Self { host, sender })
    }

    async fn ask(&mut self, request: Builder, body: impl Into<Bytes>) -> Result<Response<Bytes>> {
        self.sender.ready().await?;
        let request = request.header(HOST, &self.host).body(Full::new(body.into()))?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        if !head.status.is_success() {
            return Err(format!("{}: {}", head.status, String::from_utf8_lossy(&body)).into());
        }
        Ok(Response::from_parts(head, body))
    }
}

async fn speak<S>(stream: S) -> Result<SendRequest<Full<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // An error of it also reaches who waits for an answer.
    tokio::spawn(connection);
    Ok(sender)
}

fn trust() -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Ok(bundle) = env::var("AWS_CA_BUNDLE") {
        for certificate in CertificateDer::pem_file_iter(bundle)? {
            roots.add(certificate?)?;
        }
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
