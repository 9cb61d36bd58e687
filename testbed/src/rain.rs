//! A rain predictor behind KServe's V1 protocol: a logistic regression, fitted when it starts on the rows it is
//! given. It never sees the answer to a row that it predicts.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use anyhow::{Context, Result, ensure};
use hyper::Method;
use serde_json::{Value, json};

use crate::{
    model_server::{self, Asked, Reply},
    server::Server,
};

/// What paths begin and end with. Between them there may be `/versions/` and a version.
const PATH: [&str; 2] = ["/v1/models/rain", ":predict"];
/// Plain gradient descent; on standardised features it has long settled by then.
const STEPS: usize = 300;
const STEP_SIZE: f64 = 0.5;

/// Days of weather, as the CSV has them: an index, the features, and whether it rained.
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// The features' names.
    pub names: Vec<String>,
    /// The days, in order of time.
    pub days: Vec<Day>,
}

/// A day of weather.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// One number for each of [`Weather::names`].
    pub features: Vec<f64>,
    /// Whether it rained.
    pub rain: bool,
}

impl Weather {
    /// Reads a CSV with a header: first column an index, last one 0 or 1. It has no quotes.
    ///
    /// # Errors
    ///
    /// Names the line that cannot be read.
    pub fn parse(csv: &str) -> Result<Weather> {
        let mut lines = csv.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        ensure!(3 <= header.len(), "expected an index, features and a target, got {header:?}");
        let names: Vec<String> =
            header[1..header.len() - 1].iter().map(|name| (*name).to_owned()).collect();
        let days = (2..).zip(lines).map(|(number, line)| {
            let fields: Result<Vec<f64>, _> = line.split(',').skip(1).map(str::parse).collect();
            let mut features = fields.with_context(|| format!("line {number}: `{line}`"))?;
            ensure!(
                features.len() == names.len() + 1,
                "line {number}: expected {} columns",
                header.len()
            );
            let rain = features.pop() == Some(1.0);
            Ok(Day { features, rain })
        });
        Ok(Weather { days: days.collect::<Result<_>>()?, names })
    }
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct RainModel {
    names: Vec<String>,
    weights: Vec<f64>,
    bias: f64,
    /// Stands in for a null.
    means: Vec<f64>,
}

impl RainModel {
    /// Fits a model to days of these features. The same days give the same model.
    pub fn fit(names: &[String], days: &[Day]) -> RainModel {
        let count = days.len().max(1) as f64;
        let mut means = vec![0.0; names.len()];
        for day in days {
            for (mean, value) in means.iter_mut().zip(&day.features) {
                *mean += value / count;
            }
        }
        let mut model =
            RainModel { names: names.to_vec(), weights: vec![0.0; names.len()], bias: 0.0, means };
        for _ in 0..STEPS {
            let mut gradient = vec![0.0; names.len()];
            let mut bias_gradient = 0.0;
            for day in days {
                let error = model.probability(&day.features) - f64::from(u8::from(day.rain));
                bias_gradient += error;
                for (slope, value) in gradient.iter_mut().zip(&day.features) {
                    *slope += error * value;
                }
            }
            model.bias -= STEP_SIZE * bias_gradient / count;
            for (weight, slope) in model.weights.iter_mut().zip(&gradient) {
                *weight -= STEP_SIZE * slope / count;
            }
        }
        model
    }

    /// The probability of rain.
    pub fn probability(&self, features: &[f64]) -> f64 {
        let sum: f64 =
            self.weights.iter().zip(features).map(|(weight, value)| weight * value).sum();
        1.0 / (1.0 + (-(self.bias + sum)).exp())
    }

    /// What it answers: the probability of rain, to six decimals.
    pub fn score(&self, features: &[f64]) -> f64 {
        (self.probability(features) * 1e6).round() / 1e6
    }

    /// Whether rain is at least as likely as not.
    pub fn predict(&self, features: &[f64]) -> bool {
        0.5 <= self.score(features)
    }

    /// The share of days that it gets wrong.
    pub fn error(&self, days: &[Day]) -> f64 {
        let wrong = days.iter().filter(|day| self.predict(&day.features) != day.rain).count();
        wrong as f64 / days.len().max(1) as f64
    }

