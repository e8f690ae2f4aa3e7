//! The folder that keeps a local deployment between runs: its table, its queues, and a lock.

use std::{
    error::Error,
    fmt,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A folder of data that no other process uses as long as this, or a clone of it, is there.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
    /// The operating system gives the lock back with the file, even after a kill.
    _lock: Arc<File>,
}

impl DataFolder {
    /// Opens a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// Another process uses it, the path is that of a file, or the folder cannot be written.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let unusable = |why| DataError::Unusable(path.to_owned(), why);
        if path.is_file() {
            return Err(DataError::IsFile(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(unusable)?;
        let path = path.canonicalize().map_err(unusable)?;
        let lock = File::create(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: Arc::new(lock) }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(path)),
            Err(TryLockError::Error(why)) => Err(DataError::Unusable(path, why)),
        }
    }

    /// Gives the absolute path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the path of the table, which is the embedded engine's own file.
    pub fn table(&self) -> PathBuf {
        self.path.join("table.db")
    }

    /// Gives the path of the queues.
    pub fn queues(&self) -> PathBuf {
        self.path.join("queues.db")
    }
}

/// The reason why a folder cannot be used.
#[derive(Debug)]
pub enum DataError {
    /// The path is that of a file, as it was when the data was one.
    IsFile(PathBuf),
    /// Another process uses the folder.
    InUse(PathBuf),
    /// The folder cannot be made or written.
    Unusable(PathBuf, io::Error),
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsFile(path) => {
                let path = path.display();
                write!(
                    f,
                    "{path} is a file, and the data is a folder now: make a folder, move {path} \
                     into it as table.db (and {path}-wal, if there is one, as table.db-wal), and \
                     give the folder instead"
                )
            }
            Self::InUse(path) => write!(
                f,
                "the data in {} is in use by another process: end that one, or give another folder",
                path.display()
            ),
            Self::Unusable(path, why) => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl Error for DataError {}
