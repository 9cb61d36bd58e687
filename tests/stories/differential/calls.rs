//! Traces of both hosts, made comparable; it knows no scenario.

use host_sim::trace::normalised;

/// What may differ is shown with so much around it.
const LINES_AROUND: usize = 12;

/// Calls into and out of VMs, thread by thread, with everything replaced that varies from run to run.
#[derive(Clone, Debug)]
pub(super) struct Calls(Vec<String>);

impl Calls {
    /// Reads a trace of one thread.
    pub(super) fn of_thread(trace: &str) -> Calls {
        Calls(normalised(trace).into_iter().map(without_measured_value).collect())
    }

    /// One thread after the other.
    pub(super) fn and(mut self, other: Calls) -> Calls {
        self.0.extend(other.0);
        self
    }

    /// Every line.
    pub(super) fn all(&self) -> &[String] {
        &self.0
    }

    /// Only the callbacks, and what the filter answered to them.
    pub(super) fn callbacks(&self) -> Vec<String> {
        let is_callback = |line: &&String| {
            let into_vm =
                ["[host->vm] ", "[host<-vm] "].iter().find_map(|way| line.strip_prefix(way));
            into_vm.is_some_and(|call| call.starts_with("proxy_on_"))
        };
        self.0.iter().filter(is_callback).cloned().collect()
    }

    /// The callbacks, with neighbouring pieces of a body as one: how many reads a large body takes is chance.
    pub(super) fn with_whole_bodies(&self) -> Vec<String> {
        let mut whole: Vec<String> = Vec::new();
        for callback in self.callbacks() {
            if let Some((begin, size)) = piece(&callback)
                && let [.., before, answer] = &whole[..]
                && answer.starts_with(&format!("{} return: ", begin.replace("->", "<-")))
                && let Some((same, size_before)) = piece(before)
                && same == begin
            {
                let sum = callback
                    .replace(&format!(", {size}, 0)"), &format!(", {}, 0)", size + size_before));
                whole.truncate(whole.len() - 2);
                whole.push(sum);
                continue;
            }
            whole.push(callback);
        }
        whole
    }
}

/// A piece of a body that is not the last: what the call begins with, and the size.
fn piece(callback: &str) -> Option<(&str, u64)> {
    let (begin, arguments) = callback.strip_suffix(", 0)")?.split_once('(')?;
    begin.ends_with("_body").then_some(())?;
    Some((begin, arguments.split(", ").nth(1)?.parse().ok()?))
}

/// How much a metric is changed by may be a time. The page shows it, without the times.
fn without_measured_value(line: String) -> String {
    let changes = ["env.proxy_increment_metric(", "env.proxy_record_metric("];
    match line.rsplit_once(", ") {
        Some((call, _)) if changes.iter().any(|change| call.contains(change)) => {
            format!("{call}, *)")
        }
        _ => line,
    }
}

/// Both sequences around the first line that differs.
pub(super) fn difference(theirs: &[String], ours: &[String]) -> String {
    let same = theirs.iter().zip(ours).take_while(|(theirs, ours)| theirs == ours).count();
    let part = |lines: &[String]| {
        let begin = same.saturating_sub(LINES_AROUND);
        let part = lines.iter().enumerate().skip(begin).take(2 * LINES_AROUND);
        part.map(|(index, line)| {
            let mark = if index == same { ">>" } else { "  " };
            format!("{mark} {:4} {line}\n", index + 1)
        })
        .collect::<String>()
    };
    format!(
        "the first of {} and {} lines that differs is {}.\nEnvoy has\n{}the simulator has\n{}",
        theirs.len(),
        ours.len(),
        same + 1,
        part(theirs),
        part(ours)
    )
}

#[test]
fn pieces_of_a_body_are_one_and_its_end_is_another() {
    let calls = |sizes: &[(u64, u8)]| {
        let lines = sizes.iter().map(|(size, ended)| {
            format!("[host->vm] proxy_on_response_body(7, {size}, {ended})\n[host<-vm] proxy_on_response_body return: 0\n")
        });
        Calls::of_thread(&lines.collect::<String>()).with_whole_bodies()
    };
    assert_eq!(calls(&[(2, 0), (3, 0), (4, 0), (0, 1)]), calls(&[(9, 0), (0, 1)]));
    assert_ne!(calls(&[(9, 0), (0, 1)]), calls(&[(9, 1)]));
}
