//! The command line as the parser sees it: the commands in groups, and what is wrong with arguments.

use std::{env::args_os, ffi::OsString, fmt::Write, process::ExitCode};

use clap::{Command, CommandFactory, FromArgMatches};

use crate::print;

/// The commands by what they are for. One that is in no group stands in the last.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Read the table",
        &[
            "members", "member", "count", "room", "rooms", "user", "watch", "export", "stats",
            "console",
        ],
    ),
    ("Try it", &["demo", "serve", "event", "load", "estimate"]),
    ("Operate it", &["dead-letters", "sweep", "repair"]),
    ("More", &["completions", "man", "help"]),
];

/// Makes the command line, its commands in groups.
pub fn program<Cli: CommandFactory>() -> Command {
    let mut program = Cli::command();
    program.build();
    let mut text = String::new();
    for (group, names) in GROUPS {
        let known = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
        let others =
            program.get_subcommands().filter(|it| group == "More" && !known(it.get_name()));
        let named = names.iter().filter_map(|name| program.find_subcommand(name));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{group}:");
        for command in others.chain(named) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {:<13} {about}", command.get_name());
        }
        text.push('\n');
    }
    Cli::command().help_template(format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{text}Options:\n{{options}}{{after-help}}"
    ))
}

/// Reads the arguments of this process. Those that ask for help, or are wrong, are answered at once
/// with the exit code.
pub fn read<Cli: CommandFactory + FromArgMatches>() -> Result<Cli, ExitCode> {
    let parse = |arguments: Vec<OsString>| {
        let mut matches = program::<Cli>().try_get_matches_from(arguments)?;
        Cli::from_arg_matches_mut(&mut matches)
    };
    let error = match parse(args_os().collect()) {
        Ok(cli) => return Ok(cli),
        Err(error) => error,
    };
    if !error.use_stderr() {
        // Whoever closed standard output has seen enough.
        let _ = error.print();
        return Err(ExitCode::SUCCESS);
    }
    // The error shows arguments as they came. So it is made again, of harmless ones.
    let harmless = args_os().map(|text| print::printable(&text.to_string_lossy()).into());
    let error = parse(harmless.collect()).err().unwrap_or(error);
    print::notes(error.render());
    Err(ExitCode::from(2))
}
