//! The project's own commands; each sets up what it lacks and says so.

fn main() {}
