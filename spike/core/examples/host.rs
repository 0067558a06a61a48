//! Host side: in process, or over the unix socket of an emulated board given as the argument.
use std::io::{Read, Write};
fn main() {
    let mut socket = std::env::args().nth(1).map(|p| std::os::unix::net::UnixStream::connect(p).expect("connect"));
    let mut fan = 0;
    for request in [[1u8, 40], [1, 140], [9, 0], [1, 0]] {
        let mut frame = [0u8; 16];
        let n = spike_core::encode(&request, &mut frame).expect("fits");
        let mut reply = [0u8; 16];
        let mut len = 0;
        if let Some(s) = &mut socket {
            s.write_all(&frame[..n]).expect("write");
            while { s.read_exact(&mut reply[len..=len]).expect("read"); len += 1; reply[len - 1] != 0 } {}
        } else {
            len = spike_core::serve(&mut frame, n - 1, &mut fan, &mut reply).expect("serve");
        }
        let n = spike_core::decode(&mut reply, len - 1).expect("frame");
        println!("{request:?} -> {:?}", &reply[..n]);
    }
}
