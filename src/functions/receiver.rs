//! The receiver: has a callback verified, read and stored, and words its answer and its log line.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ipnet::IpNet;
use tokio::time::{Instant, timeout_at};

use super::{
    deadlines::Deadlines,
    log::{EventCounts, Level, LogLine, whole_millis},
    secrets::Secrets,
    settings::Settings,
    storage::{Saved, Storage, UnwrittenPolicy},
};
use crate::{
    aws::Aws,
    callback::{
        Freshness, Refusal, Unverified, Verified,
        body::{Parsed, parse},
    },
    domain::time::Timestamp,
    wire::{answer::Answer, dead_letters::Origin, request::Request},
};

/// The number of reasons for quarantine that an answer gives at most.
const MOST_REASONS: usize = 3;

/// The time after a request's arrival for which its answer waits for newer secrets.
const REFRESH: Duration = Duration::from_millis(500);

/// The handler of callbacks: made once at the start, shared by all requests.
pub struct Receiver {
    secrets: Arc<Secrets>,
    storage: Storage,
    freshness: Freshness,
    allowed_sources: Vec<IpNet>,
    budget: Duration,
    is_warm: AtomicBool,
}

/// The parts of a request's log line that its answer does not tell.
#[derive(Default)]
struct Notes {
    app_key: Option<String>,
    events: Option<EventCounts>,
    lag_ms: Option<u64>,
    errors: Vec<String>,
}

impl Receiver {
    /// Opens connections, and reads the secrets. If that is not possible now, the requests will.
    pub async fn start(settings: Settings, aws: &Aws) -> Self {
        let storage = Storage::new(settings.storage, aws).for_callbacks();
        let secrets = Secrets::load(settings.secrets, || aws.secrets_manager());
        let (secrets, ()) = tokio::join!(secrets, storage.table().connect());
        Self {
            secrets: Arc::new(secrets),
            storage,
            freshness: settings.freshness,
            allowed_sources: settings.allowed_sources,
            budget: settings.budget,
            is_warm: AtomicBool::new(false),
        }
    }

    /// Answers a request, and words its log line. The platform ends this invocation after
    /// `time_left`, if it does.
    pub async fn receive(
        &self,
        request: Request,
        time_left: Option<Duration>,
    ) -> (Answer, LogLine) {
        let started = Instant::now();
        let waited = request.received.since(request.accepted);
        let deadlines = Deadlines::of_callback(started, self.budget, waited, time_left);
        let (id, mut notes) = (request.id.clone(), Notes::default());
        // Beside the request. The answer waits a little, because the process is frozen after it.
        let refreshing = self.secrets.is_old().then(|| {
            let secrets = self.secrets.clone();
            tokio::spawn(async move { secrets.refresh().await })
        });
        let answer = self.answer(request, deadlines, &mut notes).await;
        if let Some(refreshing) = refreshing {
            let _ = timeout_at(deadlines.end.min(started + REFRESH), refreshing).await;
        }
        let line = LogLine {
            cold_start: !self.is_warm.swap(true, Ordering::Relaxed),
            ..log_line(id, &answer, notes, started.elapsed())
        };
        (answer, line)
    }

    async fn answer(&self, request: Request, deadlines: Deadlines, notes: &mut Notes) -> Answer {
        let Request { id, received, source, callback, .. } = request;
        if !self.allows(source) {
            return Answer::Forbidden;
        }
        let verified = match self.verify(callback, received, deadlines.queues, notes).await {
            Ok(verified) => verified,
            Err(answer) => return answer,
        };
        notes.app_key = Some(verified.app().to_string());
        let origin = Origin { app_key: verified.app(), request_id: &id, received_at: received };
        let Ok(parsed) = parse(&verified, received) else {
            let kept = self.storage.quarantine(verified.body(), origin, deadlines.queues).await;
            return kept.map_or_else(|why| notes.give_up(&why), |()| Answer::InvalidBody);
        };
        notes.lag_ms = lag_ms(&parsed, received);
        notes.events = Some(EventCounts::of(&parsed.events, received));
        let reasons = reasons(&parsed);
        match self.storage.save(parsed, origin, deadlines, UnwrittenPolicy::Defer).await {
            Ok(Saved { counts, why_deferred }) => {
                if !reasons.is_empty() {
                    notes.errors.push(format!("see the dead-letter queue: {}", reasons.join("; ")));
                }
                notes.errors.extend(why_deferred.map(|why| why.to_string()));
                Answer::Accepted(counts, reasons)
            }
            Err(why) => notes.give_up(&why),
        }
    }

