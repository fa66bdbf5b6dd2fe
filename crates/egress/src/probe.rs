//! Whether the walls of the way out hold, by trying to get through each of them on this machine.

use crate::dial::Dialer;
use crate::{
    BadSettings, Call, Cause, Client, Credential, Credentials, Key, Method, NotSent, PathRule, Problem,
    Reach, Settings, Site,
};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use vault::Secret;

/// One wall, and what came of trying to get through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wall {
    /// What must not be possible.
    pub attack: &'static str,
    /// What was met: a refusal with its words, or nothing.
    pub result: Attempt,
}

/// What came of an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The wall held.
    Refused(String),
    /// Something got through that must not.
    GotThrough(String),
    /// It could not be tried here.
    NotTried(String),
}

const KEY: Key = Key { file: "probe", name: "decoy" };
const RULE: PathRule = PathRule { method: Method::Get, pattern: "/declared" };

static REACH: Reach = Reach {
    connector: "probe",
    sites: &[Site { name: "endpoint", address: "https://provider.invalid", paths: &[RULE] }],
};

/// A credential that is none.
struct Decoy;

impl Credentials for Decoy {
    fn secret(&self, _key: Key) -> Result<Arc<Secret>, NotSent> {
        Ok(Arc::new(Secret::new("decoy", b"decoy".to_vec())))
    }
}

/// Tries every wall, with servers of its own on loopback addresses and a credential that is none.
///
/// # Errors
/// That this machine gives no socket to listen on.
pub async fn probe() -> io::Result<Vec<Wall>> {
    let wall = |attack, result| Wall { attack, result };
    Ok(vec![
        wall("a path that is not declared", undeclared().await?),
        wall("a name that leads into this machine", rebinding().await?),
        wall("a token without TLS to another machine", in_the_clear()),
        wall("a redirect to another server", redirect().await?),
        wall("a server without a certificate", no_certificate().await?),
        wall("a proxy from the environment", proxy().await?),
        wall("an answer without end", endless().await?),
    ])
}

fn client(address: String, plaintext_loopback: bool) -> Result<Client, BadSettings> {
    let addresses = vec![("endpoint".to_owned(), address)];
    Client::new(&REACH, &Settings { addresses, plaintext_loopback, ..Settings::default() }, Arc::new(Decoy))
}

fn call(path: &str) -> Call {
    let call = Call::get("trying a wall", "endpoint", [path]).by(Credential::Bearer(KEY));
    Call { patience: Duration::from_secs(3), longest_reply: 64 * 1024, ..call }
}

async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Whether anybody knocked.
async fn nobody_came(listener: &TcpListener) -> bool {
    tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err()
}

fn verdict(nobody_came: bool, problem: Result<impl Sized, impl std::fmt::Display>) -> Attempt {
    match problem {
        Err(refusal) if nobody_came => Attempt::Refused(refusal.to_string()),
        Err(refusal) => Attempt::GotThrough(format!("a connection was made ({refusal})")),
        Ok(_) => Attempt::GotThrough("it was answered".to_owned()),
    }
}

async fn undeclared() -> io::Result<Attempt> {
    let (listener, address) = listen().await?;
    let Ok(client) = client(format!("http://{address}"), true) else { return Ok(untried()) };
    let problem = client.call(&call("undeclared")).await;
    Ok(verdict(nobody_came(&listener).await, problem))
}

async fn rebinding() -> io::Result<Attempt> {
    let (listener, address) = listen().await?;
    let Ok(dialer) = Dialer::new(&Settings::default()) else { return Ok(untried()) };
    // Every machine knows this name, and it leads where an attacker's would.
    let problem = dialer.connect_to("localhost", address.port(), false).await;
    Ok(verdict(nobody_came(&listener).await, problem))
}

fn in_the_clear() -> Attempt {
    verdict(true, client("http://provider.invalid".to_owned(), true))
}

async fn redirect() -> io::Result<Attempt> {
    let ((first, at), (second, elsewhere)) = (listen().await?, listen().await?);
    let Ok(client) = client(format!("http://{at}"), true) else { return Ok(untried()) };
    let answer = format!(
        "HTTP/1.1 307 Elsewhere\r\nLocation: http://{elsewhere}/declared\r\nContent-Length: 0\r\n\r\n"
    );
    let problem = answered(&first, &client, answer.as_bytes(), false).await;
    Ok(verdict(nobody_came(&second).await, problem))
}

async fn no_certificate() -> io::Result<Attempt> {
    let (listener, address) = listen().await?;
    let Ok(client) = client(format!("https://{address}"), false) else { return Ok(untried()) };
    match answered(&listener, &client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false).await {
        Err(problem @ Problem::NotSent(_)) => Ok(Attempt::Refused(problem.to_string())),
        Err(problem @ Problem::MaybeSent(_)) => Ok(Attempt::GotThrough(problem.to_string())),
        Ok(()) => Ok(Attempt::GotThrough("it was answered".to_owned())),
    }
}

/// The environment of this very process is looked at: where no proxy is named in it, there is nothing to try.
async fn proxy() -> io::Result<Attempt> {
    let named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];
    let Some(name) = named.into_iter().find(|name| std::env::var_os(name).is_some()) else {
        return Ok(Attempt::NotTried("the environment names none".to_owned()));
    };
    let (listener, address) = listen().await?;
    let Ok(client) = client(format!("http://{address}"), true) else { return Ok(untried()) };
    let direct = answered(&listener, &client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false).await;
    Ok(match direct {
        Ok(()) => Attempt::Refused(format!("{name} is set, and was not used")),
        Err(problem) => {
            Attempt::GotThrough(format!("{name} is set, and the server was not reached: {problem}"))
        }
    })
}

async fn endless() -> io::Result<Attempt> {
    let (listener, address) = listen().await?;
    let Ok(client) = client(format!("http://{address}"), true) else { return Ok(untried()) };
    match answered(&listener, &client, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true).await {
        Err(problem @ Problem::MaybeSent(Cause::TooLong { .. })) => Ok(Attempt::Refused(problem.to_string())),
        Err(problem) => Ok(Attempt::GotThrough(format!("it ended otherwise: {problem}"))),
        Ok(()) => Ok(Attempt::GotThrough("it was taken in".to_owned())),
    }
}

/// One call, answered by this listener with these bytes, and then without end where that is wanted.
async fn answered(
    listener: &TcpListener,
    client: &Client,
    answer: &[u8],
    without_end: bool,
) -> Result<(), Problem> {
    let serve = async {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(answer).await;
        while without_end && stream.write_all(b"400\r\n").await.is_ok() {
            if stream.write_all(&[b'x'; 0x400]).await.is_err() || stream.write_all(b"\r\n").await.is_err() {
                return;
            }
        }
        // What is said in TLS is none of ours; the other side ends it.
        let _ = stream.shutdown().await;
    };
    let declared = call("declared");
    let (reply, ()) = tokio::join!(client.call(&declared), serve);
    reply.map(drop)
}

fn untried() -> Attempt {
    Attempt::NotTried("no client could be made".to_owned())
}
