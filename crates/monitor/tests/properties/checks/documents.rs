//! What operators write: any text is taken or refused with its problems; whether it should be is not looked at.

use driftline_monitor::{config::Config, layout::Monitor};
use driftline_statistics::profile::Profile;

/// Configurations with more models or names are read only, and not laid out: that takes too long to be done often.
const LAID_OUT_MAX: usize = 4;

pub(crate) fn config(input: &[u8]) {
    match Config::from_json(input) {
        Ok(config) => {
            if config.models.len() <= LAID_OUT_MAX && config.slots() <= LAID_OUT_MAX {
                let monitor = Monitor::new(&config);
                assert!(monitor.series().len() <= monitor.series_max());
            }
        }
        Err(error) => {
            assert_ne!(error.problems().count(), 0);
            assert!(!error.to_string().contains('\n'), "a proxy's log keeps one line together");
        }
    }
}

pub(crate) fn profile(input: &[u8]) {
    match Profile::from_json(input) {
        Ok(profile) => {
            let written = serde_json::to_vec(&profile).unwrap();
            assert_eq!(Profile::from_json(&written).as_ref(), Ok(&profile));
        }
        Err(error) => assert_ne!(error.problems().count(), 0),
    }
}
