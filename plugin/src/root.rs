//! The root context: reads the configuration, makes streams, passes on ticks.

use std::rc::Rc;

use driftline_core::monitor::{
    config::{Config, ConfigError},
    host::{Host, LogLevel},
};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::ContextType,
};

use crate::{
    evaluation::Evaluation,
    host::{self, ProxyWasm},
    shared::Shared,
    stream::Stream,
};

/// One configuration of the filter within one VM.
#[derive(Default)]
pub(crate) struct Root {
    /// `None` until a configuration was accepted.
    shared: Option<Rc<Shared>>,
    evaluation: Option<Evaluation>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let config = match read_config() {
            Ok(config) => config,
            Err(error) => {
                ProxyWasm.log(LogLevel::Error, &format!("driftline: {error}"));
                return false;
            }
        };
        let models = config.models.len();
        let (shared, instruments) = Shared::new(config);
        let shared = Rc::new(shared);
        ProxyWasm.log(
            LogLevel::Info,
            &format!(
                "driftline {}: watching {} models in at most {} series",
                env!("CARGO_PKG_VERSION"),
                models,
                shared.monitor().series_max(),
            ),
        );
        self.evaluation = Evaluation::begin(Rc::clone(&shared), instruments);
        self.shared = Some(shared);
        true
    }

    fn on_tick(&mut self) {
        if let Some(evaluation) = &mut self.evaluation {
            evaluation.tick();
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.shared.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// The text itself is gone when this returns: it would take memory beside all that is made of it, and what a VM once took
/// it keeps.
fn read_config() -> Result<Config, ConfigError> {
    let json = host::configuration().unwrap_or_default();
    Config::from_json(&json)
}
