//! `chatroom watch`: joins, leaves, creates and destroys as they happen, from the table's stream.

mod place;
mod show;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use chatroom_status_sync::{
    domain::{
        ids::{AppKey, RoomId, UserId},
        time::Timestamp,
    },
    table::changes::{Change, FollowError, Follower, News, Position},
};
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use tokio::time::sleep;

use crate::{
    access::Access,
    print::{self, Output},
    result::{Error, Result},
    stop::StopSignals,
};
use place::ResumeFile;
use show::Lines;

/// The least time between two writes of the resume file.
const SAVE: Duration = Duration::from_secs(1);
/// The time without answers after which somebody who watches should know.
const SILENCE: Duration = Duration::from_secs(3);

const EXAMPLES: &str = "Examples:
  chatroom watch --endpoint-url http://127.0.0.1:8000
  chatroom watch lobby --duration 30s
  chatroom watch --user anna --from beginning
  chatroom watch --resume watch.json --json >> changes.jsonl

A watch has no end, so JSON is JSON Lines here: each change in a line of its own.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The room's id; without it, all rooms of the app
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: Option<RoomId>,
    /// Show the changes of this user only
    #[arg(long, value_parser = |text: &str| UserId::new(text))]
    user: Option<UserId>,
    /// The place in the stream to begin at
    #[arg(long, value_enum, value_name = "PLACE", default_value_t = From::Now)]
    from: From,
    /// Keep the place in this file, and go on from there if it exists
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// End after this time, such as 30s or 5m; without it, with Ctrl-C
    #[arg(long, value_parser = duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

/// A place in the stream.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Changes from now on
    Now,
    /// Everything that the stream still has: that of 24 hours
    Beginning,
}

impl Options {
    pub async fn run(self) -> Result {
        let mut file = self.resume.clone().map(ResumeFile::new);
        let checkpoint = file.as_ref().map(ResumeFile::read).transpose()?.flatten();
        let position = match (checkpoint, self.from) {
            (Some(checkpoint), _) => Position::After(checkpoint),
            (None, From::Now) => Position::Latest,
            (None, From::Beginning) => Position::TrimHorizon,
        };
        let (config, names) = self.access.connect().await?;
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        let streams = self.access.streams(&config);
        let follower = Follower::open(&dynamodb, streams, &names.table, position).await;
        let mut follower = follower.map_err(|error| self.explain(error))?;

        let mut stop = StopSignals::take()?;
        let since = print::time(follower.created().map(Timestamp::millis));
        self.access.note(format_args!("watching its stream, which is there since {since}"));
        let begun = Instant::now();
        let mut lines = Lines::new(self.output.format());
        let mut kept = begun;
        keep(file.as_mut(), &follower)?;
        let mut is_silent = false;
        let mut over = Box::pin(over(self.duration));
        let stopped = loop {
            let news = tokio::select! {
                news = follower.next_of_round() => news,
                () = &mut over => break Ok(()),
                () = stop.next() => break Ok(()),
            };
            match news {
                Ok(Some(News::Missed(missed))) => lines.missed(&missed)?,
                Ok(Some(News::Change(change))) if !self.is_asked_for(&change, &names.app) => {}
                Ok(Some(News::Change(change))) => lines.change(&change)?,
                Ok(None) => {}
                Err(error) => break Err(error),
            }
            // Not while the stream is asked: to drop a page that is slow would be to ask for ever.
            if kept.elapsed() >= SAVE {
                keep(file.as_mut(), &follower)?;
                self.tell_silence(&follower, &mut is_silent);
                kept = Instant::now();
            }
        };
        keep(file.as_mut(), &follower)?;
        let shown = print::counted(lines.count, "change");
        lines.finish()?;
        stopped.map_err(|error| self.explain(error))?;
        self.access.note(format_args!("{shown} in {} s", begun.elapsed().as_secs()));
        Ok(())
    }

    fn is_asked_for(&self, change: &Change, app: &AppKey) -> bool {
        let user = change.user_id.as_deref();
        change.app_key == app.as_str()
            && self.room.as_ref().is_none_or(|room| change.chat_room_id == room.as_str())
            && self.user.as_ref().is_none_or(|asked| user == Some(asked.as_str()))
    }

    /// Tells when answers begin to fail, and when they come again: to whoever sees no change, that
    /// is not the same as nothing happening.
    fn tell_silence(&self, follower: &Follower, was_silent: &mut bool) {
        let is_silent = follower.silent_since().is_some_and(|since| since.elapsed() >= SILENCE);
        if is_silent && !*was_silent {
            self.access.note("no answer from the stream: trying again for a minute");
        } else if !is_silent && *was_silent {
            self.access.note("the stream answers again");
        }
        *was_silent = is_silent;
    }

    fn explain(&self, error: FollowError) -> Error {
        match error {
            FollowError::Unreadable(error) => self.access.explain(error.into()),
            error => error.into(),
        }
    }
}

/// Waits for the end of the time that was asked for; for ever if none was.
async fn over(duration: Option<Duration>) {
    match duration {
        Some(duration) => sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// Keeps the place that is reached. What was shown meanwhile may be shown again if this never
/// happens; nothing is left out.
fn keep(file: Option<&mut ResumeFile>, follower: &Follower) -> Result {
    file.map_or(Ok(()), |file| file.write(follower.checkpoint()))
}

/// Reads a duration such as `30s` or `1h 30m`.
fn duration(text: &str) -> Result<Duration> {
    let wrong = "should be a time such as 30s or 5m";
    let duration: SignedDuration = text.parse().map_err(|_| wrong)?;
    duration.try_into().map_err(|_| wrong.into())
}
