//! A server that says what a test wants and remembers what it heard.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use super::Heard;

pub(crate) struct Scripted {
    pub(crate) port: u16,
    pub(crate) heard: Heard,
}

impl Scripted {
    /// Greets, and answers each line with what `answer` makes of it, or hangs up.
    pub(crate) fn answering(
        greeting: &'static str,
        answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Scripted {
        Scripted::serving(move |mut stream, heard| {
            if stream.write_all(greeting.as_bytes()).is_err() {
                return;
            }
            let lines = BufReader::new(stream.try_clone().unwrap());
            for line in lines.split(b'\n').map_while(Result::ok) {
                heard.add(&line);
                heard.add(b"\n");
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                match answer(&line) {
                    Some(answer) if stream.write_all(&answer).is_ok() => {}
                    Some(_) | None => return,
                }
            }
        })
    }

    /// Does with each connection what it likes.
    pub(crate) fn serving(serve: impl Fn(TcpStream, &Heard) + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heard) = (listener.local_addr().unwrap().port(), Heard::default());
        let (serve, hears) = (Arc::new(serve), heard.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (serve, hears) = (Arc::clone(&serve), hears.clone());
                std::thread::spawn(move || serve(stream, &hears));
            }
        });
        Scripted { port, heard }
    }
}
