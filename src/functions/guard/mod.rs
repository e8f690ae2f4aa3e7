//! Guard in front of `lambda_http`: makes an event harmless before it becomes an `http::Request`.
//!
//! `lambda_http` panics where Host, path, query string or body of an event cannot be part of a
//! request. The caller chooses all four, and a panic ends this process; tests show the panics. So
//! an event is read leniently here, and only the parts that an answer depends on are handed on:
//! query string, body, request id, the gateway's clock and the caller's address; of an HTTP API also
//! method and path, by which the reader knows its routes.
//!
//! `values` makes single fields harmless.

mod values;

use lambda_http::{
    aws_lambda_events::{
        alb::AlbTargetGroupRequest,
        apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest},
        query_map::QueryMap,
    },
    http::HeaderValue,
    request::LambdaRequest,
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use values::{
    Multimap, encode_refused_characters, harmless_body, is_plain_path, millis_or_zero, multimap,
    read_leniently,
};

/// Header in which a load balancer names the caller.
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";

/// The bytes of the longest query string that fits into an `http::Uri` behind `/?`. A longer one is
/// dropped; AWS takes none of that length.
const LONGEST_QUERY: usize = 65_532;

/// An event that `lambda_http` can turn into a request, whatever the caller sent.
///
/// ```
/// use chatroom_status_sync::functions::guard::HarmlessEvent;
/// use lambda_http::{Request, request::LambdaRequest};
///
/// let event = r#"{"version": "2.0", "rawPath": ":7", "rawQueryString": "nonce=<1>"}"#;
/// let event: HarmlessEvent = serde_json::from_str(event).unwrap();
/// let request = Request::from(LambdaRequest::from(event));
/// assert_eq!(request.uri(), "/?nonce=%3C1%3E");
/// ```
#[derive(Debug)]
pub struct HarmlessEvent(LambdaRequest);

impl From<HarmlessEvent> for LambdaRequest {
    fn from(event: HarmlessEvent) -> Self {
        event.0
    }
}

impl<'de> Deserialize<'de> for HarmlessEvent {
    /// Reads from JSON text in memory, where fields can be borrowed.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = GatewayEvent::deserialize(deserializer)?;
        Ok(Self(match event.format() {
            EventFormat::HttpApi => LambdaRequest::ApiGatewayV2(event.into_http_api()),
            EventFormat::RestApi => LambdaRequest::ApiGatewayV1(event.into_rest_api()),
            EventFormat::LoadBalancer => LambdaRequest::Alb(event.into_load_balancer()),
        }))
    }
}

/// The formats that AWS documents. Function URLs use that of HTTP APIs.
enum EventFormat {
    /// Payload format 2.0.
    HttpApi,
    /// Payload format 1.0, which HTTP APIs can be set to as well.
    RestApi,
    LoadBalancer,
}

/// The fields of an event that decide something. Raw ones are read only in the format that has
/// them, so that in other formats they may hold anything.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GatewayEvent<'a> {
    #[serde(borrow)]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    http_method: Option<&'a RawValue>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    #[serde(borrow)]
    query_string_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    multi_value_query_string_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
    #[serde(borrow)]
    multi_value_headers: Option<&'a RawValue>,
    body: Option<String>,
    is_base64_encoded: bool,
    #[serde(borrow)]
    request_context: Option<RequestContext<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext<'a> {
    request_id: Option<String>,
    time_epoch: Option<u64>,
    http: Option<Caller>,
    #[serde(borrow)]
    request_time_epoch: Option<&'a RawValue>,
    #[serde(borrow)]
    identity: Option<&'a RawValue>,
    #[serde(borrow)]
    elb: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Caller {
    source_ip: Option<String>,
    method: Option<String>,
}

