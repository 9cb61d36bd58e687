//! A proxy-wasm host that behaves like Envoy, for tests and laptops; it never knows which filter it runs.
