//! The server keeps its pace, counts its words, and fails where it is told to. No clock is judged closely.

use super::*;
use crate::client::{Request, Response};

const PATH: &str = "/v1/chat/completions";
const QUICK: Pace = Pace {
    first_token: Duration::from_millis(20),
    gap: Duration::from_millis(5),
    jitter: 0.5,
    spread: 0.0,
    tokens: 4,
    usage: true,
    keep_alive_comment: true,
};

async fn ask(server: &LlmServer, body: &Value) -> Response {
    Request::post_json(PATH, body.to_string()).send(server.address()).await.unwrap()
}

fn request() -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": "three little words"}]})
}

#[tokio::test]
async fn a_whole_answer_tells_its_tokens() {
    let server = LlmServer::start(QUICK).await.unwrap();
    let response = ask(&server, &request()).await;
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "word0 word1 word2 word3 ");
    assert_eq!(
        answer["usage"],
        json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7})
    );
    assert!(Duration::from_millis(27) < response.ended_at, "{:?}", response.ended_at);
}

#[tokio::test]
async fn a_stream_has_role_comment_tokens_usage_and_the_end_mark() {
    let server = LlmServer::start(QUICK).await.unwrap();
    let mut request = request();
    request["stream"] = true.into();
    request["max_tokens"] = 2.into();
    request["stream_options"] = json!({"include_usage": true});
    let response = ask(&server, &request).await;
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    let text = response.text();
    let parts: Vec<&str> = text.split_terminator("\n\n").collect();
    let [role, comment, first, second, finish, usage, end] = parts[..] else { panic!("{text}") };
    assert!(role.contains(r#""role":"assistant""#), "{role}");
    assert_eq!(comment, ": keep-alive");
    assert!(first.contains(r#""delta":{"content":"word0 "}"#), "{first}");
    assert!(second.contains(r#""delta":{"content":"word1 "}"#), "{second}");
    assert!(finish.contains(r#""finish_reason":"length""#), "{finish}");
    assert!(
        usage.contains(r#""completion_tokens":2"#) && usage.contains(r#""choices":[]"#),
        "{usage}"
    );
    assert_eq!(end, "data: [DONE]");
}

#[tokio::test]
async fn trouble_refuses_or_breaks_off_some_answers() {
    let server = LlmServer::start(QUICK).await.unwrap();
    let mut request = request();
    request["stream"] = true.into();
    server.shared.set_trouble(Trouble::Refused(2));
    let statuses = [ask(&server, &request).await.status, ask(&server, &request).await.status];
    assert_eq!(statuses, [503, 200]);
    server.shared.set_trouble(Trouble::BrokenOff(1));
    let text = ask(&server, &request).await.text();
    assert!(text.contains("word1") && !text.contains("word2"), "{text}");
    assert!(!text.contains("[DONE]") && !text.contains("\"stop\""), "{text}");
    server.shared.set_trouble(Trouble::Garbled(1));
    let text = ask(&server, &request).await.text();
    assert!(text.contains("data: {\"choices\": [{\n\n") && text.contains("[DONE]"), "{text}");
    server.shared.set_trouble(Trouble::HungUp(1));
    let answer = Request::post_json(PATH, request.to_string()).send(server.address()).await;
    assert!(answer.is_err(), "{answer:?}");
}

#[tokio::test]
async fn usage_is_not_sent_unless_asked_for() {
    let server = LlmServer::start(QUICK).await.unwrap();
    let mut request = request();
    request["stream"] = true.into();
    assert!(!ask(&server, &request).await.text().contains("usage"));
    request["stream_options"] = json!({"include_usage": true});
    server.set_pace(Pace { usage: false, ..QUICK });
    assert!(!ask(&server, &request).await.text().contains("usage"));
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn what_is_not_a_completion_is_refused() {
    let server = LlmServer::start(QUICK).await.unwrap();
    for (method, path, body, status) in [
        ("GET", PATH, "", 404),
        ("POST", "/v1/completions", "{}", 404),
        ("POST", PATH, "{", 400),
        ("POST", PATH, "{}", 400),
    ] {
        let request = Request::new(method, path).body(body);
        let response = request.send(server.address()).await.unwrap();
        assert_eq!(response.status, status, "{method} {path} {body}");
    }
}

#[test]
fn noise_is_spread_evenly_around_zero() {
    let values: Vec<f64> = (0..1000).map(|index| noise(7, index)).collect();
    assert!(values.iter().all(|value| (-1.0..=1.0).contains(value)));
    assert!((values.iter().sum::<f64>() / 1000.0).abs() < 0.05);
    assert_eq!(noise(7, 3), values[3]);
}
