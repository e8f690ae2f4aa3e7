//! The file that keeps the place in the stream between two runs.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use chatroom_status_sync::table::changes::Checkpoint;

use crate::result::Result;

/// The file of `--resume`.
pub struct ResumeFile {
    path: PathBuf,
    written: Option<Checkpoint>,
}

impl ResumeFile {
    pub const fn new(path: PathBuf) -> Self {
        Self { path, written: None }
    }

    /// Reads the place; `None` if there is no file yet.
    pub fn read(&self) -> Result<Option<Checkpoint>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", self.name()).into()),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            let name = self.name();
            format!("{name} was not written by chatroom watch: {error}").into()
        })
    }

    /// Writes the place, if it is another one than before. Whoever reads the file sees the place
    /// before or the place after, and never half of it.
    pub fn write(&mut self, place: Checkpoint) -> Result {
        if self.written.as_ref() == Some(&place) {
            return Ok(());
        }
        let beside = self.path.with_added_extension("new");
        let text = serde_json::to_vec_pretty(&place)?;
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.path));
        written.map_err(|error| format!("{}: {error}", self.name()))?;
        self.written = Some(place);
        Ok(())
    }

    fn name(&self) -> impl std::fmt::Display {
        Path::display(&self.path)
    }
}
