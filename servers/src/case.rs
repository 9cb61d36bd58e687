//! Which server is asked how: the table of all cases. It runs none.

/// What a server serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Served {
    /// What the scripts call it.
    pub name: &'static str,
    /// The column of the training data with what the model answers.
    pub prediction: &'static str,
    /// For the table.
    pub about: &'static str,
}

const CLASSES: Served = Served { name: "classes", prediction: "class", about: "class" };
const NUMBERS: Served = Served { name: "numbers", prediction: "number", about: "number" };
const PROBABILITIES: Served =
    Served { name: "probabilities", prediction: "class", about: "probabilities" };
/// MLflow's model has no signature, so that it takes rows without names.
const UNSIGNED: Served = Served { name: "unsigned", ..CLASSES };
const FRAMED: Served = Served { name: "framed", prediction: "class", about: "data frame" };
/// A tenth of the rows lacks a value.
const GAPS: Served = Served { name: "gaps", prediction: "class", about: "class, rows with gaps" };
const COLUMN: Served = Served { name: "column", prediction: "class", about: "named column" };

/// A server of others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Server {
    /// The folder of its scripts, and what the command calls it.
    pub name: &'static str,
    /// What PyPI calls it.
    pub package: &'static str,
    /// Where it says that it is ready.
    pub ready_path: &'static str,
    /// What it is asked, by what it serves.
    pub cases: &'static [(Served, &'static [Case])],
}

/// One way of a client to ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Case {
    /// The way, a name in `ways.py`.
    pub way: &'static str,
    /// What the configuration declares, as JSON, where the path alone does not say it.
    pub endpoint: Option<&'static str>,
    /// Where the prediction is, as JSON, if it is not where answers usually have it.
    pub prediction: Option<&'static str>,
    /// Whether requests go to the port of gRPC.
    pub is_grpc: bool,
}

const fn http(way: &'static str) -> Case {
    Case { way, endpoint: None, prediction: None, is_grpc: false }
}

const fn grpc(way: &'static str) -> Case {
    Case { is_grpc: true, ..http(way) }
}

const fn declared(way: &'static str, endpoint: &'static str) -> Case {
    Case { endpoint: Some(endpoint), ..http(way) }
}

const fn predicting(way: &'static str, prediction: &'static str) -> Case {
    Case { prediction: Some(prediction), ..http(way) }
}

/// What requests call the model, where they name one.
pub const MODEL: &str = "customers";

const MLFLOW: &str = r#"{"path": "/invocations", "dialect": "mlflow", "model": "customers"}"#;
const SELDON: &str =
    r#"{"path": "/api/v1.0/predictions", "dialect": "seldon_v1", "model": "customers"}"#;
const SELDON_FORM: &str = r#"{"path": "/predict", "dialect": "seldon_v1", "model": "customers"}"#;
const BENTOML_ARRAY: &str =
    r#"{"path": "/classify", "dialect": "json", "model": "customers", "rows": "input_data"}"#;
const BENTOML_FRAME: &str =
    r#"{"path": "/frame", "dialect": "json", "model": "customers", "rows": "input_frame"}"#;
const BENTOML_WHOLE: &str =
    r#"{"path": "/whole", "dialect": "json", "model": "customers", "rows": "."}"#;
const BENTOML_NAMED: &str = r#"{"path": "/named", "dialect": "json", "model": "customers", "rows": "rows", "answers": "predictions"}"#;

