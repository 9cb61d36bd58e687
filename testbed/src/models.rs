//! The language model and a predictor behind one address, as a gateway sees them that has one upstream.
//! It answers nothing itself.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;

use crate::{
    llm::{self, Pace, Trouble},
    model_server::{self, Asked, Reply},
    rain::{self, Versions},
    scorer::Scorer,
    server::Server,
};

/// What the paths of KServe's V1 protocol begin with.
const PREDICTORS: &str = "/v1/models/";

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct ModelServer {
    server: Server,
    llm: Arc<llm::Shared>,
}

impl ModelServer {
    /// Answers paths under `/v1/models/` as [`rain::RainServer`] does, and all others as [`llm::LlmServer`] does.
    pub async fn start(pace: Pace, rain: impl Into<Versions>) -> Result<ModelServer> {
        let rain = rain.into();
        ModelServer::with(pace, move |asked| rain::answer(asked, &rain)).await
    }

    /// The same, with another predictor.
    pub async fn start_with(pace: Pace, scorer: Scorer) -> Result<ModelServer> {
        ModelServer::with(pace, move |asked| scorer.answer(asked)).await
    }

    async fn with(
        pace: Pace,
        predictor: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Result<ModelServer> {
        let llm = llm::Shared::new(pace);
        let predictor = Arc::new(predictor);
        let server = model_server::start({
            let llm = Arc::clone(&llm);
            move |asked| {
                let (llm, predictor) = (Arc::clone(&llm), Arc::clone(&predictor));
                async move {
                    if asked.path.starts_with(PREDICTORS) {
                        predictor(&asked)
                    } else {
                        llm::answer(asked, llm).await
                    }
                }
            }
        });
        Ok(ModelServer { server: server.await?, llm })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Paces the language model's answers to requests from now on.
    pub fn set_pace(&self, pace: Pace) {
        self.llm.set_pace(pace);
    }

    /// What goes wrong with the language model's answers to requests from now on.
    pub fn set_trouble(&self, trouble: Trouble) {
        self.llm.set_trouble(trouble);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Request, rain::RainModel};

    #[tokio::test]
    async fn a_scorer_is_asked_for_each_row() {
        let scorer = Scorer::new("loans", |instance| instance["amount"].as_f64().unwrap_or(-1.0));
        let server = ModelServer::start_with(Pace::default(), scorer).await.unwrap();
        for (path, body, status, answer) in [
            (
                "/v1/models/loans:predict",
                r#"{"instances": [{"amount": 2}, {}]}"#,
                200,
                "[2.0,-1.0]",
            ),
            ("/v1/models/loans/versions/2:predict", r#"{"instances": []}"#, 200, "[]"),
            ("/v1/models/cars:predict", r#"{"instances": []}"#, 404, "expected POST"),
            ("/v1/models/loans:predict", "{", 400, "unrecognized request format"),
            ("/v1/models/loans:predict", "{}", 400, "to be a list"),
        ] {
            let response = Request::post_json(path, body).send(server.address()).await.unwrap();
            assert_eq!(response.status, status, "{path} {body}");
            assert!(response.text().contains(answer), "{path} {body}: {}", response.text());
        }
    }

    #[tokio::test]
    async fn the_path_chooses_the_model() {
        let rain = RainModel::fit(&["a".to_owned()], &[]);
        let server = ModelServer::start(Pace::default(), rain).await.unwrap();
        server.set_pace(Pace {
            first_token: std::time::Duration::ZERO,
            tokens: 1,
            ..Pace::default()
        });
        for (path, body, answer) in [
            ("/v1/models/rain:predict", r#"{"instances": [[1]]}"#, "predictions"),
            (
                "/v1/models/snow:predict",
                r#"{"instances": [[1]]}"#,
                "expected POST /v1/models/rain:predict",
            ),
            ("/v1/chat/completions", r#"{"model": "m", "messages": []}"#, "word0"),
            ("/v1/nothing", "{}", "expected POST /v1/chat/completions"),
        ] {
            let response = Request::post_json(path, body).send(server.address()).await.unwrap();
            assert!(response.text().contains(answer), "{path}: {}", response.text());
        }
    }
}
