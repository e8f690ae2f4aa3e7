//! A proxy that makes requests fail as networks and services do, on purpose and replayably.
//!
//! It decides by a request's content and by the number of its repetition, so that a run can be
//! replayed although dozens of requests are under way at once. No ready-made proxy does that.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::sleep,
};

/// A fault that a request can suffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing: the request and its response get through.
    None,
    /// A refusal, as of a partition that is too hot. The request has no effect.
    Throttle,
    /// An internal error of the service. The request has no effect.
    Error,
    /// No answer, ever, and no effect.
    Stall,
    /// No answer, ever, although the request took effect.
    StallAfter,
    /// The connection is reset before the request has an effect.
    Reset,
    /// The connection ends in the middle of the response; the request took effect.
    Cut,
    /// The connection ends without a response; the request took effect.
    Unconfirmed,
}

impl Fault {
    pub const ALL: [Self; 7] = [
        Self::Throttle,
        Self::Error,
        Self::Stall,
        Self::StallAfter,
        Self::Reset,
        Self::Cut,
        Self::Unconfirmed,
    ];
}

/// Faults, and the share of requests that suffers each.
#[derive(Debug, Clone, Default)]
pub struct Weather {
    /// The seed of the dice: the same seed does the same to the same requests.
    pub seed: u64,
    /// Faults, each with the number of requests in a thousand that suffer it.
    pub faults: Vec<(Fault, u64)>,
    /// Text in the body of each request that may suffer; empty for all requests.
    pub only: String,
    /// The time that the service takes for a request, one after the other.
    pub takes: Duration,
}

/// The way in which a connection dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Everything that is sent on it is lost.
    Silent,
    /// It is reset once something is sent on it.
    Reset,
}

impl Weather {
    /// One fault for this many of a thousand requests.
    pub fn of(seed: u64, fault: Fault, in_a_thousand: u64) -> Self {
        Self { seed, faults: vec![(fault, in_a_thousand)], ..Self::default() }
    }

    /// All faults, each for this many of a thousand requests.
    pub fn storm(seed: u64, in_a_thousand: u64) -> Self {
        Self {
            seed,
            faults: Fault::ALL.map(|fault| (fault, in_a_thousand)).into(),
            ..Self::default()
        }
    }
}

/// A proxy in front of one service. It ends with the test's runtime, not when it is dropped.
#[derive(Clone)]
pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    weather: Mutex<Weather>,
    /// The number of times that each request was seen, by its hash.
    seen: Mutex<HashMap<u64, u64>>,
    counts: Mutex<HashMap<Fault, u64>>,
    /// Alarms, each with the number of requests that are left until it rings.
    alarms: Mutex<Vec<(u64, Arc<Notify>)>>,
    is_down: AtomicBool,
    connections: AtomicU64,
    /// The number of connections that are dead, and how they died.
    dead: Mutex<(u64, Death)>,
    /// Held while the service works on a request.
    at_work: tokio::sync::Mutex<()>,
}

