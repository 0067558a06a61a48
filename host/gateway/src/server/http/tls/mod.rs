//! TLS before HTTP, in a build with the feature `tls`. Without it the type is there, and no value.

#[cfg(feature = "tls")]
mod acceptor;
#[cfg(feature = "tls")]
mod files;
#[cfg(not(feature = "tls"))]
mod no_tls;

#[cfg(feature = "tls")]
pub use acceptor::Tls;
#[cfg(not(feature = "tls"))]
pub use no_tls::Tls;
