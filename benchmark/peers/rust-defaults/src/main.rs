//! A callback in Rust, as one writes it first: `lambda_http`, `aws-config` and the SDK with all
//! their defaults, and one `PutItem` after the other.
//!
//! It verifies and stores. It is not right for long: a late or repeated event overwrites a newer
//! one, rooms are not kept, and what cannot be stored is lost with the sender's last try.

use std::{collections::HashMap, env};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{
    Client,
    types::AttributeValue::{N, S},
};
use lambda_http::{
    Error, Request, RequestExt, RequestPayloadExt, Response, run, service_fn, tracing,
};
use serde::Deserialize;
use serde_json::json;
use sha1::{Digest, Sha1};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    chat_room_id: String,
    user_ids: Vec<String>,
    status: u64,
    r#type: u64,
    time: u64,
}

struct App {
    dynamodb: Client,
    table: String,
    secrets: HashMap<String, String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let app = App {
        dynamodb: Client::new(&config),
        table: env::var("TABLE_NAME")?,
        secrets: serde_json::from_str(&env::var("APP_SECRETS")?)?,
    };
    run(service_fn(|request| app.receive(request))).await
}

impl App {
    async fn receive(&self, request: Request) -> Result<Response<String>, Error> {
        let Some(app_key) = self.signed_for(&request) else {
            return answer(401, json!({ "error": "wrong_signature" }));
        };
        let changes: Vec<Change> = request.payload()?.unwrap_or_default();
        let mut stored = 0;
        for change in &changes {
            for user in &change.user_ids {
                stored += self.store(&app_key, change, user).await?;
            }
        }
        answer(200, json!({ "stored": stored }))
    }

    /// The App Key, if the signature is made with its secret.
    fn signed_for(&self, request: &Request) -> Option<String> {
        let query = request.query_string_parameters_ref()?;
        let app_key = query.first("appKey")?;
        let timestamp = query.first("timestamp").or_else(|| query.first("signTimestamp"))?;
        let secret = self.secrets.get(app_key)?;
        let signed = format!("{secret}{}{timestamp}", query.first("nonce")?);
        let signature = hex::encode(Sha1::digest(signed));
        (query.first("signature")? == signature).then(|| app_key.to_owned())
    }

    /// Gives the number of items written.
    async fn store(&self, app_key: &str, change: &Change, user: &str) -> Result<u32, Error> {
        let (membership, time_of) = match change.r#type {
            1 => ("joined", "joinedAt"),
            2 => ("left", "leftAt"),
            _ => return Ok(0),
        };
        let room = &change.chat_room_id;
        let version = change.time * 100 + change.r#type * 10 + change.status.min(9);
        let mut put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .item("pk", S(format!("ROOM#{app_key}#{room}")))
            .item("sk", S(format!("USER#{user}")))
            .item("kind", S("member".to_owned()))
            .item("appKey", S(app_key.to_owned()))
            .item("chatRoomId", S(room.clone()))
            .item("userId", S(user.to_owned()))
            .item("membership", S(membership.to_owned()))
            .item("version", N(version.to_string()))
            .item(time_of, N(change.time.to_string()));
        if membership == "joined" {
            put = put.item("userKey", S(format!("USER#{app_key}#{user}")));
        }
        put.send().await?;
        Ok(1)
    }
}

fn answer(status: u16, body: serde_json::Value) -> Result<Response<String>, Error> {
    Ok(Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.to_string())?)
}
