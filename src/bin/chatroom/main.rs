//! `chatroom`: everything that a person does with this project.

mod access;
mod commands;
mod completions;
mod consent;
mod console;
mod count;
mod dead_letters;
mod demo;
mod estimate;
mod event;
mod export;
mod load;
mod man;
mod member;
mod members;
mod moment;
mod print;
mod repair;
mod result;
mod room;
mod rooms;
mod send;
mod sender;
mod serve;
mod stats;
mod stop;
mod sweep;
mod tables;
mod user;
mod watch;

use std::{
    io::{self, ErrorKind},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use result::{NothingKnown, Result};

/// The exit code of an answer that is none. Clap takes 2, for wrong arguments.
const NOTHING_KNOWN: u8 = 4;

/// The exit codes, for the help.
const EXIT_CODES: &str = "Exit codes: 0 fine, 1 an error, 2 wrong arguments, 4 nothing is known of \
    what was asked for";

const DEMO_EXAMPLES: &str = "Examples:
  chatroom demo
  chatroom demo | less";
const SERVE_EXAMPLES: &str = "Examples:
  chatroom serve
  chatroom serve --memory --port 8081";

/// Receive RongCloud chatroom callbacks, and see who is in which room.
#[derive(Parser)]
#[command(name = "chatroom", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show who is in a room, or who is gone
    Members(members::Options),
    /// Show whether a user is in a room, since when, or why they left
    Member(member::Options),
    /// Count who is in a room
    Count(count::Options),
    /// Show a room: whether it is active, since when
    Room(room::Options),
    /// Show the active rooms of an app, or the fullest of them
    Rooms(rooms::Options),
    /// Show the rooms that a user is in
    User(user::Options),
    /// Show rooms by size, reasons for leaving and the longest stays
    Stats(stats::Options),
    /// Write rooms and members to a file, as CSV or JSON Lines
    Export(export::Options),
    /// Show joins, leaves, creates and destroys as they happen
    Watch(watch::Options),
    /// Show rooms and members as a page for the browser, as they change
    Console(console::Options),
    /// Send sample callbacks through the real handler into an embedded table, and show both
    #[command(after_help = DEMO_EXAMPLES)]
    Demo,
    /// Run callback endpoint and table on this machine until Ctrl-C
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(serve::Options),
    /// Make a signed callback: as an API Gateway event, as a curl command, or sent to a URL
    Event(event::Options),
    /// Play realistic traffic, and check the table against what was accepted
    Load(load::Options),
    /// Estimate what a load needs in AWS, which limit binds first, and what a month costs
    Estimate(estimate::Options),
    /// See what waits in the dead-letter queue, and send it again
    DeadLetters(dead_letters::Options),
    /// Have the sweep of a room's end done, if it was lost
    Sweep(sweep::Options),
    /// Undo a forged destroy or ban: those whom it removed join again
    Repair(repair::Options),
    /// Print completions for a shell
    Completions(completions::Options),
    /// Print the manual page, or write one for each command
    Man(man::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = match commands::read::<Cli>() {
        Ok(cli) => cli.command,
        Err(code) => return code,
    };
    let Err(error) = run(command).await else {
        return ExitCode::SUCCESS;
    };
    // Whoever reads standard output, such as `head`, has seen enough.
    if error.downcast_ref().map(io::Error::kind) == Some(ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    if error.is::<NothingKnown>() {
        print::note(error);
        return ExitCode::from(NOTHING_KNOWN);
    }
    print::note(format_args!("error: {error}"));
    ExitCode::FAILURE
}

async fn run(command: Command) -> Result {
    match command {
        Command::Members(options) => options.run().await,
        Command::Member(options) => options.run().await,
        Command::Count(options) => options.run().await,
        Command::Room(options) => options.run().await,
        Command::Rooms(options) => options.run().await,
        Command::User(options) => options.run().await,
        Command::Stats(options) => options.run().await,
        Command::Export(options) => options.run().await,
        Command::Watch(options) => options.run().await,
        Command::Console(options) => options.run().await,
        Command::Demo => demo::run().await,
        Command::Serve(options) => options.run().await,
        Command::Event(options) => options.run().await,
        Command::Load(options) => options.run().await,
        Command::Estimate(options) => options.run(),
        Command::DeadLetters(options) => options.run().await,
        Command::Sweep(options) => options.run().await,
        Command::Repair(options) => options.run().await,
        Command::Completions(options) => options.run(commands::program::<Cli>()),
        Command::Man(options) => options.run(commands::program::<Cli>()),
    }
}
