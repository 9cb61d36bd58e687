//! The same as a filter: it reads the files from its configuration, and leaves the text for whoever compares it.

use proxy_wasm::{
    hostcalls,
    traits::{Context, RootContext},
};

use crate::{SHARED_KEY, lines};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let Ok(Some(vectors)) = hostcalls::get_buffer(
            proxy_wasm::types::BufferType::PluginConfiguration,
            0,
            usize::MAX,
        ) else {
            return false;
        };
        hostcalls::set_shared_data(SHARED_KEY, Some(lines(&vectors).as_bytes()), None).is_ok()
    }
}
