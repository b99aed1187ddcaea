//! How the parse cache writes values: numbers of variable length, texts with their length before them, nothing else between.
//!
//! Reading never panics: whatever does not fit gives `None`, and the cache is then left alone.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use crate::diagnostics::{SourceId, Span};
use crate::manifest::NodeConfig;

/// Where values are written to.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    /// Configs that were written, by [`NodeConfig::shared_key`].
    pub(super) configs: IndexMap<usize, NodeConfig>,
    /// Numbers of the configs that were written, each time they were; whoever wants to know clears the list first.
    pub(super) used_configs: Vec<usize>,
    /// The text of the first file; those of the others follow it.
    pub(super) first_source: u32,
    /// The numbers of the files, in their order.
    pub(super) numbers: Vec<usize>,
    /// Whether something was written that could not be read again, such as a place outside of the project's files.
    pub(super) is_lossy: bool,
}

/// Where values are read from.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    /// Configs by number.
    pub(super) configs: &'a [NodeConfig],
    /// The texts of the files that the cache knows, by their numbers; none for those that are gone.
    pub(super) sources: &'a [Option<SourceId>],
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    pub(super) fn str(&mut self) -> Option<&'a str> {
        let length = usize::get(self)?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// A count of items, each of which takes at least one byte.
    fn count(&mut self) -> Option<usize> {
        usize::get(self).filter(|count| *count <= self.bytes.len())
    }
}

