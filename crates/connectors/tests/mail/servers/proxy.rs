//! Somebody who sits between client and server, hears what they say and may change it.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// All that clients said.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    pub(crate) fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    pub(crate) heard: Heard,
}

/// What is done with a line.
type Change = Arc<dyn Fn(Vec<u8>) -> Option<Vec<u8>> + Send + Sync>;

impl Proxy {
    /// `from_client` and `from_server` are given what is said line by line and return what is passed on; nothing ends the
    /// connection, both ways.
    pub(crate) fn before(
        server: u16,
        from_client: impl Fn(Vec<u8>) -> Option<Vec<u8>> + Send + Sync + 'static,
        from_server: impl Fn(Vec<u8>) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heard) = (listener.local_addr().unwrap().port(), Heard::default());
        let hears = heard.clone();
        let from_client: Change = Arc::new(move |line| {
            hears.add(&line);
            from_client(line)
        });
        let from_server: Change = Arc::new(from_server);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                pass_on(&client, &server, &from_client);
                pass_on(&server, &client, &from_server);
            }
        });
        Proxy { port, heard }
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream, change: &Change) {
    let (from, mut to, change) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(change));
    std::thread::spawn(move || {
        let mut reader = BufReader::new(&from);
        loop {
            // What is there is passed on at once: under TLS there are no lines to wait for.
            let some = reader.fill_buf().map(<[u8]>::to_vec).unwrap_or_default();
            reader.consume(some.len());
            let mut lines = some.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec);
            let passed = lines.all(|line| change(line).is_some_and(|line| to.write_all(&line).is_ok()));
            if some.is_empty() || !passed {
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                return;
            }
        }
    });
}
