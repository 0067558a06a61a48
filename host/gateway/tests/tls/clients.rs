//! Clients that mean well.

use std::io::Read as _;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256};
use tokio_rustls::rustls::ProtocolVersion;
use trine_gateway::server::http::Keys;

use crate::site::{Folder, Pair, Site, builder, client, fan, get, params};

/// A key of tests alone: `ring` makes none of RSA.
const RSA: &str = include_str!("rsa.pem");

#[test]
fn a_tool_is_called_over_tls_1_2_and_1_3_by_each_kind_of_key() {
    let folder = Folder::new("versions");
    let rsa = KeyPair::from_pkcs8_pem_and_sign_algo(RSA, &PKCS_RSA_SHA256).unwrap();
    let made = [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519].map(Pair::with);
    for pair in made.into_iter().chain([Pair::of(&rsa)]) {
        let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
        for (version, name) in [(2, ProtocolVersion::TLSv1_2), (3, ProtocolVersion::TLSv1_3)] {
            let mut config = client(&pair.root, version);
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            let mut stream = site.connect(config, "localhost").unwrap();
            assert_eq!(stream.conn.protocol_version(), Some(name));
            assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            // A connection serves one request after another.
            for percent in [10 * version, 10 * version + 1] {
                assert_eq!(fan(&mut stream, percent).unwrap(), percent);
            }
        }
    }
}

#[test]
fn a_client_needs_no_name_and_no_alpn_and_one_of_http_2_alone_is_refused() {
    let (folder, pair) = (Folder::new("alpn"), Pair::new());
    let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
    for version in [2, 3] {
        let mut nameless = client(&pair.root, version);
        nameless.enable_sni = false;
        assert_eq!(fan(&mut site.connect(nameless, "localhost").unwrap(), 7).unwrap(), 7);
        // No name is sent for an address.
        let config = client(&pair.root, version);
        assert_eq!(fan(&mut site.connect(config, "127.0.0.1").unwrap(), 8).unwrap(), 8);
        let mut newer = client(&pair.root, version);
        newer.alpn_protocols = vec![b"h2".to_vec()];
        let refused = site.connect(newer, "localhost").unwrap_err().to_string();
        assert!(refused.contains("NoApplicationProtocol"), "{refused}");
    }
    site.is_left_alone(&pair.root);
}

#[test]
fn a_chain_is_sent_whole_so_that_a_client_needs_its_root_alone() {
    let folder = Folder::new("chain");
    let authority = |name: &str| {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let (root_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let (root, between) = (authority("root.example"), authority("between.example"));
    let trusted = root.self_signed(&root_key).unwrap();
    let root = Issuer::new(root, root_key);
    let between_key = KeyPair::generate().unwrap();
    let signed = between.signed_by(&between_key, &root).unwrap();
    let leaf = params().signed_by(&key, &Issuer::new(between, between_key)).unwrap();
    let certificate = format!("{}{}", leaf.pem(), signed.pem());
    let pair = Pair { certificate, key: key.serialize_pem(), root: trusted.der().clone() };
    let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
    let mut stream = site.connect(client(&pair.root, 3), "localhost").unwrap();
    assert_eq!(fan(&mut stream, 3).unwrap(), 3);
}

#[test]
fn other_machines_need_a_key_and_a_certificate_and_the_address_of_health_is_secure() {
    let (folder, pair) = (Folder::new("open"), Pair::new());
    let keys = || Keys::read("kitchen 0123456789abcdef").unwrap();
    let open = || builder().http("0.0.0.0:0".parse().unwrap());
    let refused = open().tls(folder.tls(&pair).unwrap()).build().unwrap_err().to_string();
    assert!(refused.contains("add --api-keys FILE, or"), "{refused}");
    let refused = open().keys(keys()).build().unwrap_err().to_string();
    assert!(refused.contains("--tls-cert") && refused.contains("--behind-proxy"), "{refused}");
    let mut site = Site::start(open().keys(keys()).tls(folder.tls(&pair).unwrap()));
    site.address.set_ip([127, 0, 0, 1].into());
    let mut stream = site.connect(client(&pair.root, 3), "localhost").unwrap();
    let discovered = get(&mut stream, "/mcp/discover").unwrap();
    assert_eq!(discovered["health_check_url"], "https://localhost/health");
}

#[test]
fn a_server_that_ends_tells_a_client_so() {
    let (folder, pair) = (Folder::new("end"), Pair::new());
    let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
    let mut stream = site.connect(client(&pair.root, 3), "localhost").unwrap();
    assert_eq!(fan(&mut stream, 9).unwrap(), 9);
    // It waits for neither of them.
    let _silent = site.tcp();
    let since = std::time::Instant::now();
    drop(site);
    assert!(since.elapsed().as_secs() < 3, "{:?}", since.elapsed());
    // Without the alert `close_notify` this is an error.
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}
