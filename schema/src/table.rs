//! Enums that are tables: a variant is a row, with its key and all that is said of it in one place.

/// Writes an enum from its rows: the variants, the list of all of them, the key of each, and the fields of its row.
macro_rules! table {
    ($(#[$of_enum:meta])* pub enum $name:ident: $row:ident {
        $(#[$of_all:meta])* ALL
        $($(#[$of_variant:meta])* $variant:ident = $key:tt $fields:tt)*
    }) => {
        $(#[$of_enum])*
        pub enum $name {
            $($(#[$of_variant])* #[serde(rename = $key)] $variant,)*
        }

        impl $name {
            $(#[$of_all])*
            pub const ALL: [Self; [$($key),*].len()] = [$(Self::$variant),*];

            /// The key, as files and messages write it.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key,)*
                }
            }

            const fn row(self) -> $row {
                match self {
                    $(Self::$variant => $row $fields,)*
                }
            }
        }
    };
}

pub(crate) use table;
