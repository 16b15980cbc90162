import TestKit
import Testing

/// A dbus-daemon of our own, which nobody but the test is connected to.
final class PrivateBus: Sendable {
    /// What to put into `$DBUS_SYSTEM_BUS_ADDRESS`.
    let address: String
    private let daemon: ChildProcess

    /// Starts it, with its socket in `directory`, and waits until that is there.
    init(in directory: TemporaryDirectory) async throws {
        let socket = directory.file("bus")
        address = "unix:path=\(socket)"
        try directory.write(
            "bus.conf",
            """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <listen>\(address)</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow send_destination="*"/>
                <allow receive_sender="*"/>
                <allow own="*"/>
              </policy>
            </busconfig>
            """
        )
        daemon = try ChildProcess(
            "/usr/bin/dbus-daemon",
            ["--config-file=\(directory.file("bus.conf"))", "--nofork", "--nopidfile"],
            errors: directory.file("errors")
        )
        try await eventually("dbus-daemon listens (apt-get install dbus)") {
            directory.names.contains("bus")
        }
    }

    /// Ends it.
    func stop() {
        daemon.kill()
    }
}
