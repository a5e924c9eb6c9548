//! The tokens of a source file, as far as they show paths and modules.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name or a keyword.
    Word(String),
    /// The content of a string literal, as written.
    Text(String),
    /// `::`
    Path,
    /// Any other punctuation mark.
    Sign(char),
}

impl Token {
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }
}

/// The tokens of a source file, without comments, numbers, lifetimes and characters.
pub fn tokens(source: &str) -> Vec<Token> {
    let (mut rest, mut all) = (source, Vec::new());
    while let Some(sign) = rest.chars().next() {
        let taken = if let Some(comment) = rest.strip_prefix("//") {
            2 + comment.find('\n').unwrap_or(comment.len())
        } else if rest.starts_with("/*") {
            comment(rest)
        } else if let Some((text, length)) = text(rest) {
            all.push(Token::Text(text.to_owned()));
            length
        } else if sign == '\'' {
            quoted(rest)
        } else if sign.is_alphanumeric() || sign == '_' {
            let word: String = rest.chars().take_while(|sign| sign.is_alphanumeric() || *sign == '_').collect();
            let length = word.len();
            if !sign.is_ascii_digit() {
                all.push(Token::Word(word));
            }
            length
        } else if rest.starts_with("::") {
            all.push(Token::Path);
            2
        } else {
            if !sign.is_whitespace() {
                all.push(Token::Sign(sign));
            }
            sign.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    all
}

/// The length of a block comment, which can contain other ones.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(ahead) = rest.get(at..).filter(|ahead| !ahead.is_empty()) {
        let (change, length) = match (ahead.starts_with("/*"), ahead.starts_with("*/")) {
            (true, _) => (1, 2),
            (_, true) => (-1, 2),
            (false, false) => (0, ahead.chars().next().map_or(1, char::len_utf8)),
        };
        depth = depth.saturating_add_signed(change);
        at += length;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The content and the length of a string literal: raw or not, of bytes or not.
fn text(rest: &str) -> Option<(&str, usize)> {
    let prefix = rest.find(|sign| !matches!(sign, 'b' | 'c' | 'r'))?;
    let (letters, quote) = rest.split_at(prefix);
    if letters.len() > 2 {
        return None;
    }
    if letters.ends_with('r') {
        let hashes = quote.find(|sign| sign != '#')?;
        let body = quote.get(hashes..)?.strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = body.find(&end)?;
        return Some((body.get(..length)?, prefix + hashes + 1 + length + end.len()));
    }
    let body = quote.strip_prefix('"')?;
    let mut escaped = false;
    let end = body.find(|sign| {
        let ends = sign == '"' && !escaped;
        escaped = sign == '\\' && !escaped;
        ends
    })?;
    Some((body.get(..end)?, prefix + 1 + end + 1))
}

/// The length of a character literal, or of the quote that begins a lifetime.
fn quoted(rest: &str) -> usize {
    let mut signs = rest.char_indices().skip(1);
    match (signs.next(), signs.next()) {
        (Some((_, '\\')), _) => rest.char_indices().skip(3).find(|(_, sign)| *sign == '\'').map_or(1, |(at, _)| at + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        (_, _) => 1,
    }
}
