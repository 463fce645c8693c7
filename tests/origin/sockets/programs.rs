//! Real clients on the socket of a gateway with the embedded store.

use isogloss_testkit::installed::{self, is_left_out};

use crate::real::{OCTOREST, driver, program_hears, root};
use crate::sockets::{ADMIN, Server};

#[test]
fn the_clients_of_the_package_registry_hear_the_server() {
    if is_left_out("OctoPrint's websocket") {
        return;
    }
    let server = Server::start();
    let url = &server.gateway.url;
    let python = installed::python(root(), &OCTOREST).unwrap().join("bin/python");
    let mut library = std::process::Command::new(python);
    library.arg(driver("sockets.py")).args([url, ADMIN, "socket"]);
    installed::run(&mut library).unwrap_or_else(|error| panic!("{error:#}"));
    // OctoPrint's own client is a part of the server's package.
    let package = installed::python(root(), &["OctoPrint==1.11.8"]).unwrap();
    program_hears(&package.join("bin/octoprint"), (&server.address, ""), ADMIN);
}
