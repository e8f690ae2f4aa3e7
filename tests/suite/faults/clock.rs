//! A clock that jumps, as a virtual machine's does when it is corrected: the real functions run
//! under libfaketime, whose offset changes while they run.
//!
//! `FAKETIME_LIBRARY` is the path of the library; `.ci/faults` downloads it.

use super::{Run, SMALL, Weather, seed, traffic};

/// Offsets from the real time: back and forth, by minutes and by hours.
const OFFSETS: [&str; 6] = ["+0", "+7m", "-7m", "+2h", "-2h", "+0"];

#[tokio::test]
#[ignore = "needs libfaketime: run .ci/faults"]
async fn nothing_is_lost_when_the_clock_jumps() {
    let library = std::env::var("FAKETIME_LIBRARY").expect("FAKETIME_LIBRARY names libfaketime");
    let offset = std::env::temp_dir().join(format!("offset-{}", std::process::id()));
    std::fs::write(&offset, OFFSETS[0]).unwrap();
    let mut run = Run::start(Weather::default()).await;
    let own = run.variables.len();
    run.variables.extend([
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", offset.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        // The clock of time-outs does not jump on any machine.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]);
    let (mut function, mut worker) = (run.callback().await, run.worker().await);
    for (number, callback) in traffic(seed(), SMALL).iter().enumerate() {
        std::fs::write(&offset, OFFSETS[number / 3 % OFFSETS.len()]).unwrap();
        run.dynamodb.set_down(number % 7 == 0);
        run.send(&mut function, callback).await;
        run.work(&mut worker).await;
    }
    std::fs::remove_file(&offset).unwrap();
    run.variables.truncate(own);
    let record = run.audit().await;
    assert!(record.answers[&200] > 20, "{:?}", record.answers);
    assert!(record.answers[&401] > 20, "the clock did jump: {:?}", record.answers);
}
