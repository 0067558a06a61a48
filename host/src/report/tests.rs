use std::path::Path;

use serde_json::json;

use super::*;

fn sample() -> Report {
    let tool = |name: &str, begun: u64, errors: u64| {
        json!({"name": name, "begun": begun, "ended": begun, "errors": errors,
               "refused": errors / 2, "cpu_ns": begun * 900, "time_ns": begun * 1_500,
               "least_ns": 700, "most_ns": 91_000, "half_ns": 1_407, "nearly_all_ns": 12_800})
    };
    let value = json!({
        "trine_report": 1,
        "seconds": 61,
        "memory": {"rss": 24_330_240, "max_rss": 268_435_456, "budget": 241_172_480},
        "plugins": [
            {"name": "degrees", "version": "1.0.0", "serves": true, "memory": 67_108_864,
             "devices": ["i2c-1", "null shared"], "tools": [tool("degrees", 12_000, 3)]},
            {"name": "sensors", "version": "0.4.2", "serves": true, "memory": 1_048_576,
             "devices": [], "tools": [tool("pressure", 800, 0), tool("humidity", 0, 0)]},
            {"name": "camera", "version": "2.1.0", "serves": false, "threads_lost": 1,
             "memory": 8_388_608, "tools": [tool("photo", 5, 4)]},
            {"name": "this program", "version": "", "serves": true,
             "tools": [tool("ask_all", 7, 0)]},
        ],
    });
    Report::read(&value.to_string()).unwrap()
}

#[test]
fn golden_reports() {
    let report = sample();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let all = [("report.txt", text(&report)), ("report.svg", svg(&report))];
    for (name, made) in all.into_iter().chain([("report.html", html(&report))]) {
        let path = folder.join(name);
        if std::env::var_os("TRINE_GOLDEN").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(made, expected, "{name}: TRINE_GOLDEN=write cargo test -p trine --lib report");
    }
    assert!(text(&report).lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn names_are_no_markup_and_act_on_no_terminal() {
    let name = "<script>alert('x')</script>&\"\u{1b}[2J\u{202e}\n\u{ffff}";
    let value = json!({
        "trine_report": 1,
        "plugins": [{"name": name, "version": name, "devices": [name],
                     "tools": [{"name": name, "begun": 1}]}],
    });
    let report = Report::read(&value.to_string()).unwrap();
    for made in [text(&report), svg(&report), html(&report)] {
        assert!(!made.contains('\u{1b}') && !made.contains('\u{202e}'), "{made:?}");
    }
    for made in [svg(&report), html(&report)] {
        assert!(!made.contains("<script") && !made.contains("alert('"), "{made}");
        assert!(made.contains("&lt;script&gt;alert(&#39;x&#39;"), "{made}");
        let [opened, closed] = ["<text", "</text>"].map(|part| made.matches(part).count());
        assert_eq!(opened, closed);
        let outside = ["href", "src=", "url(", "@import", "<a ", "onload"];
        assert!(outside.iter().all(|part| !made.contains(part)), "{made}");
    }
}

#[test]
fn a_picture_stays_small_and_whatever_is_read_is_shown() {
    let tool = json!({"name": "x".repeat(100), "begun": u64::MAX, "errors": u64::MAX,
                      "refused": u64::MAX, "time_ns": u64::MAX, "cpu_ns": u64::MAX});
    let plugin = json!({"name": 5, "memory": u64::MAX, "tools": vec![tool; 210]});
    let value = json!({"trine_report": 1, "seconds": -1, "plugins": vec![plugin; 210]});
    let report = Report::read(&value.to_string()).unwrap();
    assert_eq!((report.plugins.len(), report.plugins[0].tools.len()), (200, 200));
    assert!(svg(&report).len() < 64 * 1024, "{}", svg(&report).len());
    assert!(html(&report).len() < 256 * 1024);
    assert!(!text(&report).is_empty());
    let empty = Report::read("{\"trine_report\": 1}").unwrap();
    assert_eq!(text(&empty), "0 s, memory 0 bytes\n\nNo tool was served.\n");
    assert!(svg(&empty).ends_with("</svg>\n"));
}

#[test]
fn what_is_no_report_says_so() {
    let bad = ["", "{", "[]", "{}", "{\"trine_report\": 2}", "{\"trine_report\": \"1\"}", "null"];
    for text in bad {
        assert!(Report::read(text).is_err(), "{text}");
    }
}

#[test]
fn the_processor_time_of_a_process_is_that_of_its_plug_in() {
    let value = json!({
        "trine_report": 1,
        "plugins": [{"name": "own", "version": "1.0.0", "serves": true, "cpu_ns": 5_000_000_000_u64,
                     "tools": [{"name": "own", "begun": 1, "cpu_ns": 1_000_000}]}],
    });
    let report = Report::read(&value.to_string()).unwrap();
    let line = text(&report);
    let line = line.lines().find(|line| line.ends_with("serves")).unwrap();
    assert!(line.contains(" 5.00 s"), "{line}");
}
