//! Load reports as names and values: `cpu_utilization=0.7, named_metrics.kv_cache_usage_perc=0.4`; it keeps no text.

use super::{Malformed, Report, measure};

pub(super) fn read(text: &[u8]) -> Result<Report, Malformed> {
    let mut report = Report::default();
    let pairs = text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, |byte| matches!(byte, b'=' | b':')).map(<[u8]>::trim_ascii);
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return Err(Malformed);
        };
        if name.is_empty() || value.is_empty() {
            return Err(Malformed);
        }
        if let Some(measure) = measure(name) {
            let value = str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            report.set(measure, value.ok_or(Malformed)?)?;
        }
    }
    Ok(report)
}
