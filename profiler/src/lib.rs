//! Turns training data into a reference profile; it never sees live traffic.
