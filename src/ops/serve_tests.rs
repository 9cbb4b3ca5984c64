use std::net::Shutdown;

use super::*;

fn source() -> Source {
    Arc::new(|| {
        let mut s = Snapshot::default();
        s.session.run = "a run".into();
        s
    })
}

fn server() -> (Server, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = Server::tcp(listener, source()).expect("a thread");
    let addr = server.addr().expect("TCP");
    (server, addr)
}

fn exchange(addr: SocketAddr, request: &[u8]) -> String {
    let mut s = TcpStream::connect(addr).expect("connects");
    s.write_all(request).expect("sends");
    let mut text = String::new();
    s.read_to_string(&mut text).expect("answers");
    text
}

#[test]
fn answers_over_tcp_and_ends() {
    let (server, addr) = server();
    let text = exchange(addr, b"GET /healthz HTTP/1.1\r\n\r\n");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(exchange(addr, b"BREW / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(exchange(addr, b"\0\0\0\0\r\n\r\n").starts_with("HTTP/1.1 400 "));
    drop(server);
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn a_folder_answers_the_same_and_takes_its_socket_along() {
    let short = std::env::temp_dir().join(format!("papermaker-serve-{}", std::process::id()));
    serves_in(&short);
    serves_in(&short.join("x".repeat(120)));
    std::fs::remove_dir_all(&short).expect("removed");
}

fn serves_in(folder: &Path) {
    let folder = folder.to_path_buf();
    std::fs::create_dir_all(&folder).expect("a folder");
    // A socket left behind by a killed process is in nobody's way.
    drop(reach(&RunFolder::at(&folder).socket(), |p| UnixListener::bind(p)).expect("a socket"));
    let server = Server::unix(&folder, source()).expect("replaces it");
    let text = ask(&Target::Folder(folder.clone())).expect("an answer");
    assert_eq!(Snapshot::read(&text).expect("a snapshot").session.run, "a run");
    drop(server);
    assert!(!RunFolder::at(&folder).socket().exists());
    assert!(ask(&Target::Folder(folder)).is_err());
}

#[test]
fn slow_clients_fill_their_places_and_nothing_else() {
    let (_server, addr) = server();
    let mut slow: Vec<TcpStream> = (0..CLIENTS_MAX)
        .map(|_| {
            let mut s = TcpStream::connect(addr).expect("connects");
            s.write_all(b"GET /metr").expect("sends");
            s
        })
        .collect();
    // Their threads begin in their own time; until then there are places left.
    let turned_away = || exchange(addr, b"").starts_with("HTTP/1.1 503 ");
    assert!(turned_away(), "the ninth is turned away");
    // One that goes on is answered, and its place is free again.
    slow[0].write_all(b"ics HTTP/1.1\r\n\r\n").expect("sends");
    let mut text = String::new();
    slow[0].read_to_string(&mut text).expect("an answer");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
    // One that hangs up frees its place; the others are ended by their deadline.
    slow[1].shutdown(Shutdown::Both).expect("hangs up");
    let mut late = String::new();
    slow[2].read_to_string(&mut late).expect("an answer");
    assert!(late.starts_with("HTTP/1.1 408 "), "{late}");
    let text = exchange(addr, b"GET /healthz HTTP/1.1\r\n\r\n");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
}

#[test]
fn what_is_no_engine_is_said_to_be_none() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address").to_string();
    let other = std::thread::spawn(move || {
        let (mut s, _) = listener.accept().expect("a client");
        s.write_all(b"SSH-2.0-other\r\n").expect("sends");
    });
    assert!(ask(&Target::Addr(addr)).is_err());
    other.join().expect("ends");
}
