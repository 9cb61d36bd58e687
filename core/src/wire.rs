//! Incremental readers of what the wire carries: bytes in, tokens out; they never buffer a body and never fail.
