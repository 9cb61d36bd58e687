//! Bodies pass byte for byte, whatever they hold and whoever reads along.

use driftline_random::Random;
use driftline_testbed::{
    client::{End, Piece, Request},
    upstream::{Framing, Script},
};

use crate::{
    phrases::{CHAT, CONFIG},
    stage::{Host, Network, among_others, settings},
};

const BODY_BYTES: usize = 1 << 20;

/// The same bytes from the same seed, on every machine.
fn random_bytes(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..BODY_BYTES / 8).flat_map(|_| random.word().to_le_bytes()).collect()
}

/// Sends bytes both ways, in pieces of odd sizes.
async fn check(host: &Host, path: &str, chunked: bool) {
    let (there, back) = (random_bytes(1), random_bytes(2));
    let framing = if chunked { Framing::Chunked } else { Framing::Length(back.len()) };
    let head = [("content-type", "application/octet-stream")];
    let script = back
        .chunks(70_001)
        .fold(Script::new().head(200, &head, framing), |script, piece| script.write(piece));
    host.upstream().push(script.finish());
    let pieces = there.chunks(50_021).map(|piece| Piece::Bytes(piece.to_vec()));
    let mut request = Request::new("POST", path).pieces(pieces);
    if chunked {
        request = request.chunked();
    }
    let response = request.send(host.listen()).await.unwrap();
    let received = host.upstream().take_received().pop().unwrap();
    let case = format!("{} {path} chunked: {chunked}", host.name());
    assert!(received.complete && received.body == there, "{case}: the request was changed");
    assert_eq!((response.status, response.end), (200, End::Complete), "{case}");
    assert!(response.body == back, "{case}: the response was changed");
}

#[test]
fn a_mebibyte_of_random_bytes_passes_unchanged_both_ways() {
    let _among_others = among_others();
    let network = Network::start(settings(CONFIG));
    network.block_on(async {
        for host in [&network.envoy, &network.embedded] {
            for path in ["/bytes", CHAT, "/v1/models/rain:predict"] {
                for chunked in [false, true] {
                    check(host, path, chunked).await;
                }
            }
        }
    });
}
