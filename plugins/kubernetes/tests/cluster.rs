//! The tools' questions to an API server that answers as its published interface has it, with and
//! without TLS, and to others.
//!
//! The answers are written by hand after "Kubernetes API", version 1.31 (`Pod`, `PodList`,
//! `NamespaceList` and `Status` of v1), which the Kubernetes authors publish at
//! kubernetes.io/docs/reference/generated/kubernetes-api/v1.31/. No real cluster was asked.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use trine_plugin_http::testing::{answer, chunked, json, Answer, Server};
use trine_plugin_kubernetes::api::Cluster;
use trine_plugin_kubernetes::settings::Settings;

const NO: &dyn Fn() -> bool = &|| false;

const WEB: &str = r#"{"kind": "Pod", "apiVersion": "v1",
 "metadata": {"name": "web-0", "namespace": "shop", "creationTimestamp": "2026-01-02T03:04:05Z",
              "labels": {"app": "web", "tier": "front"}},
 "spec": {"nodeName": "node-1", "initContainers": [{"name": "prepare", "image": "busybox"}],
          "containers": [{"name": "web", "image": "nginx:1.27"}, {"name": "log", "image": "l:2"}]},
 "status": {"phase": "Running", "podIP": "10.0.0.7",
  "conditions": [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}],
  "initContainerStatuses": [{"name": "prepare", "restartCount": 0,
     "state": {"terminated": {"reason": "Completed", "exitCode": 0}}}],
  "containerStatuses": [
     {"name": "web", "ready": false, "restartCount": 7,
      "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}},
     {"name": "log", "ready": true, "restartCount": 1, "state": {"running": {"startedAt": "x"}}}]}}"#;

fn pods(more: &str) -> String {
    // In a list, items have no kind of their own.
    let web = WEB.replacen(r#""kind": "Pod", "apiVersion": "v1","#, "", 1);
    let new = r#"{"metadata": {"name": "new", "namespace": "shop"}, "spec": {"containers": [{}]},
                  "status": {"phase": "Pending"}}"#;
    let old = r#"{"metadata": {"name": "old", "deletionTimestamp": "2026-01-02T03:04:05Z"},
                  "status": {"phase": "Running"}}"#;
    format!(r#"{{"kind": "PodList", "metadata": {{{more}}}, "items": [{web}, {new}, {old}]}}"#)
}

fn routes(path: &str) -> Answer {
    let more = r#""continue": "abc", "remainingItemCount": 400"#;
    match path {
        "/api/v1/namespaces/shop/pods?limit=200" => chunked("application/json", pods("")),
        "/api/v1/pods?limit=200" => json(&pods(more)),
        "/api/v1/namespaces/default/pods?limit=200" => {
            json(r#"{"kind": "PodList", "items": null}"#)
        }
        "/api/v1/namespaces/shop/pods/web-0" => json(WEB),
        "/api/v1/namespaces?limit=250" => json(
            r#"{"kind": "NamespaceList", "metadata": {}, "items": [
               {"metadata": {"name": "default"}}, {"metadata": {"name": "shop"}}]}"#,
        ),
        "/api/v1/namespaces/shop/pods/web-0/log?tailLines=5&limitBytes=4194304&previous=true\
         &container=web" => answer("200 OK", "text/plain", "one\ntwo\n"),
        "/api/v1/namespaces/odd/pods?limit=200" => json(r#"{"kind": "Status"}"#),
        _ => answer(
            "404 Not Found",
            "application/json",
            r#"{"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound",
                "message": "pods \"nothere\" not found"}"#,
        ),
    }
}

/// Settings of these variables, and of a service account.
fn settings(account: &Path, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
    let variable = |name: &str| find(name).map(|(_, value)| (*value).to_owned());
    Settings::new(&variable, account)
}

fn nowhere() -> &'static Path {
    Path::new("/no/such/account")
}

#[test]
fn pods_namespaces_and_logs_are_told_as_the_server_has_them() {
    let server = Server::tcp(routes).unwrap();
    let settings = settings(nowhere(), &[("KUBERNETES_API", &server.address)]).unwrap();
    let cluster = Cluster::new(&settings, NO).unwrap();
    let (pods, total) = cluster.pods(Some("shop"), false).unwrap();
    assert_eq!((pods.len(), total), (3, 3));
    let web = ["shop", "web-0", "CrashLoopBackOff", "1/2", "node-1", "2026-01-02T03:04:05Z"];
    assert_eq!((pods[0].texts.each_ref().map(String::as_str), pods[0].restarts), (web, 8));
    let told = |at: usize| [2, 3].map(|text: usize| pods[at].texts[text].as_str());
    assert_eq!([told(1), told(2)], [["Pending", "0/1"], ["Terminating", "0/0"]]);
    assert_eq!(cluster.pods(None, true).unwrap().1, 403);
    assert_eq!(cluster.pods(None, false).unwrap().1, 0, "of the namespace default");
    let found = cluster.pod(Some("shop"), "web-0").unwrap();
    let conditions = "Ready=False, PodScheduled=True";
    assert_eq!(found.texts, ["10.0.0.7", "", conditions, "app=web, tier=front"]);
    let containers = found.containers.iter().map(|one| one.texts.each_ref().map(String::as_str));
    let expected = [
        ["prepare", "busybox", "terminated: Completed", ""],
        ["web", "nginx:1.27", "waiting: CrashLoopBackOff", "back-off 5m0s"],
        ["log", "l:2", "running", ""],
    ];
    assert_eq!(containers.collect::<Vec<_>>(), expected);
    assert_eq!(cluster.namespaces().unwrap().0, ["default", "shop"]);
    let logs = cluster.logs(Some("shop"), "web-0", Some("web"), (5, true)).unwrap();
    assert_eq!(logs, "one\ntwo\n");
    let why = cluster.pod(Some("shop"), "nothere").unwrap_err();
    assert_eq!(why, "Kubernetes answered status 404: pods \"nothere\" not found");
    assert!(cluster.pods(Some("odd"), false).unwrap_err().contains("is no PodList"));
}

