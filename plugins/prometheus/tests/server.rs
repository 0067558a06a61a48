//! The tools' questions to a server that answers as its published interface has it, and to others.
//!
//! The answers are written by hand after "HTTP API" of Prometheus 2.42, which the Prometheus
//! authors publish at prometheus.io/docs/prometheus/2.42/querying/api/.
//! `host/tests/program/shipped.rs` asks a real server.

use trine_plugin_http::testing::{answer, chunked, json, Answer, Server};
use trine_plugin_prometheus::api::{Prometheus, POINTS_MAX, RANGES_MAX};

const NO: &dyn Fn() -> bool = &|| false;

const VECTOR: &str = r#"{"status": "success", "data": {"resultType": "vector", "result": [
  {"metric": {"__name__": "up", "instance": "h:1", "job": "a \"b\""}, "value": [1435781451.781, "1"]},
  {"metric": {}, "value": [1435781451.781, "NaN"]}]}, "warnings": ["one", "two"]}"#;

/// A matrix of this many series of that many values.
fn matrix(series: usize, points: usize) -> String {
    let points = vec![r#"[1435781430.781, "1"]"#; points].join(",");
    let one = format!(r#"{{"metric": {{"__name__": "up"}}, "values": [{points}]}}"#);
    let all = vec![one; series].join(",");
    format!(r#"{{"status": "success", "data": {{"resultType": "matrix", "result": [{all}]}}}}"#)
}

fn of(data: &str) -> Answer {
    json(&format!(r#"{{"status": "success", "data": {data}}}"#))
}

fn routes(path: &str) -> Answer {
    match path.split_once("query=").and_then(|(_, rest)| rest.split('&').next()) {
        Some("up") => chunked("application/json", VECTOR),
        Some("1") => of(r#"{"resultType": "scalar", "result": [1435781451, "1"]}"#),
        Some("%22a%22") => of(r#"{"resultType": "string", "result": [1435781451.7, "a"]}"#),
        Some("range") => json(&matrix(1, POINTS_MAX)),
        Some("long") => json(&matrix(1, POINTS_MAX + 1)),
        Some("many") => json(&matrix(RANGES_MAX + 1, 2)),
        Some("wide") => json(&matrix(RANGES_MAX, POINTS_MAX)),
        Some("odd") => of(r#"{"resultType": "vector", "result": [1, {}, {"value": [1]}]}"#),
        Some("new") => of(r#"{"resultType": "histogram", "result": []}"#),
        Some("none") => of("null"),
        Some("failed") => json(r#"{"status": "error", "error": "no"}"#),
        Some(_) => answer(
            "400 Bad Request",
            "application/json",
            r#"{"status": "error", "errorType": "bad_data",
                "error": "invalid parameter \"query\": 1:3: parse error: unexpected <eof>"}"#,
        ),
        None => of(r#"["up", "go_info", "go_threads"]"#),
    }
}

#[test]
fn values_of_each_type_are_told_with_their_labels() {
    let server = Server::tcp(routes).unwrap();
    let prometheus = Prometheus::at(&server.address, NO).unwrap();
    let up = prometheus.query("up", Some("2026-01-01T00:00:00+01:00")).unwrap();
    assert_eq!((up.kind, up.series.len(), up.warnings.as_str()), (0, 2, "one; two"));
    assert_eq!(up.series[0].name, r#"up{instance="h:1", job="a \"b\""}"#);
    assert_eq!(up.series[0].points, [("1435781451.781".to_owned(), "1".to_owned())]);
    assert_eq!((up.series[1].name.as_str(), up.series[1].points[0].1.as_str()), ("", "NaN"));
    let asked = "GET /api/v1/query?query=up&time=2026-01-01T00%3A00%3A00%2B01%3A00&timeout=25s ";
    assert!(server.requests()[0].starts_with(asked), "{:?}", server.requests());
    for (expr, kind, time, value) in
        [("1", 1, "1435781451", "1"), ("\"a\"", 2, "1435781451.7", "a")]
    {
        let found = prometheus.query(expr, None).unwrap();
        assert_eq!(found.kind, kind);
        assert_eq!(found.series[0].points, [(time.to_owned(), value.to_owned())]);
    }
    assert_eq!(prometheus.names("go_").unwrap(), ["go_info", "go_threads"]);
    assert_eq!(prometheus.names("").unwrap().len(), 3);
}

#[test]
fn values_over_time_are_bounded() {
    let server = Server::tcp(routes).unwrap();
    let prometheus = Prometheus::at(&server.address, NO).unwrap();
    let span = ["0", "10", "1s"];
    let found = prometheus.query_range("range", span).unwrap();
    assert_eq!(found.shown_ranges()[0].points.len(), POINTS_MAX);
    let asked = "GET /api/v1/query_range?query=range&start=0&end=10&step=1s&timeout=25s ";
    assert!(server.requests()[0].starts_with(asked), "{:?}", server.requests());
    let why = prometheus.query_range("long", span).unwrap_err();
    assert!(why.contains("251 values") && why.contains("2 times as long"), "{why}");
    let found = prometheus.query_range("many", span).unwrap();
    assert_eq!((found.series.len(), found.shown_ranges().len()), (RANGES_MAX + 1, RANGES_MAX));
    let found = prometheus.query_range("wide", span).unwrap();
    assert_eq!(found.shown_ranges().len(), 8, "2,000 values of 250 each");
}

#[test]
fn a_wrong_query_has_the_servers_words_and_odd_answers_are_errors() {
    let server = Server::tcp(routes).unwrap();
    let prometheus = Prometheus::at(&server.address, NO).unwrap();
    let fails = |expr| prometheus.query(expr, None).unwrap_err();
    let why = fails("up{");
    assert!(why.starts_with("Prometheus answered status 400: invalid parameter"), "{why}");
    assert!(why.ends_with("unexpected <eof>"), "{why}");
    assert!(fails("new").contains("no type that this knows"));
    assert!(fails("none").contains("no type that this knows"));
    assert_eq!(fails("failed"), "Prometheus could not do it: no");
    let odd = prometheus.query("odd", None).unwrap();
    assert!(odd.series.iter().all(|series| series.points.is_empty()));
    let why = Prometheus::at("localhost:9090", NO).unwrap_err();
    assert!(why.starts_with("PROMETHEUS_URL is `localhost:9090`: use http://"), "{why}");
}
