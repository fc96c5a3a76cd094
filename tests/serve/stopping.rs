//! What happens when it is asked to stop.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{Serving, read};

#[test]
fn a_signal_stops_it_after_the_requests_at_work_are_answered() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mut server = Serving::store(&[]);
        let form = "action=GetUsers";
        let mut at_work = server.connect();
        let head = format!(
            "POST /includes/api.php HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            form.len()
        );
        at_work.write_all(head.as_bytes()).unwrap();
        at_work.write_all(&form.as_bytes()[..5]).unwrap();
        // The head must have been read before it is asked to stop.
        std::thread::sleep(Duration::from_millis(300));
        let idle = server.connect();
        server.signal(signal);
        let refused = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            TcpStream::connect(server.address()).is_err()
        });
        assert!(refused, "it still accepts connections");
        at_work.write_all(&form.as_bytes()[5..]).unwrap();
        let answer = read(&mut at_work);
        assert_eq!(answer.status, 403, "{answer:?}");
        let began = Instant::now();
        assert_eq!(server.wait().status, 0);
        assert!(began.elapsed() < Duration::from_secs(5), "an idle connection held it");
        drop(idle);
    }
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut server = Serving::store(&[]);
    let mut at_work = server.connect();
    at_work.write_all(b"POST /logout.php HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    server.signal(libc::SIGTERM);
    std::thread::sleep(Duration::from_millis(300));
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait().status, 0);
    assert!(began.elapsed() < Duration::from_secs(5), "it waited for a request that does not end");
}

#[test]
fn the_demo_leaves_nothing_behind() {
    let mut server = Serving::demo(&[]);
    let store = std::path::PathBuf::from(server.started()["store"].as_str().unwrap());
    assert!(store.exists());
    assert_eq!(server.stop().status, 0);
    assert!(!store.exists());
    assert_eq!(std::fs::read_dir(server.folder()).unwrap().count(), 0);
}
