use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

fn ask(stream: &mut BufReader<TcpStream>, request: String) -> (String, Vec<u8>) {
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim();
        if line.is_empty() { break; }
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "lambda-runtime-aws-request-id" => id = value.trim().to_string(),
                "content-length" => length = value.trim().parse().unwrap(),
                _ => (),
            }
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (id, body)
}

fn main() {
    let host = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = BufReader::new(TcpStream::connect(&host).unwrap());
    let base = "/2018-06-01/runtime/invocation";
    loop {
        let (id, event) = ask(&mut stream, format!("GET {base}/next HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let event = String::from_utf8(event).unwrap();
        println!("got {event}");
        let answer = format!("{{\"rs\":{event}}}");
        let length = answer.len();
        ask(&mut stream, format!(
            "POST {base}/{id}/response HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{answer}"));
    }
}
