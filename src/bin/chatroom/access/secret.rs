//! The App Secret, by which callbacks are signed.

use chatroom_status_sync::local::im_server::APP_SECRET;
use clap::Args;

use super::endpoint::is_local;
use crate::result::Result;

#[derive(Args)]
pub struct AppSecret {
    /// The app's App Secret. For a URL on this machine, and without one, it is the sample's unless
    /// you say otherwise
    #[arg(long, env = "APP_SECRET", hide_env_values = true)]
    secret: Option<String>,
}

impl AppSecret {
    /// Gives the secret for callbacks to a URL; for one on this machine the sample's, if none is
    /// given.
    pub fn at(&self, url: &str) -> Result<&str> {
        if self.given().is_none() && !is_local(url) {
            return Err(
                "which secret? Give --secret, or set APP_SECRET (the App Secret of your app)"
                    .into(),
            );
        }
        Ok(self.or_sample())
    }

    /// Gives the secret; the sample's, if none is given.
    pub fn or_sample(&self) -> &str {
        self.given().unwrap_or(APP_SECRET)
    }

    fn given(&self) -> Option<&str> {
        self.secret.as_deref().filter(|secret| !secret.is_empty())
    }
}
