//! The place where a table or queue is, and words for what goes wrong on the way there: each in one
//! sentence, with what to do.

use std::fmt;

use chatroom_status_sync::table::read::error::{ReadError, ReadFault};

use super::endpoint::{host_and_port, is_local};

/// The place where a table or queue is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A region of AWS.
    Region(String),
    /// The endpoint of a stand-in, or of a network's own.
    Endpoint(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region(region) => write!(f, "in {region}"),
            Self::Endpoint(url) => write!(f, "at {url}"),
        }
    }
}

impl Place {
    /// Explains why a table that should be here cannot be read.
    pub fn explain(&self, error: &ReadError, table: &str) -> String {
        let why = error.why();
        match error.fault() {
            ReadFault::NoTable => match self {
                Self::Region(_) => {
                    format!("there is no table {table} {self}: are --table and --region right?")
                }
                Self::Endpoint(_) => format!("there is no table {table} {self}: is --table right?"),
            },
            ReadFault::Denied => {
                let action = denied_action(why).unwrap_or("what is needed");
                format!(
                    "the credentials do not allow {action} on table {table} {self}: whoever manages \
                     the AWS account can allow it"
                )
            }
            ReadFault::Credentials if why.contains("xpired") => {
                "the AWS session has expired: log in again, for example with `aws sso login`".into()
            }
            ReadFault::Credentials => format!(
                "AWS does not accept the credentials ({}): are they complete and of the right account, \
                 and is this machine's clock right?",
                message(why)
            ),
            ReadFault::Throttled => {
                format!("table {table} {self} takes no more requests now: try again later")
            }
            ReadFault::Unreachable => self.unreachable(why),
            ReadFault::Other => self.other_service(why).unwrap_or_else(|| {
                format!("table {table} {self} cannot be read: {}", message(why))
            }),
        }
    }

    /// Explains an answer from an endpoint that has no error code, as all of DynamoDB's have.
    fn other_service(&self, why: &str) -> Option<String> {
        let Self::Endpoint(url) = self else { return None };
        let question = if is_local(url) {
            "is this the address that `chatroom serve` prints as dynamodb?"
        } else {
            "is the endpoint right?"
        };
        let is_other = !why.contains("code: ");
        is_other.then(|| format!("{url} answers, but not as DynamoDB does: {question}"))
    }

    /// Explains why no answer came from here.
    pub fn unreachable(&self, why: &str) -> String {
        let (host, port) = match self {
            Self::Region(region) => {
                let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
                (format!("dynamodb.{region}.amazonaws.com{suffix}"), None)
            }
            Self::Endpoint(url) => host_and_port(url),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let question = match self {
            Self::Region(_) => "is the region right?",
            Self::Endpoint(url) if is_local(url) => "is `chatroom serve` running?",
            Self::Endpoint(_) => "is the endpoint right?",
        };
        if why.contains("Connection refused") {
            format!("nothing listens at {host}{port}: {question}")
        } else if why.contains("dns error") {
            format!("the host {host} is unknown: {question}")
        } else {
            format!("{host}{port} does not answer ({why}): {question}")
        }
    }
}

/// Finds the message of a refusal that the SDK has no type for.
fn message(why: &str) -> &str {
    let message = why.split_once("message: \"").and_then(|(_, rest)| rest.split_once('"'));
    message.map_or(why, |(message, _)| message.trim_end_matches('.'))
}

/// Finds the action that AWS names in a refusal, such as `dynamodb:Query`.
fn denied_action(why: &str) -> Option<&str> {
    why.split_once("perform: ")?.1.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_host_is_named_as_it_was_looked_up() {
        let said =
            |region: &str| Place::Region(region.to_owned()).unreachable("dns error: unknown");
        let host = "the host dynamodb.eu-centrl-1.amazonaws.com is unknown";
        assert_eq!(said("eu-centrl-1"), format!("{host}: is the region right?"));
        assert!(said("cn-north-1").contains("dynamodb.cn-north-1.amazonaws.com.cn "));
    }
}
