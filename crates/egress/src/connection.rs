//! What the pool of connections is made of: only places of the reach can be dialled.

use crate::dial::Dialer;
use crate::settings::Place;
use crate::{Cause, NotSent};
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Dials the places of one reach.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    dialer: Dialer,
    places: Arc<[(&'static str, Place)]>,
}

/// A connection to a place.
pub(crate) enum Wire {
    Tls(Box<TlsStream<TcpStream>>),
    /// To this machine itself, where the owner said so.
    Plain(TcpStream),
}

// === impl Connector ===

impl Connector {
    pub(crate) fn new(dialer: Dialer, places: Arc<[(&'static str, Place)]>) -> Self {
        Self { dialer, places }
    }

    async fn dial(self, uri: Uri) -> Result<TokioIo<Wire>, NotSent> {
        let nowhere = || NotSent::NoConnection {
            host: uri.host().unwrap_or_default().to_owned(),
            cause: Cause::Connection("it is not a place that this connector may reach".to_owned()),
        };
        let tls = uri.scheme_str() == Some("https");
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let place = self.places.iter().map(|(_, place)| place);
        let place = place.clone().find(|place| place.authority == authority && place.tls == tls);
        let place = place.ok_or_else(nowhere)?;
        let host = uri.host().ok_or_else(nowhere)?;
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let stream = self.dialer.connect_to(host, port, place.leads_anywhere).await?;
        let wire =
            if tls { Wire::Tls(Box::new(self.dialer.tls(host, stream).await?)) } else { Wire::Plain(stream) };
        Ok(TokioIo::new(wire))
    }
}

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = NotSent;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NotSent>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), NotSent>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}

// === impl Wire ===

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Plain(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