#[test]
fn no_name_asks_for_another_path() {
    let server = Server::tcp(routes).unwrap();
    let settings = settings(nowhere(), &[("KUBERNETES_API", &server.address)]).unwrap();
    let cluster = Cluster::new(&settings, NO).unwrap();
    for name in ["", "..", "a/b", "A", "-a", "a-", "a..b", "a?b", "ä", "a\r\nb", &"a".repeat(254)]
    {
        let told = |why: String, of: &str| assert!(why.starts_with(of), "{name}: {why}");
        told(cluster.pods(Some(name), false).unwrap_err(), "namespace must be");
        told(cluster.pod(None, name).unwrap_err(), "pod must be");
        told(cluster.logs(None, "a", Some(name), (1, false)).unwrap_err(), "container must be");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_pod_has_its_settings_in_files_and_a_token_goes_to_https_alone() {
    let why = settings(nowhere(), &[]).unwrap_err();
    assert!(why.contains("set KUBERNETES_API"), "{why}");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("token", "s3cret\n"), ("namespace", "shop"), ("ca.crt", "none")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let host = ("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    let of_pod = settings(folder.path(), &[host]).unwrap();
    assert_eq!(of_pod.namespace, "shop");
    assert!(format!("{of_pod:?}").contains("https://10.0.0.1:443"));
    let file = folder.path().join("token");
    let token = ("KUBERNETES_TOKEN_FILE", file.to_str().unwrap());
    let plain = settings(nowhere(), &[token, ("KUBERNETES_API", "http://10.0.0.1:8080")]).unwrap();
    assert!(plain.service().unwrap_err().contains("must begin with https://"));
    let near = settings(nowhere(), &[token, ("KUBERNETES_API", "http://127.0.0.1.example:80")]);
    assert!(near.unwrap().service().is_err(), "it is no address of this computer");
    let server = Server::tcp(routes).unwrap();
    let local = settings(nowhere(), &[token, ("KUBERNETES_API", &server.address)]).unwrap();
    Cluster::new(&local, NO).unwrap().namespaces().unwrap();
    assert!(server.requests()[0].contains("authorization: Bearer s3cret\r\n"));
    let gone = settings(nowhere(), &[host]).unwrap().service().unwrap_err();
    assert!(gone.contains("cannot read /no/such/account/token"), "{gone}");
}

#[cfg(feature = "tls")]
mod tls {
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    use rcgen::{CertificateParams, KeyPair};
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio_rustls::rustls::{crypto::ring, ServerConfig, ServerConnection, StreamOwned};
    use trine_plugin_http::testing::serve;

    use super::{routes, settings, Cluster, NO};

    /// A server with a certificate of its own for a name or address: its port, its certificate,
    /// and its requests.
    fn server(name: &str) -> (u16, String, Arc<Mutex<Vec<String>>>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let pem = certificate.pem();
        let der = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(der, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, requests) = (listener.local_addr().unwrap().port(), Arc::default());
        let kept = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                // A client that does not trust it goes away.
                serve(StreamOwned::new(connection, stream), &routes, &kept);
            }
        });
        (port, pem, requests)
    }

    #[test]
    fn a_cluster_is_asked_with_the_token_when_its_authority_has_signed_its_name() {
        let (port, pem, requests) = server("127.0.0.1");
        let (other_port, other, others) = server("other.example");
        let folder = tempfile::tempdir().unwrap();
        let ask = |port: u16, authority: &str| {
            std::fs::write(folder.path().join("token"), "s3cret").unwrap();
            std::fs::write(folder.path().join("ca.crt"), authority).unwrap();
            let (host, port) = ("KUBERNETES_SERVICE_HOST", port.to_string());
            let variables = [(host, "127.0.0.1"), ("KUBERNETES_SERVICE_PORT", port.as_str())];
            let settings = settings(folder.path(), &variables).unwrap();
            Ok::<_, String>(Cluster::new(&settings, NO)?.namespaces()?.0)
        };
        assert_eq!(ask(port, &pem).unwrap(), ["default", "shop"]);
        assert!(requests.lock().unwrap()[0].contains("authorization: Bearer s3cret\r\n"));
        let why = ask(port, &other).unwrap_err();
        assert!(why.starts_with("Kubernetes: TLS: invalid peer certificate"), "{why}");
        let why = ask(other_port, &other).unwrap_err();
        assert!(why.contains("TLS: invalid peer certificate: certificate not valid"), "{why}");
        let why = ask(port, "no certificate").unwrap_err();
        assert_eq!(why, "Kubernetes: TLS: the file of authorities has no certificate");
        // What is not trusted never gets the token.
        assert_eq!(requests.lock().unwrap().len(), 1);
        assert!(others.lock().unwrap().is_empty());
    }
}
