//! A server that answers as it is told. The command's tests use it, too.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a connection gets.
pub type Answer = Option<Vec<u8>>;

/// Answers each connection with the next of these and keeps what was asked. `None` keeps the connection open without a word.
pub struct Stub {
    pub address: String,
    pub asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

pub fn stub(answers: Vec<Answer>) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            kept.lock().unwrap().push(request(&mut stream));
            match answer {
                Some(bytes) => stream.write_all(&bytes).unwrap(),
                None => silent.push(stream),
            }
        }
        std::thread::sleep(Duration::from_secs(5));
    });
    Stub { address, asked }
}

/// Head and body of a request.
fn request(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let n = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some(end) = text.find("\r\n\r\n") else { continue };
        let length = text
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.trim().parse().ok());
        if n == 0 || bytes.len() >= end + 4 + length.unwrap_or(0_usize) {
            return bytes;
        }
    }
}

pub fn answer(status: u16, headers: &str, body: &[u8]) -> Answer {
    let head =
        format!("HTTP/1.1 {status} Word\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    Some([head.as_bytes(), body].concat())
}
