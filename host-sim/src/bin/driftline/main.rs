//! The `driftline` command: it reads arguments and hands over to one module per subcommand; it decides nothing else.

fn main() {}
