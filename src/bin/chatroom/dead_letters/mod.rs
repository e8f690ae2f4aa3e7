//! Shows what waits for a person, and sends it again: `chatroom dead-letters`.
//!
//! * [`queue`]: access to the queue, and looking into it.
//! * [`letter`]: the letters that its messages make.
//! * [`redrive`]: sending letters to the worker, by a [`route`].
//! * [`describe`]: letters in words, for [`list`] and [`show`].

mod describe;
pub mod letter;
mod list;
pub mod queue;
mod redrive;
mod route;
mod show;

use clap::{Args, Subcommand};

use crate::result::Result;

#[derive(Args)]
#[command(after_help = queue::LOOKING)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the letters: when each came in, for which app, and why it is here
    List(list::Options),
    /// Show everything about one letter
    Show(show::Options),
    /// Send letters to the worker, which tries them again: events by the deferred queue, sweeps by
    /// the sweep queue
    ///
    /// A letter is deleted here only once the other queue has confirmed it. Bodies are sent if
    /// they are JSON by now; what the worker could not read stays. What it reads and still does not
    /// understand comes back as a new letter.
    Redrive(redrive::Options),
}

impl Options {
    pub async fn run(self) -> Result {
        match self.command {
            Command::List(options) => options.run().await,
            Command::Show(options) => options.run().await,
            Command::Redrive(options) => options.run().await,
        }
    }
}
