//! Feedback over HTTP/2, which only Envoy speaks here: it ends with its last data or with trailers, streams of one
//! connection do not disturb each other, and one that is cancelled is counted.

use driftline_testbed::by_hand::{Client, Protocol};
use serde_json::json;

use super::*;

const RECORD: &[u8] = br#"{"model": "rain", "label": 1, "score": 0.9}"#;
const HEADERS: [(&str, &str); 2] = [("host", "gateway"), JSON];

/// Waits for the answer, and gives its status and how many records it accepts.
async fn accepted(mut client: Client) -> (u16, Value) {
    let status = client.status().await.unwrap();
    assert!(client.receive_end().await.unwrap(), "{status}: the answer broke off");
    let answer: Value = serde_json::from_slice(client.received()).unwrap();
    (status, answer["accepted"].clone())
}

#[test]
fn streams_of_one_connection_end_each_in_its_own_way() {
    let _among_others = among_others();
    // Its listener speaks HTTP/2, too; no call goes to this server.
    let settings = settings(&config(&json!({}))).grpc(([127, 0, 0, 1], 9).into());
    Runtime::new().unwrap().block_on(async {
        let (envoy, host) = start_envoy(&settings).await.unwrap();
        let before = host.scrape().await.unwrap();
        let mut whole = Client::connect(Protocol::Http2, host.listen()).await.unwrap();
        let [mut pieces, mut trailers, mut cancelled, mut empty] =
            [(); 4].map(|()| whole.beside().unwrap());
        for client in [&mut whole, &mut pieces, &mut trailers, &mut cancelled] {
            client.ask("POST", FEEDBACK, &HEADERS, false).await.unwrap();
        }
        empty.ask("POST", FEEDBACK, &HEADERS, true).await.unwrap();
        whole.send(RECORD, true).await.unwrap();
        cancelled.send(RECORD, false).await.unwrap();
        // Each piece is a frame of its own, between those of others.
        for (number, byte) in RECORD.chunks(5).enumerate() {
            pieces.send(byte, RECORD.len() <= number * 5 + 5).await.unwrap();
            trailers.send(byte, false).await.unwrap();
            tokio::task::yield_now().await;
        }
        trailers.send_trailers(&[("x-sum", "7")]).await.unwrap();
        for client in [whole, pieces, trailers] {
            assert_eq!(accepted(client).await, (202, json!(1)));
        }
        assert_eq!(accepted(empty).await, (400, json!(0)));
        // The record of the one that is cancelled has come when those after it are answered.
        cancelled.leave();
        let all_ended =
            |page: &Scrape| total(&page.difference(&before), "feedback_requests_total", &[]) == 5.0;
        let page = until(&host, "not all streams are counted", all_ended).await;
        let mut lines = moved(&before, &page);
        lines.sort();
        let expected = [
            "confusion_rows{1,rain,1,3} 4",
            "feedback_requests{accepted} 3",
            "feedback_requests{broken_off} 1",
            "feedback_requests{malformed} 1",
            "labels{rain,with_prediction,3} 4",
            "segment_rows{none,dew,rain,3} 4",
        ];
        assert_eq!(lines, expected, "{}", envoy.log());
        assert_eq!(host.upstream().take_received(), []);
        evaluated(&host).await;
    });
}