impl Proxy {
    /// Listens in front of `upstream`, an `http://host:port`.
    pub async fn start(upstream: &str, weather: Weather) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            upstream: upstream.trim_start_matches("http://").to_owned(),
            weather: Mutex::new(weather),
            seen: Mutex::default(),
            counts: Mutex::default(),
            alarms: Mutex::default(),
            is_down: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            dead: Mutex::new((0, Death::Reset)),
            at_work: tokio::sync::Mutex::default(),
        });
        let proxy = Self { url, shared };
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let proxy = serving.clone();
                tokio::spawn(async move { proxy.serve(connection).await });
            }
        });
        proxy
    }

    pub fn set(&self, weather: Weather) {
        *lock(&self.shared.weather) = weather;
    }

    /// Refuses every connection, or none.
    pub fn set_down(&self, is_down: bool) {
        self.shared.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Lets all connections die that are open now. Gives their number, and of those before.
    pub fn end_connections(&self, death: Death) -> u64 {
        let connections = self.shared.connections.load(Ordering::SeqCst);
        *lock(&self.shared.dead) = (connections, death);
        connections
    }

    /// Makes an alarm that rings when so many more requests have come, before the last is answered.
    pub fn after_requests(&self, requests: u64) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        lock(&self.shared.alarms).push((requests, notify.clone()));
        notify
    }

    /// The number of requests that suffered each fault.
    pub fn counts(&self) -> HashMap<Fault, u64> {
        lock(&self.shared.counts).clone()
    }

    /// The number of all requests.
    pub fn requests(&self) -> u64 {
        self.counts().values().sum()
    }

    async fn serve(&self, mut connection: TcpStream) -> Option<()> {
        let number = self.shared.connections.fetch_add(1, Ordering::SeqCst);
        let mut upstream = None;
        let mut buffer = Vec::new();
        loop {
            let request = message(&mut connection, &mut buffer).await?;
            let (dead, death) = *lock(&self.shared.dead);
            match death {
                _ if number >= dead => {}
                Death::Silent => return wait_for_the_end(connection).await,
                Death::Reset => return reset(&connection),
            }
            if self.shared.is_down.load(Ordering::SeqCst) {
                return reset(&connection);
            }
            let fault = self.fault_for(&request);
            *lock(&self.shared.counts).entry(fault).or_default() += 1;
            self.count_down();
            match fault {
                Fault::Throttle => {
                    let refusal = refusal(400, "ProvisionedThroughputExceededException");
                    connection.write_all(&refusal).await.ok()?;
                    continue;
                }
                Fault::Error => {
                    let refusal = refusal(500, "InternalServerError");
                    connection.write_all(&refusal).await.ok()?;
                    continue;
                }
                Fault::Stall => return wait_for_the_end(connection).await,
                Fault::Reset => return reset(&connection),
                Fault::None | Fault::StallAfter | Fault::Cut | Fault::Unconfirmed => {}
            }
            let takes = lock(&self.shared.weather).takes;
            if !takes.is_zero() {
                let _one_at_a_time = self.shared.at_work.lock().await;
                sleep(takes).await;
            }
            let Some(response) = self.forward(&mut upstream, &request).await else {
                return reset(&connection);
            };
            match fault {
                Fault::StallAfter => return wait_for_the_end(connection).await,
                Fault::Cut => {
                    connection.write_all(&response[..response.len() / 2]).await.ok()?;
                    return None;
                }
                Fault::Unconfirmed => return None,
                _ => connection.write_all(&response).await.ok()?,
            }
        }
    }

    /// Sends a request on and gives the response.
    async fn forward(&self, upstream: &mut Option<TcpStream>, request: &[u8]) -> Option<Vec<u8>> {
        if upstream.is_none() {
            *upstream = Some(TcpStream::connect(&self.shared.upstream).await.ok()?);
        }
        let connection = upstream.as_mut()?;
        connection.write_all(request).await.ok()?;
        message(connection, &mut Vec::new()).await
    }

    /// Throws the dice for a request: by the seed, its body, and the number of its repetition.
    fn fault_for(&self, request: &[u8]) -> Fault {
        let weather = lock(&self.shared.weather).clone();
        let body = body_of(request);
        let is_meant = weather.only.is_empty()
            || body.windows(weather.only.len()).any(|part| part == weather.only.as_bytes());
        if !is_meant {
            return Fault::None;
        }
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let times = {
            let mut seen = lock(&self.shared.seen);
            let times = seen.entry(hasher.finish()).or_default();
            *times += 1;
            *times
        };
        (weather.seed, times).hash(&mut hasher);
        let mut dice = hasher.finish() % 1000;
        for (fault, in_a_thousand) in weather.faults {
            if dice < in_a_thousand {
                return fault;
            }
            dice -= in_a_thousand;
        }
        Fault::None
    }

    fn count_down(&self) {
        lock(&self.shared.alarms).retain_mut(|(requests, notify)| {
            *requests = requests.saturating_sub(1);
            if *requests == 0 {
                notify.notify_one();
            }
            *requests > 0
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads one HTTP message, head and body. The beginning of the next one stays in the buffer.
async fn message(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(length) = length_of(buffer)
            && buffer.len() >= length
        {
            let rest = buffer.split_off(length);
            return Some(std::mem::replace(buffer, rest));
        }
        if connection.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn length_of(buffer: &[u8]) -> Option<usize> {
    let head = buffer.len() - body_of(buffer).len();
    if head == 0 {
        return None;
    }
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    Some(head + length.map_or(0, |length| length.trim().parse().unwrap_or(0)))
}

/// The part of a message after its head, or all of it, if the head is not complete yet.
fn body_of(message: &[u8]) -> &[u8] {
    let end = message.windows(4).position(|part| part == b"\r\n\r\n");
    end.map_or(message, |end| &message[end + 4..])
}

fn refusal(status: u16, why: &str) -> Vec<u8> {
    let body =
        format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{why}","message":"on purpose"}}"#);
    format!(
        "HTTP/1.1 {status} On Purpose\r\ncontent-type: application/x-amz-json-1.0\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn reset(connection: &TcpStream) -> Option<()> {
    // Closed with nothing to linger for, the other side gets a reset.
    let _ = connection.set_zero_linger();
    None
}

async fn wait_for_the_end(mut connection: TcpStream) -> Option<()> {
    let mut rest = [0; 1024];
    while connection.read(&mut rest).await.ok()? > 0 {}
    None
}
