//! What a session holds on the heap, by an allocator that counts, against what it takes of its VM's account; time is not
//! measured.

mod configurations;
mod counting;
mod exchanges;
mod feedback;
mod quiet_host;
#[path = "../properties/random.rs"]
mod random;
mod windows;
