//! Registry hives: reads the wanted keys from a file that `reg save` wrote.
//!
//! This is not done by the crate `regf` (0.2.0), which checks every cell first, in ways that a file of 0.8 MB can keep
//! busy for minutes: an index root that names one list of 65,535 keys 65,535 times. Only a few keys are wanted, so only
//! they are read. The format is described at github.com/msuhanov/regf; every offset in it counts from the end of the
//! base block.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::keys::{Key, Keys, OfflineError, VALUES, Value, ended, wanted};
use crate::uninstall::LIST;
use crate::utf16::utf16;

/// The base block, in bytes.
const BASE: usize = 4096;

/// How many cells are read before a hive counts as circular. A list of 1,000 entries takes about 25,000.
const READS: u32 = 500_000;

/// The longest name or text that is read, in bytes, with two bytes per character. Windows does not allow longer names
/// of keys, and the names and versions of components are shorter.
const TEXT: usize = 512;

/// Whether a file starts as a hive does.
pub fn is_hive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"regf")
}

/// The wanted keys, and when the hive or one of them was last written.
pub fn keys(bytes: &[u8]) -> Result<(Keys, Option<Timestamp>), OfflineError> {
    let hive = Hive::open(bytes)?;
    let mut written = hive.base.u64(12);
    let mut keys = Keys::new();
    let mut note = |node: &Part, path: String| {
        written = written.max(node.u64(4));
        let values = hive.values(node)?;
        // A list that names one key twice lacks another one.
        match keys.insert(path.to_ascii_lowercase(), Key { path, values }) {
            Some(_) => Err(damaged(node.at, "a key that is listed once")),
            None => Ok(()),
        }
    };
    for path in wanted() {
        let Some(node) = hive.find(path)? else { continue };
        note(&node, path.to_owned())?;
        if path == LIST {
            for entry in hive.subkeys(&node)? {
                let entry = hive.node(entry)?;
                note(&entry, format!(r"{path}\{}", entry.key_name()?.text()))?;
            }
        }
    }
    Ok((keys, written.and_then(timestamp)))
}

/// A point in time in Windows units: 100 ns since 1601. Zero means none.
fn timestamp(ticks: u64) -> Option<Timestamp> {
    const UNIX: i128 = 116_444_736_000_000_000;
    let there = ticks != 0;
    there.then(|| Timestamp::from_nanosecond((i128::from(ticks) - UNIX) * 100).ok()).flatten()
}

/// A hive, checked as far as its base block.
struct Hive<'a> {
    /// The base block.
    base: Part<'a>,
    /// Everything after it, up to the declared end of the hive.
    cells: &'a [u8],
    reads: Cell<u32>,
}

impl<'a> Hive<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, OfflineError> {
        if !is_hive(bytes) {
            return Err(OfflineError::NotHive);
        }
        let base = Part { at: 0, bytes: bytes.get(..BASE).unwrap_or(bytes) };
        let words = base.bytes.as_chunks().0.iter().take(127).map(|&word| u32::from_le_bytes(word));
        // Windows writes neither 0 nor !0, so these cannot pass for a checksum.
        let sum = match words.fold(0, |sum, word| sum ^ word) {
            0 => 1,
            u32::MAX => u32::MAX - 1,
            sum => sum,
        };
        if base.u32(508) != Some(sum) {
            return Err(damaged(508, "the checksum of the bytes before it"));
        }
        // Version 1.3 belongs to Windows NT 4; type 0 is a hive, not a log.
        if base.u32(20) != Some(1)
            || !base.u32(24).is_some_and(|minor| (3..=6).contains(&minor))
            || base.u32(28) != Some(0)
        {
            return Err(damaged(20, "a hive of version 1.3 to 1.6"));
        }
        // Two sequence numbers: before and after a change.
        if base.u32(4) != base.u32(8) {
            return Err(OfflineError::InUse);
        }
        let size = base.u32(40).map(|size| size as usize);
        let cells = size.and_then(|size| bytes.get(BASE..BASE.checked_add(size)?));
        Ok(Self { base, cells: cells.ok_or_else(|| damaged(bytes.len(), "more bytes"))?, reads: Cell::new(0) })
    }

    /// The cell at an offset, when it is in use.
    fn cell(&self, offset: u32) -> Result<Part<'a>, OfflineError> {
        self.reads.set(self.reads.get() + 1);
        if self.reads.get() > READS {
            return Err(OfflineError::Endless { reads: READS });
        }
        let at = offset as usize;
        let cell = self.cells.get(at..).and_then(|rest| {
            let (size, _) = rest.split_first_chunk()?;
            // The size is negative while the cell is in use.
            let size = i32::from_le_bytes(*size).checked_neg().and_then(|size| usize::try_from(size).ok())?;
            rest.get(4..size)
        });
        let cell = cell.map(|bytes| Part { at: BASE + at + 4, bytes });
        cell.ok_or_else(|| damaged(BASE + at, "a cell that is in use"))
    }

    fn node(&self, offset: u32) -> Result<Part<'a>, OfflineError> {
        self.cell(offset)?.signed(b"nk", "a key")
    }

    /// The key at a path below `HKEY_LOCAL_MACHINE`; the root of the hive is its `SOFTWARE`.
    fn find(&self, path: &str) -> Result<Option<Part<'a>>, OfflineError> {
        let root = self.base.u32(36).ok_or_else(|| damaged(36, "the root key"))?;
        let mut node = self.node(root)?;
        for part in path.split('\\').skip(1) {
            let mut found = None;
            for key in self.subkeys(&node)? {
                let key = self.node(key)?;
                if key.key_name()?.is(part) {
                    found = Some(key);
                    break;
                }
            }
            match found {
                Some(key) => node = key,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// The offsets of the keys below a key.
    fn subkeys(&self, node: &Part) -> Result<Vec<u32>, OfflineError> {
        let (count, list) = (node.u32(20), node.u32(28));
        let (Some(count), Some(list)) = (count, list) else { return Err(damaged(node.at, "a whole key")) };
        let mut keys = Vec::new();
        if count == 0 {
            return Ok(keys);
        }
        if count > READS {
            return Err(OfflineError::Endless { reads: READS });
        }
        let list = self.cell(list)?;
        if list.bytes.starts_with(b"ri") {
            for leaf in list.elements(4)? {
                keys.extend(self.cell(leaf)?.leaf()?);
                if keys.len() > count as usize {
                    break;
                }
            }
        } else {
            keys = list.leaf()?;
        }
        if keys.len() == count as usize { Ok(keys) } else { Err(damaged(list.at, "as many keys as their parent says")) }
    }

    /// The wanted values of a key.
    fn values(&self, node: &Part) -> Result<BTreeMap<&'static str, Value>, OfflineError> {
        let mut values = BTreeMap::new();
        let (count, list) = (node.u32(36), node.u32(40));
        let (Some(count), Some(list)) = (count, list) else { return Err(damaged(node.at, "a whole key")) };
        if count == 0 {
            return Ok(values);
        }
        let list = self.cell(list)?;
        let offsets = list.bytes.get(..(count as usize).saturating_mul(4));
        for offset in offsets.ok_or_else(|| damaged(list.at, "as many values as their key says"))?.as_chunks().0 {
            let value = self.cell(u32::from_le_bytes(*offset))?.signed(b"vk", "a value")?;
            let name = value.value_name()?;
            if let Some(name) = VALUES.into_iter().find(|known| name.is(known)) {
                values.insert(name, self.value(&value)?);
            }
        }
        Ok(values)
    }

    fn value(&self, value: &Part) -> Result<Value, OfflineError> {
        const INSIDE: u32 = 1 << 31;
        let (size, offset, kind) = (value.u32(4), value.u32(8), value.u32(12));
        let (Some(size), Some(offset), Some(kind)) = (size, offset, kind) else {
            return Err(damaged(value.at, "a whole value"));
        };
        let length = (size & !INSIDE) as usize;
        // REG_SZ and REG_EXPAND_SZ. Data that is as short as a pointer is stored in its place; no name and no version
        // is that short.
        if !matches!(kind, 1 | 2) || size & INSIDE != 0 || length > TEXT {
            return Ok(Value::Other);
        }
        let data = if length == 0 { &[] } else { self.cell(offset)?.part(0, length, "a whole text")? };
        Ok(Value::Text(ended(utf16(data, u16::from_le_bytes))))
    }
}

