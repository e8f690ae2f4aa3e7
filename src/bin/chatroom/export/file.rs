//! The file of an export, and beside it a note that says where to go on.
//!
//! The note is replaced after each page that is written. What stands in the file beyond it is of a
//! page that was cut short, and is cut off before the export goes on: no row is there twice.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use chatroom_status_sync::{
    domain::ids::{AppKey, RoomId},
    table::read::everything::Place,
};
use serde::{Deserialize, Serialize};

use super::form::Form;
use crate::result::Result;

/// The file of an export that is not over.
pub struct ExportFile {
    path: PathBuf,
    file: File,
    note: Note,
}

/// The subject of an export. Only an export of the same can go on with a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    table: String,
    app: String,
    room: Option<String>,
    form: Form,
}

/// The note beside the file.
#[derive(Serialize, Deserialize)]
struct Note {
    subject: Subject,
    bytes: u64,
    rows: u64,
    after: Option<Place>,
}

impl Subject {
    pub fn new(table: &str, app: &AppKey, room: Option<&RoomId>, form: Form) -> Self {
        let room = room.map(ToString::to_string);
        Self { table: table.to_owned(), app: app.to_string(), room, form }
    }
}

impl ExportFile {
    /// Makes a new file, or goes on with one that was begun.
    pub fn open(path: &Path, subject: Subject, resume: bool) -> Result<Self> {
        let begun = read_note(path)?;
        let shown = path.display();
        let note = match begun {
            None if resume => {
                return Err(
                    format!("no export to {shown} was cut short: leave --resume out").into()
                );
            }
            None => Note { subject, bytes: 0, rows: 0, after: None },
            Some(_) if !resume => {
                return Err(format!(
                    "an export to {shown} was cut short: go on with --resume, or remove {} and the file",
                    note_path(path).display()
                )
                .into());
            }
            Some(note) if note.subject != subject => {
                return Err(format!(
                    "the export to {shown} was of another table, app, room or form: go on with that"
                )
                .into());
            }
            Some(note) => note,
        };
        let mut file = OpenOptions::new().write(true).create_new(!resume).open(path).map_err(
            |why| match why.kind() {
                ErrorKind::AlreadyExists => format!("{shown} is there already: name another file"),
                _ => format!("{shown} cannot be written: {why}"),
            },
        )?;
        if file.metadata()?.len() < note.bytes {
            return Err(format!(
                "{shown} lost rows since its export was cut short: remove it and {}, and begin anew",
                note_path(path).display()
            )
            .into());
        }
        file.set_len(note.bytes)?;
        file.seek(SeekFrom::End(0))?;
        let opened = Self { path: path.to_owned(), file, note };
        opened.write_note()?;
        Ok(opened)
    }

    /// Gives the place after which the export goes on, and the number of rows before it.
    pub fn place(&self) -> (Option<Place>, u64) {
        (self.note.after.clone(), self.note.rows)
    }

    /// Tells whether the last page is in the file, so that only the end of the export was cut off. To
    /// read on from no place would be to begin again.
    pub const fn is_whole(&self) -> bool {
        self.note.rows > 0 && self.note.after.is_none()
    }

    /// Adds a page, after which there are so many rows, and remembers the place after it.
    pub fn append(&mut self, page: &str, rows: u64, after: Option<Place>) -> Result {
        let full = |why| format!("{} cannot be written: {why}", self.path.display());
        self.file.write_all(page.as_bytes()).map_err(full)?;
        let bytes = self.note.bytes + u64::try_from(page.len())?;
        self.note = Note { subject: self.note.subject.clone(), bytes, rows, after };
        self.write_note()
    }

    /// Ends the export.
    pub fn finish(self) -> Result {
        Ok(fs::remove_file(note_path(&self.path))?)
    }

    /// Removes the file of an export that has no rows.
    pub fn remove(self) -> Result {
        fs::remove_file(&self.path)?;
        self.finish()
    }

    /// Replaces the note whole: a process that is killed leaves the old one or the new one.
    fn write_note(&self) -> Result {
        let (path, new) = (note_path(&self.path), self.path.with_added_extension("resume-new"));
        fs::write(&new, serde_json::to_vec(&self.note)?)?;
        Ok(fs::rename(new, path)?)
    }
}

fn read_note(path: &Path) -> Result<Option<Note>> {
    match fs::read(note_path(path)) {
        Ok(note) => Ok(Some(serde_json::from_slice(&note).map_err(|why| {
            format!("{} cannot be understood: {why}", note_path(path).display())
        })?)),
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
        Err(why) => Err(format!("{} cannot be read: {why}", note_path(path).display()).into()),
    }
}

fn note_path(path: &Path) -> PathBuf {
    path.with_added_extension("resume")
}
