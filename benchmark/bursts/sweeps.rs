//! A sweep: a room of many members is destroyed.

use chatroom_status_sync::{
    domain::event::Kind,
    local::{im_server::WireEvent, partitions::Allowance},
};
use tokio::time::Instant;

use crate::{
    Result,
    callbacks::{Sender, event},
    options::{StageOptions, SweepOptions},
    report::Report,
    room::BurstRoom,
    stage::Stage,
};

/// The changes that are about no member: the room's own end.
const BESIDE: u64 = 1;

/// Destroys a room, and reports when no item said any more that somebody is in it.
pub async fn play(sweep: &SweepOptions, options: StageOptions) -> Result<Report> {
    let rate = f64::from(sweep.writes);
    let burst = f64::from(sweep.burst.unwrap_or(sweep.writes));
    let stage = Stage::set(Allowance { rate, burst }, &options).await?;
    let filling = Instant::now();
    stage.room.fill(sweep.members).await?;
    println!("{} members joined, in {:.0} s", sweep.members, filling.elapsed().as_secs_f64());
    stage.open();

    let (begun, recorder) = (Instant::now(), stage.record(BESIDE));
    let destroy = event(Kind::Destroy, &[]);
    let sending = tokio::spawn(send(stage.sender.clone(), destroy, sweep.repeats));
    let is_right = async |room: &BurstRoom| Ok(room.joined().await? == 0);
    let members = u64::from(sweep.members);
    let ending = stage.wait(begun, members + BESIDE, &sending, is_right).await?;
    let least = ((f64::from(sweep.members) - burst) / rate).max(0.0);
    Ok(Report::new("sweep", members, least, &ending, &stage, recorder.samples()))
}

/// Reports the room's end so often, one callback after the other.
async fn send(sender: Sender, destroy: WireEvent, times: u32) -> Result {
    for _ in 0..times {
        sender.send(destroy.clone()).await?;
    }
    Ok(())
}
