//! What a request with feedback holds, whatever its body is, against what it took of the account; and what becomes of one
//! for which nothing is left.

use driftline_monitor::{
    memory::{VM_BYTES, VmMemory},
    native::{NativeHost, header},
    session::{Flow, Session, Stream},
};
use serde_json::{Value, json};

use crate::{
    counting::{held, uncounted},
    quiet_host::QuietHost,
    random::Random,
};

/// Models with eight figures each.
fn config(models: usize) -> String {
    let kpi = |number| json!({"name": format!("a figure with a long name, number {number}")});
    let models = (0..models).map(|model| {
        let kpis: Vec<Value> = (8 * model..8 * (model + 1)).map(kpi).collect();
        json!({"name": format!("chat {model}"), "kpis": kpis})
    });
    json!({"models": models.collect::<Vec<_>>(), "feedback": {}}).to_string()
}

struct Vm {
    host: NativeHost,
    memory: VmMemory,
    session: Session,
}

impl Vm {
    fn new(models: usize) -> Vm {
        let (host, memory) = (NativeHost::default(), VmMemory::default());
        let config = config(models);
        *host.configuration.borrow_mut() = config.clone().into_bytes();
        let session = Session::configure(&QuietHost(&host), &memory, config.len()).unwrap();
        Vm { host, memory, session }
    }

    fn begin(&self, content_type: &str) -> (Stream, Flow) {
        let headers = [
            header(":method", "POST"),
            header(":path", "/driftline/v1/feedback"),
            header("content-type", content_type),
        ];
        uncounted(|| *self.host.request.borrow_mut() = headers.into());
        let mut stream = Stream::default();
        let flow = self.session.request_headers(&QuietHost(&self.host), &mut stream, false);
        (stream, flow)
    }

    /// What a body took of the account, and the most that it held after a callback.
    fn most(&self, content_type: &str, body: &[u8]) -> (usize, usize) {
        let (before, free) = (held(), self.memory.bytes_left());
        let (mut stream, _) = self.begin(content_type);
        let taken = free - self.memory.bytes_left();
        let mut most = held() - before;
        for piece in body.chunks(body.len().div_ceil(50).max(1)) {
            uncounted(|| *self.host.body.borrow_mut() = piece.to_vec());
            let _ =
                self.session.request_body(&QuietHost(&self.host), &mut stream, piece.len(), false);
            most = most.max(held() - before);
        }
        self.session.end_unobserved(&QuietHost(&self.host), &mut stream);
        uncounted(|| self.host.end_stream());
        (taken, most)
    }
}

#[test]
fn no_request_with_feedback_holds_more_than_it_took() {
    for models in [1, 31] {
        holds_no_more_than_it_took(models);
    }
}

fn holds_no_more_than_it_took(models: usize) {
    let long = "x".repeat(5_000);
    let vm = Vm::new(models);
    let mut random = Random::new(0);
    for content_type in ["application/json", "application/jsonl", "text/csv"] {
        let member =
            |name: String| format!("\"{name}\": \"{long}\", \"{long}\": [[{{\"{long}\": 1}}]]");
        let members = (0..8 * models)
            .map(|number| member(format!("a figure with a long name, number {number}")));
        let own = ["model", "version", "id", "row", "label", "prediction", "score", "predicted_at"];
        let all: Vec<String> = members.chain(own.map(|name| member(name.into()))).collect();
        let body = format!("[{{{}}}]", all.join(", "));
        let mut body =
            if content_type == "text/csv" { body.replace(':', "\n") } else { body }.into_bytes();
        vm.most(content_type, &body);
        for _ in 0..20 {
            let (taken, most) = vm.most(content_type, &body);
            assert!(most <= taken, "{content_type}: {most} bytes were held, and {taken} taken");
            random.mutate(&mut body);
        }
    }
    drop(vm.session);
    assert_eq!(vm.memory.bytes_left(), VM_BYTES);
}

#[test]
fn without_memory_feedback_is_answered_so() {
    let vm = Vm::new(1);
    let mut open = Vec::new();
    let refused = loop {
        let (stream, flow) = vm.begin("application/json");
        assert_eq!(flow, Flow::Stop);
        if let Some(reply) = vm.host.reply() {
            break reply;
        }
        open.push(stream);
        assert!(open.len() < 10_000);
    };
    assert_eq!(refused.status, 503);
    assert!(100 < open.len(), "{}", open.len());
    for mut stream in open {
        vm.session.end_unobserved(&QuietHost(&vm.host), &mut stream);
    }
    vm.host.end_stream();
    let (_stream, _) = vm.begin("application/json");
    assert_eq!(vm.host.reply().map(|reply| reply.status), None, "and taken again later");
}
