//! Client and upstream of one scenario, moved step by step; each step is awaited at the other end before the next.

use anyhow::{Context, Result, ensure};
use driftline_testbed::by_hand::{Client, Served, Upstream};

use super::{
    real::Real,
    scenario::{Answer, Scenario, Step, borrowed},
};
use crate::phrases::CHAT;

/// Client and upstream of one scenario.
pub(super) struct Ends<'r> {
    real: &'r Real,
    scenario: &'r Scenario,
    listening: &'r Upstream,
    client: Option<Client>,
    /// The request that the upstream has.
    served: Option<Served>,
    /// A body's bytes so far, on the way up and on the way down.
    sent_up: usize,
    sent_down: usize,
    responded: bool,
    asked: usize,
}

impl<'r> Ends<'r> {
    pub(super) async fn new(real: &'r Real, scenario: &'r Scenario) -> Result<Ends<'r>> {
        let listening = real.upstream(scenario.upstream);
        let client = Client::connect(scenario.client, real.listen()).await?;
        Ok(Ends {
            real,
            scenario,
            listening,
            client: Some(client),
            served: None,
            sent_up: 0,
            sent_down: 0,
            responded: false,
            asked: 0,
        })
    }

    pub(super) async fn carry_out(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Asks { .. } => self.ask().await,
            Step::SendsGarbage => self.client()?.send_raw(b"this is not HTTP\r\n\r\n").await,
            Step::OmitsHost => {
                let head = format!("GET {CHAT} HTTP/1.1\r\n\r\n");
                self.client()?.send_raw(head.as_bytes()).await
            }
            Step::ClientSends { data, ended } => {
                self.client()?.send(data, *ended).await?;
                self.sent_up += data.len();
                self.arrived_up(*ended).await
            }
            Step::ClientSendsTrailers(trailers) => {
                self.client()?.send_trailers(&borrowed(trailers)).await?;
                self.arrived_up(true).await
            }
            Step::ClientSendsGarbage => {
                self.client()?.send_raw(b"this is no chunk\r\n").await?;
                self.cut(400).await
            }
            Step::ClientLeaves => {
                self.client.take().context("the client is gone")?.leave();
                Ok(())
            }
            Step::ClientHangsUp => self.client.take().context("the client is gone")?.hang_up(),
            Step::ClientHalfCloses => self.client()?.half_close().await,
            Step::Informs(status) => {
                let head = format!("HTTP/1.1 {status} Interim\r\n\r\n");
                self.served()?.send_raw(head.as_bytes()).await
            }
            Step::AttemptFails => {
                self.served()?.respond(503, &[("content-length", "0")], true).await?;
                self.accept().await
            }
            Step::Responds { status, headers, ended } => {
                self.served()?.respond(*status, &borrowed(headers), *ended).await?;
                self.expect_status(*status).await?;
                if *ended { self.arrived_down(true).await } else { Ok(()) }
            }
            Step::Sends { data, ended } => {
                self.served()?.send(data, *ended).await?;
                self.sent_down += data.len();
                self.arrived_down(*ended).await
            }
            Step::SendsTrailers(trailers) => {
                self.served()?.send_trailers(&borrowed(trailers)).await?;
                self.arrived_down(true).await
            }
            Step::UpstreamBreaksOff => {
                self.served.take().context("no upstream has a request")?.break_off();
                self.cut(503).await
            }
            Step::UpstreamHangsUp => {
                self.served.take().context("no upstream has a request")?.hang_up()?;
                self.cut(503).await
            }
            Step::UpstreamSendsGarbage => {
                self.served()?.send_raw(b"this is not HTTP\r\n\r\n").await?;
                self.cut(502).await
            }
            Step::ProxyTimesOut => self.cut(504).await,
            Step::ProxyAnswers(Answer::Direct(status, _)) | Step::FilterAnswers(status) => {
                self.answered(*status).await
            }
            Step::FilterLetsGo => self.accept().await,
            Step::AnswersWhole(status, body) => {
                let length = body.len().to_string();
                self.served()?.respond(*status, &[("content-length", &length)], false).await?;
                self.served()?.send(body.as_bytes(), true).await?;
                self.sent_down += body.len();
                self.answered(*status).await
            }
            Step::ProxyAnswers(Answer::Redirect(_)) => self.answered(301).await,
            Step::ProxyAnswers(Answer::Unreachable) => self.cut(503).await,
        }
    }

    /// The first request takes all others along; each is awaited when its turn has come.
    async fn ask(&mut self) -> Result<()> {
        if self.asked == 0 {
            for step in &self.scenario.steps {
                if let Step::Asks { method, path, headers, ended } = step {
                    self.client()?.ask(method, path, &borrowed(headers), *ended).await?;
                }
            }
        }
        self.asked += 1;
        (self.sent_up, self.sent_down, self.responded) = (0, 0, false);
        if self.scenario.reaches_upstream() { self.accept().await } else { Ok(()) }
    }

    /// Waits for the request at the upstream, with what the client has sent of its body.
    async fn accept(&mut self) -> Result<()> {
        self.served = Some(self.listening.accept().await?);
        let sent_up = self.sent_up;
        self.served()?.receive(sent_up).await
    }

    async fn arrived_up(&mut self, ended: bool) -> Result<()> {
        let sent_up = self.sent_up;
        if self.scenario.is_taken_in {
            return self.real.wait_for_request_bytes(sent_up).await;
        }
        let Some(served) = &mut self.served else { return Ok(()) };
        served.receive(sent_up).await?;
        if ended {
            ensure!(served.receive_end().await?, "the request was cut on its way up");
        }
        Ok(())
    }

    async fn arrived_down(&mut self, ended: bool) -> Result<()> {
        let sent_down = self.sent_down;
        let client = self.client()?;
        client.receive(sent_down).await?;
        if ended {
            ensure!(client.receive_end().await?, "the answer was cut on its way down");
        }
        Ok(())
    }

    async fn expect_status(&mut self, expected: u16) -> Result<()> {
        let status = self.client()?.status().await?;
        self.responded = true;
        ensure!(status == expected, "expected {expected}, got {status}");
        Ok(())
    }

    async fn answered(&mut self, status: u16) -> Result<()> {
        self.expect_status(status).await?;
        self.arrived_down(true).await
    }

    /// The proxy answers this in the upstream's place, or cuts the answer that has begun.
    async fn cut(&mut self, status: u16) -> Result<()> {
        if !self.responded {
            // gRPC has its statuses elsewhere.
            let is_grpc = self.scenario.steps.iter().any(is_grpc);
            return self.answered(if is_grpc { 200 } else { status }).await;
        }
        let whole = self.client()?.receive_end().await?;
        // What follows an upgrade has no end that could be missing.
        let switched = self.scenario.steps.iter().any(is_switch);
        ensure!(!whole || switched, "the answer was cut, and the client took it for whole");
        Ok(())
    }

    fn client(&mut self) -> Result<&mut Client> {
        self.client.as_mut().context("the client is gone")
    }

    fn served(&mut self) -> Result<&mut Served> {
        self.served.as_mut().context("no upstream has a request")
    }
}

fn is_switch(step: &Step) -> bool {
    matches!(step, Step::Responds { status: 101, .. })
}

fn is_grpc(step: &Step) -> bool {
    let Step::Asks { headers, .. } = step else { return false };
    borrowed(headers).contains(&("content-type", "application/grpc"))
}
