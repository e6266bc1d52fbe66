//! nginx's configuration as directives.

use std::path::{Path, PathBuf};

use super::include;
use crate::error::{Error, ErrorKind, Result};
use crate::file;

/// How deep includes and blocks may go.
const DEEPEST: usize = 32;

/// `name arguments…;`, or with a block.
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    pub(super) block: Vec<Directive>,
    /// The file that it is in.
    pub(super) file: PathBuf,
}

enum Token {
    Word(String),
    End,
    Open,
    Close,
}

/// Reads a configuration and what it includes; relative includes start at its directory.
pub(super) fn load(path: &Path) -> Result<Vec<Directive>> {
    read(path, file::parent(path), 0)
}

fn read(path: &Path, base: &Path, depth: usize) -> Result<Vec<Directive>> {
    let bytes = file::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let tokens =
        tokens(&text).ok_or_else(|| Error::new(ErrorKind::Parse, "a quotation mark is not closed").at(path))?;
    let mut reader = Reader { tokens: tokens.into_iter(), path, base };
    reader.block(depth, depth).map_err(|error| error.at(path))
}

struct Reader<'a> {
    tokens: std::vec::IntoIter<Token>,
    path: &'a Path,
    base: &'a Path,
}

impl Reader<'_> {
    /// The directives up to the end of the block that began at `depth`; `top` is that of the file.
    fn block(&mut self, depth: usize, top: usize) -> Result<Vec<Directive>> {
        let invalid = |what: &str| Err(Error::new(ErrorKind::Parse, format!("{what}; see `nginx -t`")));
        if depth > DEEPEST {
            return invalid("the blocks or includes are too deep");
        }
        let (mut block, mut words) = (Vec::new(), Vec::new());
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Word(word) => words.push(word),
                Token::Close if depth > top && words.is_empty() => return Ok(block),
                Token::Close => return invalid("a brace closes nothing"),
                Token::End if words.first().is_some_and(|word| word == "include") => {
                    words.drain(..).skip(1).try_for_each(|pattern| self.include(&pattern, depth, &mut block))?;
                }
                Token::End => block.extend(self.directive(&mut words, Vec::new())),
                Token::Open => {
                    let inner = self.block(depth + 1, top)?;
                    block.extend(self.directive(&mut words, inner));
                }
            }
        }
        if depth > top || !words.is_empty() { invalid("the file ends within a block or directive") } else { Ok(block) }
    }

    fn directive(&self, words: &mut Vec<String>, block: Vec<Directive>) -> Option<Directive> {
        let mut words = words.drain(..);
        let name = words.next()?;
        Some(Directive { name, arguments: words.collect(), block, file: self.path.to_owned() })
    }

    fn include(&self, pattern: &str, depth: usize, block: &mut Vec<Directive>) -> Result<()> {
        for path in include::files(self.base, pattern) {
            block.extend(read(&path, self.base, depth + 1)?);
        }
        Ok(())
    }
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            ';' | '{' | '}' => {
                tokens.push(if first == ';' {
                    Token::End
                } else if first == '{' {
                    Token::Open
                } else {
                    Token::Close
                });
                1
            }
            '"' | '\'' => {
                let (word, length) = quoted(rest, first)?;
                tokens.push(Token::Word(word));
                length
            }
            _ => {
                let length = word(rest);
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// How long the word is that the text begins with; braces after a dollar sign belong to it.
fn word(text: &str) -> usize {
    let mut before = ' ';
    let mut variable = false;
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => variable = true,
            '}' if variable => variable = false,
            _ if before != '\\' && (c.is_whitespace() || c == ';' || c == '{') => return at,
            _ => {}
        }
        before = c;
    }
    text.len()
}

/// What stands in the quotation marks that the text begins with, and its length with them.
fn quoted(text: &str, mark: char) -> Option<(String, usize)> {
    let mut word = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => word.extend(characters.next().map(|(_, c)| c)),
            _ if c == mark => return Some((word, at + 1)),
            _ => word.push(c),
        }
    }
    None
}
