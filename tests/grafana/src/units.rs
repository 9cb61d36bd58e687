//! Numbers with their units, about as Grafana writes them. It draws nothing.

/// A number with this unit and so many digits after the point, or with three digits that count.
pub(crate) fn shown(value: f64, unit: &str, decimals: Option<usize>, now: f64) -> String {
    let plain = |value: f64| digits(value, decimals);
    match unit {
        "percentunit" => format!("{}%", digits(value * 100.0, decimals)),
        "s" => seconds(value, decimals),
        "µs" => seconds(value / 1e6, decimals),
        "bytes" => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"], decimals),
        "short" => scaled(value, 1000.0, &["", "K", "Mil", "Bil", "Tri"], decimals),
        "cps" => scaled(value, 1000.0, &["c/s", "Kc/s", "Mc/s"], decimals),
        "reqps" => scaled(value, 1000.0, &["req/s", "Kreq/s", "Mreq/s"], decimals),
        "dateTimeFromNow" => ago(now - value / 1000.0),
        _ => match unit.strip_prefix("suffix:") {
            Some(suffix) => format!("{}{suffix}", plain(value)),
            None => plain(value),
        },
    }
}

/// What a number of this size is divided by before it is written, so that marks are round.
pub(crate) fn scale(largest: f64, unit: &str) -> f64 {
    let steps: &[f64] = match unit {
        "bytes" => &[1024.0, 1_048_576.0, 1_073_741_824.0],
        "s" => &[60.0, 3600.0, 86_400.0],
        "µs" => &[1e3, 1e6, 6e7, 3.6e9],
        _ => &[],
    };
    steps.iter().copied().filter(|step| *step <= largest).fold(1.0, f64::max)
}

fn digits(value: f64, decimals: Option<usize>) -> String {
    if let Some(decimals) = decimals {
        return format!("{value:.decimals$}");
    }
    let places = match value.abs() {
        0.0 => 0,
        it => 2 - it.log10().floor() as i32,
    };
    let text = format!("{value:.*}", places.clamp(0, 6) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn scaled(value: f64, step: f64, units: &[&str], decimals: Option<usize>) -> String {
    let (mut value, mut place) = (value, 0);
    while step <= value.abs() && place + 1 < units.len() {
        value /= step;
        place += 1;
    }
    format!("{} {}", digits(value, decimals), units[place]).trim_end().to_owned()
}

fn seconds(value: f64, decimals: Option<usize>) -> String {
    let (value, unit) = match value.abs() {
        0.0 => (value, "s"),
        it if it < 1e-3 => (value * 1e6, "µs"),
        it if it < 1.0 => (value * 1e3, "ms"),
        it if it < 60.0 => (value, "s"),
        it if it < 3600.0 => (value / 60.0, "mins"),
        it if it < 86_400.0 => (value / 3600.0, "hours"),
        it if it < 604_800.0 => (value / 86_400.0, "days"),
        _ => (value / 604_800.0, "weeks"),
    };
    format!("{} {unit}", digits(value, decimals))
}

fn ago(seconds: f64) -> String {
    let (count, unit) = match seconds {
        it if it < 45.0 => return "a few seconds ago".to_owned(),
        it if it < 2700.0 => ((it / 60.0).round(), "minute"),
        it if it < 79_200.0 => ((it / 3600.0).round(), "hour"),
        it => ((it / 86_400.0).round(), "day"),
    };
    let s = if count == 1.0 { "" } else { "s" };
    format!("{count} {unit}{s} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_units() {
        for (value, unit, expected) in [
            (0.123_456, "percentunit", "12.3%"),
            (80_200.0, "µs", "80.2 ms"),
            (5400.0, "s", "1.5 hours"),
            (3_500_000.0, "bytes", "3.34 MiB"),
            (1234.0, "short", "1.23 K"),
            (0.0, "reqps", "0 req/s"),
            (12.0, "suffix: tokens/s", "12 tokens/s"),
            (0.000_012_3, "none", "0.000012"),
            (880_000.0, "dateTimeFromNow", "2 minutes ago"),
        ] {
            assert_eq!(shown(value, unit, None, 1000.0), expected);
        }
        assert_eq!(shown(0.5, "none", Some(3), 0.0), "0.500");
    }
}
