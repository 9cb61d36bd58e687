//! The language model and the rain predictor behind one address, as a gateway sees them that has one upstream.
//! It answers nothing itself.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;

use crate::{
    llm::{self, Pace},
    model_server,
    rain::{self, RainModel},
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
    pub async fn start(pace: Pace, rain: RainModel) -> Result<ModelServer> {
        let llm = llm::Shared::new(pace);
        let rain = Arc::new(rain);
        let server = model_server::start({
            let llm = Arc::clone(&llm);
            move |asked| {
                let (llm, rain) = (Arc::clone(&llm), Arc::clone(&rain));
                async move {
                    if asked.path.starts_with(PREDICTORS) {
                        rain::answer(&asked, &rain)
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Request;

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