    /// Reads an instance: a list in the order of the names, or an object with all of them.
    fn features(&self, instance: &Value) -> Result<Vec<f64>> {
        let values: Vec<&Value> = match instance {
            Value::Array(values) => values.iter().collect(),
            Value::Object(fields) => {
                let value =
                    |name: &String| fields.get(name).with_context(|| format!("no `{name}`"));
                self.names.iter().map(value).collect::<Result<_>>()?
            }
            other => anyhow::bail!("expected a list or an object, got {other}"),
        };
        let expected = self.names.len();
        ensure!(
            values.len() == expected,
            "X has {} features, but expected {expected}",
            values.len()
        );
        let number = |(value, mean): (&Value, &f64)| match value {
            Value::Null => Ok(*mean),
            _ => value.as_f64().with_context(|| format!("could not convert {value} to a number")),
        };
        values.into_iter().zip(&self.means).map(number).collect()
    }
}

/// A model, and other versions of it.
#[derive(Clone, Debug)]
pub struct Versions {
    /// What answers a request that names no version.
    pub default: RainModel,
    /// By name.
    pub named: BTreeMap<String, RainModel>,
}

impl From<RainModel> for Versions {
    fn from(default: RainModel) -> Versions {
        Versions { default, named: BTreeMap::new() }
    }
}

impl Versions {
    /// The model that a path asks for.
    fn of(&self, path: &str) -> Option<&RainModel> {
        let [begin, end] = PATH;
        match path.strip_prefix(begin)?.strip_suffix(end)? {
            "" => Some(&self.default),
            version => self.named.get(version.strip_prefix("/versions/")?),
        }
    }
}

/// A running predictor. It ends when this is dropped.
#[derive(Debug)]
pub struct RainServer {
    server: Server,
}

impl RainServer {
    /// Serves a model as `POST /v1/models/rain:predict`, which answers the probability of rain, and versions of it as
    /// `/v1/models/rain/versions/NAME:predict`.
    ///
    /// A null is taken for the feature's mean in training. Any other thing that is not a number, a list of the
    /// wrong length or an object without one of the names is an error 400, as KServe gives it.
    pub async fn start(model: impl Into<Versions>) -> Result<RainServer> {
        let model = Arc::new(model.into());
        let server = model_server::start(move |asked| {
            let model = Arc::clone(&model);
            async move { answer(&asked, &model) }
        });
        Ok(RainServer { server: server.await? })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

/// Answers one request, as the server does.
pub(crate) fn answer(asked: &Asked, versions: &Versions) -> Reply {
    let model = versions.of(&asked.path).filter(|_| asked.method == Method::POST);
    let Some(model) = model else {
        return Reply::json(404, &json!({"error": format!("expected POST {}", PATH.concat())}));
    };
    match predict(&asked.body, model) {
        Ok(predictions) => Reply::json(200, &json!({"predictions": predictions})),
        Err(error) => Reply::json(400, &json!({"error": format!("{error:#}")})),
    }
}

fn predict(body: &[u8], model: &RainModel) -> Result<Vec<f64>> {
    let request: Value = serde_json::from_slice(body).context("unrecognized request format")?;
    let instances =
        request["instances"].as_array().context("expected \"instances\" to be a list")?;
    let predict = |instance| Ok(model.score(&model.features(instance)?));
    instances.iter().map(predict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Request, Response};

    /// It rains when `a` is above `b`, except on every tenth day.
    fn weather() -> Weather {
        let mut csv = String::from(",a,b,rain\n");
        for day in 0..500 {
            let (a, b) =
                (f64::from(day * 37 % 101) / 50.0 - 1.0, f64::from(day * 53 % 97) / 48.0 - 1.0);
            let rain = (b < a) != (day % 10 == 0);
            csv += &format!("{day},{a},{b},{}\n", u8::from(rain));
        }
        Weather::parse(&csv).unwrap()
    }

    async fn ask(body: &str) -> Response {
        let weather = weather();
        let server =
            RainServer::start(RainModel::fit(&weather.names, &weather.days)).await.unwrap();
        Request::post_json(&PATH.concat(), body).send(server.address()).await.unwrap()
    }

    #[test]
    fn a_fit_finds_the_rule_and_the_noise() {
        let weather = weather();
        let model = RainModel::fit(&weather.names, &weather.days);
        let error = model.error(&weather.days);
        assert!((0.09..0.12).contains(&error), "{error}");
        assert!(model.predict(&[0.5, -0.5]) && !model.predict(&[-0.5, 0.5]));
        assert_eq!(model, RainModel::fit(&weather.names, &weather.days));
    }

    /// The publishers of the data report .21, and .38 to .41 from row 12,000 on, for a model of their own.
    #[test]
    fn on_real_weather_the_model_is_good_until_the_instruments_change() {
        let weather =
            Weather::parse(include_str!("../../tests/data/weather/rainfall_data.csv")).unwrap();
        let model = RainModel::fit(&weather.names, &weather.days[..3_000]);
        for (rows, expect) in
            [(0..3_000, 0.19..0.23), (9_000..12_000, 0.20..0.26), (12_000..18_000, 0.33..0.43)]
        {
            let error = model.error(&weather.days[rows.clone()]);
            assert!(expect.contains(&error), "{rows:?}: {error}");
        }
    }

    #[tokio::test]
    async fn lists_and_objects_are_predicted() {
        for body in [
            r#"{"instances": [[0.5, -0.5], [-0.5, 0.5]]}"#,
            r#"{"instances": [{"b": -0.5, "a": 0.5, "c": 9}, {"a": -0.5, "b": 0.5}]}"#,
            r#"{"instances": [[1, null], [-1, null]]}"#,
        ] {
            let response = ask(body).await;
            assert_eq!(response.status, 200, "{body}");
            let answer: Value = serde_json::from_slice(&response.body).unwrap();
            let scores: Vec<f64> = serde_json::from_value(answer["predictions"].clone()).unwrap();
            assert!(0.5 < scores[0] && scores[1] < 0.5 && scores.len() == 2, "{body}: {scores:?}");
        }
        assert_eq!(ask(r#"{"instances": []}"#).await.text(), r#"{"predictions":[]}"#);
    }

    #[test]
    fn a_version_is_a_part_of_the_path() {
        let weather = weather();
        let [default, other] =
            [..100, ..500].map(|rows| RainModel::fit(&weather.names, &weather.days[rows]));
        let named = [("2".to_owned(), other.clone())].into();
        let versions = Versions { default: default.clone(), named };
        for (path, model) in [
            ("/v1/models/rain:predict", Some(&default)),
            ("/v1/models/rain/versions/2:predict", Some(&other)),
            ("/v1/models/rain/versions/3:predict", None),
            ("/v1/models/snow:predict", None),
        ] {
            assert_eq!(versions.of(path), model, "{path}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_predicted_is_an_error() {
        for (body, error) in [
            ("{", "unrecognized request format"),
            ("{}", "expected \"instances\" to be a list"),
            (r#"{"instances": [[1]]}"#, "X has 1 features, but expected 2"),
            (r#"{"instances": [{"a": 1}]}"#, "no `b`"),
            (r#"{"instances": [["x", 1]]}"#, "could not convert \"x\" to a number"),
            (r#"{"instances": [7]}"#, "expected a list or an object, got 7"),
        ] {
            let response = ask(body).await;
            let answer: Value = serde_json::from_slice(&response.body).unwrap();
            let text = answer["error"].as_str().unwrap();
            assert!(
                response.status == 400 && text.starts_with(error),
                "{body}: {} {text}",
                response.status
            );
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (csv, problem) in [
            (",a,rain\n0,1,1\n1,x,0\n", "line 3: `1,x,0`"),
            (",a,rain\n0,1\n", "line 2: expected 3 columns"),
            ("", "expected an index, features and a target"),
        ] {
            let error = format!("{:#}", Weather::parse(csv).unwrap_err());
            assert!(error.contains(problem), "{error}");
        }
    }
}
