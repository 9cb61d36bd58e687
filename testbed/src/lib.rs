//! What tests, benches and the demo stand on: real servers, clients and proxies. It never judges what it observes.
