//! Stories: what an operator sees after scripted traffic, on every stage that can carry it out.
//! Nothing here looks inside a filter or a proxy.
//!
//! Stories of the kind "who did what when" run on four stages: see [`stage`].
//! They need the built filter and Envoy, which `cargo xtask test` sets up.

mod stage;

mod expectation;
mod phrases;
mod script;

mod ages;
mod encoded;
mod failures;
mod in_flight;
mod language_features;
mod load;
mod prediction;
mod streaming;
mod whole_answers;

mod dashboards;
mod evaluation;
mod feedback;
mod fleet;
mod fleet_live;
mod kpis;
mod late_labels;
mod quality;
mod quantiles;
mod updates;
mod vocabulary;
mod weather;

mod clients;
mod endpoints;
mod names;
mod routes;

mod chaos;

mod configuration;
mod corpus;
mod differential;
mod hosts_agree;
mod pass_through;
mod timing;
mod undeclared;
mod unread;

mod arithmetic;
mod features;
mod invariants;
mod memory;
mod readme;
mod room;
mod schema;
