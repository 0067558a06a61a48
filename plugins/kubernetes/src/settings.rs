//! Where the API server is, and who asks it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use trine_plugin_http::Service;

/// Where a pod finds its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const NAME: &str = "Kubernetes";
const SETTING: &str = "KUBERNETES_API";

/// A cluster's address, a token, its authorities, and the namespace where none is named.
#[derive(Debug)]
pub struct Settings {
    address: String,
    token: Option<PathBuf>,
    authorities: Option<PathBuf>,
    /// The namespace where none is named.
    pub namespace: String,
}

impl Settings {
    /// Those of the environment: `KUBERNETES_API`, with `KUBERNETES_TOKEN_FILE`,
    /// `KUBERNETES_CA_FILE` and `KUBERNETES_NAMESPACE`; else those of the pod.
    ///
    /// # Errors
    /// When there are none.
    pub fn of_system() -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::new(&variable, Path::new(ACCOUNT))
    }

    /// The same with other variables and another folder for the service account.
    ///
    /// # Errors
    /// When there are none.
    pub fn new(variable: &dyn Fn(&str) -> Option<String>, account: &Path) -> Result<Self, String> {
        let file = |name: &str| variable(name).map(PathBuf::from);
        let (token, authorities) = (file("KUBERNETES_TOKEN_FILE"), file("KUBERNETES_CA_FILE"));
        let own = std::fs::read_to_string(account.join("namespace")).ok();
        let namespace = variable("KUBERNETES_NAMESPACE").or(own);
        let namespace = namespace.map_or_else(|| "default".to_owned(), |it| it.trim().to_owned());
        if let Some(address) = variable(SETTING) {
            return Ok(Self { address, token, authorities, namespace });
        }
        let Some(host) = variable("KUBERNETES_SERVICE_HOST") else {
            return Err(format!(
                "no cluster: set {SETTING} to the address of an API server, such as \
                 http://127.0.0.1:8001 while `kubectl proxy` runs"
            ));
        };
        let port = variable("KUBERNETES_SERVICE_PORT").unwrap_or_else(|| "443".to_owned());
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let token = token.or_else(|| Some(account.join("token")));
        let authorities = authorities.or_else(|| Some(account.join("ca.crt")));
        Ok(Self { address: format!("https://{host}:{port}"), token, authorities, namespace })
    }

    /// The API server. The files are read each time, as a cluster replaces tokens every hour.
    ///
    /// # Errors
    /// When the address, the token or the authorities cannot be used.
    pub fn service(&self) -> Result<Service, String> {
        let read = |path: &Path| {
            let cannot = |error| format!("Kubernetes: cannot read {}: {error}", path.display());
            std::fs::read(path).map_err(cannot)
        };
        let mut service = Service::new(NAME, SETTING, &self.address)?;
        if let Some(path) = &self.token {
            // Who listens in would have it.
            let is_shown = !self.address.starts_with("https://") && !self.is_loopback();
            if is_shown {
                return Err(format!("{SETTING} must begin with https:// where a token is sent"));
            }
            service = service.bearer(String::from_utf8_lossy(&read(path)?).trim())?;
        }
        if let Some(path) = self.authorities.as_ref().filter(|_| self.address.starts_with("https"))
        {
            service = service.authorities(&read(path)?)?;
        }
        Ok(service)
    }

    /// Whether what is sent stays on this computer.
    fn is_loopback(&self) -> bool {
        let Some(rest) = self.address.strip_prefix("http://") else {
            return self.address.starts_with("unix:");
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let is_local = |address: SocketAddr| address.ip().is_loopback();
        let host = authority.split(':').next().unwrap_or_default();
        authority.parse().is_ok_and(is_local) || ["localhost", "127.0.0.1"].contains(&host)
    }
}
