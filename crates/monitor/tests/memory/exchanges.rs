//! What an exchange holds from its headers to its end, whatever it says, against what it took of the account.

use std::cell::Cell;

use driftline_monitor::{
    memory::{GENERATION_BYTES, PREDICTION_BYTES, VM_BYTES, VmMemory},
    native::{Header, NativeHost, header},
    session::{Session, Stream},
};
use driftline_support::{
    corpus::{Case, LLM, PREDICT},
    message::Message,
    uniform_profile,
};

use crate::{
    counting::{held, uncounted},
    quiet_host::QuietHost,
    random::Random,
};

/// In how many pieces a body comes at most, so that a large one takes no minutes.
const PIECES_MAX: usize = 200;
/// How many inputs are made of each exchange.
const MUTANTS: usize = 8;

/// A session in a VM of its own.
struct Vm {
    host: NativeHost,
    memory: VmMemory,
    session: Session,
}

impl Vm {
    fn new(config: &str) -> Vm {
        let (host, memory) = (NativeHost::default(), VmMemory::default());
        *host.configuration.borrow_mut() = config.as_bytes().to_vec();
        let session = Session::configure(&QuietHost(&host), &memory, config.len());
        let session = session.unwrap_or_else(|error| panic!("{error}"));
        Vm { host, memory, session }
    }

    /// Carries an exchange out, but for its end; the most that it held after a callback beside what decoders and readers
    /// took of the account for it.
    fn most_beside(&self, case: &Case) -> usize {
        let Vm { host, memory, session } = self;
        let quiet = QuietHost(host);
        let (before, free) = (held(), Cell::new(memory.bytes_left()));
        let most = Cell::new(0);
        let note = || {
            let taken = free.get().saturating_sub(memory.bytes_left());
            most.set(most.get().max((held() - before).saturating_sub(taken)));
        };
        let mut stream = Stream::default();
        let first = [header(":method", "POST"), header(":path", &case.path)];
        uncounted(|| *host.request.borrow_mut() = headers(first, &case.request));
        session.request_headers(&quiet, &mut stream, false);
        // From here on decoders and readers take what is taken.
        free.set(memory.bytes_left());
        note();
        for piece in pieces(&case.request.body) {
            uncounted(|| *host.body.borrow_mut() = piece.to_vec());
            session.request_body(&quiet, &mut stream, piece.len(), false);
            note();
        }
        session.request_body(&quiet, &mut stream, 0, true);
        let first = [header(":status", &case.status.to_string())];
        uncounted(|| *host.response.borrow_mut() = headers(first, &case.response));
        uncounted(|| host.set_property("response\0code_details", b"via_upstream"));
        session.response_headers(&quiet, &mut stream, false);
        note();
        for piece in pieces(&case.response.body) {
            uncounted(|| *host.body.borrow_mut() = piece.to_vec());
            session.response_body(&quiet, &mut stream, piece.len(), false);
            note();
        }
        session.end_unobserved(&quiet, &mut stream);
        uncounted(|| host.end_stream());
        most.get()
    }
}

fn headers<const N: usize>(first: [Header; N], message: &Message) -> Vec<Header> {
    let others = message.headers.iter().map(|(name, value)| header(name, value));
    first.into_iter().chain(others).collect()
}

fn pieces(body: &[u8]) -> std::slice::Chunks<'_, u8> {
    body.chunks(body.len().div_ceil(PIECES_MAX).max(1))
}

/// Checks exchanges, and what a few random changes make of each of them.
#[track_caller]
fn check(cases: impl IntoIterator<Item = Case>, bytes_max: usize) {
    let mut most = (0, String::new());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for mut case in cases {
        let vm = Vm::new(&case.config);
        // What is allocated once for the session, and kept, is its own.
        vm.most_beside(&case);
        for _ in 0..=MUTANTS {
            most = most.max((vm.most_beside(&case), case.name.clone()));
            random.mutate(&mut case.request.body);
            random.mutate(&mut case.response.body);
        }
        drop(vm.session);
        assert_eq!(vm.memory.bytes_left(), VM_BYTES, "what was taken is given back");
    }
    println!("{} bytes of {bytes_max} at most, in {}", most.0, most.1);
    assert!((bytes_max / 2..=bytes_max).contains(&most.0), "{most:?}, expected up to {bytes_max}");
}

#[test]
fn no_exchange_with_a_language_model_holds_more_than_it_took() {
    check(LLM.cases(), GENERATION_BYTES);
}

#[test]
fn no_exchange_with_a_model_that_predicts_holds_more_than_it_took() {
    // The corpus has three features and a prediction, and looks at few headers.
    check(PREDICT.cases(), PREDICTION_BYTES + 512);
}

#[test]
fn features_and_headers_take_more() {
    const FEATURES: usize = 200;
    const HEADERS: usize = 10;
    let mut profile = uniform_profile::profile(FEATURES, 2).to_string();
    let mut features = Vec::new();
    for number in 0..HEADERS {
        profile = profile.replace(&format!("feature number {number:03}"), &format!("h{number}"));
        features.push(format!(r#"{{"name": "h{number}", "header": "x-{number}"}}"#));
    }
    let mut cases = PREDICT.cases();
    for case in &mut cases {
        case.config = format!(
            r#"{{"models": [{{"name": "m", "profile": {profile}, "features": [{}]}}]}}"#,
            features.join(",")
        );
        let long = |number| (format!("x-{number}"), "9".repeat(60_000));
        case.request.headers.extend((0..HEADERS).map(long));
    }
    check(cases, PREDICTION_BYTES + FEATURES * 16 + HEADERS * (1024 + 24));
}
