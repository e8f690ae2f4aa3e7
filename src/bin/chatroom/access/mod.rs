//! Access to what is deployed, local or in AWS, as the commands share it.
//!
//! * [`account`]: region and credentials.
//! * [`endpoint`]: URLs of services, on this machine or elsewhere.
//! * [`secret`]: the App Secret, for those who sign callbacks.
//! * [`place`]: where a table or queue is, and words for what goes wrong on the way there.

mod account;
mod endpoint;
mod place;
mod secret;

use std::{fmt::Display, sync::OnceLock};

use aws_config::SdkConfig;
use chatroom_status_sync::{
    domain::ids::AppKey,
    env::Environment,
    local::{TABLE, im_server::APP_KEY},
    table::read::{Reader, error::ReadError},
};
use clap::Args;

pub use account::Account;
pub use endpoint::is_local;
pub use place::Place;
pub use secret::AppSecret;

use crate::{
    print,
    result::{Error, Result},
};

/// The names of what is meant.
pub struct Names {
    pub table: String,
    pub app: AppKey,
}

#[derive(Args)]
pub struct Access {
    /// The table: the output `TableName` of the stack. On this machine it is called `chatrooms`, unless
    /// you say otherwise
    #[arg(long, env = "TABLE_NAME", hide_env_values = true, help_heading = "Access")]
    table: Option<String>,
    /// The app whose rooms are meant. On this machine it is the sample's, unless you say otherwise
    #[arg(long, env = "APP_KEY", hide_env_values = true, help_heading = "Access")]
    #[arg(value_parser = |text: &str| AppKey::new(text))]
    app_key: Option<AppKey>,
    /// A DynamoDB endpoint, such as the one that `chatroom serve` prints; without it, the one in
    /// AWS
    #[arg(
        long,
        env = "AWS_ENDPOINT_URL_DYNAMODB",
        hide_env_values = true,
        help_heading = "Access"
    )]
    endpoint_url: Option<String>,
    #[command(flatten)]
    pub account: Account,
    /// Do not tell on standard error what is read, and what that costs
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
    /// The place that was connected to.
    #[arg(skip)]
    place: OnceLock<Place>,
}

impl Access {
    /// Has a question about the table answered: tells beside the output what is read, and in the
    /// end what that cost.
    pub async fn read(&self, question: impl AsyncFnOnce(&Reader, &AppKey) -> Result) -> Result {
        let reader = self.reader().await?;
        let answered = question(&reader, &self.names()?.app).await;
        if reader.consumed().requests > 0 {
            self.note(format_args!("read {}", reader.consumed()));
        }
        answered.map_err(|error| self.explain(error))
    }

    /// Makes a reader of the table, and tells what it reads.
    pub async fn reader(&self) -> Result<Reader> {
        let (config, names) = self.connect().await?;
        Ok(Reader::new(aws_sdk_dynamodb::Client::new(&config), names.table))
    }

    /// Finds what clients of the table are made of, and what it is called; tells that it is read.
    pub async fn connect(&self) -> Result<(SdkConfig, Names)> {
        let names = self.names()?;
        let config = self.config().await?;
        if let (Some(place), Names { table, app }) = (self.place.get(), &names) {
            self.note(format_args!("table {table} {place}, app {app}"));
        }
        Ok((config, names))
    }

    /// Makes a client for streams. In AWS they have an endpoint of their own, which the SDK's own
    /// variable can replace; on this machine both are one.
    pub fn streams(&self, config: &SdkConfig) -> aws_sdk_dynamodbstreams::Client {
        let mut builder = aws_sdk_dynamodbstreams::config::Builder::from(config);
        if !self.endpoint().as_deref().is_some_and(is_local) {
            let own = Environment::of_process().get("AWS_ENDPOINT_URL_DYNAMODB_STREAMS");
            builder.set_endpoint_url(own);
        }
        aws_sdk_dynamodbstreams::Client::from_conf(builder.build())
    }

    /// Tells whether nobody wants to hear anything beside the output.
    pub const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells something beside the output, unless nobody wants to hear it.
    pub fn note(&self, text: impl Display) {
        if !self.quiet {
            print::note(text);
        }
    }

    /// Finds what clients of the table's region or endpoint are made of.
    pub async fn config(&self) -> Result<SdkConfig> {
        let endpoint = self.endpoint();
        let config = self.account.config(endpoint.as_deref()).await?;
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        self.place.get_or_init(|| endpoint.map_or(Place::Region(region), Place::Endpoint));
        Ok(config)
    }

    /// Says what to do about an error of reading. Others explain themselves.
    pub fn explain(&self, error: Error) -> Error {
        let explain = |error: &ReadError| {
            let table = self.table().unwrap_or_else(|| TABLE.to_owned());
            self.place.get().map(|place| place.explain(error, &table))
        };
        error.downcast_ref().and_then(explain).map_or(error, Error::from)
    }

    /// Gives the names of table and app; on this machine those of the sample, if none are given.
    pub fn names(&self) -> Result<Names> {
        if let Some(url) = self.endpoint() {
            endpoint::check(&url)?;
            if is_local(&url) {
                return self.names_or_samples();
            }
        }
        let table = self.table().ok_or(
            "which table? Give --table, or set TABLE_NAME (the output TableName of the stack)",
        )?;
        Ok(Names { table, app: app_at(None, self.app_key.clone())? })
    }

    /// Gives the names of table and app; those of the sample, if none are given.
    pub fn names_or_samples(&self) -> Result<Names> {
        let table = self.table().unwrap_or_else(|| TABLE.to_owned());
        let app = self.app_key.clone().map_or_else(|| AppKey::new(APP_KEY), Ok)?;
        Ok(Names { table, app })
    }

    /// Gives the table that is named. An empty variable names none.
    fn table(&self) -> Option<String> {
        self.table.clone().filter(|name| !name.is_empty())
    }

    /// Gives the endpoint; none for the one in AWS.
    pub fn endpoint(&self) -> Option<String> {
        let for_all = || Environment::of_process().get("AWS_ENDPOINT_URL");
        self.endpoint_url.clone().filter(|url| !url.is_empty()).or_else(for_all)
    }
}

/// Gives the app that is named; for a URL on this machine the sample, if none is.
pub fn app_at(url: Option<&str>, named: Option<AppKey>) -> Result<AppKey> {
    match named {
        Some(app) => Ok(app),
        None if url.is_some_and(is_local) => Ok(AppKey::new(APP_KEY)?),
        None => Err("which app? Give --app-key, or set APP_KEY (the App Key of your app)".into()),
    }
}
