//! A crowd: many users join one room at once.

use std::time::Duration;

use chatroom_status_sync::{domain::event::Kind, local::partitions::Allowance};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    Result,
    callbacks::{Sender, event},
    options::{Crowd, StageOptions},
    report::Report,
    room::user,
    stage::Stage,
};

/// Lets a crowd join, and reports when all of it was in the room.
pub async fn play(crowd: &Crowd, options: StageOptions) -> Result<Report> {
    let rate = f64::from(crowd.writes);
    let burst = f64::from(crowd.burst.unwrap_or(crowd.writes));
    let stage = Stage::set(Allowance { rate, burst }, &options).await?;
    stage.open();
    let members = crowd.joins * crowd.seconds;
    println!("{members} users join one room, {} in a second", crowd.joins);

    let (begun, recorder) = (Instant::now(), stage.record(0));
    let sending = tokio::spawn(send(stage.sender.clone(), begun, crowd.joins, members));
    let is_right = async |room: &crate::room::BurstRoom| {
        Ok(room.present().await? == usize::try_from(members)?)
    };
    let ending = stage.wait(begun, members.into(), &sending, is_right).await?;
    let least = ((f64::from(members) - burst) / rate).max(f64::from(crowd.seconds));
    Ok(Report::new("crowd", members.into(), least, &ending, &stage, recorder.samples()))
}

/// Sends a callback for each user, evenly spread over the time.
async fn send(sender: Sender, begun: Instant, joins: u32, members: u32) -> Result {
    let mut sending = JoinSet::new();
    for number in 0..members {
        sleep_until(begun + Duration::from_secs(1) * number / joins).await;
        let (sender, event) = (sender.clone(), event(Kind::Join, &[&user(number)]));
        sending.spawn(async move { sender.send(event).await });
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    Ok(())
}
