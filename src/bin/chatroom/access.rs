//! Access to what is deployed, local or in AWS, as the commands share it.

use std::net::IpAddr;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use axum::http::Uri;
use chatroom_status_sync::{
    aws::connections,
    domain::ids::AppKey,
    env::Environment,
    local::{TABLE, im_server::APP_KEY},
    table::Table,
};
use clap::Args;

use crate::result::Result;

#[derive(Args)]
pub struct Access {
    /// The table's name
    #[arg(long, env = "TABLE_NAME", default_value = TABLE)]
    pub table: String,
    /// The app whose rooms are meant
    #[arg(long, env = "APP_KEY", default_value = APP_KEY, value_parser = |text: &str| AppKey::new(text))]
    pub app_key: AppKey,
    /// A DynamoDB endpoint, such as the one that `chatroom serve` prints; without it, the one in
    /// AWS
    #[arg(long, env = "AWS_ENDPOINT_URL_DYNAMODB")]
    pub endpoint_url: Option<String>,
    /// Print JSON for programs
    #[arg(long)]
    pub json: bool,
}

impl Access {
    /// Connects to the table.
    pub async fn table(&self) -> Result<Table> {
        self.table_at(self.endpoint_url.as_deref()).await
    }

    /// Connects to the table at an endpoint; without one, in AWS.
    pub async fn table_at(&self, endpoint_url: Option<&str>) -> Result<Table> {
        let config = config(endpoint_url).await?;
        let client = aws_sdk_dynamodb::Client::new(&config);
        // Reading sets no expiry, so the retention does not matter.
        Ok(Table::new(client, &self.table, 1))
    }
}

/// Loads the standard credentials and region. An endpoint on this machine needs neither.
pub async fn config(endpoint_url: Option<&str>) -> Result<SdkConfig> {
    let client = connections::client(&Environment::of_process())?;
    let defaults = aws_config::defaults(BehaviorVersion::latest()).http_client(client);
    let config = match endpoint_url {
        None => defaults,
        Some(url) if is_local(url) => defaults
            .endpoint_url(url)
            .credentials_provider(Credentials::new("local", "local", None, None, "local endpoint"))
            .region(Region::from_static("us-east-1")),
        Some(url) => defaults.endpoint_url(url),
    };
    Ok(config.load().await)
}

/// Makes a client for the place where a queue is: at an endpoint if one is given; else on this
/// machine, if the queue's URL says so; else in AWS.
pub async fn sqs_client(
    queue_url: &str,
    endpoint_url: Option<&str>,
) -> Result<aws_sdk_sqs::Client> {
    let endpoint = endpoint_url.or_else(|| is_local(queue_url).then(|| origin(queue_url)));
    Ok(aws_sdk_sqs::Client::new(&config(endpoint).await?))
}

/// Tells whether a URL is one of this machine.
pub fn is_local(url: &str) -> bool {
    let uri = url.parse::<Uri>().unwrap_or_default();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Cuts the path off a URL: it begins with the third slash.
fn origin(url: &str) -> &str {
    url.match_indices('/').nth(2).map_or(url, |(path, _)| &url[..path])
}
