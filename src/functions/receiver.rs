//! From a request to its answer: the whole way of a callback, on one screen.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;
use tokio::time::{Instant, timeout_at};

use crate::{
    aws::Aws,
    callback::{
        Freshness, Refusal, Unverified, Verified,
        body::{InvalidBody, Parsed, parse},
    },
    domain::time::Timestamp,
    env::SettingError,
    functions::{
        deadlines::TimeLeft,
        log::{Level, LogLine},
        secrets::Secrets,
        settings::Settings,
        storage::{Deadlines, Storage, Stored, Unwritten},
    },
    wire::{answer::Answer, dead_letters::Origin, request::Request},
};

/// What handles callbacks: made once at the start, shared by all requests.
pub struct Receiver {
    secrets: Secrets,
    store: Storage,
    freshness: Freshness,
    allowed_sources: Vec<IpNet>,
    budget: Duration,
}

/// How many reasons for quarantine an answer gives.
const MOST_REASONS: usize = 3;

/// What the log says about a request beside its answer.
#[derive(Default)]
struct Notes {
    app_key: Option<String>,
    lag_ms: Option<u64>,
    error: Option<String>,
}

impl Receiver {
    /// Connects to everything that handling needs, and reads the secrets.
    ///
    /// # Errors
    /// If the secrets cannot be read. A table that does not answer yet is no error.
    pub async fn start(settings: Settings, aws: &Aws) -> Result<Self, SettingError> {
        let store = Storage::new(settings.storage, aws);
        let secrets = Secrets::load(settings.secrets, || aws.secrets_manager());
        let (secrets, ()) = tokio::join!(secrets, store.table().connect());
        Ok(Self {
            secrets: secrets?,
            store,
            freshness: settings.freshness,
            allowed_sources: settings.allowed_sources,
            budget: settings.budget,
        })
    }

    /// Answers a request. `time_left` is the function's own time, if the platform sets one.
    pub async fn receive(
        &self,
        request: Request,
        time_left: Option<Duration>,
    ) -> (Answer, LogLine) {
        let started = Instant::now();
        let waited = request.received.since(request.accepted);
        let left = TimeLeft::of(self.budget, waited, time_left);
        let until =
            Deadlines { table: started + left.for_table, queues: started + left.for_queues };
        let (id, mut notes) = (request.id.clone(), Notes::default());
        let answer = self.handle(request, until, &mut notes).await;
        let line = line(id, &answer, notes, started.elapsed());
        (answer, line)
    }

    async fn handle(&self, request: Request, until: Deadlines, notes: &mut Notes) -> Answer {
        let Request { id, received, source, callback, .. } = request;
        if !self.allows(source) {
            return Answer::Forbidden;
        }
        let verified = match self.verify(callback, received, until.table, notes).await {
            Ok(verified) => verified,
            Err(answer) => return answer,
        };
        notes.app_key = Some(verified.app().to_string());
        let origin = Origin { app_key: verified.app(), request_id: &id, received_at: received };
        let parsed = match parse(&verified, received) {
            Ok(parsed) => parsed,
            Err(InvalidBody { .. }) => {
                let kept = self.store.keep(verified.body(), origin, until.queues).await;
                return kept.map_or_else(|why| unavailable(why, notes), |()| Answer::InvalidBody);
            }
        };
        let reasons = notes.read(&parsed, received);
        let stored = self.store.store(parsed, origin, until, Unwritten::Defer);
        match stored.await {
            Ok(Stored { counts, why_deferred }) => {
                let errors = notes.error.take().into_iter().chain(why_deferred);
                notes.error = errors.reduce(|all, error| format!("{all}; {error}"));
                Answer::Accepted(counts, reasons)
            }
            Err(why) => unavailable(why, notes),
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
        let refused = |notes: &mut Notes, refusal: Refusal| {
            notes.error = Some(format!("{} What to do: {}", refusal.message(), refusal.advice()));
            Answer::Refused(refusal)
        };
        let known = self.secrets.current();
        let (callback, refusal) = match callback.verify(&known, self.freshness, now) {
            Ok(verified) => return Ok(verified),
            Err(refused) => refused,
        };
        if !refusal.may_be_rotation() {
            return Err(refused(notes, refusal));
        }
        match timeout_at(deadline, self.secrets.reread(&known)).await {
            Ok(Ok(None)) => Err(refused(notes, refusal)),
            Ok(Ok(Some(keyring))) => callback
                .verify(&keyring, self.freshness, now)
                .map_err(|(_, refusal)| refused(notes, refusal)),
            // It may well be signed with a new secret: nobody can tell now, so the sender is to ask
            // again.
            Ok(Err(why)) => Err(unavailable(why.to_string(), notes)),
            Err(_) => Err(unavailable("Secrets Manager did not answer in time".to_owned(), notes)),
        }
    }
}

impl Notes {
    /// How late the events came. Gives why some of them were not understood: a few reasons, each
    /// once.
    fn read(&mut self, parsed: &Parsed<'_>, received: Timestamp) -> Vec<String> {
        let lag = |time| u64::try_from(received.since(time).as_millis()).unwrap_or(u64::MAX);
        self.lag_ms = parsed.events.iter().map(|event| lag(event.version.time())).max();
        let mut reasons: Vec<String> = Vec::new();
        for fault in &parsed.faults {
            if reasons.len() < MOST_REASONS && !reasons.contains(&fault.reason) {
                reasons.push(fault.reason.clone());
            }
        }
        if !reasons.is_empty() {
            self.error = Some(format!("see the dead-letter queue: {}", reasons.join("; ")));
        }
        reasons
    }
}

fn unavailable(why: String, notes: &mut Notes) -> Answer {
    notes.error = Some(why);
    Answer::Unavailable
}

fn line(request_id: String, answer: &Answer, notes: Notes, duration: Duration) -> LogLine {
    let (level, message, counts) = match answer {
        Answer::Accepted(counts, _) if counts.quarantined > 0 => {
            (Level::Warn, "callback stored, but not all of it was understood", Some(*counts))
        }
        Answer::Accepted(counts, _) if counts.deferred > 0 => {
            (Level::Warn, "callback stored, part of it in the deferred queue", Some(*counts))
        }
        Answer::Accepted(counts, _) => (Level::Info, "callback stored", Some(*counts)),
        Answer::InvalidBody => (Level::Warn, "body kept in the dead-letter queue", None),
        Answer::Refused(_) => (Level::Warn, "callback refused", None),
        Answer::Forbidden => (Level::Warn, "source address not in ALLOWED_SOURCES", None),
        Answer::Unavailable => {
            (Level::Error, "callback not stored, sender asked to repeat it", None)
        }
    };
    LogLine {
        level,
        message: message.to_owned(),
        request_id,
        status: Some(answer.status()),
        app_key: notes.app_key,
        counts,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        lag_ms: notes.lag_ms,
        error: notes.error,
    }
}
