//! `chatroom export`: rooms and members as a file, in the memory of one page.
//!
//! * [`mod@form`]: words a page as CSV or as JSON Lines.
//! * [`mod@file`]: writes the pages, and remembers where to go on if that is cut short.

mod file;
mod form;

use std::{
    io::{IsTerminal, stderr, stdout},
    path::PathBuf,
    time::Duration,
};

use chatroom_status_sync::{
    domain::ids::{AppKey, RoomId},
    table::read::{Reader, everything::Everything},
};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    access::Access,
    print::{self, counted},
    result::{NothingKnown, Result},
    stop::StopSignals,
};
use file::{ExportFile, Subject};
use form::Form;

const HELP: &str = "Examples:
  chatroom export lobby > lobby.csv
  chatroom export --to all.jsonl
  chatroom export --to all.jsonl --resume

Each row is a room or a member, by the rule: who was in a room that ended has left. Times are Unix \
    milliseconds. JSON Lines keep every id exactly; in CSV, characters that a terminal obeys are \
    escaped, as in tables, and a cell that begins with = stays so: a spreadsheet takes it for a \
    formula. A table that is written to meanwhile is exported page by page as it is then.";

/// The time between two signs that an export of unknown length goes on.
const TICK: Duration = Duration::from_millis(200);

#[derive(Args)]
#[command(after_help = HELP)]
pub struct Options {
    /// Only this room, and those who are or were in it; without it, all rooms of the app
    #[arg(value_parser = |text: &str| RoomId::new(text))]
    room: Option<RoomId>,
    /// Write to this file, which must not exist; without it, to standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Go on with a file whose export was cut short
    #[arg(long, requires = "to")]
    resume: bool,
    /// The form of the rows; without it, the one that the end of the file's name says, or csv
    #[arg(long, value_enum)]
    form: Option<Form>,
    #[command(flatten)]
    access: Access,
}

impl Options {
    pub async fn run(self) -> Result {
        self.access.read(async |reader, app| self.export(reader, app).await).await
    }

    async fn export(&self, reader: &Reader, app: &AppKey) -> Result {
        let form = self.form.or_else(|| Form::of(self.to.as_ref()?)).unwrap_or(Form::Csv);
        let subject = Subject::new(reader.table_name(), app, self.room.as_ref(), form);
        let mut file = match &self.to {
            Some(path) => Some(ExportFile::open(path, subject, self.resume)?),
            None => None,
        };
        let (after, mut rows) = file.as_ref().map_or((None, 0), ExportFile::place);
        let begun = rows;
        let mut pages = match &self.room {
            Some(room) => reader.everything_of(app, room, after),
            None => reader.everything(app, after),
        };
        let progress = self.progress(reader).await;
        progress.set_position(rows);
        let exported = if file.as_ref().is_some_and(ExportFile::is_whole) {
            Ok(())
        } else {
            self.write(&mut pages, file.as_mut(), form, &mut rows, &progress).await
        };
        progress.finish_and_clear();
        if let (Err(_), Some(path), true) = (&exported, &self.to, rows > begun) {
            print::note(format_args!("{rows} rows are in {}: go on with --resume", path.display()));
        }
        exported?;
        if rows == 0 {
            let what = self.room.as_ref().map_or_else(
                || format!("nothing is known of app {app}"),
                |room| format!("nothing is known of room {room} in app {app}"),
            );
            file.map_or(Ok(()), ExportFile::remove)?;
            return Err(NothingKnown::because(what));
        }
        file.map_or(Ok(()), ExportFile::finish)?;
        self.access.note(counted(usize::try_from(rows)?, "row"));
        Ok(())
    }

    /// Writes page after page, until the last one or a signal to end.
    async fn write(
        &self,
        pages: &mut Everything,
        mut file: Option<&mut ExportFile>,
        form: Form,
        rows: &mut u64,
        progress: &ProgressBar,
    ) -> Result {
        let mut stop = StopSignals::take()?;
        loop {
            let page = tokio::select! {
                page = pages.next_page() => page?,
                () = stop.next() => return Err("interrupted".into()),
            };
            let Some(page) = page else { return Ok(()) };
            let text = form.page(&page.entries, *rows == 0)?;
            *rows += u64::try_from(page.entries.len())?;
            match &mut file {
                Some(file) => file.append(&text, *rows, page.next)?,
                None if text.is_empty() => {}
                None if stdout().is_terminal() => print::line(text.trim_end())?,
                None => print::raw(text.as_bytes())?,
            }
            progress.set_position(*rows);
        }
    }

    /// Makes a progress bar on standard error, as long as the table as far as that is known.
    async fn progress(&self, reader: &Reader) -> ProgressBar {
        // At a terminal the rows themselves show that it goes on, and the bar would stand among them.
        let shows_rows = self.to.is_none() && stdout().is_terminal();
        if shows_rows || !stderr().is_terminal() || self.access.is_quiet() {
            return ProgressBar::hidden();
        }
        let items = match self.room {
            // Whoever may not ask for the size of the table may export it all the same.
            None => reader.items_estimate().await.unwrap_or_default(),
            Some(_) => 0,
        };
        let (bar, style) = if items > 0 {
            (ProgressBar::new(items), "{bar:40} {pos} of about {len} rows, {eta} left")
        } else {
            (ProgressBar::no_length(), "{spinner} {pos} rows, {elapsed}")
        };
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(TICK);
        ProgressStyle::with_template(style)
            .map_or_else(|_| bar.clone(), |it| bar.clone().with_style(it))
    }
}
