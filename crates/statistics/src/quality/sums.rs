//! Sums over rows that are counters of the host: one list of fields makes the struct and all that is said of each of
//! them. It knows no formula.

/// Defines a struct of counters that add up.
macro_rules! sums {
    (
        $(#[$about:meta])*
        pub struct $name:ident { $( $(#[$of_field:meta])* pub $field:ident: u64, )+ }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        pub struct $name { $( $(#[$of_field])* pub $field: u64, )+ }

        impl $name {
            /// How many counters there are.
            pub const COUNTERS: usize = $name::NAMES.len();
            /// What the counters are called, in the order of the fields.
            pub const NAMES: [&str; [$(stringify!($field)),+].len()] = [$(stringify!($field)),+];

            /// All counters, in the order of the fields.
            #[must_use]
            pub fn to_counters(self) -> [u64; $name::COUNTERS] {
                [$(self.$field),+]
            }

            /// The sums of these counters, in the order of the fields.
            #[must_use]
            pub fn of_counters(counters: [u64; $name::COUNTERS]) -> $name {
                let [$($field),+] = counters;
                $name { $($field),+ }
            }

            /// Both together; each sum stops at 2^64 - 1, which no 10^12 rows reach.
            #[must_use]
            pub fn plus(self, other: $name) -> $name {
                $name { $( $field: self.$field.saturating_add(other.$field), )+ }
            }
        }
    };
}

pub(super) use sums;