/// Every server, and everything that it is asked.
pub const SERVERS: &[Server] = &[
    Server {
        name: "mlserver",
        package: "mlserver",
        ready_path: "/v2/models/customers/ready",
        cases: &[
            (
                CLASSES,
                &[
                    http("v2_json"),
                    http("v2_json_single"),
                    http("v2_json_frame"),
                    http("v2_json_both"),
                    predicting("v2_json_both_reversed", r#"{"tensor": "predict"}"#),
                    http("v2_json_triton"),
                    grpc("v2_grpc"),
                    grpc("v2_grpc_raw"),
                    grpc("v2_grpc_raw_single"),
                ],
            ),
            (
                NUMBERS,
                &[http("v2_json"), http("v2_json_single"), grpc("v2_grpc"), grpc("v2_grpc_raw")],
            ),
            (GAPS, &[http("v2_json"), http("v2_json_frame"), grpc("v2_grpc_raw_single")]),
            (PROBABILITIES, &[http("v2_json"), grpc("v2_grpc"), grpc("v2_grpc_raw")]),
        ],
    },
    Server {
        name: "kserve",
        package: "kserve",
        ready_path: "/v2/models/customers/ready",
        cases: &[
            (
                CLASSES,
                &[
                    http("v1_instances"),
                    http("v1_inputs"),
                    http("v1_instances_named"),
                    http("v2_json"),
                    http("v2_json_columns"),
                    http("v2_binary"),
                    http("v2_binary_single"),
                    grpc("v2_grpc"),
                    grpc("v2_grpc_raw"),
                ],
            ),
            (NUMBERS, &[http("v1_instances"), http("v2_json"), http("v2_binary"), grpc("v2_grpc")]),
            (
                GAPS,
                &[
                    http("v1_instances"),
                    http("v2_json"),
                    http("v2_binary"),
                    grpc("v2_grpc"),
                    grpc("v2_grpc_raw"),
                ],
            ),
            (PROBABILITIES, &[http("v1_instances"), http("v2_json"), grpc("v2_grpc")]),
        ],
    },
    Server {
        name: "mlflow",
        package: "mlflow",
        ready_path: "/ping",
        cases: &[
            (
                CLASSES,
                &[
                    declared("dataframe_split", MLFLOW),
                    declared("dataframe_split_without_index", MLFLOW),
                    declared("dataframe_records", MLFLOW),
                    declared("instances_named", MLFLOW),
                    declared("inputs_columns", MLFLOW),
                    declared("csv", MLFLOW),
                    // One predictive model is configured, so it is this one.
                    http("dataframe_split"),
                    http("dataframe_records"),
                    http("csv"),
                ],
            ),
            (UNSIGNED, &[declared("instances", MLFLOW), declared("inputs", MLFLOW)]),
            (NUMBERS, &[declared("dataframe_split", MLFLOW), declared("csv", MLFLOW)]),
            (
                GAPS,
                &[
                    declared("dataframe_split", MLFLOW),
                    declared("dataframe_records", MLFLOW),
                    declared("csv", MLFLOW),
                ],
            ),
            (PROBABILITIES, &[declared("dataframe_split", MLFLOW), declared("csv", MLFLOW)]),
            (FRAMED, &[declared("dataframe_split", MLFLOW)]),
        ],
    },
    Server {
        name: "bentoml",
        package: "bentoml",
        ready_path: "/healthz",
        cases: &[
            (
                CLASSES,
                &[
                    declared("array", BENTOML_ARRAY),
                    declared("frame", BENTOML_FRAME),
                    declared("whole_body", BENTOML_WHOLE),
                    declared("named", BENTOML_NAMED),
                ],
            ),
            (NUMBERS, &[declared("array", BENTOML_ARRAY)]),
            (PROBABILITIES, &[declared("array", BENTOML_ARRAY)]),
        ],
    },
    Server {
        name: "seldon",
        package: "seldon-core",
        ready_path: "/health/status",
        cases: &[
            (
                CLASSES,
                &[
                    declared("ndarray", SELDON),
                    declared("ndarray_names", SELDON),
                    declared("tensor", SELDON),
                    declared("tensor_names", SELDON),
                    declared("form_ndarray", SELDON_FORM),
                    declared("form_tensor", SELDON_FORM),
                    // One predictive model is configured, so it is this one.
                    http("ndarray"),
                ],
            ),
            (NUMBERS, &[declared("ndarray", SELDON), declared("tensor", SELDON)]),
            (COLUMN, &[declared("ndarray", SELDON), declared("tensor", SELDON)]),
            (PROBABILITIES, &[declared("ndarray", SELDON), declared("tensor", SELDON)]),
        ],
    },
];

/// The server of this name.
#[must_use]
pub fn server(name: &str) -> Option<&'static Server> {
    SERVERS.iter().find(|server| server.name == name)
}
