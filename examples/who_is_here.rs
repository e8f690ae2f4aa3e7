//! Prints who is in a room, read from the table by the rule of `docs/reading.md`:
//!
//! ```sh
//! cargo run --example who_is_here -- <room>
//! ```
//!
//! The variables `TABLE_NAME`, `APP_KEY` and those of AWS's SDKs say where the table is.

use std::error::Error;

use chatroom_status_sync::{
    aws::Aws,
    domain::ids::{AppKey, RoomId},
    env::Environment,
    table::read::{Reader, members::MemberFilter},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let room = std::env::args().nth(1).ok_or("usage: who_is_here <room>")?;
    let env = Environment::of_process();
    let table_name = env.require("TABLE_NAME", "the name of the DynamoDB table")?;
    let app_key = env.require("APP_KEY", "the App Key of the room's app")?;

    let reader = Reader::new(Aws::from_env(&env)?.dynamodb_for_readers(), table_name);
    let (app, room) = (AppKey::new(app_key)?, RoomId::new(room)?);
    let mut members = reader.members(&app, &room, MemberFilter::default()).await?;
    while let Some(page) = members.next_page().await? {
        for member in page.members {
            println!("{}", member.user_id);
        }
    }
    Ok(())
}
