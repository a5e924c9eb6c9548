//! The SHA-256 of a file, as `Get-FileHash` and manifests have it.

use std::io::{self, Read};

use reconcile_schema::Sha256;
use sha2::Digest;

/// The SHA-256 of everything that can be read.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(mut from: impl Read) -> io::Result<Sha256> {
    let (mut digest, mut buffer) = (sha2::Sha256::new(), vec![0; 1 << 16]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => digest.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let digits: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    digits.parse().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of FIPS 180-2, B.1, and of an empty file.
    #[test]
    fn the_published_examples() {
        for (text, digest) in [
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ] {
            assert_eq!(sha256(text.as_bytes()).ok(), digest.parse().ok());
        }
    }
}
