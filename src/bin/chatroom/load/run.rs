//! Describes a run: what decides its traffic, and what tells it from others.

use std::{fmt, time::SystemTime};

use chatroom_status_sync::domain::time::Timestamp;
use clap::{Args, value_parser};
use serde::Serialize;

#[derive(Args, Serialize)]
pub struct Shape {
    /// Callbacks per second, whether or not earlier ones are answered
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub rate: u32,
    /// The length of the run, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=1_000_000))]
    #[serde(skip)]
    duration: u64,
    /// The number of callbacks, instead of a duration
    #[arg(long, conflicts_with = "duration", value_parser = value_parser!(u64).range(1..))]
    #[serde(skip)]
    callbacks: Option<u64>,
    /// The most callbacks under way at once, each over a connection of its own
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Rooms; the first is the most popular
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub rooms: u32,
    /// Users
    #[arg(long, default_value_t = 5000, value_parser = value_parser!(u32).range(1..))]
    pub users: u32,
    /// Play what a run with this seed and these numbers played; any if not given
    #[arg(long)]
    #[serde(skip)]
    seed: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run<'a> {
    /// Begins the ids of all its rooms and users.
    pub id: String,
    pub seed: u64,
    pub started_at: Timestamp,
    url: &'a str,
    #[serde(flatten)]
    pub shape: &'a Shape,
}

impl<'a> Run<'a> {
    /// Makes a run that starts now.
    pub fn new(url: &'a str, shape: &'a Shape) -> Self {
        let seed = shape.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
        let started_at = Timestamp::from(SystemTime::now());
        Self { id: format!("load-{started_at}-{seed}"), seed, started_at, url, shape }
    }

    /// Gives the number of callbacks, repeats included.
    pub fn callbacks(&self) -> u64 {
        self.shape.callbacks.unwrap_or(u64::from(self.shape.rate) * self.shape.duration)
    }
}

/// Words it for people.
impl fmt::Display for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, url, seed, .. } = self;
        let Shape { rate, connections, rooms, users, .. } = self.shape;
        let callbacks = self.callbacks();
        write!(
            f,
            "run        {id} at {url}\n\
             traffic    {callbacks} callbacks at {rate}/s, seed {seed}, {rooms} rooms, {users} users, \
             {connections} connections"
        )
    }
}
