//! `chatroom`: everything that a person does with this project.

mod access;
mod consent;
mod dead_letters;
mod demo;
mod estimate;
mod event;
mod load;
mod members;
mod print;
mod repair;
mod result;
mod room;
mod rooms;
mod send;
mod sender;
mod serve;
mod sweep;
mod tables;
mod user;

use std::{
    io::{self, ErrorKind},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// Receive RongCloud chatroom callbacks, and see who is in which room.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send sample callbacks through the real handler into an embedded table, and show both
    Demo,
    /// Run callback endpoint and table on this machine until Ctrl-C
    Serve(serve::Options),
    /// Make a signed callback: as an API Gateway event, as a curl command, or sent to a URL
    Event(event::Options),
    /// Play realistic traffic, and check the table against what was accepted
    Load(load::Options),
    /// Estimate what a load needs in AWS, which limit binds first, and what a month costs
    Estimate(estimate::Options),
    /// Show who is in a room
    Members(members::Options),
    /// Show a room: whether it is active, since when, how many are in it
    Room(room::Options),
    /// Show the rooms that a user is in
    User(user::Options),
    /// Show the active rooms of an app
    Rooms(access::Access),
    /// Undo a forged destroy or ban: those whom it removed join again
    Repair(repair::Options),
    /// Have the sweep of a room's end done, if it was lost
    Sweep(sweep::Options),
    /// See what waits in the dead-letter queue, and send it again
    DeadLetters(dead_letters::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo => demo::run().await,
        Command::Serve(options) => options.run().await,
        Command::Event(options) => options.run().await,
        Command::Load(options) => options.run().await,
        Command::Estimate(options) => options.run(),
        Command::Members(options) => options.run().await,
        Command::Room(options) => options.run().await,
        Command::User(options) => options.run().await,
        Command::Rooms(access) => rooms::run(access).await,
        Command::Repair(options) => options.run().await,
        Command::Sweep(options) => options.run().await,
        Command::DeadLetters(options) => options.run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads standard output, such as `head`, has seen enough.
        Err(error) if error.downcast_ref().map(io::Error::kind) == Some(ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
