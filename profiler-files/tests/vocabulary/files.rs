//! Every file of `tests/data/tables` has its right value.
