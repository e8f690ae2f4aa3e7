//! The terminal behind standard output, if it is one.

use std::{
    env,
    io::{IsTerminal, stdout},
};

use terminal_size::{Width, terminal_size_of};

/// The narrowest width that tables are made for.
const NARROWEST: u16 = 20;

/// Finds the width that output has to fit: `COLUMNS`, or that of the terminal; none in a pipe.
pub fn width() -> Option<u16> {
    let set = env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let found = || terminal_size_of(stdout()).map(|(Width(columns), _)| columns);
    set.filter(|&columns| columns > 0).or_else(found).map(|columns| columns.max(NARROWEST))
}

/// Makes a line bold where somebody sees it and nobody has said `NO_COLOR`.
pub fn bold(line: &str) -> String {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    if stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb {
        return format!("\x1b[1m{line}\x1b[0m");
    }
    line.to_owned()
}
