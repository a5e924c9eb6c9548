//! Signed manifests: verified by the key in `reconcile.pub` next to the program, with the signature next to the
//! manifest.
//!
//! Keys and signatures have the format of minisign (Ed25519; of the whole file, or of its BLAKE2b-512). Without a key
//! no signature is required. A key that exists but cannot be used is not a missing key: every manifest is refused.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use minisign_verify::{PublicKey, Signature};
use reconcile_hosts::read_plain;
use reconcile_schema::{Code, ManifestCode};

use crate::manifest::{diagnostic::Diagnostic, problem::Problem};

/// The name of the key's file, in the program's folder.
const KEY: &str = "reconcile.pub";

/// The part of a signature's name after the manifest's.
const SIGNATURE: &str = ".minisig";

/// The largest size of a key or a signature, in bytes.
const MOST: u64 = 16 << 10;

/// How to sign a manifest.
const SIGN: &str = "sign it where the secret key is: minisign -Sm manifest.yaml; then put manifest.yaml and manifest.yaml.minisig here";

/// The key with which manifests must be signed on this machine.
pub struct Key {
    path: PathBuf,
    key: PublicKey,
}

impl Key {
    /// The key next to the program, if there is one.
    ///
    /// # Errors
    /// When it exists and cannot be used, or it is unknown whether it exists.
    pub fn here() -> Result<Option<Self>, Problem> {
        let unknown = |error: io::Error| {
            let why =
                format!("whether manifests must be signed here cannot be told: the path of this program: {error}");
            refused(Path::new(KEY), &why, "run the program by its whole path")
        };
        Self::at(&std::env::current_exe().map_err(unknown)?.with_file_name(KEY))
    }

    fn at(path: &Path) -> Result<Option<Self>, Problem> {
        const HELP: &str = "an administrator puts the .pub file there that minisign -G has made; \
                            or removes this one, where manifests need no signature";
        let unusable = |why: &dyn std::fmt::Display| refused(path, &format!("the key cannot be used: {why}"), HELP);
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(&error)),
            Ok(_) => {}
        }
        let text = text(path).map_err(|error| unusable(&error))?;
        let keys = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("untrusted comment:"));
        let keys = keys.count();
        if keys > 1 {
            return Err(unusable(&format!("expected one key, found {keys}")));
        }
        let key = PublicKey::decode(text.trim_end()).map_err(|error| unusable(&error))?;
        Ok(Some(Self { path: path.into(), key }))
    }

    /// Checks the content of the manifest at `path` against the signature next to it.
    ///
    /// # Errors
    /// When there is none, or it belongs to another key, another content or another file.
    pub fn check(&self, path: &Path, content: &[u8]) -> Result<(), Problem> {
        let mut name = OsString::from(path);
        name.push(SIGNATURE);
        let place = PathBuf::from(name);
        let key = self.path.display();
        let text = text(&place).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                refused(path, &format!("the manifest is not signed: there is no {}", place.display()), SIGN)
            } else {
                refused(&place, &format!("the signature cannot be read: {error}"), SIGN)
            }
        })?;
        let signature = Signature::decode(text.trim_end())
            .map_err(|error| refused(&place, &format!("this is no signature of minisign: {error}"), SIGN))?;
        self.key.verify(content, &signature, true).map_err(|error| {
            let why = if matches!(error, minisign_verify::Error::UnexpectedKeyId) {
                format!("the signature was made with another key than {key}")
            } else {
                format!("the signature is not the one of this file by the key in {key}: {error}")
            };
            refused(path, &why, SIGN)
        })?;
        // Minisign itself records the name, so that somebody who signs several manifests never finds one in the place
        // of another.
        let noted = signature.trusted_comment().split('\t').find_map(|field| field.strip_prefix("file:"));
        let noted = noted.map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name).to_lowercase());
        let ours = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        match noted.filter(|noted| *noted != ours) {
            Some(noted) => {
                let why = format!("this file was signed under another name: {noted}");
                Err(refused(path, &why, "give it the name that it was signed under, or sign it under this one"))
            }
            None => Ok(()),
        }
    }
}

fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_plain(path, MOST)?).map_err(|_| io::Error::other("expected UTF-8"))
}

fn refused(path: &Path, why: &str, help: &str) -> Problem {
    let why = Diagnostic::file(&path.display().to_string(), ManifestCode::ManifestUntrusted, why);
    Problem::refused(Code::ManifestUntrusted, why.help(help))
}
