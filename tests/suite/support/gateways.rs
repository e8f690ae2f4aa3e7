//! The gateways of AWS between the IM server and the function. Each makes an event of a request, in
//! the shape that AWS documents.

use chatroom_status_sync::{domain::time::Timestamp, local::im_server::SignedCallback};
use serde_json::{Map, Value, json};

/// The caller's address in the documented events.
pub const CALLER: &str = "203.0.113.7";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// An HTTP API of API Gateway, payload format 2.0:
    /// docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.
    /// html
    HttpApi,
    /// A REST API of API Gateway, payload format 1.0:
    /// docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    RestApi,
    /// A function URL:
    /// docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
    FunctionUrl,
    /// An Application Load Balancer:
    /// docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    LoadBalancer,
    /// An Application Load Balancer with multi-value headers enabled.
    LoadBalancerMultiValue,
}

impl Gateway {
    pub const ALL: [Self; 5] = [
        Self::HttpApi,
        Self::RestApi,
        Self::FunctionUrl,
        Self::LoadBalancer,
        Self::LoadBalancerMultiValue,
    ];

    pub fn is_load_balancer(self) -> bool {
        matches!(self, Self::LoadBalancer | Self::LoadBalancerMultiValue)
    }

    /// The event of a callback.
    pub fn event_of(self, callback: &SignedCallback) -> Value {
        self.event(&callback.query, &callback.body)
    }

    /// The event of a request with this body, and with this query string as the caller wrote it.
    pub fn event(self, query: &str, body: &str) -> Value {
        let document = match self {
            Self::HttpApi => include_str!("../events/http-api.json"),
            Self::RestApi => include_str!("../events/rest-api.json"),
            Self::FunctionUrl => include_str!("../events/function-url.json"),
            Self::LoadBalancer => include_str!("../events/load-balancer.json"),
            Self::LoadBalancerMultiValue => {
                include_str!("../events/load-balancer-multi-value.json")
            }
        };
        let mut event: Value = serde_json::from_str(document).unwrap();
        event["body"] = json!(body);
        let as_written: Vec<_> =
            query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        let decoded: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        match self {
            Self::HttpApi | Self::FunctionUrl => {
                event["rawQueryString"] = json!(query);
                event["queryStringParameters"] = json!(last_values(&decoded));
            }
            Self::RestApi => {
                event["queryStringParameters"] = json!(last_values(&decoded));
                event["multiValueQueryStringParameters"] = json!(all_values(&decoded));
            }
            Self::LoadBalancer => event["queryStringParameters"] = json!(last_values(&as_written)),
            Self::LoadBalancerMultiValue => {
                event["multiValueQueryStringParameters"] = json!(all_values(&as_written));
            }
        }
        event
    }

    /// Sets the time when the gateway took the request. Load balancers tell none.
    pub fn set_taken(self, event: &mut Value, taken: Timestamp) {
        match self {
            Self::HttpApi | Self::FunctionUrl => {
                event["requestContext"]["timeEpoch"] = json!(taken.millis());
            }
            Self::RestApi => event["requestContext"]["requestTimeEpoch"] = json!(taken.millis()),
            Self::LoadBalancer | Self::LoadBalancerMultiValue => {}
        }
    }

    /// Sets the address that the gateway saw, behind the one that the caller itself claims.
    pub fn set_source(self, event: &mut Value, claimed: &str, source: &str) {
        let forwarded = format!("{claimed}, {source}");
        match self {
            Self::HttpApi | Self::FunctionUrl => {
                event["requestContext"]["http"]["sourceIp"] = json!(source);
                event["headers"]["x-forwarded-for"] = json!(forwarded);
            }
            Self::RestApi => {
                event["requestContext"]["identity"]["sourceIp"] = json!(source);
                event["headers"]["X-Forwarded-For"] = json!(forwarded);
                event["multiValueHeaders"]["X-Forwarded-For"] = json!([forwarded]);
            }
            Self::LoadBalancer => event["headers"]["x-forwarded-for"] = json!(forwarded),
            Self::LoadBalancerMultiValue => {
                event["multiValueHeaders"]["x-forwarded-for"] = json!([claimed, forwarded]);
            }
        }
    }
}

fn last_values<T: AsRef<str>>(pairs: &[(T, T)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.as_ref().to_owned(), json!(value.as_ref()))).collect()
}

fn all_values<T: AsRef<str>>(pairs: &[(T, T)]) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in pairs {
        let values = all.entry(name.as_ref()).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(value.as_ref()));
    }
    all
}