    fn allows(&self, source: Option<IpAddr>) -> bool {
        let is_allowed = |source: IpAddr| {
            let source = source.to_canonical();
            self.allowed_sources.iter().any(|network| network.contains(&source))
        };
        self.allowed_sources.is_empty() || source.is_some_and(is_allowed)
    }

    /// Verifies with the known secrets, and once more with newly read ones if that could change the
    /// verdict.
    async fn verify(
        &self,
        callback: Unverified,
        now: Timestamp,
        deadline: Instant,
        notes: &mut Notes,
    ) -> Result<Verified, Answer> {
        let (arrived, known) = (Instant::now(), self.secrets.current());
        let (callback, refusal) = match &known {
            Some(keyring) => match callback.verify(keyring, self.freshness, now) {
                Ok(verified) => return Ok(verified),
                Err((_, refusal)) if !refusal.may_be_rotation() => {
                    return Err(notes.refuse(refusal));
                }
                Err((callback, refusal)) => (callback, Some(refusal)),
            },
            None => (callback, None),
        };
        match timeout_at(deadline, self.secrets.reread(known.as_ref(), arrived)).await {
            Ok(Ok(Some(keyring))) => callback
                .verify(&keyring, self.freshness, now)
                .map_err(|(_, refusal)| notes.refuse(refusal)),
            Ok(Ok(None)) => Err(match refusal {
                Some(refusal) => notes.refuse(refusal),
                None => notes.give_up(&"there is no secret to verify with"),
            }),
            // Nobody can tell now whether a new secret signed it, so the sender is to try again.
            Ok(Err(why)) => Err(notes.give_up(&why)),
            Err(_) => Err(notes.give_up(&"Secrets Manager did not answer in time")),
        }
    }
}

impl Notes {
    fn refuse(&mut self, refusal: Refusal) -> Answer {
        self.errors.push(format!("{} What to do: {}", refusal.message(), refusal.advice()));
        Answer::Refused(refusal)
    }

    fn give_up(&mut self, why: &impl ToString) -> Answer {
        self.errors.push(why.to_string());
        Answer::Unavailable
    }
}

/// Gives the time from the oldest event to its arrival.
fn lag_ms(parsed: &Parsed<'_>, received: Timestamp) -> Option<u64> {
    let times = parsed.events.iter().map(|event| event.version.time());
    times.min().map(|oldest| whole_millis(received.since(oldest)))
}

/// Lists a few reasons why events were not understood, each once.
fn reasons(parsed: &Parsed<'_>) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for fault in &parsed.faults {
        let reason = fault.why.to_string();
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
        if reasons.len() == MOST_REASONS {
            break;
        }
    }
    reasons
}

fn log_line(request_id: String, answer: &Answer, notes: Notes, duration: Duration) -> LogLine {
    let (level, message) = match answer {
        Answer::Accepted(counts, _) if counts.quarantined > 0 => {
            (Level::Warn, "callback stored, but not all of it was understood")
        }
        Answer::Accepted(counts, _) if counts.deferred > 0 => {
            (Level::Warn, "callback stored, part of it in the deferred queue")
        }
        Answer::Accepted(..) if notes.events.is_some_and(|events| events.future > 0) => {
            (Level::Warn, "callback stored, though some of its events lie ahead of the clock")
        }
        Answer::Accepted(..) => (Level::Info, "callback stored"),
        Answer::InvalidBody => (Level::Warn, "body kept in the dead-letter queue"),
        Answer::Refused(_) => (Level::Warn, "callback refused"),
        Answer::Forbidden => (Level::Warn, "source address not in ALLOWED_SOURCES"),
        Answer::Unavailable => (Level::Error, "callback not stored, sender asked to repeat it"),
    };
    let counts = match answer {
        Answer::Accepted(counts, _) => Some(*counts),
        _ => None,
    };
    LogLine {
        status: Some(answer.status()),
        app_key: notes.app_key,
        counts,
        events: notes.events,
        lag_ms: notes.lag_ms,
        error: Some(notes.errors.join("; ")).filter(|errors| !errors.is_empty()),
        ..LogLine::new(level, message, request_id, duration)
    }
}
