//! `chatroom completions`: completions for a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{print, result::Result};

const EXAMPLES: &str = "Examples:
  source <(chatroom completions bash)
  chatroom completions zsh > ~/.zfunc/_chatroom
  chatroom completions fish > ~/.config/fish/completions/chatroom.fish";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The shell
    shell: Shell,
}

impl Options {
    pub fn run(&self, mut program: Command) -> Result {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "chatroom", &mut script);
        print::raw(&script)
    }
}
