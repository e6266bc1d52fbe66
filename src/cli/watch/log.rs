//! A log that is read as it grows, also when it is rotated or begun anew.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::{Error, Result};

/// How often a file that has come to its end is looked at again.
const PAUSE: Duration = Duration::from_millis(200);

/// No record is longer; of a longer line the rest is passed over.
const LONGEST: u64 = 64 * 1024;

/// A log from which whole lines are read.
pub(super) enum Log {
    /// What is written to standard input, until that ends.
    Pipe(io::Stdin),
    /// A file that goes on.
    File(Growing),
}

impl Log {
    /// Opens the log at its beginning or, else, at its end; `-` is standard input. It must be there: a name that is
    /// misspelt would be waited for for ever.
    pub(super) fn open(path: &Path, from_start: bool) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Pipe(io::stdin()));
        }
        let failed = |error| Error::io("read", path, error);
        let mut file = File::open(path).map_err(failed)?;
        if !from_start {
            file.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        Ok(Self::File(Growing { path: path.to_owned(), reader: BufReader::new(file) }))
    }

    /// Waits for the next line. `None` is the end of a pipe.
    pub(super) fn line(&mut self) -> Result<Option<String>> {
        match self {
            Self::Pipe(input) => {
                let failed = |error| Error::io("read", Path::new("standard input"), error);
                let mut line = Vec::new();
                read_line(&mut input.lock(), &mut line).map_err(failed)?;
                Ok((!line.is_empty()).then(|| String::from_utf8_lossy(&line).into_owned()))
            }
            Self::File(file) => file.line().map(Some),
        }
    }
}

/// A file that others write, under a name that may come to mean another file.
pub(super) struct Growing {
    path: PathBuf,
    reader: BufReader<File>,
}

impl Growing {
    fn line(&mut self) -> Result<String> {
        let failed = |error| Error::io("read", &self.path, error);
        let mut line = Vec::new();
        loop {
            let is_over = read_line(&mut self.reader, &mut line).map_err(failed)?;
            if is_over {
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            if let Some(successor) = self.successor().map_err(failed)? {
                // What was written to the one before until it gave its name away.
                if read_line(&mut self.reader, &mut line).map_err(failed)? {
                    return Ok(String::from_utf8_lossy(&line).into_owned());
                }
                line.clear();
                self.reader = BufReader::new(successor);
                continue;
            }
            // Whoever copies a log and begins it anew leaves us behind its end.
            let length = self.reader.get_ref().metadata().map_err(failed)?.len();
            if length < self.reader.stream_position().map_err(failed)? {
                line.clear();
                self.reader.rewind().map_err(failed)?;
                continue;
            }
            thread::sleep(PAUSE);
        }
    }

    /// The file that has the name now, if it is another one. Between two there may be none.
    fn successor(&self) -> io::Result<Option<File>> {
        let Ok(file) = File::open(&self.path) else { return Ok(None) };
        Ok((!is_same(&file, self.reader.get_ref())?).then_some(file))
    }
}

/// Appends what there is of a line, and says whether that is all of it.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(bytes.len(), |end| end + 1);
        let room = (LONGEST as usize).saturating_sub(line.len());
        line.extend_from_slice(&bytes[..length.min(room)]);
        reader.consume(length);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(unix)]
fn is_same(one: &File, other: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    Ok(id(one.metadata()?) == id(other.metadata()?))
}

/// Elsewhere a successor is known by its creation.
#[cfg(not(unix))]
fn is_same(one: &File, other: &File) -> io::Result<bool> {
    let id = |metadata: Metadata| metadata.created().ok();
    Ok(id(one.metadata()?) == id(other.metadata()?))
}
