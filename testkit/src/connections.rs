//! Reads from the kernel the state of a connection between two processes of this machine.

use std::fs;
use std::net::{IpAddr, SocketAddr};

/// The states of a connection whose own end is still open, as the kernel numbers them: established,
/// and closed by the peer only.
const OPEN: [&str; 2] = ["01", "08"];

/// Whether the process at `own` has its end of the connection with `peer` still open. Both are
/// addresses of version 4.
///
/// # Panics
/// Where there is no Linux `/proc`.
#[must_use]
pub fn is_open(own: SocketAddr, peer: SocketAddr) -> bool {
    let (own, peer) = (in_table(own), in_table(peer));
    let table = match fs::read_to_string("/proc/net/tcp") {
        Ok(table) => table,
        Err(error) => panic!("there is no table of connections: {error}"),
    };
    OPEN.iter().any(|state| table.contains(&format!("{own} {peer} {state} ")))
}

/// An address in the format of the table: the bytes of a word in the byte order of the machine.
fn in_table(address: SocketAddr) -> String {
    let IpAddr::V4(ip) = address.ip() else { panic!("not an address of version 4: {address}") };
    format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), address.port())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn an_end_is_open_until_its_own_process_closes_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, peer) = listener.accept().unwrap();
        let own = server.local_addr().unwrap();
        assert!(is_open(own, peer));
        drop(client);
        assert_eq!(server.read(&mut [0]).unwrap(), 0, "the client has closed its end");
        assert!(is_open(own, peer));
        drop(server);
        assert!(!is_open(own, peer));
    }
}