impl GatewayEvent<'_> {
    /// Tells the formats apart. An event that looks like none of them counts as one of an HTTP API,
    /// so that it is answered, too.
    fn format(&self) -> EventFormat {
        let is_version =
            |version| self.version.is_some_and(|raw| raw.get().trim_matches('"') == version);
        let context = self.request_context.as_ref();
        let has = |field: fn(&RequestContext<'_>) -> bool| context.is_some_and(field);
        if is_version("2.0") || self.raw_query_string.is_some() || has(|it| it.http.is_some()) {
            EventFormat::HttpApi
        } else if has(|it| it.elb.is_some()) {
            EventFormat::LoadBalancer
        } else if is_version("1.0") || self.http_method.is_some() || has(|it| it.identity.is_some())
        {
            EventFormat::RestApi
        } else {
            EventFormat::HttpApi
        }
    }

    fn into_http_api(self) -> ApiGatewayV2httpRequest {
        let context = self.request_context.unwrap_or_default();
        let mut request = ApiGatewayV2httpRequest::default();
        request.raw_query_string = self
            .raw_query_string
            .map(encode_refused_characters)
            .filter(|query| query.len() <= LONGEST_QUERY);
        // Callbacks are signed in their query string, and need no path.
        let room = LONGEST_QUERY - request.raw_query_string.as_ref().map_or(0, String::len);
        request.raw_path = self.raw_path.filter(|path| is_plain_path(path) && path.len() <= room);
        (request.body, request.is_base64_encoded) =
            harmless_body(self.body, self.is_base64_encoded);
        request.request_context.request_id = context.request_id;
        request.request_context.time_epoch = millis_or_zero(context.time_epoch);
        let caller = context.http.unwrap_or_default();
        request.request_context.http.source_ip = caller.source_ip;
        let method = caller.method.and_then(|method| method.parse().ok());
        request.request_context.http.method = method.unwrap_or_default();
        request
    }

    /// Makes a request of format 1.0. The gateway has decoded names and values; `lambda_http`
    /// encodes them again.
    fn into_rest_api(self) -> ApiGatewayProxyRequest {
        let parameters = self.parameters();
        let context = self.request_context.unwrap_or_default();
        let mut request = ApiGatewayProxyRequest::default();
        request.multi_value_query_string_parameters = QueryMap::from(parameters);
        (request.body, request.is_base64_encoded) =
            harmless_body(self.body, self.is_base64_encoded);
        request.request_context.request_id = context.request_id;
        request.request_context.request_time_epoch =
            millis_or_zero(read_leniently(context.request_time_epoch));
        request.request_context.identity.source_ip =
            read_leniently::<Caller>(context.identity).source_ip;
        request
    }

    /// Makes a request of a load balancer's format. Names and values are as the caller encoded
    /// them; `lambda_http` joins them to a query string and decodes that.
    fn into_load_balancer(self) -> AlbTargetGroupRequest {
        let parameters = self.parameters();
        let forwarded_for = self.forwarded_for();
        let mut request = AlbTargetGroupRequest::default();
        let escaped = parameters.into_iter().map(|(name, values)| {
            let values = values.iter().map(|value| value.replace('&', "%26")).collect();
            (name.replace('&', "%26").replace('=', "%3D"), values)
        });
        request.multi_value_query_string_parameters = QueryMap::from(escaped.collect::<Multimap>());
        (request.body, request.is_base64_encoded) =
            harmless_body(self.body, self.is_base64_encoded);
        if let Some(value) = forwarded_for {
            request.headers.insert(FORWARDED_FOR, value);
        }
        request
    }

    /// Reads the query parameters, with their repeats if the gateway hands those on. Too many for a
    /// query string are dropped.
    fn parameters(&self) -> Multimap {
        let parameters = multimap(self.multi_value_query_string_parameters)
            .or_else(|| multimap(self.query_string_parameters))
            .unwrap_or_default();
        // An encoded byte takes three characters at most, and a separator follows.
        let encoded = |text: &str| 3 * text.len() + 1;
        let lengths = parameters.iter().flat_map(|(name, values)| {
            values.iter().map(move |value| encoded(name) + encoded(value))
        });
        if lengths.sum::<usize>() <= LONGEST_QUERY { parameters } else { Multimap::new() }
    }

    /// Finds the last line of the header that names the caller, if it can be the value of a header.
    /// Two spellings of the header's name would be ambiguous.
    fn forwarded_for(&self) -> Option<HeaderValue> {
        let headers = multimap(self.multi_value_headers).or_else(|| multimap(self.headers))?;
        let mut spellings =
            headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(FORWARDED_FOR));
        let (Some((_, lines)), None) = (spellings.next(), spellings.next()) else {
            return None;
        };
        HeaderValue::from_str(lines.last()?).ok()
    }
}