/// A value that can be kept.
pub(super) trait Kept: Sized {
    fn put(&self, out: &mut Writer);
    fn get(from: &mut Reader<'_>) -> Option<Self>;
}

/// Keeps a struct by its fields; the compiler tells if one is missing.
macro_rules! keep {
    ($($kind:ident { $($field:ident),* $(,)? })*) => {$(
        impl Kept for $kind {
            fn put(&self, out: &mut Writer) {
                let Self { $($field),* } = self;
                $($field.put(out);)*
            }

            fn get(from: &mut Reader<'_>) -> Option<Self> {
                Some(Self { $($field: Kept::get(from)?),* })
            }
        }
    )*};
}
pub(super) use keep;

impl Kept for u64 {
    fn put(&self, out: &mut Writer) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.bytes.push(rest as u8);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *from.take(1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl Kept for usize {
    fn put(&self, out: &mut Writer) {
        (*self as u64).put(out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        usize::try_from(u64::get(from)?).ok()
    }
}

impl Kept for u32 {
    fn put(&self, out: &mut Writer) {
        u64::from(*self).put(out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        u32::try_from(u64::get(from)?).ok()
    }
}

impl Kept for f64 {
    fn put(&self, out: &mut Writer) {
        out.bytes.extend(self.to_le_bytes());
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(f64::from_le_bytes(from.take(8)?.try_into().ok()?))
    }
}

impl Kept for bool {
    fn put(&self, out: &mut Writer) {
        out.bytes.push(u8::from(*self));
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        match from.take(1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Kept for [u8; 32] {
    fn put(&self, out: &mut Writer) {
        out.bytes.extend(self);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        from.take(32)?.try_into().ok()
    }
}

fn put_str(text: &str, out: &mut Writer) {
    text.len().put(out);
    out.bytes.extend(text.as_bytes());
}

impl Kept for String {
    fn put(&self, out: &mut Writer) {
        put_str(self, out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        from.str().map(str::to_owned)
    }
}

impl Kept for Arc<str> {
    fn put(&self, out: &mut Writer) {
        put_str(self, out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        from.str().map(Arc::from)
    }
}

impl<T: Kept> Kept for Option<T> {
    fn put(&self, out: &mut Writer) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        if bool::get(from)? { T::get(from).map(Some) } else { Some(None) }
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn put(&self, out: &mut Writer) {
        self.len().put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count()?;
        (0..count).map(|_| T::get(from)).collect()
    }
}

impl<A: Kept, B: Kept> Kept for (A, B) {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
        self.1.put(out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::get(from)?, B::get(from)?))
    }
}

impl<T: Kept> Kept for IndexMap<String, T> {
    fn put(&self, out: &mut Writer) {
        self.len().put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count()?;
        let mut map = IndexMap::with_capacity(count);
        for _ in 0..count {
            map.insert(String::get(from)?, T::get(from)?);
        }
        Some(map)
    }
}

impl Kept for Map<String, Value> {
    fn put(&self, out: &mut Writer) {
        self.len().put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count()?;
        let mut map = Map::with_capacity(count);
        for _ in 0..count {
            map.insert(String::get(from)?, Kept::get(from)?);
        }
        Some(map)
    }
}

impl Kept for Value {
    fn put(&self, out: &mut Writer) {
        match self {
            Value::Null => out.bytes.push(0),
            Value::Bool(false) => out.bytes.push(1),
            Value::Bool(true) => out.bytes.push(2),
            Value::Number(number) => {
                if let Some(number) = number.as_u64() {
                    out.bytes.push(3);
                    number.put(out);
                } else if let Some(number) = number.as_i64() {
                    out.bytes.push(4);
                    out.bytes.extend(number.to_le_bytes());
                } else {
                    out.bytes.push(5);
                    number.as_f64().unwrap_or_default().put(out);
                }
            }
            Value::String(text) => {
                out.bytes.push(6);
                text.put(out);
            }
            Value::Array(items) => {
                out.bytes.push(7);
                items.put(out);
            }
            Value::Object(map) => {
                out.bytes.push(8);
                map.put(out);
            }
        }
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.take(1)?.first()? {
            0 => Value::Null,
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            3 => u64::get(from)?.into(),
            4 => i64::from_le_bytes(from.take(8)?.try_into().ok()?).into(),
            5 => Value::Number(Number::from_f64(f64::get(from)?)?),
            6 => Value::String(String::get(from)?),
            7 => Value::Array(Kept::get(from)?),
            8 => Value::Object(Kept::get(from)?),
            _ => return None,
        })
    }
}

/// A place is kept by the number of its file, because files get other numbers when others come and go.
impl Kept for Span {
    fn put(&self, out: &mut Writer) {
        let file = self.source.number().checked_sub(out.first_source);
        match file.and_then(|file| out.numbers.get(file as usize)).copied() {
            Some(number) => number.put(out),
            None => out.is_lossy = true,
        }
        self.start.put(out);
        (self.end - self.start).put(out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        let source = (*from.sources.get(usize::get(from)?)?)?;
        let start = usize::get(from)?;
        Some(Span::new(source, start, start + usize::get(from)?))
    }
}

impl Kept for NodeConfig {
    fn put(&self, out: &mut Writer) {
        let known = out.configs.get_index_of(&self.shared_key());
        let number = known.unwrap_or_else(|| out.configs.insert_full(self.shared_key(), self.clone()).0);
        out.used_configs.push(number);
        number.put(out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        from.configs.get(usize::get(from)?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_as_they_were_written() {
        let value = json!({"a": [1, -1, 1.5, null, true, false, u64::MAX, i64::MIN], "é": {"nested": "text"}, "": ""});
        let mut out = Writer::default();
        value.put(&mut out);
        let mut from = Reader { bytes: &out.bytes, configs: &[], sources: &[] };
        assert_eq!(<Value as Kept>::get(&mut from), Some(value));
        assert!(from.bytes.is_empty());
    }

    #[test]
    fn what_ends_early_is_nothing() {
        let mut out = Writer::default();
        json!({"a": ["some text", {"b": 300}]}).put(&mut out);
        for end in 0..out.bytes.len() {
            let mut from = Reader { bytes: &out.bytes[..end], configs: &[], sources: &[] };
            assert_eq!(<Value as Kept>::get(&mut from), None, "the first {end} bytes");
        }
    }
}
