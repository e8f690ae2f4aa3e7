//! `chatroom man`: manual pages.

use std::{fs, path::PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use crate::{print, result::Result};

const EXAMPLES: &str = "Examples:
  chatroom man | man -l -
  chatroom man ~/.local/share/man/man1";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Write a page for each command into this folder, instead of the program's to standard output
    folder: Option<PathBuf>,
}

impl Options {
    pub fn run(&self, program: Command) -> Result {
        let Some(folder) = &self.folder else {
            let mut page = Vec::new();
            Man::new(program).render(&mut page)?;
            return print::raw(&page);
        };
        let written =
            fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(program, folder));
        Ok(written.map_err(|why| format!("{} cannot be written: {why}", folder.display()))?)
    }
}
