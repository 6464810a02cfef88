//! Redis: how it is started, whether it answers. It keeps nothing on disk: nothing that must be true
//! depends on it.

use super::Stack;
use super::engine::Engine;
use super::install::on_path;
use super::process::Launch;
use anyhow::Context;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

/// Says how to start it.
pub(crate) fn launch(stack: &Stack) -> anyhow::Result<Launch> {
    let folder = stack.folder_of(Engine::Redis);
    super::make(&folder)?;
    Ok(Launch {
        program: on_path("redis-server").context("Redis is not installed")?,
        args: args(&folder, stack.ports.redis),
        folder,
        owner: None,
    })
}

fn args(folder: &Path, port: u16) -> Vec<String> {
    let folder = folder.display().to_string();
    let port = port.to_string();
    let words = [
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--dir",
        &folder,
        "--save",
        "",
        "--appendonly",
        "no",
    ];
    words.map(str::to_owned).to_vec()
}

/// Whether it answers a PING.
pub(crate) fn answers(port: u16) -> bool {
    let mut answer = [0; 7];
    let asked = connect(port).and_then(|mut stream| {
        stream.write_all(b"PING\r\n")?;
        stream.read_exact(&mut answer)
    });
    asked.is_ok() && &answer == b"+PONG\r\n"
}

/// A connection that gives up soon, since a process that stands still accepts and never answers.
pub(crate) fn connect(port: u16) -> std::io::Result<TcpStream> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn listener_that_says(text: &'static [u8]) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 6];
            stream.read_exact(&mut asked).unwrap();
            stream.write_all(text).unwrap();
        });
        port
    }

    #[test]
    fn only_a_pong_is_an_answer() {
        assert!(answers(listener_that_says(b"+PONG\r\n")));
        assert!(!answers(listener_that_says(
            b"-LOADING Redis is loading\r\n"
        )));
    }

    #[test]
    fn it_is_told_to_keep_nothing() {
        let args = args(Path::new("there"), 1);
        assert!(
            args.join(" ")
                .contains("--bind 127.0.0.1 --dir there --save  --appendonly no")
        );
        assert!(args.contains(&String::new()));
    }
}
