//! Whom a certificate was issued to and by whom, from its encoded bytes.
//!
//! A few lines of DER: crates for certificates refuse a whole certificate for parts of it that nobody asks for here,
//! and one that is refused is one whose place nobody knows.

use crate::utf16::utf16;

/// The names in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub subject: String,
    pub issuer: String,
    /// Whether both names are the same: a root issues its own certificate.
    pub self_issued: bool,
}

/// Why the names cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no X.509 certificate: {0} is missing")]
pub struct NotACertificate(&'static str);

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT: u8 = 0x06;
/// `[0]`, with the version of the certificate.
const VERSION: u8 = 0xA0;
const BMP_STRING: u8 = 0x1E;

/// The names in an encoded certificate (RFC 5280, 4.1: `TBSCertificate` begins with version, serial number, signature,
/// issuer, validity and subject).
///
/// # Errors
/// When one of these parts is not where it belongs.
pub fn names(encoded: &[u8]) -> Result<Names, NotACertificate> {
    let certificate = expect(&mut { encoded }, SEQUENCE, "the certificate")?;
    let mut content = expect(&mut { certificate }, SEQUENCE, "its content")?;
    if content.first() == Some(&VERSION) {
        expect(&mut content, VERSION, "its version")?;
    }
    expect(&mut content, INTEGER, "its serial number")?;
    expect(&mut content, SEQUENCE, "its algorithm")?;
    let issuer = expect(&mut content, SEQUENCE, "its issuer")?;
    expect(&mut content, SEQUENCE, "its validity")?;
    let subject = expect(&mut content, SEQUENCE, "its subject")?;
    let (subject_text, issuer_text) = (shown(subject), shown(issuer));
    // Microsoft's own search (KB2795828) compares the texts: two encodings of one name are one name.
    let self_issued = subject == issuer || (!subject_text.is_empty() && subject_text == issuer_text);
    Ok(Names { subject: subject_text, issuer: issuer_text, self_issued })
}

fn expect<'a>(rest: &mut &'a [u8], tag: u8, what: &'static str) -> Result<&'a [u8], NotACertificate> {
    match element(rest) {
        Some((found, content)) if found == tag => Ok(content),
        Some(_) | None => Err(NotACertificate(what)),
    }
}

/// The next element: its tag and its content. None where the bytes end before it does (X.690, 8.1).
fn element<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, after) = rest.split_first()?;
    let (&first, mut after) = after.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let (bytes, more) = after.split_at_checked(usize::from(first & 0x7F))?;
        after = more;
        if bytes.is_empty() || bytes.len() > 4 {
            return None; // Without a length in advance, which DER does not allow, or longer than any certificate.
        }
        bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte))
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((tag, content))
}

/// A name as Windows shows it: the last part first, such as `CN=Contoso Root CA, O=Contoso`.
fn shown(mut name: &[u8]) -> String {
    let mut parts = Vec::new();
    while let Some((SET, mut set)) = element(&mut name) {
        while let Some((SEQUENCE, mut pair)) = element(&mut set) {
            let (Some((OBJECT, kind)), Some((tag, value))) = (element(&mut pair), element(&mut pair)) else { continue };
            parts.push(format!("{}={}", abbreviation(kind), text(tag, value)));
        }
    }
    parts.reverse();
    parts.join(", ")
}

/// The short name of an attribute (RFC 4519; that of an e-mail address is the one of Windows).
fn abbreviation(kind: &[u8]) -> String {
    let name = match kind {
        [0x55, 0x04, 0x03] => "CN",
        [0x55, 0x04, 0x05] => "SERIALNUMBER",
        [0x55, 0x04, 0x06] => "C",
        [0x55, 0x04, 0x07] => "L",
        [0x55, 0x04, 0x08] => "S",
        [0x55, 0x04, 0x0A] => "O",
        [0x55, 0x04, 0x0B] => "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19] => "DC",
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01] => "E",
        other => return other.iter().fold("OID.".into(), |text, byte| text + &format!("{byte:02x}")),
    };
    name.into()
}

/// The text of a string, without control characters: somebody else chose it.
fn text(tag: u8, value: &[u8]) -> String {
    let text = match (tag, std::str::from_utf8(value)) {
        (BMP_STRING, _) => utf16(value, u16::from_be_bytes),
        (_, Ok(text)) => text.to_owned(),
        // A T61String, in practice Latin-1.
        (_, Err(_)) => value.iter().copied().map(char::from).collect(),
    };
    text.chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
#[path = "certificate_tests.rs"]
mod tests;
