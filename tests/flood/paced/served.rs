//! The same over HTTP, by `gatepass serve`.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Ends, LITTLE, Pace, Stage, hex, knob, network};
use crate::client::Connection;
use crate::waits::{Waits, memory};

/// `gatepass serve`, ended with its owner.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_rightful_get_in_over_http() {
    let _alone = crate::alone();
    const CONNECTIONS: usize = 8;
    /// A page for whoever brings what is no token.
    const REFUSED: u16 = 403;
    let (rate, networks) = (knob("FLOOD_SERVE_RATE", 10_000), knob("FLOOD_SERVE_NETWORKS", 10_000));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let stage = Stage::new(&format!("http://{address}"));
    // The guessers' networks stand in the header of a proxy.
    stage.gate.set_setting("trusted_proxies", serde_json::json!(["127.0.0.1/32"])).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepass"));
    command.arg("--store").arg(&stage.place.store).args(["serve", "--log", "off", "--listen", &address]);
    let mut served = Served(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    let out = served.0.stdout.as_mut().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();

    let call = |identifier: &str, secret: &str, from: &str| {
        let client = stage.client;
        let form = format!(
            "action=CreateSsoToken&client_id={client}&responsetype=json&identifier={identifier}&secret={secret}"
        );
        format!(
            "POST /includes/api.php HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {from}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    let visit = |token: &str, from: &str| {
        format!(
            "GET /oauth/singlesignon.php?access_token={token} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {from}\r\n\r\n"
        )
    };
    let guess = |connection: &mut Connection, number: u64| {
        let from = network(number).to_string();
        let (request, status) = match number % 4 {
            0 => (call(&format!("GPI{}", hex(number, 29)), &hex(number, 32), &from), 403),
            1 => (call(&stage.identifier, &hex(number, 32), &from), 403),
            2 => (visit(&hex(number, 40), &from), REFUSED),
            _ => (visit(&hex(number, 39), &from), REFUSED),
        };
        assert_eq!(connection.send(&request).status, status);
    };
    let sign_in = |connection: &mut Connection, calls: &mut Waits, visits: &mut Waits| {
        let request = call(&stage.identifier, stage.secret.reveal(), "203.0.113.5");
        let answer = calls.of(|| connection.send(&request));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let (_, rest) = answer.body.split_once("\"access_token\":\"").unwrap();
        let request = visit(&rest[..40], "203.0.113.5");
        assert_eq!(visits.of(|| connection.send(&request)).status, 303);
    };
    let mut connection = Connection::new(&address);
    let (mut calls, mut visits) = (Waits::default(), Waits::default());
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(knob("FLOOD_ALONE", 1)) {
        sign_in(&mut connection, &mut calls, &mut visits);
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("alone, over HTTP: CreateSsoToken {calls}; its redemption {visits}");
    let (mut calls, mut visits, mut warm) = (Waits::default(), Waits::default(), None);
    let pace = Pace::new(rate, networks);
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let _ends = Ends(&pace);
                let mut connection = Connection::new(&address);
                while let Some(number) = pace.next() {
                    guess(&mut connection, number);
                }
            });
        }
        let _ends = Ends(&pace);
        while !pace.is_over() {
            sign_in(&mut connection, &mut calls, &mut visits);
            if warm.is_none() && pace.is_warm() {
                warm = Some(memory(served.0.id()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    println!("over HTTP: {}", pace.reached());
    println!("in the flood, over HTTP: CreateSsoToken {calls}; its redemption {visits}");
    let (warm, after) = (warm.unwrap(), memory(served.0.id()));
    println!("the server's memory {} KiB after a tenth, {} KiB in the end", warm / 1024, after / 1024);
    assert!(calls.count() > 10, "the rightful did nothing");
    assert!(after < warm + LITTLE, "{} bytes more", after - warm);
}
