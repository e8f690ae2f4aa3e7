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
    table::Table,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let room = std::env::args().nth(1).ok_or("usage: who_is_here <room>")?;
    let env = Environment::of_process();
    let table_name = env.require("TABLE_NAME", "the name of the DynamoDB table")?;
    let app_key = env.require("APP_KEY", "the App Key of the room's app")?;

    // The 30 days of retention matter only to those who write.
    let table = Table::new(Aws::from_env(&env)?.dynamodb(), table_name, 30);
    let collection = table.room(&AppKey::new(app_key)?, &RoomId::new(room)?).await?;

    for member in collection.present() {
        println!("{}", member.user_id);
    }
    println!("{} present", collection.present().count());
    Ok(())
}
