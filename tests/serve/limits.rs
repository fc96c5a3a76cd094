//! What a client may send, and how long it may take.

use std::io::Write;
use std::time::Instant;

use crate::harness::{Serving, read};

#[test]
fn a_body_or_head_that_is_too_long_is_refused_and_the_next_request_is_answered() {
    let server = Serving::store(&[]);
    let form = |length: usize| format!("a={}", "x".repeat(length - 2));
    // At the limit it is a request like any other: here one without an action.
    assert_eq!(server.post("/includes/api.php", &form(65_536)).status, 413);
    assert_eq!(server.post("/includes/api.php", &form(8_000)).status, 400);
    assert_eq!(server.post("/includes/api.php", &form(65_537)).status, 413);
    assert_eq!(server.post("/logout.php", &form(65_537)).status, 413);
    let chunked = format!(
        "POST /includes/api.php HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        70_000,
        "x".repeat(70_000)
    );
    assert_eq!(server.send(&chunked).status, 413);
    let long = format!("GET /logout.php HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(server.send(&long).status, 431);
    let many = format!("GET /logout.php HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: 1\r\n".repeat(200));
    assert_eq!(server.send(&many).status, 431);
    assert_eq!(server.get("/logout.php").status, 200);
}

#[test]
fn what_is_no_http_is_answered_with_an_error_and_a_closed_connection() {
    let server = Serving::store(&[]);
    for nonsense in
        ["\r\n\r\n\0\0\0", "GET\r\n\r\n", "GET /logout.php HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\0\x01"]
    {
        let answer = server.send(nonsense);
        assert!(answer.status == 400 || answer.status == 0, "{nonsense:?}: {}", answer.status);
    }
    // Two lengths that disagree: what stands behind would be taken for a request of somebody else's.
    let smuggled =
        "POST /logout.php HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde";
    assert_eq!(server.send(smuggled).status, 400);
    assert_eq!(server.get("/logout.php").status, 200);
}

#[test]
fn a_client_that_takes_too_long_is_let_go() {
    let server = Serving::store(&["--timeout", "0.5"]);
    let slow_head = "GET /logout.php HTTP/1.1\r\nHost:";
    let slow_body = "POST /logout.php HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc";
    for (sent, statuses) in [("", [0, 408]), (slow_head, [0, 408]), (slow_body, [408, 408])] {
        let began = Instant::now();
        let mut stream = server.connect();
        stream.write_all(sent.as_bytes()).unwrap();
        let answer = read(&mut stream);
        assert!(statuses.contains(&answer.status), "{sent:?}: {}", answer.status);
        let taken = began.elapsed().as_secs_f64();
        assert!((0.4..10.0).contains(&taken), "{sent:?}: {taken}");
    }
    // A client that is done is let go as well when it asks for nothing more.
    let mut stream = server.connect();
    stream.write_all(b"GET /logout.php HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(read(&mut stream).status, 200);
}

#[test]
fn connections_that_end_make_room_for_others() {
    let server = Serving::store(&[]);
    for _ in 0..300 {
        assert_eq!(server.get("/x").status, 404);
    }
}

#[test]
fn a_client_that_reads_no_answer_is_let_go() {
    let server = Serving::store(&["--timeout", "0.5", "--log", "off"]);
    let mut stream = server.connect();
    stream.set_write_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let many = "GET /logout.php HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let refused =
        (0..1_000).find_map(|_| stream.write_all(many.as_bytes()).err()).expect("it reads for ever");
    let gone = [std::io::ErrorKind::BrokenPipe, std::io::ErrorKind::ConnectionReset];
    assert!(gone.contains(&refused.kind()), "{refused}");
    assert_eq!(server.get("/logout.php").status, 200);
}

/// However long it takes in all.
#[test]
fn a_client_that_reads_slowly_hears_everything() {
    const REQUESTS: usize = 15_000;
    let server = Serving::store(&["--timeout", "1.5", "--log", "off"]);
    let mut stream = server.connect();
    let mut asking = stream.try_clone().unwrap();
    let asker = std::thread::spawn(move || {
        let many = "GET /logout.php HTTP/1.1\r\nHost: x\r\n\r\n".repeat(REQUESTS - 1);
        asking.write_all(many.as_bytes()).unwrap();
        asking.write_all(b"GET /logout.php HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    });
    let began = Instant::now();
    let (mut heard, mut buffer) = (Vec::new(), vec![0; 256 * 1024]);
    while let Ok(count @ 1..) = std::io::Read::read(&mut stream, &mut buffer) {
        heard.extend_from_slice(&buffer[..count]);
        std::thread::sleep(std::time::Duration::from_millis(40));
    }
    asker.join().unwrap();
    assert_eq!(String::from_utf8_lossy(&heard).matches("HTTP/1.1 200").count(), REQUESTS);
    assert!(began.elapsed().as_secs_f64() > 2.0, "the control: longer than the time for a part");
}
