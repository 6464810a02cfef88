//! Connections over TLS: what is offered, and that a pay is told unsent by what the kernel took and
//! not by what TLS did.

use super::*;
use http_body_util::BodyExt as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const CERTIFICATE: &[u8] = include_bytes!("../../tests/vectors/server.pem");
const KEY: &[u8] = include_bytes!("../../tests/vectors/server_key.pem");
const PATIENCE: Duration = Duration::from_secs(20);

type Tls = rustls::StreamOwned<rustls::ServerConnection, TcpStream>;

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(CERTIFICATE).unwrap()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A server that would rather speak HTTP/2. `serve` has each connection behind its handshake.
fn server(serve: impl Fn(Tls, &Sender<String>) + Send + 'static) -> (Connector, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate()],
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for mut tcp in listener.incoming().flatten() {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            while tls.is_handshaking() {
                tls.complete_io(&mut tcp).unwrap();
            }
            let spoken = tls.alpn_protocol().unwrap_or_default();
            tell.send(String::from_utf8_lossy(spoken).into_owned())
                .unwrap();
            serve(Tls::new(tls, tcp), &tell);
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    let trust = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let origin = format!("https://localhost:{port}").parse().unwrap();
    (Connector::trusting(origin, trust).unwrap(), told)
}

fn request(bytes: usize) -> Request<Full<Bytes>> {
    let body = Full::from("x".repeat(bytes));
    Request::post("/pay")
        .header("host", "x")
        .body(body)
        .unwrap()
}

fn later() -> Instant {
    Instant::now() + PATIENCE
}

fn answer(stream: &mut Tls) {
    let mut head = [0; 1024];
    let _count = stream.read(&mut head).unwrap();
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        .unwrap();
}

#[tokio::test]
async fn only_http_1_is_offered_so_that_a_connection_carries_one_call_at_a_time() {
    let (connector, told) = server(|mut stream, _| answer(&mut stream));
    let mut connection = connector.connect().await.unwrap();
    let response = connection.send(request(2), later()).await.unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "{}"
    );
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "http/1.1");
}

/// The close notice of TLS waits unread before the end of the stream; the kernel knows of both.
#[tokio::test]
async fn a_request_is_unsent_where_tls_was_closed_before_a_byte_of_it_left() {
    let (connector, told) = server(|mut stream, tell| {
        stream.conn.send_close_notify();
        stream.conn.complete_io(&mut stream.sock).unwrap();
        drop(stream);
        tell.send("closed".to_owned()).unwrap();
    });
    let mut connection = connector.connect().await.unwrap();
    for expected in ["http/1.1", "closed"] {
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), expected);
    }
    let failed = connection.send(request(100_000), later()).await;
    assert!(failed.is_err());
    assert!(matches!(connection.give_up(), Unanswered::Unsent));
}

#[tokio::test]
async fn a_request_of_which_one_record_left_is_sent() {
    let (connector, _told) = server(|mut stream, _| {
        let mut some = [0; 1];
        stream.read_exact(&mut some).unwrap();
    });
    let mut connection = connector.connect().await.unwrap();
    let failed = connection.send(request(100_000), later()).await;
    assert!(failed.is_err());
    assert!(matches!(connection.give_up(), Unanswered::Sent));
}

#[tokio::test]
async fn a_request_is_unsent_where_its_instant_passed_before_it_could_leave() {
    let (connector, told) = server(|mut stream, tell| {
        let mut all = Vec::new();
        let _count = stream.read_to_end(&mut all);
        tell.send(format!("{} bytes", all.len())).unwrap();
    });
    let mut connection = connector.connect().await.unwrap();
    let past = Instant::now() - Duration::from_millis(1);
    assert!(connection.send(request(100_000), past).await.is_err());
    assert!(matches!(connection.give_up(), Unanswered::Unsent));
    for expected in ["http/1.1", "0 bytes"] {
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), expected);
    }
}