/// A part of a hive: the base block, or the content of a cell.
struct Part<'a> {
    /// Where it starts, in bytes from the start of the file.
    at: usize,
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    fn part(&self, at: usize, length: usize, expected: &'static str) -> Result<&'a [u8], OfflineError> {
        let part = at.checked_add(length).and_then(|end| self.bytes.get(at..end));
        part.ok_or_else(|| damaged(self.at, expected))
    }

    fn signed(self, signature: &[u8; 2], expected: &'static str) -> Result<Self, OfflineError> {
        if self.bytes.starts_with(signature) { Ok(self) } else { Err(damaged(self.at, expected)) }
    }

    fn key_name(&self) -> Result<Name<'a>, OfflineError> {
        self.name(72, 76, self.u16(2).is_some_and(|flags| flags & 0x20 != 0))
    }

    fn value_name(&self) -> Result<Name<'a>, OfflineError> {
        self.name(2, 20, self.u16(16).is_some_and(|flags| flags & 1 != 0))
    }

    fn name(&self, length: usize, at: usize, narrow: bool) -> Result<Name<'a>, OfflineError> {
        let length = self.u16(length).map_or(usize::MAX, usize::from);
        Ok(Name { bytes: self.part(at, length, "a whole name")?, narrow })
    }

    /// The keys of a leaf of a subkey list: with or without a hash or the start of each name.
    fn leaf(&self) -> Result<Vec<u32>, OfflineError> {
        match self.bytes {
            [b'l', b'f' | b'h', ..] => self.elements(8),
            [b'l', b'i', ..] => self.elements(4),
            _ => Err(damaged(self.at, "a list of keys")),
        }
    }

    /// The offset that each element of a list starts with.
    fn elements(&self, width: usize) -> Result<Vec<u32>, OfflineError> {
        let count = usize::from(self.u16(2).unwrap_or(0));
        let elements = self.part(4, count * width, "a whole list")?;
        Ok(elements
            .chunks_exact(width)
            .filter_map(|element| element.first_chunk().copied().map(u32::from_le_bytes))
            .collect())
    }
}

/// The name of a key or a value.
struct Name<'a> {
    bytes: &'a [u8],
    /// One byte per character instead of two.
    narrow: bool,
}

impl Name<'_> {
    /// Whether this is a name of ASCII letters, ignoring case.
    fn is(&self, name: &str) -> bool {
        if self.narrow {
            return self.bytes.eq_ignore_ascii_case(name.as_bytes());
        }
        self.bytes.len() == name.len() * 2 && self.text().eq_ignore_ascii_case(name)
    }

    /// The name, up to the length that Windows allows.
    fn text(&self) -> String {
        let bytes = self.bytes.get(..TEXT).unwrap_or(self.bytes);
        if self.narrow { bytes.iter().copied().map(char::from).collect() } else { utf16(bytes, u16::from_le_bytes) }
    }
}

fn damaged(at: usize, expected: &'static str) -> OfflineError {
    OfflineError::Damaged { at: at as u64, expected }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#[path = "hive_tests.rs"]
mod tests;
