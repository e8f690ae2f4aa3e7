//! What is loaded: a deployment, or one of this process's own.

use std::sync::Arc;

use chatroom_status_sync::{
    env::Environment,
    local::{ListenAddresses, Stack, dynamodb::Data},
    table::Table,
};
use serde_json::json;

use crate::{Result, access::Access, serve};

/// Where callbacks go, and where what they say is read.
pub struct Target {
    /// The callback endpoint.
    pub url: String,
    pub table: Table,
    /// Whether the table is still there after the run.
    pub is_lasting: bool,
    stack: Option<Arc<Stack>>,
}

impl Target {
    /// The deployment behind a URL.
    pub async fn deployed(url: &str, access: &Access) -> Result<Self> {
        Ok(Self {
            url: url.to_owned(),
            table: access.table().await?,
            is_lasting: true,
            stack: None,
        })
    }

    /// The receiver in this process, for the same app and table. With a DynamoDB endpoint, that is
    /// where the table is; without one, it is in memory.
    pub async fn local(access: &Access, secret: &str) -> Result<Self> {
        let storage = access.endpoint_url.clone();
        let storage = storage.map_or(Data::Memory, Data::Elsewhere);
        let environment = Environment::of_process();
        let settings = Environment::new(|name| match name {
            "APP_SECRETS" => Some(json!({ access.app_key.as_str(): secret }).to_string()),
            "TABLE_NAME" => Some(access.table.clone()),
            _ => environment.get(name).or_else(|| serve::setting(name)),
        });
        let stack = Stack::start(storage, ListenAddresses::free(), &settings, None, |_| {}).await?;
        Ok(Self {
            url: stack.api_gateway.url().to_owned(),
            table: access.table_at(Some(stack.dynamodb.url())).await?,
            is_lasting: access.endpoint_url.is_some(),
            stack: Some(Arc::new(stack)),
        })
    }

    /// Does what nobody else does here: brings deferred messages to the worker. It never ends,
    /// unless that fails.
    pub async fn work(&self) -> Result {
        let Some(stack) = self.stack.clone() else {
            return std::future::pending().await;
        };
        // A task of its own, so that the pace does not depend on it.
        tokio::spawn(async move { serve::work(&stack).await }).await?
    }
}
