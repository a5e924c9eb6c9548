//! A YAML document as serde reads it: the tree itself, so that no second tree is built for a large manifest.

use serde::{
    de::{
        Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Value};

use crate::manifest::yaml::{Field, Inside, Node};

impl<'de> IntoDeserializer<'de, Error> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn entry(field: &Field) -> (&str, &Node) {
    (&field.name, &field.value)
}

/// Reads like the same JSON value: the kinds and the messages are those of `serde_json`.
impl<'de> Deserializer<'de> for &'de Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.inside {
            Inside::Scalar(value) => value.deserialize_any(visitor),
            Inside::List(items) => {
                let mut items = SeqDeserializer::new(items.iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Inside::Map(fields) => {
                let mut fields = MapDeserializer::new(fields.iter().map(entry));
                let value = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.inside {
            Inside::Scalar(Value::Null) => visitor.visit_none(),
            Inside::Scalar(_) | Inside::List(_) | Inside::Map(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.inside {
            Inside::Scalar(value) => value.deserialize_enum(name, variants, visitor),
            Inside::List(_) => Err(Error::invalid_type(Unexpected::Seq, &"string or map")),
            Inside::Map(fields) if fields.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(fields.iter().map(entry))))
            }
            Inside::Map(_) => Err(Error::invalid_value(Unexpected::Map, &"map with a single key")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}
